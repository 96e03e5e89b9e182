"""The fields of system calls: how they are declared, and what dictionaries say of them."""

from ipaddress import ip_address
from typing import Any

import pytest
from compiling import compile_condition

from rulec.diagnostics import ProblemError
from rulec.runtime.fields import DOTTED, Kind, Several, argument_problem, field_text
from rulec.runtime.sources import SOURCES
from rulec.runtime.sources.syscall.arguments import ARGUMENTS
from rulec.runtime.sources.syscall.dictionaries import (
    DEFAULTS,
    ENDS,
    SAME,
    FieldEvent,
    declaration,
    finder,
)
from rulec.runtime.sources.syscall.fields import FIELDS

CALLS = SOURCES["syscall"]

CLIENT, SERVER = ip_address("10.1.2.3"), ip_address("93.184.216.34")


def value(text: str, given: dict[str, Any]) -> Any:
    return FieldEvent(given, 0)[text]


def matches(condition: str, given: dict[str, Any], time: int = 0) -> bool:
    return compile_condition(condition, CALLS).matches(FieldEvent(given, time))


# --- the catalogue ----------------------------------------------------------------


def test_every_field_has_a_sentence_of_its_own() -> None:
    for field in FIELDS.values():
        assert field.doc.endswith((".", "...")), field.name
        assert field.doc[0].isupper() or field.doc[0].isdigit(), field.name


def test_every_name_in_the_tables_is_a_field() -> None:
    texts = [text for same in SAME for text in same]
    texts += [text for name, ends in ENDS.items() for text in (name, *ends)]
    for text in (*texts, *DEFAULTS):
        found = declaration(text)
        assert found is not None, text
        field, argument = found
        dotted = field.argument in DOTTED and "[" not in text
        assert argument_problem(field, argument, dotted=dotted) is None, text
        assert field_text(field, argument) == text


def test_what_stands_for_both_ends_is_put_together_from_them() -> None:
    both = {name for name, field in FIELDS.items() if field.several is Several.ENDS}
    assert both == ENDS.keys()


def test_every_argument_can_be_asked_for_as_text_and_as_it_was() -> None:
    for name in ARGUMENTS:
        compile_condition(f"evt.arg.{name} = x", CALLS)
        compile_condition(f"evt.rawarg.{name} exists", CALLS)


def test_a_raw_argument_has_the_type_of_the_argument() -> None:
    assert FIELDS["evt.rawarg.flags"].type.name == "FLAGS32"
    assert FIELDS["evt.rawarg.size"].type.kind is Kind.INTEGER
    assert matches("evt.rawarg.flags >= 5", {"evt.rawarg.flags": "A"})  # hexadecimal, as Falco says
    assert matches("evt.rawarg.size = 10", {"evt.rawarg.size": "10"})


# --- values -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "given", "expected"),
    [
        ("proc.name", {"proc.name": "sh"}, "sh"),
        ("proc.name", {"proc.name": b"s\xff"}, "s\udcff"),
        ("proc.name", {"proc.name": 5}, "5"),
        ("proc.name", {"proc.name": None}, None),
        ("proc.name", {"proc.name": "<NA>"}, None),
        ("proc.name", {"proc.name": ""}, ""),
        ("proc.name", {}, None),
        ("proc.pid", {"proc.pid": 7}, 7),
        ("proc.pid", {"proc.pid": "-7"}, -7),
        ("proc.pid", {"proc.pid": "seven"}, None),
        ("proc.pid", {"proc.pid": 7.5}, None),
        ("proc.pid", {"proc.pid": True}, None),
        ("proc.pid", {"proc.pid": 2**80}, None),
        ("user.loginuid", {"user.loginuid": -1}, -1),
        ("evt.failed", {"evt.failed": False}, False),
        ("evt.failed", {"evt.failed": "true"}, True),
        ("evt.failed", {"evt.failed": 1}, None),
        ("proc.fdusage", {"proc.fdusage": 1.5}, 1.5),
        ("evt.buffer", {"evt.buffer": "a\0"}, b"a\0"),
        ("evt.buffer", {"evt.buffer": b"a\xff"}, b"a\xff"),
        ("fd.sport", {"fd.sport": 443}, 443),
        ("fd.sport", {"fd.sport": 70000}, None),
        ("fd.sip", {"fd.sip": "93.184.216.34"}, SERVER),
        ("fd.sip", {"fd.sip": SERVER}, SERVER),
        ("fd.sip", {"fd.sip": "example.com"}, None),
        ("fd.dev", {"fd.dev": "FD01"}, 0xFD01),
        ("fd.dev", {"fd.dev": 7}, 7),
        ("fd.dev", {"fd.dev": "F" * 5000}, None),
        ("evt.rawarg.mode", {"evt.rawarg.mode": "644"}, 0o644),
        ("evt.arg.flags", {"evt.arg.flags": "O_RDONLY"}, "O_RDONLY"),
        ("evt.arg.flags", {"evt.arg[flags]": "O_RDONLY"}, "O_RDONLY"),
        ("evt.arg[0]", {"evt.arg[0]": "3"}, "3"),
        ("evt.type", {"syscall.type": "open"}, "open"),
        ("evt.type.is.open", {"evt.type": "open"}, 1),
        ("evt.type.is.close", {"evt.type": "open"}, 0),
        ("evt.type.is.close", {}, None),
        ("evt.source", {}, "syscall"),
        ("evt.is_async", {}, False),
        ("evt.hostname", {"evt.hostname": "web"}, "web"),
        ("proc.aname[2]", {"proc.aname[2]": "sshd"}, "sshd"),
        ("proc.aname[1]", {"proc.pname": "bash"}, "bash"),
        ("proc.pname", {"proc.aname[1]": "bash"}, "bash"),
        ("container.mount.dest[/proc*]", {"container.mount.dest[/proc*]": "/host"}, "/host"),
        ("fd.types", {"fd.types": ["file", None, "ipv4"]}, ("file", "ipv4")),
        ("fd.types", {"fd.types": []}, None),
        ("fd.types", {"fd.types": "file"}, ("file",)),
        ("fd.types[1]", {"fd.types[1]": "file"}, ("file",)),
        ("no.such.field", {"no.such.field": "x"}, None),
        ("proc.name[0]", {"proc.name": "x"}, None),
        ("proc.name[0", {"proc.name[0": "x"}, None),
    ],
)
def test_values(text: str, given: dict[str, Any], expected: Any) -> None:
    found = value(text, given)
    assert (found, type(found)) == (expected, type(expected))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"proc.aname": ["bash", "sshd"]}, ("bash", "sshd")),
        ({"proc.aname": ("bash", None, "<NA>")}, ("bash",)),
        ({"proc.aname": "bash sshd"}, ("bash", "sshd")),  # as Falco shows them
        ({"proc.aname": "<NA>", "proc.aname[3]": "sshd"}, ("sshd",)),
        ({"proc.aname[2]": "sshd", "proc.aname[10]": "init"}, ("sshd", "init")),
        ({"proc.aname[2]": "sshd", "proc.pname": "bash"}, ("bash", "sshd")),
        ({"proc.aname[0]": "sh"}, None),  # the process itself
        ({"proc.aname[x]": "sh", "proc.aname[": "sh"}, None),
        ({"proc.aname": []}, None),
        ({}, None),
    ],
)
def test_ancestors(given: dict[str, Any], expected: Any) -> None:
    assert value("proc.aname", given) == expected


def test_a_command_line_is_not_cut_at_blanks() -> None:
    assert value("proc.acmdline", {"proc.acmdline": "bash -c ls"}) == ("bash -c ls",)
    assert value("proc.apid", {"proc.apid": 1, "proc.ppid": 7}) == (1,)


@pytest.mark.parametrize(
    ("text", "given", "expected"),
    [
        ("fd.ip", {"fd.cip": "10.1.2.3", "fd.sip": "93.184.216.34"}, (CLIENT, SERVER)),
        ("fd.ip", {"fd.lip": "10.1.2.3", "fd.rip": "93.184.216.34"}, (CLIENT, SERVER)),
        ("fd.ip", {"fd.sip": "93.184.216.34"}, (SERVER,)),
        ("fd.ip", {"fd.ip": ["10.1.2.3"], "fd.sip": "93.184.216.34"}, (CLIENT,)),
        ("fd.ip", {"fd.name": "10.1.2.3:1->10.1.2.4:2"}, None),
        ("fd.net", {"fd.cip": "10.1.2.3"}, (CLIENT,)),
        ("fd.net", {"fd.ip": "10.1.2.3"}, (CLIENT,)),
        ("fd.cnet", {"fd.cip": "10.1.2.3"}, CLIENT),
        ("fd.port", {"fd.cport": 50000, "fd.sport": "443"}, (50000, 443)),
        ("fd.proto", {"fd.port": 443}, (443,)),
    ],
)
def test_ends(text: str, given: dict[str, Any], expected: Any) -> None:
    assert value(text, given) == expected


def test_a_value_is_found_once() -> None:
    given = {"proc.name": "sh"}
    event = FieldEvent(given, 0)
    assert event["proc.name"] == "sh"
    given["proc.name"] = "bash"
    assert event["proc.name"] == "sh"
    assert event.anew()["proc.name"] == "bash"


def test_two_events_are_never_the_same() -> None:
    assert FieldEvent({}, 0) != FieldEvent({}, 0)
    assert len({FieldEvent({}, 0), FieldEvent({}, 0)}) == 2


def test_what_is_asked_for_is_remembered_within_bounds() -> None:
    assert finder.cache_info().maxsize == 4096


# --- conditions -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("condition", "given", "expected"),
    [
        ("proc.aname = sshd", {"proc.aname": ["bash", "sshd"]}, True),
        ("proc.aname = sh", {"proc.aname": ["bash", "sshd"]}, False),
        ("proc.aname != sshd", {"proc.aname": ["bash", "sshd"]}, True),  # some other one is there
        ("proc.aname != sshd", {"proc.aname": ["sshd"]}, False),
        ("not proc.aname = sshd", {"proc.aname": ["bash", "sshd"]}, False),
        ("proc.aname != sshd", {}, False),
        ("proc.aname exists", {}, False),
        ("proc.aname exists", {"proc.pname": "bash"}, True),
        ("proc.aname in (sshd, init)", {"proc.aname": ["bash", "init"]}, True),
        ("proc.aname in (sshd)", {"proc.aname": ["bash"]}, False),
        ("proc.aname intersects (sshd, init)", {"proc.aname": ["bash", "init"]}, True),
        ("proc.aname startswith ss", {"proc.aname": ["bash", "sshd"]}, True),
        ("proc.aexepath pmatch (/usr/sbin)", {"proc.aexepath": ["/usr/sbin/sshd"]}, True),
        ("proc.apid < 5", {"proc.apid": [900, 1]}, True),
        ("proc.aname[2] = sshd", {"proc.aname": ["bash", "sshd"]}, False),  # not given as such
        ("fd.ip = 10.1.2.3", {"fd.cip": "10.1.2.3", "fd.sip": "10.1.2.4"}, True),
        ("fd.ip != 10.1.2.3", {"fd.cip": "10.1.2.3", "fd.sip": "10.1.2.4"}, False),
        ("fd.ip != 10.1.2.5", {"fd.cip": "10.1.2.3", "fd.sip": "10.1.2.4"}, True),
        ("fd.ip != 10.1.2.5", {}, False),
        ("fd.ip in (10.1.2.4, ::1)", {"fd.cip": "10.1.2.3", "fd.sip": "10.1.2.4"}, True),
        ("fd.net = 10.0.0.0/8", {"fd.cip": "10.1.2.3", "fd.sip": "93.184.216.34"}, True),
        ("fd.net != 10.0.0.0/8", {"fd.cip": "10.1.2.3", "fd.sip": "93.184.216.34"}, False),
        ("fd.net != 10.0.0.0/8", {"fd.cip": "::1", "fd.sip": "fe80::1"}, True),
        ("fd.net in (127.0.0.0/8, 10.0.0.0/8)", {"fd.sip": "10.1.2.3"}, True),
        ("fd.snet != 10.0.0.0/8", {"fd.sip": "::1"}, True),
        ("fd.port = https", {"fd.cport": 50000, "fd.sport": 443}, True),
        ("fd.port < 1024", {"fd.cport": 50000, "fd.sport": 443}, True),
        ("fd.port != 443", {"fd.cport": 50000, "fd.sport": 443}, False),
        ("fd.proto = https", {"fd.sport": 443}, True),
        ("fd.port = oneof (443, 80, 8080)", {"fd.cport": 80, "fd.sport": 443}, False),
        ("fd.types intersects (ipv4)", {"fd.types": ["file", "ipv4"]}, True),
        ("fd.types[0] in (ipv4)", {"fd.types[0]": "ipv4"}, True),
        ("evt.buffer bcontains CAFE", {"evt.buffer": b"\xca\xfe"}, True),
        ("jevt.value[/a] exists", {"evt.type": "open"}, False),
        ("evt.type = open", {"evt.type": "open"}, True),
        ("not evt.type = open", {}, True),
        ("evt.type != open", {}, False),
    ],
)
def test_conditions(condition: str, given: dict[str, Any], expected: bool) -> None:
    assert matches(condition, given) is expected


@pytest.mark.parametrize(
    ("distance", "expected"), [(0, True), (3_000_000, True), (3_000_001, False), (-1, True)]
)
def test_around_a_time(distance: int, expected: bool) -> None:
    moment = 1_470_327_477_881_785_348
    assert matches(f"evt.around[{moment}] = 3", {"evt.type": "open"}, moment + distance) is expected


@pytest.mark.parametrize(
    ("condition", "kind"),
    [
        ("evt.arg = x", "field_argument_required"),
        ("evt.arg.nothing = x", "field_argument_invalid"),
        ("evt.arg[flags] = x", "field_argument_invalid"),
        ("evt.rawarg[0] exists", "field_argument_invalid"),
        ("evt.rawarg.nothing exists", "field_argument_invalid"),
        ("evt.rawarg.tuple = x", "operator_type_mismatch"),
        ("evt.type.is.nothing = 1", "field_argument_invalid"),
        ("evt.abspath.middle = x", "field_argument_invalid"),
        ("evt.around[x] = 1", "field_argument_invalid"),
        ("evt.around[5] > 1", "operator_type_mismatch"),
        ("evt.around[5] in (1)", "operator_type_mismatch"),
        ("proc.aname[x] = a", "field_argument_invalid"),
        ("proc.name[0] = a", "field_argument_not_allowed"),
        ("proc.nobody = a", "unknown_field"),
        ("proc.name.x = a", "unknown_field"),
        ("container.mount.dest = x", "field_argument_required"),
        ("container.label = x", "field_argument_required"),
        ("tolower(proc.aname) = a", "transformer_not_allowed"),
        ("len(fd.sip.name) = 1", "transformer_not_allowed"),
        ("proc.name = val(proc.aname)", "rhs_field_not_allowed"),
        ("proc.aname = val(proc.name)", "rhs_field_not_allowed"),
        ("fd.ip = val(fd.cip)", "rhs_field_not_allowed"),
        ("proc.pid = val(proc.apid)", "rhs_field_not_allowed"),
        ("fd.cnet = val(fd.snet)", "rhs_field_not_allowed"),
        ("fd.ip > 5", "operator_type_mismatch"),
        ("fd.net = 10.0.0.1", "bad_network"),
        ("fd.types = file", "operator_type_mismatch"),
        ("evt.type = opne", "unknown_event_type"),
        ("evt.asynctype = opne", "unknown_event_type"),
    ],
)
def test_what_rules_cannot_ask(condition: str, kind: str) -> None:
    with pytest.raises(ProblemError) as caught:
        compile_condition(condition, CALLS)
    assert caught.value.problem.kind == kind


# --- outputs ----------------------------------------------------------------------


def told(output: str, given: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the message and the fields of a rule with an output."""
    namespace: dict[str, Any] = {}
    exec(compile_condition("evt.num exists", CALLS, output).code, namespace)
    message, fields = namespace["ruleset"].rules[0].output(FieldEvent(given, 5))
    return message, dict(fields)


@pytest.mark.parametrize(
    ("output", "given", "message", "reported"),
    [
        ("%proc.name", {"proc.name": "sh"}, "sh", {"proc.name": "sh"}),
        ("%proc.aname", {"proc.aname": ["a", "b"]}, "a b", {"proc.aname": "a b"}),
        ("%proc.aname", {}, "<NA>", {"proc.aname": None}),
        ("%proc.aname[1]", {"proc.pname": "a"}, "a", {"proc.aname[1]": "a"}),
        ("%proc.apid", {"proc.apid": [1], "proc.pid": 7}, "7", {"proc.apid": 7}),
        ("%fd.ip", {"fd.cip": "10.1.2.3"}, "<NA>", {"fd.ip": None}),
        ("%fd.cnet", {"fd.cip": "10.1.2.3"}, "<IPNET>", {"fd.cnet": "<IPNET>"}),
        ("%fd.sip", {"fd.sip": "::1"}, "::1", {"fd.sip": "::1"}),
        ("%fd.dev", {"fd.dev": 0xFD01}, "FD01", {"fd.dev": "FD01"}),
        ("%fd.types", {"fd.types": ["a", "b"]}, "(a,b)", {"fd.types": ("a", "b")}),
        ("%evt.arg.flags.", {"evt.arg.flags": "X"}, "X.", {"evt.arg.flags": "X"}),
        ("%evt.time.iso8601", {}, "1970-01-01T00:00:00.000000005+0000", {"evt.time.iso8601": 5}),
        ("%evt.rawtime.ns", {}, "000000005", {"evt.rawtime.ns": 5}),
        ("%evt.rawtime.s", {}, "0", {"evt.rawtime.s": 0}),
        ("%evt.deltatime", {"evt.deltatime": 7}, "000000007", {"evt.deltatime": "000000007"}),
        ("%evt.failed", {"evt.failed": True}, "true", {"evt.failed": True}),
        ("%evt.buffer", {"evt.buffer": b"a\0"}, "a.", {"evt.buffer": "a."}),
    ],
)
def test_outputs(output: str, given: dict[str, Any], message: str, reported: Any) -> None:
    assert told(output, given) == (message, reported)


def test_what_falco_cannot_show_is_refused() -> None:
    with pytest.raises(ProblemError) as caught:
        compile_condition("evt.num exists", CALLS, "%evt.rawarg.res")
    assert caught.value.problem.kind == "format_not_printable"
