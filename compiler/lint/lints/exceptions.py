"""Lints about exceptions of rules."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from rulec.check import check
from rulec.lint.conditions import Part, RuleCondition
from rulec.lint.lints.logic import quoted
from rulec.lint.model import Finding, Subject
from rulec.lint.reasoning import Space
from rulec.lint.reasoning.cores import claimed
from rulec.lint.reasoning.idle import Reason, idle_parts
from rulec.nodes import And, Check, Condition, Items, Literal, Not, Or
from rulec.runtime.sources import EventSource
from rulec.text import Span
from rulec.yaml_reader import place

# Of an exception with more values than this, they are not looked at one by one.
MAX_VALUES: Final = 200

_NEVER: Final = "the condition never asks for that"


def exception_idle(subject: Subject) -> Iterator[Finding]:
    """Find exceptions that except nothing, and values of exceptions that do not."""
    for name, condition in subject.conditions.items():
        rule = subject.definitions.rules[name]
        for exception in rule.exceptions:
            if not exception.values:
                last = exception.context[-1]
                message = f"exception {exception.name!r} has no values, so it lets nothing pass"
                yield Finding(message, place(last.file, last.at), "", name)
        matched = subject.spaces[name].assume(condition.own.condition, True)
        if condition.exceptions and matched is not None:
            source = subject.sources[rule.source]
            named = [each.name for each in rule.exceptions if each.values]
            yield from _in_rule(name, named, condition, source)


def _in_rule(
    name: str, named: Sequence[str], condition: RuleCondition, source: EventSource
) -> Iterator[Finding]:
    """Look at the exceptions of a rule as at the parts of what it asks for in the end."""
    own, clauses = condition.own, condition.exceptions
    denied = tuple(
        Part(Not(clause.written, span=clause.span), Not(clause.condition), (clause,))
        for clause in clauses
    )
    parts = (own, *denied)
    whole = Part(
        And(tuple(part.written for part in parts)),
        And(tuple(part.condition for part in parts)),
        parts,
    )
    exceptions = dict(zip(map(id, denied), named, strict=True))
    rows = {
        id(row): exception
        for clause, exception in zip(clauses, named, strict=True)
        for row in (clause.parts if isinstance(clause.written, Or) else ())
    }
    silent = set()
    for idle in idle_parts(Space([whole.condition]), whole):
        because = ": others do so already" if idle.because is not None else ""
        if idle.reason is Reason.DEAD or idle.because == (own,):
            because = f": {_NEVER}"
        if (exception := exceptions.get(id(idle.part))) is not None:
            silent.add(id(idle.part))
            message = f"exception {exception!r} lets nothing pass{because}"
            yield Finding(message, idle.part.span, "", name)
        elif (exception := rows.get(id(idle.part))) is not None:
            text = quoted(idle.part.span)
            message = f"exception {exception!r} lets nothing pass by {text}{because}"
            yield Finding(message, idle.part.span, "", name)
    for clause, exception, part in zip(clauses, named, denied, strict=True):
        if id(part) not in silent:
            yield from _values(name, exception, own.condition, clause, source)


def _values(
    name: str, exception: str, own: Condition, clause: Part, source: EventSource
) -> Iterator[Finding]:
    """Look at the values of an exception that has a single field, one by one."""
    node = clause.written
    if not (isinstance(node, Check) and isinstance(node.right, Items)):
        return
    if node.operator not in ("in", "intersects") or len(node.right.items) > MAX_VALUES:
        return
    first: dict[str, Literal] = {}
    for literal in node.right.items:
        if literal.text in first and not _is_of_list(literal.span):
            message = f"exception {exception!r} has the value {literal.text!r} twice"
            yield Finding(message, literal.span, "", name)
        first.setdefault(literal.text, literal)
    alone = {
        text: check(replace(node, right=Items((literal,))), source).condition
        for text, literal in first.items()
    }
    space = Space([own, *alone.values()])
    for text, test in alone.items():
        if claimed(space, [(own, True), (test, True)]) is None:
            message = f"exception {exception!r} lets nothing pass by {text!r}"
            yield Finding(f"{message}: {_NEVER}", first[text].span, "", name)


def _is_of_list(span: Span) -> bool:
    return span.stands_for is not None
