"""Every field of system calls has a value of its type for every event of a capture, or none."""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address
from typing import Any

import pytest
from scap import DOCKER, captured, step, thread, written
from test_capture_state import CASES, POD, described, inside
from test_fuzz_captures import WHOLE

from rulec.runtime.fields import OPTIONAL, Argument, Field, Kind, Several, field_text
from rulec.runtime.sources import SOURCES
from rulec.runtime.sources.syscall.capture.event import CaptureEvent
from rulec.runtime.sources.syscall.capture.events import kinds
from rulec.runtime.sources.syscall.values import VALUES

FIELDS = SOURCES["syscall"].fields

# What nobody writes any more: pods have labels, and Falco's plugin for Kubernetes the rest.
GONE = tuple(f"k8s.{kind}." for kind in ("rc", "svc", "rs", "deployment"))
GONE_FROM_NAMESPACES = {"k8s.ns.id", "k8s.ns.label", "k8s.ns.labels"}

PYTHON = {
    Kind.STRING: str,
    Kind.BYTES: bytes,
    Kind.INTEGER: int,
    Kind.PORT: int,
    Kind.DOUBLE: float,
    Kind.BOOL: bool,
    Kind.ADDRESS: IPv4Address | IPv6Address,
    Kind.NETWORK: IPv4Address | IPv6Address,
}


def named() -> list[Field]:
    return [field for field in FIELDS.values() if field.named and field.listed]


def test_every_field_has_a_function() -> None:
    missing = {field.name for field in named() if field.name not in VALUES}
    assert {name for name in missing if not name.startswith(GONE)} <= GONE_FROM_NAMESPACES
    assert VALUES.keys() <= FIELDS.keys()


def texts(field: Field) -> Iterator[str]:
    """Yield what rules may write for a field."""
    if field.argument in OPTIONAL:
        yield field.name
    if field.argument is not Argument.NONE:
        for argument in ("0", "1", "7", "cpu", "src", "name", "/proc", "HOME", "flags"):
            yield field_text(field, argument)


def events() -> Iterator[CaptureEvent]:
    """Yield events of many kinds, with state behind them."""
    yield from captured(WHOLE, enter_events=True)
    for steps, _ in CASES.values():
        *_, event = captured(written(steps))
        yield event
    work = step("SYSCALL_CHDIR_X", 300, res=0, path="/")
    yield from captured(written([described("CONTAINER_JSON_2_E", POD), work], inside()))
    for kind in filter(None, kinds()):
        yield from captured(written([step(kind.id)]))


def fits(field: Field, text: str, value: Any) -> bool:
    several = field.several is not None and text == field.name
    if several or field.is_list:
        assert field.several in (None, Several.ANCESTORS, Several.ENDS)
        return isinstance(value, tuple) and all(is_of(field, each) for each in value)
    return is_of(field, value)


def is_of(field: Field, value: Any) -> bool:
    wanted = PYTHON[field.type.kind]
    if field.type.kind in (Kind.INTEGER, Kind.PORT) and isinstance(value, bool):
        return False
    return isinstance(value, wanted)


def test_values_have_the_types_of_their_fields() -> None:
    asked = [
        (field, text)
        for field in named()
        if field.type.kind is not Kind.OPAQUE
        and not field.name.startswith("evt.rawarg")
        and field.argument is not Argument.NAME
        for text in texts(field)
    ]
    wrong: set[str] = set()
    seen: set[str] = set()
    for event in events():
        for field, text in asked:
            value = event[text]
            if value is not None:
                seen.add(field.name)
                if not fits(field, text, value):
                    wrong.add(f"{text} of {event.kind.id} is {value!r}")
    assert not wrong
    # Nearly all of them had a value somewhere.
    assert len(seen) > 200


@pytest.mark.parametrize("text", ["", "[", "proc.name[", "nothing.at.all", "evt.arg.", "fd[0]"])
def test_what_is_no_field_has_no_value(text: str) -> None:
    (event,) = captured(written([step("SYSCALL_SETSID_X", res=1)]))
    assert event[text] is None


def test_hostile_arguments_are_no_arguments() -> None:
    inside_ = thread(300, "sh", cgroups=[f"cpu=/docker/{DOCKER}"])
    assert inside_.cgroups.endswith(b"\0")
    (event,) = captured(written([step("SYSCALL_SETSID_X", res=1)]))
    for argument in ("9" * 100, "-1", "²", "*" * 1000, "\0"):
        for name in ("proc.aname", "evt.arg", "container.mount.dest", "fd.types", "proc.env"):
            assert event[f"{name}[{argument}]"] is None
