"""The arguments of system calls that rules may ask for by name: ``evt.arg.flags``.

Several calls have an argument of the same name. The type of ``evt.rawarg.NAME``
is that of the first of them, in the order of Falco's table of events.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from rulec.runtime.fields import Form


@dataclass(frozen=True, slots=True)
class ArgumentOfCall:
    """The type of an argument, and how it is shown if it is a number."""

    type: str
    form: Form = Form.DECIMAL


_BY_TYPE: Final[Mapping[tuple[str, Form], str]] = {
    ("ABSTIME", Form.DECIMAL): "exe_ino_ctime exe_ino_mtime start_time",
    ("BYTEBUF", Form.DECIMAL): "args cgroups data env img msgcontrol value_bytebuf",
    ("CHARBUF", Form.DECIMAL): """
        arg2_str comm container_id cwd desc description exe home image json quotafilepath scope
        shell special target uargs value_charbuf
    """,
    ("CHARBUFARRAY", Form.DECIMAL): "argv tags",
    ("DYNAMIC", Form.DECIMAL): "arg2 arg3 arg4 arg5 res_or_fd val",
    ("ENUMFLAGS16", Form.DECIMAL): "opcode",
    ("ENUMFLAGS32", Form.DECIMAL): "domain option",
    ("ENUMFLAGS8", Form.DECIMAL): "cmd level optname resource whence",
    ("ENUMFLAGS8", Form.HEXADECIMAL): "how",
    ("ERRNO", Form.DECIMAL): "maxevents res ret status",
    ("FD", Form.DECIMAL): """
        dirfd fd fd1 fd2 fd_in fd_out fdin fdout in_fd linkdirfd mountfd newdir newdirfd newfd
        olddir olddirfd oldfd out_fd pid_fd target_fd
    """,
    ("FDLIST", Form.DECIMAL): "fds",
    ("FLAGS16", Form.HEXADECIMAL): "creat_flags op sem_flg_0 sem_flg_1",
    ("FLAGS32", Form.HEXADECIMAL): "error features flags nstype operation prot resolve semflg",
    ("FLAGS8", Form.DECIMAL): "dqi_flags fd_type quota_fmt quota_fmt_out",
    ("FSPATH", Form.DECIMAL): """
        dir exepath filename linkpath name newpath oldpath path root sun_path trusted_exepath
    """,
    ("FSRELPATH", Form.DECIMAL): "pathname",
    ("GID", Form.DECIMAL): "egid rgid sgid",
    ("INT16", Form.DECIMAL): "sem_op_0 sem_op_1",
    ("INT32", Form.DECIMAL): "aux backlog nsems semid semnum tty",
    ("INT32", Form.HEXADECIMAL): "key",
    ("INT64", Form.DECIMAL): "arg2_int cur max newcur newmax oldcur oldmax timeout",
    ("IPV4ADDR", Form.DECIMAL): "local_ip remote_ip",
    ("PID", Form.DECIMAL): """
        dpid next pgid pid ppid ptid reaper_tid sid spid tid vpgid vpid vtgid vtid
    """,
    ("PORT", Form.DECIMAL): "local_port remote_port",
    ("RELTIME", Form.DECIMAL): "dqb_btime dqb_itime dqi_bgrace dqi_igrace interval",
    ("SIGSET", Form.DECIMAL): "sigmask",
    ("SIGTYPE", Form.DECIMAL): "sig",
    ("SOCKADDR", Form.DECIMAL): "addr",
    ("SOCKTUPLE", Form.DECIMAL): "tuple",
    ("SYSCALLID", Form.DECIMAL): "ID",
    ("UID", Form.DECIMAL): "euid loginuid ruid suid",
    ("UINT16", Form.DECIMAL): "nativeID sem_num_0 sem_num_1 sk_proto sk_type",
    ("UINT32", Form.DECIMAL): """
        action cpu cq_entries entries event_type first gid id last min_complete mnt_id nr_args
        nsops optlen plugin_id proto queuelen queuemax ratio size sq_entries sq_thread_cpu
        sq_thread_idle to_submit type uid vm_rss vm_size vm_swap
    """,
    ("UINT32", Form.HEXADECIMAL): "dev mask",
    ("UINT32", Form.OCTAL): "mode",
    ("UINT64", Form.DECIMAL): """
        cpu_sys cpu_usr dqb_bhardlimit dqb_bsoftlimit dqb_curspace dqb_ihardlimit dqb_isoftlimit
        event_data exe_ino exe_ino_num fdlimit initval ino ino_num len length offin offout
        offset pgft_maj pgft_min pgoffset pidns_init_start_ts pos sk_pointer
    """,
    ("UINT64", Form.HEXADECIMAL): """
        arg argument cap_effective cap_inheritable cap_permitted ip peer request source
    """,
    ("UINT8", Form.DECIMAL): "clockid core queuepct",
}


def _arguments() -> Iterator[tuple[str, ArgumentOfCall]]:
    for (type_, form), names in _BY_TYPE.items():
        for name in names.split():
            yield name, ArgumentOfCall(type_, form)


# Every argument that some system call has, by name.
ARGUMENTS: Final[Mapping[str, ArgumentOfCall]] = dict(sorted(_arguments()))
