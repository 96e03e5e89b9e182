"""Lints about operators that do more, or less, than they look like."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from rulec.check import check
from rulec.lint.conditions import Part
from rulec.lint.edits import constant, constants, edit
from rulec.lint.lints.logic import conjuncts, quoted
from rulec.lint.meaning import normal
from rulec.lint.model import Finding, Fix, Subject
from rulec.lint.patterns import is_exact, simplest
from rulec.lint.reasoning import Space
from rulec.lint.reasoning.cores import claimed
from rulec.nodes import Check, Constant, Items, Literal, Loaded, Not, Quantifier, Test, Value
from rulec.runtime.sources import EventSource
from rulec.runtime.sources.json_source import JsonSource
from rulec.text import Span
from rulec.written import written


def regex_simpler(subject: Subject) -> Iterator[Finding]:
    """Find regular expressions that say what a simpler operator says."""
    for name, source, whole in subject.written():
        for part in whole.walk():
            if isinstance(part.written, Check) and part.written.operator == "regex":
                yield from _simpler(subject, name, source, part)


def _simpler(subject: Subject, name: str, source: EventSource, part: Part) -> Iterator[Finding]:
    node, right = part.written, part.written.right if isinstance(part.written, Check) else None
    if not isinstance(node, Check) or not isinstance(right, Literal):
        return
    found = simplest(right.text)
    if found is None or right.span.stands_for is not None:
        return
    operator, texts = found
    literals = tuple(Literal(text) for text in texts)
    other: Literal | Items | None = Items(literals) if operator == "in" else None
    if other is None and literals:
        (other,) = literals
    plain = check(Check(node.left, operator, other), source)
    # Where '=' says something else of a field, of a list for example, nothing is simpler.
    if plain.problems or normal(plain.condition) != normal(part.condition):
        return
    lists = subject.definitions.lists
    start = right.span.text[right.span.start : right.span.start + 1]
    quote = str(start) if str(start) in ("'", '"') else '"'
    operand = constants(texts, lists, quote) if operator == "in" else None
    if operator not in ("in", "exists"):
        operand = constant(texts[0], lists, quote)
    if operand is None and operator != "exists":
        return
    new = " ".join(filter(None, (operator, operand)))
    rest = "" if is_exact(right.text) else "; other than '.*', it also takes line breaks"
    place = Span(node.span.text, node.left.span.end, right.span.end)
    change = edit(place, f" {new}")
    fix = Fix(f"write {new}", (change,)) if change is not None else None
    message = f"{quoted(node.span)} needs no regular expression"
    yield Finding(message, right.span, f"write '{new}'{rest}", name, fix)


def not_equal_absent(subject: Subject) -> Iterator[Finding]:
    """Find ``!=`` of fields that are missing now and then, where the rest does not ask for them."""
    for name, source, whole in subject.written():
        for part in whole.walk():
            if isinstance(part.written, Not) and (test := _unequal(part.parts[0])) is not None:
                message = f"{quoted(part.span)} also takes events that have no such value"
                hint = f"write '{written(replace(test, operator='='))}' if they are not meant"
                yield Finding(message, part.span, hint, name)
        yield from _unequal_parts(name, source, whole)


def _unequal_parts(name: str, source: EventSource, whole: Part) -> Iterator[Finding]:
    parts = list(conjuncts(whole))
    for number, part in enumerate(parts):
        test = _unequal(part)
        if test is None or not _may_be_missing(test.value, source):
            continue
        exists = Test(test.value, "exists")
        others = [other.condition for other in (*parts[:number], *parts[number + 1 :])]
        space = Space([*others, exists])
        if claimed(space, [*((other, True) for other in others), (exists, False)]) is None:
            continue  # the rest of the condition asks for a value anyway
        message = f"{quoted(part.span)} leaves out events that have no such value"
        instead = f"not {written(replace(test, operator='='))}"
        yield Finding(message, part.span, f"write '{instead}' if they are meant, too", name)


def _unequal(part: Part) -> Test | None:
    """Return the test that a part is, if it is one that a value is not a constant."""
    test = part.condition
    if not (
        isinstance(part.written, Check)
        and isinstance(test, Test)
        and test.operator == "!="
        and isinstance(test.operand, Constant)
        and test.quantifier is Quantifier.NONE
    ):
        return None
    return test


# What not every request or event has, by where it is in a document or how its name begins.
_MISSING_PLACES: Final = ("/objectRef/", "/impersonatedUser/", "/annotations/", "/requestObject/")
_MISSING_NAMES: Final = ("container.image.", "container.name", "k8s.")


def _may_be_missing(value: Value, source: EventSource) -> bool:
    """Return whether many events have no such value."""
    if not isinstance(value, Loaded):
        return False
    field = value.field
    if isinstance(source, JsonSource):
        return field.path is not None
    if field.named:
        return field.name.startswith(_MISSING_NAMES)
    paths = field.reads if field.compute is not None else (field.path,)
    return all(path is not None and path.startswith(_MISSING_PLACES) for path in paths)


def lost_blank(subject: Subject) -> Iterator[Finding]:
    """Find blanks behind a backslash in quoted constants, which Falco loses."""
    for name, _, whole in subject.written():
        for part in whole.walk():
            right = part.written.right if isinstance(part.written, Check) else None
            literals = right.items if isinstance(right, Items) else (right,)
            for literal in literals:
                # What is left of the two is a backslash.
                if not isinstance(literal, Literal) or "\\" not in literal.text:
                    continue
                if _BLANK in _raw(literal.span):
                    message = f"the blank behind the backslash is lost: this is {literal.text!r}"
                    hint = r"write \x20 for the blank"
                    yield Finding(message, literal.span, hint, name)


_BLANK: Final = "\\ "


def _raw(span: Span) -> str:
    """Return a constant as it is written, if it stands between quotes."""
    text = str(span.text[span.start : span.end])
    return text.replace("\\\\", "") if text[:1] in ("'", '"') else ""
