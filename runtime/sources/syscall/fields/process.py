"""The fields of system calls about the thread that made the call, and its process."""

from typing import Final

from rulec.runtime.fields import Argument
from rulec.runtime.sources.syscall.fields.declare import NAME, field, hidden, of_ancestor

_PROGRAM: Final = (
    field("proc.exe", "The first argument of the process, which mostly is its program."),
    field("proc.pexe", "The first argument of the parent."),
    of_ancestor("proc.aexe", "The first argument of an ancestor: [1] is the parent."),
    field("proc.exepath", "The path of the program."),
    field("proc.pexepath", "The path of the parent's program."),
    of_ancestor("proc.aexepath", "The path of an ancestor's program: [1] is the parent's."),
    field("proc.name", "The name of the process: 15 characters at most."),
    field("proc.pname", "The name of the parent."),
    of_ancestor("proc.aname", "The name of an ancestor: [1] is the parent."),
    field(
        "proc.args",
        "The arguments behind the first one, with blanks between them, or the one at an index.",
        argument=Argument.INDEX,
    ),
    field(
        "proc.aargs",
        "The arguments of an ancestor behind the first one: [1] is the parent.",
        argument=Argument.INDEX,
    ),
    field("proc.cmdline", "The name of the process and its arguments."),
    field("proc.pcmdline", "The name of the parent and its arguments."),
    of_ancestor("proc.acmdline", "The name of an ancestor and its arguments: [1] is the parent."),
    field("proc.cmdnargs", "The number of arguments.", "UINT64"),
    field("proc.cmdlenargs", "How many bytes the arguments have together.", "UINT64"),
    field("proc.exeline", "All arguments, with the first one."),
    field(
        "proc.env",
        "The environment as NAME=value with blanks, or the value of one variable.",
        argument=Argument.OPTIONAL,
    ),
    of_ancestor(
        "proc.aenv",
        "The environment of an ancestor: [1] is the parent, [NAME] a variable of the nearest.",
        argument=Argument.OPTIONAL,
    ),
    field("proc.cwd", "The working directory, with a slash at its end."),
    field("proc.loginshellid", "The number of the oldest ancestor that is a shell.", "INT64"),
    field("proc.tty", "The number of the terminal, 0 if there is none.", "UINT32"),
)

_NUMBERS: Final = (
    field("proc.pid", "The number of the process.", "INT64"),
    field("proc.ppid", "The number of the parent.", "INT64"),
    of_ancestor(
        "proc.apid",
        "The number of an ancestor: [1] is the parent.",
        "INT64",
        transformable=True,
        shown_as="proc.pid",
    ),
    field("proc.vpid", "The number of the process in its own namespace.", "INT64"),
    field("proc.pvpid", "The number of the parent in its own namespace.", "INT64"),
    field("proc.sid", "The number of the session.", "INT64"),
    field("proc.sname", "The name of the process that leads the session."),
    field("proc.sid.exe", "The first argument of the process that leads the session."),
    field("proc.sid.exepath", "The path of the program that leads the session."),
    field("proc.vpgid", "The number of the process group in its own namespace.", "INT64"),
    field("proc.vpgid.name", "The name of the process that leads that group."),
    field("proc.vpgid.exe", "The first argument of the process that leads that group."),
    field("proc.vpgid.exepath", "The path of the program that leads that group."),
    field("proc.pgid", "The number of the process group on the host.", "INT64"),
    field("proc.pgid.name", "The name of the process that leads that group."),
    field("proc.pgid.exe", "The first argument of the process that leads that group."),
    field("proc.pgid.exepath", "The path of the program that leads that group."),
    field("proc.duration", "How many nanoseconds the process is old.", "RELTIME"),
    field("proc.ppid.duration", "How many nanoseconds the parent is old.", "RELTIME"),
    field("proc.pid.ts", "When the process began, in nanoseconds since 1970.", "RELTIME"),
    field("proc.ppid.ts", "When the parent began, in nanoseconds since 1970.", "RELTIME"),
)

_FILE: Final = (
    field("proc.is_exe_writable", "Whether who runs the program may change its file.", "BOOL"),
    field(
        "proc.is_exe_upper_layer",
        "Whether the program was added to a container after it began (upper layer of overlayfs).",
        "BOOL",
    ),
    field(
        "proc.is_exe_lower_layer",
        "Whether the program is part of the image of a container (lower layer of overlayfs).",
        "BOOL",
    ),
    field("proc.is_exe_from_memfd", "Whether the program is a file in memory only.", "BOOL"),
    field("proc.is_sid_leader", "Whether the process leads its session.", "BOOL"),
    field("proc.is_vpgid_leader", "Whether it leads its group, by the own namespace.", "BOOL"),
    field("proc.is_pgid_leader", "Whether it leads its group, by the host's numbers.", "BOOL"),
    field("proc.exe_ino", "The number of the program's inode.", "INT64"),
    field("proc.exe_ino.ctime", "When that inode changed, in nanoseconds since 1970.", "ABSTIME"),
    field("proc.exe_ino.mtime", "When the file was written, in nanoseconds since 1970.", "ABSTIME"),
    field(
        "proc.exe_ino.ctime_duration_proc_start",
        "The nanoseconds from the change of the inode to the start of the process.",
        "ABSTIME",
    ),
    field(
        "proc.exe_ino.ctime_duration_pidns_start",
        "The nanoseconds from the start of the process namespace to the change of the inode.",
        "ABSTIME",
    ),
    field(
        "proc.pidns_init_start_ts",
        "When the process namespace began, in nanoseconds since 1970.",
        "UINT64",
    ),
)

_THREAD: Final = (
    field("thread.cap_permitted", "The names of the permitted capabilities, with blanks."),
    field("thread.cap_inheritable", "The names of the inheritable capabilities, with blanks."),
    field("thread.cap_effective", "The names of the effective capabilities, with blanks."),
    field("proc.fdopencount", "How many files the process has open.", "UINT64"),
    field("proc.fdlimit", "How many files the process may have open.", "INT64"),
    field("proc.fdusage", "How much of that it has used, in percent.", "DOUBLE"),
    field("proc.vmsize", "The memory of the process in KiB.", "UINT64"),
    field("proc.vmrss", "How much of that is resident, in KiB.", "UINT64"),
    field("proc.vmswap", "How much of that is swapped out, in KiB.", "UINT64"),
    field("thread.pfmajor", "The number of major page faults so far.", "UINT64"),
    field("thread.pfminor", "The number of minor page faults so far.", "UINT64"),
    field("thread.tid", "The number of the thread.", "INT64"),
    field("thread.ismain", "Whether it is the first thread of its process.", "BOOL"),
    field("thread.vtid", "The number of the thread in its own namespace.", "INT64"),
    hidden("thread.nametid", "The name of the process with the number of the thread."),
    field("thread.exectime", "The nanoseconds that the thread ran before it paused.", "RELTIME"),
    field("thread.totexectime", "The nanoseconds that the thread has run so far.", "RELTIME"),
    field("thread.cgroups", "All control groups, as subsystem=path with blanks."),
    field("thread.cgroup", "The control group of the subsystem that a dot names.", argument=NAME),
    field("proc.nthreads", "How many threads the process has.", "UINT64"),
    field("proc.nchilds", "How many threads it has besides the first one.", "UINT64"),
    field("thread.cpu", "The share of a processor that the thread uses, in percent.", "DOUBLE"),
    field("thread.cpu.user", "The part of that for the program itself.", "DOUBLE"),
    field("thread.cpu.system", "The part of that inside the kernel.", "DOUBLE"),
    field("thread.vmsize", "The memory of the process in KiB, for its first thread.", "UINT64"),
    field("thread.vmrss", "How much of that is resident, in KiB.", "UINT64"),
    hidden("thread.vmsize.b", "The memory of the process in bytes, for its first one.", "UINT64"),
    hidden("thread.vmrss.b", "How much of that is resident, in bytes.", "UINT64"),
    field("proc.stdin.type", "The kind of file that standard input is."),
    field("proc.stdout.type", "The kind of file that standard output is."),
    field("proc.stderr.type", "The kind of file that standard error is."),
    field("proc.stdin.name", "The name of the file that standard input is."),
    field("proc.stdout.name", "The name of the file that standard output is."),
    field("proc.stderr.name", "The name of the file that standard error is."),
)

PROCESS_FIELDS: Final = (*_PROGRAM, *_NUMBERS, *_FILE, *_THREAD)
