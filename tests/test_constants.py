"""What constants mean for each type, which are refused, and which are doubtful."""

from ipaddress import ip_address, ip_network

import pytest

from rulec.advice import advice
from rulec.constants import SERVICES, constant
from rulec.diagnostics import ProblemError
from rulec.nodes import Literal
from rulec.runtime.fields import TYPES
from rulec.text import Text


def read(text: str, type_: str, operator: str = "=") -> object:
    return constant(Literal(text), TYPES[type_], operator)


@pytest.mark.parametrize(
    ("type_", "text", "expected"),
    [
        ("CHARBUF", "", ""),
        ("CHARBUF", "é\udcff", "é\udcff"),
        ("FSPATH", "/etc", "/etc"),
        ("BYTEBUF", "a\0é\udcff", b"a\0\xc3\xa9\xff"),
        ("UINT64", "007", 7),
        ("UINT64", "+7", 7),
        ("UINT64", " \t7", 7),
        ("UINT64", "-1", 2**64 - 1),
        ("UINT64", "18446744073709551615", 2**64 - 1),
        ("UINT64", "99999999999999999999", 2**64 - 1),
        ("UINT64", "-99999999999999999999", 2**64 - 1),
        ("UINT8", "300", 44),
        ("UINT8", "-1", 255),
        ("UINT16", "65536", 0),
        ("INT8", "200", -56),
        ("INT64", "-9223372036854775809", -(2**63)),
        ("INT64", "9223372036854775808", 2**63 - 1),
        ("PID", "-1", -1),
        ("RELTIME", "5", 5),
        ("PORT", "", 0),
        ("PORT", "080", 80),
        ("PORT", "65536", 0),
        ("PORT", "4294967295", 65535),
        ("PORT", "http", 80),
        ("DOUBLE", "-3", -3.0),
        ("BOOL", "true", True),
        ("BOOL", "false", False),
        ("IPADDR", "10.1.2.3", ip_address("10.1.2.3")),
        ("IPADDR", "::1", ip_address("::1")),
        ("IPADDR", "0:0:0:0:0:0:0:1", ip_address("::1")),
        ("IPNET", "10.1.2.3/8", ip_network("10.0.0.0/8")),
        ("IPNET", "0.0.0.0/0", ip_network("0.0.0.0/0")),
        ("IPNET", "1.2.3.4/32", ip_network("1.2.3.4/32")),
        ("IPNET", "fe80::1/10", ip_network("fe80::/10")),
        ("IPNET", "::1/128", ip_network("::1/128")),
    ],
)
def test_constant(type_: str, text: str, expected: object) -> None:
    found = read(text, type_)
    assert (found, type(found)) == (expected, type(expected))


@pytest.mark.parametrize(
    ("type_", "text", "kind"),
    [
        *(("UINT64", text, "bad_number") for text in ("", "abc", "0x10", "1.0", "5.", "1e+1")),
        *(("INT8", text, "bad_number") for text in ("5 ", "5x", "- 5", "+-5", "٣")),
        *(("DOUBLE", text, "bad_number") for text in ("1.5", "inf", "nan", "")),
        *(("PORT", text, "bad_port") for text in ("-0", "+5", " 5", "5x", "0x10", "nosuchservice")),
        *(("PORT", text, "bad_number") for text in ("4294967296", "99999999999999999999")),
        *(("BOOL", text, "bad_boolean") for text in ("", "True", "1", "yes")),
        *(
            ("IPADDR", text, "bad_ip")
            for text in ("", "localhost", "10.1.2", "010.1.2.3", "1.2.3.4/32")
        ),
        *(("IPADDR", text, "bad_ip") for text in ("::ffff:1.2.3.4", "fe80::1%eth0", "1::2::3")),
        *(
            ("IPNET", text, "bad_network")
            for text in ("", "10.1.2.3", "10.0.0.0/33", "10.0.0.0/-1")
        ),
        *(("IPNET", text, "bad_network") for text in ("::/0", "::1/129", "::1/-1", "host/8")),
        *(
            ("IPNET", text, "bad_number")
            for text in ("10.0.0.0/", "10.0.0.0/a", "10.0.0.0/255.0.0.0")
        ),
        ("CHARBUF", "a\0b", "nul_in_constant"),
        ("CHARBUF", "a" * 256, "constant_too_long"),
        ("BYTEBUF", "a" * 256, "constant_too_long"),
        pytest.param("CHARBUF", "é" * 128, "constant_too_long", id="length is counted in bytes"),
    ],
)
def test_refused(type_: str, text: str, kind: str) -> None:
    with pytest.raises(ProblemError) as refused:
        read(text, type_)
    assert refused.value.problem.kind == kind


def test_the_longest_constants() -> None:
    assert read("a" * 255, "CHARBUF") == "a" * 255
    assert read("a" * 255, "BYTEBUF") == b"a" * 255


@pytest.mark.parametrize("operator", ["bcontains", "bstartswith"])
def test_bytes_in_hexadecimal(operator: str) -> None:
    assert read("", "BYTEBUF", operator) == b""
    assert read("dEadBEEF00", "BYTEBUF", operator) == b"\xde\xad\xbe\xef\0"
    for text in ("2", "2g", "0x65", "6 5", "65 ", "\0", "٣٣"):
        with pytest.raises(ProblemError) as refused:
            read(text, "BYTEBUF", operator)
        assert refused.value.problem.kind == "bad_hex_bytes"


def test_regular_expressions_are_checked() -> None:
    assert read("a+", "CHARBUF", "regex") == "a+"
    with pytest.raises(ProblemError) as refused:
        read(r"\d+", "CHARBUF", "regex")
    assert refused.value.problem.kind == "bad_regex"
    assert refused.value.problem.message == (
        r"'\\d+' is no regular expression: invalid escape sequence: \d"
    )


def test_a_problem_is_where_the_constant_is() -> None:
    span = Text.of("t.u64 = abc").span(8)
    with pytest.raises(ProblemError) as refused:
        constant(Literal("abc", span=span), TYPES["UINT64"], "=")
    assert refused.value.problem.span == span


def test_services_are_ports() -> None:
    assert all(0 < port < 2**16 for port in SERVICES.values())
    assert not any(name.isdigit() for name in SERVICES)


@pytest.mark.parametrize(
    ("text", "operator", "kinds"),
    [
        ("cat", "=", []),
        ("proc.name", "=", ["field_misused_as_string"]),
        ("proc.name ", "in", ["field_misused_as_string"]),
        ("proc.nam", "=", []),
        ("tolower(x)", "=", ["transformer_misused_as_string"]),
        ("toupper( proc.name)", "=", ["transformer_misused_as_string"]),
        ("val(proc.name)", "=", ["transformer_misused_as_string"]),
        ("exec(x)", "=", []),
        ("tolower(x", "=", []),
        ("cat", "glob", []),
        *(
            (text, "regex", ["regex_could_be_simpler"])
            for text in ("", "cat", "^cat$", ".*cat", "cat.+")
        ),
        *((text, "regex", ["regex_could_be_simpler"]) for text in (".*", "^.?cat.*$", "a-b/c d")),
        *(
            (text, "regex", [])
            for text in ("c.t", "a|b", "cat.", "[c]at", "a{2}", "a.*b", r"\.", "^^a")
        ),
    ],
)
def test_advice(text: str, operator: str, kinds: list[str]) -> None:
    found = advice(Literal(text), operator, {"proc.name"}.__contains__)
    assert [problem.kind for problem in found] == kinds
