"""Whether a rules file follows Falco's JSON schema to the letter.

Rules load whether it does or not. The schema is stricter than the loader in
how values are spelled, and laxer in which keys belong together.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from rulec import yaml_nodes
from rulec.text import File
from rulec.yaml_nodes import Node, Scalar, Sequence, is_null


@dataclass(frozen=True, slots=True)
class SchemaStatus:
    """Either ``ok``, ``failed`` or ``none`` (there is nothing to check), and why it failed."""

    status: str
    warnings: tuple[str, ...] = ()


def check_schema(file: File, documents: Iterable[Node]) -> SchemaStatus:
    """Return whether the documents of a file follow the schema."""
    present = [document for document in documents if not is_null(document)]
    if not present:
        return SchemaStatus("none")
    warnings = tuple(
        f"line {file.position(fault.at)[0]}, {fault.path or 'document'}: {fault.message}"
        for document in present
        for fault in _ITEMS("", document)
    )
    return SchemaStatus("failed" if warnings else "ok", warnings)


class _Fault(NamedTuple):
    path: str
    at: int
    message: str


_Check: TypeAlias = Callable[[str, Node], Iterator[_Fault]]


def _anything(path: str, node: Node) -> Iterator[_Fault]:
    return iter(())


def _scalar(pattern: str, expected: str) -> _Check:
    """Expect a scalar that is spelled in a certain way."""
    spelling = re.compile(pattern, re.DOTALL)

    def check(path: str, node: Node) -> Iterator[_Fault]:
        known = isinstance(node, Scalar) and not node.is_null
        if not known or not spelling.fullmatch(getattr(node, "value", "")):
            yield _Fault(path, node.at, f"expected {expected}")

    return check


def _one_of(*words: str) -> _Check:
    return _scalar("|".join(words), " or ".join((", ".join(words[:-1]), words[-1])))


def _list_of(element: _Check) -> _Check:
    """Expect a sequence, and check each element."""

    def check(path: str, node: Node) -> Iterator[_Fault]:
        if not isinstance(node, Sequence):
            yield _Fault(path, node.at, "expected a list")
            return
        for index, item in enumerate(node.items):
            yield from element(f"{path}[{index}]", item)

    return check


def _object(
    keys: Mapping[str, _Check], *, required: Collection[str] = (), least: int = 0
) -> _Check:
    """Expect a mapping with no keys but these, and check each value."""

    def check(path: str, node: Node) -> Iterator[_Fault]:
        if not isinstance(node, yaml_nodes.Mapping):
            yield _Fault(path, node.at, "expected a mapping")
            return
        yield from _unknown_or_repeated(path, node, keys)
        for key in required:
            if key not in node:
                yield _Fault(path, node.at, f"expected a key '{key}'")
        if len(node.pairs) < least:
            yield _Fault(path, node.at, "expected at least one key")
        for key in node.keys:
            value = node.get(key)
            if key in keys and value is not None:
                yield from keys[key](f"{path}.{key}", value)

    return check


def _unknown_or_repeated(
    path: str, node: yaml_nodes.Mapping, keys: Collection[str]
) -> Iterator[_Fault]:
    seen: set[str] = set()
    for key, _ in node.pairs:
        name = key.value if isinstance(key, Scalar) else ""
        if name not in keys:
            yield _Fault(path, key.at, f"unknown key '{name}'")
        elif name in seen:
            yield _Fault(path, key.at, f"repeated key '{name}'")
        seen.add(name)


_TEXT = _scalar(".*", "a text")
_BOOLEAN = _scalar("true|false", "true or false")
_INTEGER = _scalar("-?[0-9]+", "an integer")
_OPERATION = _one_of("append", "replace")
_PRIORITY = _one_of(
    "EMERGENCY",
    "ALERT",
    "CRITICAL",
    "ERROR",
    "WARNING",
    "NOTICE",
    "INFO",
    "INFORMATIONAL",
    "DEBUG",
)
_OVERRIDABLE = (
    "append",
    "capture",
    "capture_duration",
    "condition",
    "desc",
    "enabled",
    "exceptions",
    "items",
    "output",
    "priority",
    "skip-if-unknown-filter",
    "tags",
    "warn_evttypes",
)
_EXCEPTION = _object(
    {"name": _TEXT, "fields": _anything, "comps": _anything, "values": _anything},
    required=("name",),
)
_PLUGIN = {"name": _TEXT, "version": _TEXT}
_REQUIREMENT = _object(
    {**_PLUGIN, "alternatives": _list_of(_object(_PLUGIN, required=_PLUGIN))}, required=_PLUGIN
)

# Every key of an item, one entry each: the schema knows a single kind of item.
_ITEMS = _list_of(
    _object(
        {
            "append": _BOOLEAN,
            "capture": _BOOLEAN,
            "capture_duration": _INTEGER,
            "condition": _TEXT,
            "desc": _TEXT,
            "enabled": _BOOLEAN,
            "exceptions": _list_of(_EXCEPTION),
            "items": _list_of(_TEXT),
            "list": _TEXT,
            "macro": _TEXT,
            "output": _TEXT,
            "override": _object(dict.fromkeys(_OVERRIDABLE, _OPERATION), least=1),
            "priority": _PRIORITY,
            "required_engine_version": _TEXT,
            "required_plugin_versions": _list_of(_REQUIREMENT),
            "rule": _TEXT,
            "skip-if-unknown-filter": _BOOLEAN,
            "source": _TEXT,
            "tags": _list_of(_TEXT),
            "warn_evttypes": _BOOLEAN,
        }
    )
)
