"""The fields of system calls about files and sockets: what the call is about."""

from typing import Final

from rulec.runtime.fields import Argument, Form
from rulec.runtime.sources.syscall.fields.declare import field, of_ends

_DESCRIPTOR: Final = (
    field("fd.num", "The number of the file descriptor.", "INT64"),
    field("fd.type", "What it is: file, directory, ipv4, ipv6, unix, pipe, event ..."),
    field("fd.typechar", "The same as a letter: f, d, 4, 6, u, p, e ...; o is anything else."),
    field("fd.name", "The path of a file; client->server of a connection, with ports."),
    field("fd.directory", "The directory of a file."),
    field("fd.filename", "The name of a file without its directory."),
)

_ENDS: Final = (
    of_ends("fd.ip", "The address of either end.", "IPADDR"),
    field("fd.cip", "The address of the client.", "IPADDR"),
    field("fd.sip", "The address of the server.", "IPADDR"),
    field("fd.lip", "The address of this machine.", "IPADDR"),
    field("fd.rip", "The address of the other machine.", "IPADDR"),
    of_ends("fd.port", "The port of either end.", "PORT"),
    field("fd.cport", "The port of the client.", "PORT"),
    field("fd.sport", "The port of the server.", "PORT"),
    field("fd.lport", "The port on this machine.", "PORT"),
    field("fd.rport", "The port on the other machine.", "PORT"),
    field("fd.l4proto", "The protocol: tcp, udp, icmp or raw."),
    field("fd.sockfamily", "The family of the socket: ip or unix."),
    field("fd.is_server", "Whether this machine is the server, or listens.", "BOOL"),
    field("fd.uid", "The numbers of the thread and the descriptor, one behind the other."),
    field("fd.containername", "The container and the name of the descriptor, with a colon."),
    field("fd.containerdirectory", "The container and the directory of the file, with a colon."),
    of_ends("fd.proto", "The port of either end, compared with the name of a service.", "PORT"),
    field("fd.cproto", "The port of the client as text."),
    field("fd.sproto", "The port of the server as text."),
    field("fd.lproto", "The port on this machine as text."),
    field("fd.rproto", "The port on the other machine as text."),
    of_ends("fd.net", "The network of either end: to be compared with one.", "IPNET"),
    field("fd.cnet", "The network of the client.", "IPNET", comparable=False),
    field("fd.snet", "The network of the server.", "IPNET", comparable=False),
    field("fd.lnet", "The network of this machine.", "IPNET", comparable=False),
    field("fd.rnet", "The network of the other machine.", "IPNET", comparable=False),
    field("fd.connected", "Whether the socket is connected.", "BOOL"),
    field("fd.name_changed", "Whether the event changed the name of the descriptor.", "BOOL"),
)

_NAMES: Final = tuple(
    field(f"fd.{end}ip.name", f"The name of {whose} in DNS.", transformable=False, comparable=False)
    for end, whose in (
        ("c", "the client"),
        ("s", "the server"),
        ("l", "this machine"),
        ("r", "the other machine"),
    )
)

_FILE: Final = (
    field("fd.dev", "The device that the file is on.", "INT32", form=Form.HEXADECIMAL),
    field("fd.dev.major", "The major number of the device.", "INT32"),
    field("fd.dev.minor", "The minor number of the device.", "INT32"),
    field("fd.ino", "The number of the file's inode.", "INT64"),
    field("fd.nameraw", "The path of the file as the program gave it."),
    field(
        "fd.types",
        "The kinds of all descriptors of the process, or of one of them.",
        is_list=True,
        argument=Argument.INDEX,
        comparable=False,
    ),
    field("fd.is_upper_layer", "Whether the file is in the upper layer of overlayfs.", "BOOL"),
    field("fd.is_lower_layer", "Whether the file is in the lower layer of overlayfs.", "BOOL"),
)

_PATHS: Final = (
    field("fs.path.name", "The path that a call about a file was given, made absolute."),
    field("fs.path.nameraw", "That path as the program gave it."),
    field("fs.path.source", "The path that something is moved, linked or mounted from."),
    field("fs.path.sourceraw", "That path as the program gave it."),
    field("fs.path.target", "The path that something is moved, linked or mounted to."),
    field("fs.path.targetraw", "That path as the program gave it."),
)

_POLLED: Final = (
    field("fdlist.nums", "The numbers of the descriptors that a call like poll waits for."),
    field("fdlist.names", "Their names."),
    field("fdlist.cips", "The addresses of their clients."),
    field("fdlist.sips", "The addresses of their servers."),
    field("fdlist.cports", "The ports of their clients."),
    field("fdlist.sports", "The ports of their servers."),
)

DESCRIPTOR_FIELDS: Final = (*_DESCRIPTOR, *_ENDS, *_NAMES, *_FILE, *_PATHS, *_POLLED)
