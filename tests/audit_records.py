"""Records of the Linux audit subsystem, written as the kernel and auditd write them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from ipaddress import ip_address

ARCHITECTURES = {
    "x86_64": "c000003e",
    "aarch64": "c00000b7",
    "i386": "40000003",
    "riscv64": "c00000f3",
}


def _numbers(text: str) -> dict[str, int]:
    pairs = (word.split("=") for word in text.split())
    return {name: int(number) for name, number in pairs}


# Some numbers of system calls, from the manuals of the architectures.
NUMBERS = {
    "x86_64": _numbers(
        """
        read=0 open=2 close=3 socket=41 connect=42 accept=43 sendto=44 bind=49 listen=50 clone=56
        execve=59 kill=62 chdir=80 rename=82 mkdir=83 rmdir=84 creat=85 link=86 unlink=87
        symlink=88 chmod=90 fchmod=91 ptrace=101 setuid=105 mount=165 umount2=166 init_module=175
        delete_module=176 exit_group=231 openat=257 mkdirat=258 unlinkat=263 renameat=264
        linkat=265 symlinkat=266 fchmodat=268 unshare=272 accept4=288 dup3=292 setns=308
        finit_module=313 renameat2=316 memfd_create=319 bpf=321 execveat=322 userfaultfd=323
        openat2=437
        """
    ),
    "aarch64": _numbers(
        """
        mkdirat=34 unlinkat=35 symlinkat=36 linkat=37 renameat=38 mount=40 fchmodat=53 openat=56
        exit_group=94 ptrace=117 kill=129 setuid=146 socket=198 connect=203 clone=220 execve=221
        finit_module=273 renameat2=276 memfd_create=279 bpf=280 execveat=281 userfaultfd=282
        openat2=437
        """
    ),
    "i386": _numbers("open=5 unlink=10 execve=11 socketcall=102 setuid32=213 openat=295"),
    "riscv64": _numbers("openat=56 execve=221"),
}


def written(value: str | bytes, hexadecimal: bool = False) -> str:
    """Return a value of somebody's choice as the kernel writes it, or in hexadecimal anyway."""
    data = value.encode("utf-8", "surrogateescape") if isinstance(value, str) else value
    plain = all(0x21 <= byte <= 0x7E and byte != 0x22 for byte in data)
    return f'"{data.decode()}"' if plain and not hexadecimal else data.hex().upper()


def inet(address: str, port: int) -> str:
    """Return an Internet address as ``saddr=`` has it on a little-endian machine."""
    ip = ip_address(address)
    if ip.version == 4:
        return f"0200{port:04X}{ip.packed.hex().upper()}0000000000000000"
    return f"0A00{port:04X}00000000{ip.packed.hex().upper()}00000000"


@dataclass(frozen=True)
class Machine:
    """Writes the records of events; ``enriched`` adds names, as ``log_format = ENRICHED`` does."""

    arch: str = "x86_64"
    enriched: bool = True
    node: str = ""
    proctitle: bool = True
    end: bool = False  # what the kernel sends last, and auditd does not log
    hexadecimal: bool = False
    time: int = 1_700_000_000_000  # milliseconds
    serial: int = 100
    users: dict[int, str] = field(
        default_factory=lambda: {0: "root", 1000: "alice", 33: "www-data"}
    )

    def at(self, serial: int, milliseconds: int = 0) -> "Machine":
        """Return the same machine, so much later."""
        return replace(self, serial=serial, time=self.time + milliseconds)

    def record(self, type_: str, body: str, added: str = "") -> bytes:
        """Return one line."""
        stamp = f"{self.time // 1000}.{self.time % 1000:03}:{self.serial}"
        node = f"node={self.node} " if self.node else ""
        more = f"\x1d{added}" if added and self.enriched else ""
        return f"{node}type={type_} msg=audit({stamp}): {body}{more}\n".encode()

    def event(
        self,
        call: str,
        a: Sequence[int] = (),
        *,
        result: int | None = 0,
        pid: int = 2000,
        ppid: int = 1000,
        comm: str = "sh",
        exe: str = "/usr/bin/dash",
        uid: int = 1000,
        euid: int | None = None,
        auid: int = 1000,
        tty: str = "pts0",
        argv: Sequence[str] | None = None,
        title: Sequence[str] | None = None,
        cwd: str | None = "/home/alice",
        items: Iterable[tuple[str | None, str]] = (),
        saddr: str | None = None,
        key: str | None = None,
        more: Iterable[tuple[str, str]] = (),
    ) -> list[bytes]:
        """Return the records of one system call."""
        euid = uid if euid is None else euid
        number = NUMBERS[self.arch][call]
        said = self.written
        registers = [*a, *[0] * (4 - len(a))]
        done = ""
        if result is not None:
            done = f"success={'yes' if result >= 0 else 'no'} exit={result} "
        paths = list(items)
        body = (
            f"arch={ARCHITECTURES[self.arch]} syscall={number} {done}"
            + " ".join(f"a{place}={value % 2**64:x}" for place, value in enumerate(registers))
            + f" items={len(paths)} ppid={ppid} pid={pid} auid={auid} uid={uid} gid={uid} euid={euid}"
            f" suid={euid} fsuid={euid} egid={uid} sgid={uid} fsgid={uid} tty={tty} ses=3"
            f" comm={said(comm)} exe={said(exe)} subj=unconfined"
            f" key={'(null)' if key is None else said(key)}"
        )
        names = {"AUID": auid, "UID": uid, "GID": uid, "EUID": euid, "SUID": euid, "EGID": uid}
        added = f"ARCH={self.arch} SYSCALL={call} " + " ".join(
            f'{name}="{self.name(number)}"' for name, number in names.items()
        )
        lines = [self.record("SYSCALL", body, added)]
        if argv is not None:
            arguments = " ".join(f"a{place}={said(each)}" for place, each in enumerate(argv))
            lines.append(self.record("EXECVE", f"argc={len(argv)} {arguments}"))
        if saddr is not None:
            lines.append(self.record("SOCKADDR", f"saddr={saddr}", "SADDR={ saddr_fam=unknown }"))
        lines += [self.record(type_, text) for type_, text in more]
        if cwd is not None and (paths or argv):
            lines.append(self.record("CWD", f"cwd={said(cwd)}"))
        for place, (name, kind) in enumerate(paths):
            shown = "(null)" if name is None else said(name)
            inode = "" if kind == "UNKNOWN" else " inode=131 dev=fd:00 mode=0100644 ouid=0 ogid=0"
            text = (
                f"item={place} name={shown}{inode} rdev=00:00 nametype={kind} cap_fp=0 cap_fver=0"
            )
            lines.append(self.record("PATH", text, 'OUID="root" OGID="root"'))
        if self.proctitle:
            shown = "\0".join(title or argv or [comm]).encode()[:128]
            lines.append(self.record("PROCTITLE", f"proctitle={said(shown)}"))
        if self.end:
            lines.append(self.record("EOE", ""))
        return lines

    def written(self, value: str | bytes) -> str:
        return written(value, self.hexadecimal)

    def name(self, number: int) -> str:
        if number == 2**32 - 1:
            return "unset"
        return self.users.get(number, f"unknown({number})")
