"""What outputs consist of."""

import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rulec.diagnostics import Problem, ProblemError
from rulec.nodes import Call, FieldRef, Literal, Reference
from rulec.templates import Slot, read_template
from rulec.text import Text

# A field, a longer one, one that needs an argument, one that may have one.
NAMES = ("f.x", "f.xyz", "f.key", "f.opt")


def resolves(value: Reference) -> bool:
    if isinstance(value, Call):
        return value.selector is None
    needs = {"f.x": False, "f.xyz": False, "f.key": True, "f.opt": value.argument is not None}
    return value.name in needs and needs[value.name] is (value.argument is not None)


def parts(source: str) -> list[str | Slot]:
    return list(read_template(Text.of(source), resolves).parts)


X = Slot(FieldRef("f.x"))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("no fields", ["no fields"]),
        ("a %f.x b", ["a ", X, " b"]),
        ("%f.x%f.x", [X, X]),
        ("%f.x.", [X, "."]),
        ("%5f.x|", [Slot(FieldRef("f.x"), 5), "|"]),
        ("%05f.x|", [Slot(FieldRef("f.x"), 5), "|"]),
        pytest.param("%f.xy", [X, "y"], id="the name ends where a field does"),
        pytest.param("%f.xyza", [Slot(FieldRef("f.xyz")), "a"], id="the longest field counts"),
        pytest.param("%f.x.y.z", [X, ".y.z"], id="segments are given back, too"),
        ("%f.key[a b]", None),
        ("%f.key['a b']", [Slot(FieldRef("f.key", "a b"))]),
        ("%f.key[0].", [Slot(FieldRef("f.key", "0")), "."]),
        pytest.param("%f.x[0]", [X, "[0]"], id="an argument that is not taken is text"),
        pytest.param("%f.x[0 %f.x", [X, "[0 ", X], id="an argument that is none is text"),
        pytest.param(r"%f.opt['\d']", [Slot(FieldRef("f.opt")), r"['\d']"], id="also by escape"),
        pytest.param("%f.x[%f.x]", [X, "[", X, "]"], id="that text may have fields in it"),
        ("%toupper( f.x )!", [Slot(Call("toupper", (FieldRef("f.x"),))), "!"]),
        ("%len(f.x)[0]", [Slot(Call("len", (FieldRef("f.x"),))), "[0]"]),
        ("%len(f.x), x", [Slot(Call("len", (FieldRef("f.x"),))), ", x"]),
        ("(%concat(f.x,' '))", ["(", Slot(Call("concat", (FieldRef("f.x"), Literal(" ")))), ")"]),
    ],
)
def test_parts(source: str, expected: list[str | Slot] | None) -> None:
    if expected is None:
        problem(source)
    else:
        assert parts(source) == expected


def test_one_star_asks_for_missing_values() -> None:
    template = read_template(Text.of("**%f.x"), resolves)
    assert (template.star, template.parts) == (True, ("*", X))
    assert not read_template(Text.of(" *"), resolves).star
    assert read_template(Text.of("*"), resolves).parts == ()


def test_a_slot_knows_where_it_was_written() -> None:
    source = "by %5toupper(f.x)s"
    (slot,) = read_template(Text.of(source), resolves).slots
    assert source[slot.span.start : slot.span.end] == "%5toupper(f.x)"
    assert source[slot.value.span.start : slot.value.span.end] == "toupper(f.x)"


def problem(source: str) -> Problem:
    with pytest.raises(ProblemError) as caught:
        read_template(Text.of(source), resolves, NAMES)
    return caught.value.problem


@pytest.mark.parametrize(
    ("source", "kind", "message", "hint"),
    [
        ("", "format_empty", "the output is empty", ""),
        ("100%", "format_trailing_percent", "a '%' at the end of the output", "there is no way to write a literal '%'"),
        ("x %10", "format_trailing_number", "'%10' at the end of the output", "there is no way to write a literal '%'"),
        ("100% x", "format_unknown_field", "a '%' without the name of a field behind it", "there is no way to write a literal '%'"),
        ("100%% x", "format_unknown_field", "a '%' without the name of a field behind it", "there is no way to write a literal '%'"),
        ("%f.xz", None, "", ""),
        ("%f.kez", "format_unknown_field", "unknown field 'f.kez'", "did you mean 'f.key'?"),
        ("%f.key.", "format_unknown_field", "field 'f.key' cannot be shown like this", "its argument is missing or wrong"),
        ("%val(f.x)", "format_unknown_field", "'val(...)' is no valid transformer call", ""),
        ("%toupper (f.x)", "format_unknown_field", "unknown field 'toupper'", ""),
        ("%toupper(f.x", "format_unknown_field", "'toupper(...)' is no valid transformer call", ""),
        ("%99999999999f.x", "format_width", "a width larger than 9999", ""),
    ],
)  # fmt: skip
def test_problems(source: str, kind: str | None, message: str, hint: str) -> None:
    if kind is None:
        parts(source)
    else:
        found = problem(source)
        assert (found.kind, found.message, found.hint) == (kind, message, hint)


def test_a_problem_points_at_the_sign_and_the_name() -> None:
    source = "x %5no.such y"
    span = problem(source).span
    assert source[span.start : span.end] == "%5no.such"


@pytest.mark.parametrize(
    "source",
    [
        "%f.x:" * 10_000,
        "%f.x[" * 10_000,
        '%f.x[x\\"' * 5_000,
        "%f.x['" * 5_000,
        "%f.x" + "y" * 250_000,
        "%f.x" + ".y" * 125_000,
        "%f.x " + " " * 250_000,
        "%concat(" + "f.x," * 60_000,
        "%len(" * 50_000,
        "%" + "len(" * 50_000,
    ],
    ids=lambda source: source[:8],
)
def test_hostile_outputs_are_read_quickly(source: str) -> None:
    started = time.perf_counter()
    with suppress(ProblemError):
        read_template(Text.of(source), resolves, NAMES)
    assert time.perf_counter() - started < 10


KINDS = (
    "format_empty",
    "format_trailing_number",
    "format_trailing_percent",
    "format_unknown_field",
    "format_width",
)
FRAGMENTS = st.sampled_from(["%", "5", "f.x", "f.key", "[", "]", "'", "len(", "(", ")", ",", " "])


@given(st.lists(FRAGMENTS | st.text(max_size=2)).map("".join))
def test_any_text_is_an_output_or_a_problem(source: str) -> None:
    try:
        template = read_template(Text.of(source), resolves)
    except ProblemError as error:
        kind, written = error.problem.kind, [source]
    else:
        kind, written = "", ["*"] if template.star else []
        for part in template.parts:
            place = part.span if isinstance(part, Slot) else None
            written.append(source[place.start : place.end] if place else str(part))
    assert kind in ("", *KINDS)
    assert "".join(written) == source
