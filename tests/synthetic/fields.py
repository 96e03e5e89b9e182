"""The fields of the source ``test``."""

from collections.abc import Callable, Iterator
from typing import Any

from rulec.runtime.fields import TYPES, Argument, Field, catalogue

SCALARS = {
    "CHARBUF": ("str", "str2", "str3"),
    "FSPATH": ("path",),
    "UINT64": ("u64", "u642", "hex", "oct", "pad"),
    "UINT32": ("u32",),
    "UINT16": ("u16",),
    "UINT8": ("u8",),
    "INT64": ("i64",),
    "INT32": ("i32",),
    "INT16": ("i16",),
    "INT8": ("i8",),
    "PORT": ("port",),
    "BOOL": ("bool", "bool2"),
    "DOUBLE": ("double",),
    "IPADDR": ("ip", "ip2"),
    "IPNET": ("net",),
    "RELTIME": ("reltime",),
    "ABSTIME": ("abstime",),
}
LISTS = {
    "CHARBUF": ("strlist", "strlist2"),
    "UINT64": ("u64list",),
    "BOOL": ("boollist",),
    "IPADDR": ("iplist",),
    "IPNET": ("netlist",),
    "INT64": ("i64list",),
}


def buffer(value: Any) -> bytes | None:
    """Return the bytes that hexadecimal digits spell."""
    return bytes.fromhex(value) if isinstance(value, str) else None


def key(document: Any, argument: str | None) -> str | None:
    return _with_argument("t.key", document, argument)


def index(document: Any, argument: str | None) -> str | None:
    return _with_argument("t.idx", document, argument)


def optional(document: Any, argument: str | None) -> str | None:
    return _with_argument("t.opt", document, argument)


def _with_argument(name: str, document: Any, argument: str | None) -> str | None:
    member = name if argument is None else f"{name}[{argument}]"
    found: str | None = document.get(member)
    return found


def _fields() -> Iterator[Field]:
    for type_, names in SCALARS.items():
        for name in names:
            yield Field(f"t.{name}", "", path=f"/t.{name}", type=TYPES[type_])
    for type_, names in LISTS.items():
        for name in names:
            yield Field(f"t.{name}", "", path=f"/t.{name}[]", type=TYPES[type_], is_list=True)
    for name in ("buf", "buf2"):
        reads = (f"/t.{name}",)
        yield Field(f"t.{name}", "", type=TYPES["BYTEBUF"], reads=reads, compute=buffer)
    yield Field("t.notr", "", path="/t.notr", transformable=False)
    yield Field("t.norhs", "", path="/t.norhs", comparable=False)
    arguments: tuple[tuple[str, Argument, Callable[..., Any]], ...] = (
        ("key", Argument.KEY, key),
        ("idx", Argument.REQUIRED_INDEX, index),
        ("opt", Argument.OPTIONAL, optional),
    )
    for name, argument, compute in arguments:
        yield Field(f"t.{name}", "", reads=("",), compute=compute, argument=argument)


FIELDS = catalogue(_fields())
