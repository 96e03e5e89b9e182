"""Lints about what conditions say: what can never hold, and what goes without saying."""

from collections.abc import Iterator, Sequence

from rulec.lint.conditions import Part
from rulec.lint.model import Finding, Subject
from rulec.lint.reasoning.cores import core
from rulec.lint.reasoning.idle import Idle, Reason, idle_parts
from rulec.lint.reasoning.space import Space
from rulec.nodes import And, Constant, Test
from rulec.text import Span


def always_false(subject: Subject) -> Iterator[Finding]:
    """Find rules that cannot match any event."""
    for name, condition in subject.conditions.items():
        space = subject.spaces[name]
        if space.assume(condition.whole, True) is not None:
            continue
        parts = [*conjuncts(condition.own)]
        claims = [(part.condition, True) for part in parts]
        claims += [(clause.condition, False) for clause in condition.exceptions]
        parts += condition.exceptions
        needed = core(space, claims)
        chosen = [parts[number] for number in needed or ()]
        place = chosen[-1].span if chosen else condition.own.span
        message = f"rule {name!r} never matches: {_excluding(chosen)}"
        yield Finding(message, place, _hint(chosen, condition.exceptions), name)


def always_true(subject: Subject) -> Iterator[Finding]:
    """Find rules that match every event."""
    for name, condition in subject.conditions.items():
        if subject.spaces[name].assume(condition.whole, False) is None:
            yield Finding(f"rule {name!r} matches every event", condition.own.span, subject=name)


def dead_part(subject: Subject) -> Iterator[Finding]:
    """Find parts of conditions that never hold, where that does not make the rule pointless."""
    return (finding for finding in subject.once(part_findings) if finding.lint == "dead-part")


def redundant_part(subject: Subject) -> Iterator[Finding]:
    """Find parts of conditions without which the conditions say the same."""
    return (finding for finding in subject.once(part_findings) if finding.lint == "redundant-part")


def part_findings(subject: Subject) -> tuple[Finding, ...]:
    """Return what there is to say about the parts of conditions, each with its lint."""
    return tuple(_part_findings(subject))


def _part_findings(subject: Subject) -> Iterator[Finding]:
    for name, condition in subject.conditions.items():
        space = subject.spaces[name]
        if space.assume(condition.whole, True) is not None:
            yield from _both(name, condition.own, space)
    for (name, _), part in subject.macros.items():
        space = Space([part.condition])
        for holds, word in ((True, "never"), (False, "always")):
            if space.assume(part.condition, holds) is None:
                message = f"macro {name!r} {word} holds"
                lint = "dead-part" if holds else "redundant-part"
                yield Finding(message, part.span, subject=name, lint=lint)
                break
        else:
            yield from _both(name, part, space)


def _both(name: str, part: Part, space: Space) -> Iterator[Finding]:
    """Yield what both lints have to say.

    What goes without saying because of what is in a list does no more when the list changes.
    """
    for idle in idle_parts(space, part):
        if idle.reason is Reason.DEAD:
            message = f"{quoted(idle.part.span)} never holds{_because(idle)}"
            yield Finding(message, idle.part.span, "", name, lint="dead-part")
    for idle in idle_parts(Space([part.condition], is_open=_is_of_list), part):
        if idle.reason is not Reason.DEAD:
            yield Finding(_idle(idle), idle.part.span, "", name, lint="redundant-part")


def _because(idle: Idle) -> str:
    because = idle.because
    if because == ():
        return ""
    if because is None or len(because) > _NAMED:
        return " here"
    return f" here: {_listed(because)} {'excludes' if len(because) == 1 else 'exclude'} it"


def _idle(idle: Idle) -> str:
    because = idle.because
    text = quoted(idle.part.span)
    if because == ():
        return f"{text} always holds"
    if because is None or len(because) > _NAMED:
        return f"{text} adds nothing here"
    verb, what = ("say", "so") if idle.reason is Reason.IMPLIED else ("cover", "it")
    how = f"{verb}s {what} already" if len(because) == 1 else f"{verb} {what} together"
    return f"{text} adds nothing: {_listed(because)} {how}"


def _is_of_list(test: Test) -> bool:
    """Return whether a test compares with items of a list: something was put into the text."""
    if not isinstance(test.operand, Constant):
        return False
    span = test.operand.span
    pieces = span.text[span.start : span.end].pieces
    return any(not piece.verbatim and piece.characters.strip() for piece in pieces)


def conjuncts(part: Part) -> Iterator[Part]:
    """Yield the parts that must all hold for a part to hold."""
    if isinstance(part.written, And):
        for each in part.parts:
            yield from conjuncts(each)
    else:
        yield part


# How much of a part is shown in a message, and how many parts are named.
_SHOWN = 60
_NAMED = 3


def quoted(span: Span) -> str:
    """Return a place as it is shown in a message: on one line, and not too long."""
    text = " ".join(str(span.text[span.start : span.end]).split())
    return f"'{text if len(text) <= _SHOWN else text[: _SHOWN - 3] + '...'}'"


def _listed(parts: Sequence[Part]) -> str:
    *first, last = (quoted(part.span) for part in parts)
    return f"{', '.join(first)} and {last}" if first else last


def _excluding(parts: Sequence[Part]) -> str:
    match len(parts):
        case 0:
            return "the parts of its condition contradict each other"
        case 1:
            return f"{quoted(parts[0].span)} cannot hold"
        case 2:
            return f"{_listed(parts)} exclude each other"
        case _:
            return f"{_listed(parts)} cannot hold together"


def _hint(parts: Sequence[Part], exceptions: Sequence[Part]) -> str:
    return "an exception leaves nothing over" if any(p in exceptions for p in parts) else ""
