"""Which arguments each system call has, in Falco's order.

``flags=open_flags`` or ``name=path:object:0``: the name, a kind of ``arguments``, and
what that has to know: the part of a path in the call (``paths``), the place of
an argument (from 0). ``-`` stands for what an audit log does not have, such as
the fifth argument of a call and what pointers point to.
"""

from collections.abc import Mapping
from typing import Final

from rulec.runtime.sources.syscall.auditd.arguments import Argument

_PROCESS: Final = """
    res=result exe=of_process:exe args=arguments tid=of_process:pid pid=of_process:pid
    ptid=of_process:ppid cwd=of_process:cwd fdlimit=- pgft_maj=- pgft_min=- vm_size=- vm_rss=-
    vm_swap=- comm=of_process:name cgroups=-
"""
_STARTED: Final = f"""
    {_PROCESS} env=- tty=of_process:tty vpgid=- loginuid=of_process:loginuid flags=-
    cap_inheritable=- cap_permitted=- cap_effective=- exe_ino=- exe_ino_ctime=- exe_ino_mtime=-
    uid=of_process:uid trusted_exepath=of_process:exepath pgid=- gid=of_process:gid
"""

_TEXT: Final = f"""
accept: fd=opened tuple=connection
accept4: fd=opened tuple=connection queuepct=- queuelen=- queuemax=- flags=hex:3
bind: res=result addr=address fd=descriptor:0
bpf: fd=opened cmd=choice:bpf:0
chdir: res=result path=given:object
chmod: res=result filename=path:object mode=flags:mode:1
chown: res=result path=path:object uid=number:1 gid=number:2
chroot: res=result path=path:object
clone: {_PROCESS} flags=flags:clone:0
clone3: {_PROCESS}
close: res=result fd=descriptor:0
connect: res=result tuple=connection fd=descriptor:0 addr=address
creat: fd=opened name=path:object mode=octal:open
delete_module: res=result name=module flags=flags:delete_module:1
dup: res=result oldfd=descriptor:0
dup2: res=result oldfd=descriptor:0 newfd=int:1
dup3: res=result oldfd=descriptor:0 newfd=int:1 flags=descriptor_flags:2
execve: {_STARTED} filename=path:program
execveat: {_STARTED}
fchdir: res=result fd=descriptor:0
fchmod: res=result fd=descriptor:0 mode=flags:mode:1
fchmodat: res=result dirfd=directory:0 filename=path:object:0 mode=flags:mode:2
fchown: res=result fd=descriptor:0 uid=number:1 gid=number:2
fchownat: res=result dirfd=directory:0 pathname=path:object:0 uid=number:2 gid=number:3
finit_module: res=result fd=descriptor:0 uargs=- flags=flags:finit_module:2
fork: {_PROCESS}
init_module: res=result img=- length=number:1
kill: res=result pid=pid:0 sig=choice:signal:1
lchown: res=result path=path:object uid=number:1 gid=number:2
link: res=result oldpath=path:looked_at newpath=path:made
linkat: res=result olddir=directory:0 oldpath=path:looked_at:0 newdir=directory:2
    newpath=path:made:2
listen: res=result fd=descriptor:0 backlog=int:1
memfd_create: fd=opened name=- flags=flags:memfd:1
mkdir: res=result path=path:object mode=hex:1
mkdirat: res=result dirfd=directory:0 path=path:object:0 mode=hex:2
mknod: res=result path=path:object mode=flags:mode:1 dev=number:2
mknodat: res=result dirfd=directory:0 path=path:object:0 mode=flags:mode:2 dev=number:3
mount: res=result dev=given:second dir=path:looked_at type=- flags=flags:mount:3
open: fd=opened name=path:object flags=open_flags mode=octal:open
open_by_handle_at: fd=opened mountfd=int:0 flags=open_flags
openat: fd=opened dirfd=directory:0 name=path:object:0 flags=open_flags mode=octal:open
openat2: fd=opened dirfd=directory:0 name=path:object:0 flags=open_flags mode=octal:open
    resolve=resolve
ptrace: res=result addr=- data=- request=choice:ptrace:0 pid=pid:1
recvfrom: res=result data=- tuple=connection fd=descriptor:0 size=number:2
rename: res=result oldpath=path:removed newpath=path:made
renameat: res=result olddirfd=directory:0 oldpath=path:removed:0 newdirfd=directory:2
    newpath=path:made:2
renameat2: res=result olddirfd=directory:0 oldpath=path:removed:0 newdirfd=directory:2
    newpath=path:made:2
rmdir: res=result path=path:object
sendmsg: res=result data=- fd=descriptor:0 size=- tuple=connection
sendto: res=result data=- fd=descriptor:0 size=number:2 tuple=connection
setgid: res=result gid=group:0
setns: res=result fd=descriptor:0 nstype=flags:clone:1
setregid: res=result rgid=group:0 egid=group:1
setresgid: res=result rgid=group:0 egid=group:1 sgid=group:2
setresuid: res=result ruid=user:0 euid=user:1 suid=user:2
setreuid: res=result ruid=user:0 euid=user:1
setsid: res=result
setuid: res=result uid=user:0
socket: fd=opened domain=choice:domain:0 type=number:1 proto=number:2
symlink: res=result target=given:looked_at linkpath=path:made
symlinkat: res=result target=given:looked_at linkdirfd=directory:1 linkpath=path:made:1
tgkill: res=result pid=pid:0 tid=pid:1 sig=choice:signal:2
tkill: res=result tid=pid:0 sig=choice:signal:1
umount: res=result name=path:object
umount2: res=result name=path:object flags=flags:umount:1
unlink: res=result path=path:object
unlinkat: res=result dirfd=directory:0 name=path:object:0 flags=flags:unlinkat:2
unshare: res=result flags=flags:clone:0
userfaultfd: res=result flags=descriptor_flags:0
vfork: {_PROCESS}
"""


def _signatures(text: str) -> dict[str, tuple[Argument, ...]]:
    found: dict[str, tuple[Argument, ...]] = {}
    name = ""
    for word in text.split():
        if word.endswith(":"):
            name = word.removesuffix(":")
            found[name] = ()
            continue
        argument, _, way = word.partition("=")
        kind, *operands = way.split(":")
        found[name] += (Argument(argument, kind, tuple(operands)),)
    return found


# The arguments of every call that has some here, by Falco's name of the call.
SIGNATURES: Final[Mapping[str, tuple[Argument, ...]]] = _signatures(_TEXT)

# The paths that calls which succeeded had to do with: what each is about, or
# its source and target (``fs.path``), by the name of the argument. As in
# Falco, the source of a new link is the link.
PATHS: Final[Mapping[str, Mapping[str, str]]] = {
    call: dict(pair.split("=") for pair in given.split())
    for calls, given in (
        ("open openat openat2 unlinkat umount umount2", "name=name"),
        ("mkdir mkdirat rmdir unlink chown lchown", "name=path"),
        ("chmod fchmodat", "name=filename"),
        ("fchownat", "name=pathname"),
        ("rename renameat renameat2", "source=oldpath target=newpath"),
        ("link linkat", "source=newpath target=oldpath"),
        ("symlink symlinkat", "source=linkpath target=target"),
        ("mount", "source=dev target=dir"),
    )
    for call in calls.split()
}
