"""The rules that come with Falco, on audit logs: most need no driver to fire."""

import io

import pytest
from audit_records import Machine, inet
from conformance import folder, report

from rulec import compile_ruleset
from rulec.runtime.events import EventError

pytestmark = pytest.mark.conformance

FILES = ("falco_rules.yaml", "falco-incubating_rules.yaml")

X86 = Machine(users={0: "root", 2: "bin", 33: "www-data", 1000: "alice"})
ARM = Machine("aarch64")
CWD = 0xFFFFFF9C
NEW = 0o1101  # O_WRONLY, O_CREAT, O_TRUNC
CUT = 0o1001
APPENDED = 0o2001

Log = list[bytes]


def started(
    machine: Machine, pid: int, ppid: int, *argv: str, uid: int = 1000, tty: str = "pts0"
) -> Log:
    name = argv[0].rpartition("/")[2]
    exe = f"/usr/bin/{name}"
    paths = [(exe, "NORMAL"), ("/lib64/ld-linux-x86-64.so.2", "NORMAL")]
    return machine.event(
        "execve",
        pid=pid,
        ppid=ppid,
        comm=name,
        exe=exe,
        argv=argv,
        uid=uid,
        tty=tty,
        items=paths,
    )


def opened(machine: Machine, program: str, flags: int, *items: tuple[str, str]) -> Log:
    exe = f"/usr/bin/{program}"
    return machine.event("openat", [CWD, 1, flags], result=3, comm=program, exe=exe, items=items)


SESSION = [
    *started(X86.at(1), 500, 1, "sshd", tty="(none)"),
    *started(X86.at(2), 1000, 500, "bash"),
]
LINKED = [("/tmp/", "PARENT"), ("/tmp/x", "CREATE")]
HISTORY = ("/home/alice/.bash_history", "DELETE")

# The one rule that fires on each log.
CASES: dict[str, Log] = {
    "Read sensitive file untrusted": [
        *SESSION,
        *opened(X86.at(3), "cat", 0, ("/etc/shadow", "NORMAL")),
    ],
    "Directory traversal monitored file read": X86.event(
        "openat",
        [CWD, 1, 0],
        result=3,
        comm="httpd",
        exe="/usr/sbin/httpd",
        cwd="/var/www",
        items=[("../../etc/passwd", "NORMAL")],
    ),
    "Launch Suspicious Network Tool on Host": [
        *SESSION,
        *started(X86.at(3), 2000, 1000, "nc", "-l", "4444"),
    ],
    "Search Private Keys or Passwords": started(ARM, 2000, 1000, "find", "/", "-name", "id_rsa"),
    "Clear Log Activities": opened(X86, "bash", CUT, ("/var/log/auth.log", "NORMAL")),
    "Remove Bulk Data from Disk": started(X86, 2000, 1000, "shred", "/dev/sda"),
    "Create Symlink Over Sensitive Files": ARM.event(
        "symlinkat", [1, CWD, 2], comm="ln", items=[("/etc/shadow", "UNKNOWN"), *LINKED]
    ),
    "Create Hardlink Over Sensitive Files": ARM.event(
        "linkat", [1, CWD, 2], comm="ln", items=[("/etc/shadow", "NORMAL"), *LINKED]
    ),
    "PTRACE attached to process": X86.event("ptrace", [16, 77], comm="inject"),
    "PTRACE anti-debug attempt": X86.event("ptrace", [0], comm="x"),
    "Execution from /dev/shm": X86.event(
        "execve", comm="x", exe="/dev/shm/x", argv=["/dev/shm/x"], items=[("/dev/shm/x", "NORMAL")]
    ),
    "Fileless execution via memfd_create": X86.event(
        "execveat", [4, 1, 2, 3], comm="3", exe="/memfd:x (deleted)", argv=["x"]
    ),
    "Schedule Cron Jobs": opened(
        X86, "vi", NEW, ("/etc/cron.d/", "PARENT"), ("/etc/cron.d/x", "CREATE")
    ),
    "Modify Shell Configuration File": opened(X86, "python3", APPENDED, (".bashrc", "NORMAL")),
    "Set Setuid or Setgid bit": ARM.event(
        "fchmodat", [CWD, 1, 0o4755], comm="chmod", items=[("/tmp/sh", "NORMAL")]
    ),
    "Delete or rename shell history": X86.event(
        "rename",
        [1, 2],
        comm="mv",
        items=[("/home/alice/", "PARENT"), ("/tmp/", "PARENT"), HISTORY, ("/tmp/x", "CREATE")],
    ),
    "Create files below dev": opened(X86, "x", NEW, ("/dev/", "PARENT"), ("/dev/evil", "CREATE")),
    "BPF Program Not Profiled": ARM.event("bpf", [5], result=5, comm="x", uid=0),
    "Change thread namespace": X86.event("setns", [3, 0], comm="x", uid=0),
    "Non sudo setuid": X86.event("setuid", [1001], result=-1, comm="x"),
    "Adding ssh keys to authorized_keys": opened(
        X86, "x", APPENDED, ("/root/.ssh/authorized_keys", "NORMAL")
    ),
    "Disallowed SSH Connection Non Standard Port": [
        *started(X86.at(1), 2000, 1000, "ssh"),
        *X86.at(2).event("socket", [2, 1, 6], result=3, comm="ssh", exe="/usr/bin/ssh"),
        *X86.at(3).event(
            "connect", [3], saddr=inet("8.8.8.8", 443), comm="ssh", exe="/usr/bin/ssh"
        ),
    ],
    "System procs network activity": X86.event(
        "connect", [3], saddr=inet("8.8.8.8", 443), comm="ls"
    ),
    "Run shell untrusted": [
        *started(X86.at(1), 900, 1, "nginx", tty="(none)"),
        *started(X86.at(2), 2000, 900, "bash", uid=33, tty="(none)"),
    ],
    "System user interactive": [
        *started(X86.at(1), 500, 1, "sshd", tty="(none)"),
        *started(X86.at(2), 1000, 500, "ls", uid=2),
    ],
    "User mgmt binaries": [*SESSION, *started(X86.at(3), 2000, 1000, "useradd", uid=0)],
}


def test_stock_rules() -> None:
    rules = [folder() / "syscall" / "rules" / "stock" / name for name in FILES]
    matcher = compile_ruleset(rules).matcher("syscall")
    passed = 0
    for expected, log in CASES.items():
        fired = []
        numbering = matcher.source.documents.new_run()
        for _, outcome in matcher.lines(io.BytesIO(b"".join(log)), numbering):
            assert not isinstance(outcome, EventError)
            fired += [alert.rule for alert in outcome.alerts]
        passed += fired == [expected]
        if fired != [expected]:
            print(expected, fired)
    report("auditd: stock rules", passed, len(CASES))
