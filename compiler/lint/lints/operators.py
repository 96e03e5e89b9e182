"""Lints about operators that do more, or less, than they look like."""

from collections.abc import Iterator

from rulec.check import check
from rulec.lint.conditions import Part
from rulec.lint.edits import constant, constants, edit
from rulec.lint.lints.logic import quoted
from rulec.lint.meaning import normal
from rulec.lint.model import Finding, Fix, Subject
from rulec.lint.patterns import is_exact, simplest
from rulec.nodes import Check, Items, Literal
from rulec.runtime.sources import EventSource
from rulec.text import Span


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
    if found is None:
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
    written = constants(texts, lists, quote) if operator == "in" else None
    if operator not in ("in", "exists"):
        written = constant(texts[0], lists, quote)
    if written is None and operator != "exists":
        return
    new = " ".join(filter(None, (operator, written)))
    rest = "" if is_exact(right.text) else "; other than '.*', it also takes line breaks"
    place = Span(node.span.text, node.left.span.end, right.span.end)
    change = edit(place, f" {new}")
    fix = Fix(f"write {new}", (change,)) if change is not None else None
    message = f"{quoted(node.span)} needs no regular expression"
    yield Finding(message, right.span, f"write '{new}'{rest}", name, fix)
