"""What becomes of an event in an older shape, worked out once for each shape.

An event goes through several rules (see ``upgrade_rules``). Here they are put together: a shape
has one plan, which makes the parameters of the present event from those of the old one and of
the event that began the call.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from rulec.runtime.sources.syscall.capture.decoders import default, text
from rulec.runtime.sources.syscall.capture.events import kinds
from rulec.runtime.sources.syscall.capture.upgrade_rules import RULES

Parts = list[bytes]

# A parameter: bytes that are always the same, a number of a parameter of the event, or one of
# the event that began the call (with the bytes to take instead).
Source = bytes | int | tuple[int, bytes] | str

_ROUNDS: Final = 20


@dataclass(frozen=True, slots=True)
class Plan:
    """What becomes of one shape of an event.

    ``make`` is given the parameters of the event and those of the one that began the call (None
    if that is not known), and returns those of an event with ``code``. ``begun`` is the code
    that the event that began the call must have. ``keep``: it is kept for the end of the call.
    ``drop``: nobody else gets to know of it.
    """

    code: int
    make: Callable[[Parts, Parts | None], Parts] | None = None
    begun: int = -1
    keep: bool = False
    drop: bool = False


@cache
def _rules() -> Mapping[tuple[int, int], tuple[str, ...]]:
    found = {}
    for rule in RULES.replace("\n", ";").split(";"):
        if rule.strip():
            shape, _, action = rule.partition(":")
            code, count = shape.split()
            found[int(code), int(count)] = tuple(action.split())
    return found


def _sources(words: tuple[str, ...], code: int, first: int) -> list[Source]:
    """Return the parameters that a rule lists; they begin at ``first`` of an event of ``code``."""
    kind = kinds()[code]
    assert kind is not None
    found: list[Source] = []
    for word in words:
        position = first + len(found)
        parameters = kind.parameters
        type_ = parameters[position].type if position < len(parameters) else "bytebuf"
        if word == "json":
            found.append("json")
        elif word == "-":
            found.append(b"")
        elif word == "0":
            found.append(default(type_))
        elif word.startswith("e"):
            found.append((int(word[1:].rstrip("?")), b"" if word.endswith("?") else default(type_)))
        else:
            begin, _, end = word[1:].partition("-")
            found.extend(range(int(begin), int(end or begin) + 1))
    return found


def shapes(code: int) -> frozenset[int]:
    """Return how many parameters an event of a kind can have, as far as it is known."""
    kind = kinds()[code]
    own = set() if kind is None else {len(kind.parameters)}
    return frozenset(own | {count for other, count in _rules() if other == code})


def plan(code: int, count: int) -> Plan | None:
    """Return what becomes of an event of a kind with ``count`` parameters.

    None says that it is handed on as it is, though its shape is not known.
    """
    sources: list[Source] = list(range(count))
    begun = -1
    for _ in range(_ROUNDS):
        kind = kinds()[code]
        if kind is None:
            return Plan(code, drop=True)
        size = len(sources)
        old = "old" in kind.flags
        if "managed" not in kind.flags:
            return (
                Plan(code, drop=True)
                if old and not kind.is_exit
                else _made(code, sources, count, begun)
            )
        if kind.is_exit and not old and size == len(kind.parameters):
            return _made(code, sources, count, begun)
        action = _rules().get((code, size))
        if action is None:
            return None
        word, *rest = action
        if word in ("store", "pass"):
            keep = word == "store" or "pass" in rest or not kind.is_exit
            done = _made(code, sources, count, begun)
            return Plan(done.code, done.make, done.begun, keep, word == "store" and not rest)
        if word == "add":
            added = _sources(tuple(rest), code, size)
            now = [*sources, *added]
        else:
            added = _sources(tuple(rest[1:]), int(rest[0]), 0)
            now = [sources[s] if type(s) is int and s < size else s for s in added]
        if any(type(s) is tuple for s in added):
            begun = code - 1 if begun < 0 else begun
        sources = now
        code = int(rest[0]) if word == "to" else code
    return None


def _made(code: int, sources: list[Source], count: int, begun: int) -> Plan:
    if sources == list(range(count)):
        return Plan(code)
    if "json" in sources:
        return Plan(code, _container)
    return Plan(code, _maker(sources), begun)


def _maker(sources: list[Source]) -> Callable[[Parts, Parts | None], Parts]:
    """Return what puts parameters together."""
    kept = 0
    while kept < len(sources) and sources[kept] == kept and type(sources[kept]) is int:
        kept += 1
    tail = sources[kept:]
    instead = [s if isinstance(s, bytes) else s[1] if isinstance(s, tuple) else b"" for s in tail]
    if all(isinstance(s, bytes) for s in tail):
        return lambda parts, begun: parts[:kept] + instead
    if all(isinstance(s, tuple) and s[0] == i for i, s in enumerate(tail)):
        size = len(tail)

        def appended(parts: Parts, begun: Parts | None) -> Parts:
            if begun is None or len(begun) < size:
                begun = [*begun, *instead[len(begun) :]] if begun else instead
            return parts[:kept] + begun[:size]

        return appended

    def made(parts: Parts, begun: Parts | None) -> Parts:
        found = parts[:kept]
        for source in tail:
            if isinstance(source, bytes):
                found.append(source)
            elif isinstance(source, tuple):
                number, otherwise = source
                found.append(begun[number] if begun and number < len(begun) else otherwise)
            elif isinstance(source, int):
                found.append(parts[source] if source < len(parts) else b"")
        return found

    return made


def _container(parts: Parts, begun: Parts | None) -> Parts:
    """Make the description of a container of the four parameters of its oldest form."""
    id_, kind, name, image = parts
    described = {
        "id": text(id_),
        "type": int.from_bytes(kind, "little"),
        "name": text(name),
        "image": text(image),
    }
    return [json.dumps({"container": described}).encode() + b"\0"]
