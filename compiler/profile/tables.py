"""A profile as text, for people: tables of the dearest rules and tests, and the advice."""

from collections.abc import Iterator
from typing import Final

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from rulec.diagnostics import printable
from rulec.nodes import Const
from rulec.profile.advice import advise
from rulec.profile.evidence import Advice
from rulec.profile.results import Part, Profile, RuleProfile
from rulec.profile.words import clipped, duration, percent
from rulec.runtime.rendering import counted
from rulec.text import Span
from rulec.written import written

# The text of a condition is cut to this, and folded where the screen is narrower.
_LONGEST: Final = 120
# No time is longer than this: the columns are as wide in every run.
_DURATION: Final = len("1.23 ms")


def show(profile: Profile, console: Console, top: int) -> None:
    """Print a profile: of the rules, the tests and the advice at most ``top`` each."""
    for part in _overview(profile, top):
        console.print(part)


def show_rule(rule: RuleProfile, profile: Profile, console: Console) -> None:
    """Print the gate of one rule, all parts of its body, and the advice about it."""
    console.print(_rules([rule], profile))
    if rule.gate is not None:
        said = "always open" if rule.gate == Const(True) else written(rule.gate)
        console.print(_below(_text(f"gate: {said}")))
    console.print(_parts(rule))
    for part in _advised([each for each in advise(profile) if each.rule == rule.name], 0):
        console.print(part)


def _overview(profile: Profile, top: int) -> Iterator[RenderableType]:
    for line in _summary(profile):
        yield Text(line)
    tried = profile.dearest()
    if tried:
        yield _rules(tried[: top or None], profile)
    tests = [test for rule in tried for test in rule.body.tests() if test.evaluations]
    tests.sort(key=lambda test: -test.nanoseconds)
    if tests:
        yield _tests(tests[: top or None])
    yield from _advised(list(advise(profile)), top)


def _summary(profile: Profile) -> Iterator[str]:
    seen, events = counted(profile.events, "event"), profile.events or 1
    yield f"{profile.source}: {seen}, {counted(profile.alerts, 'alert')}"
    gate = profile.gate
    if gate is None:
        yield "gate: none, every rule is tried on every event"
    else:
        yield (
            f"gate: no rule to try for {gate.closed:,} of {seen} "
            f"({percent(gate.closed / events)}), {duration(gate.nanoseconds / events)} an event"
        )
        yield f"keys: {gate.distinct:,} different ones of {', '.join(gate.names)}"
    tried = [rule for rule in profile.rules if rule.evaluations]
    evaluations = sum(rule.evaluations for rule in tried)
    yield (
        f"rules: {len(tried):,} of {len(profile.rules):,} were tried, "
        f"{evaluations / events:.1f} an event, {duration(profile.nanoseconds / events)} an event"
    )


def _table(*columns: str) -> Table:
    """Return a table whose last columns are texts and whose others are numbers."""
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
    for column in columns:
        is_text = column in ("rule", "condition", "place")
        table.add_column(
            column,
            justify="left" if is_text else "right",
            no_wrap=not is_text,
            overflow="fold",
            min_width=_DURATION if column in ("time", "each") else None,
        )
    return table


def _rules(rules: list[RuleProfile], profile: Profile) -> RenderableType:
    table = _table("time", "share", "possible", "tried", "matched", "each", "rule", "place")
    for rule in rules:
        table.add_row(
            duration(rule.nanoseconds),
            percent(profile.share(rule)),
            f"{rule.open:,}",
            f"{rule.evaluations:,}",
            f"{rule.matches:,}",
            duration(rule.each),
            _text(rule.name),
            _place(rule.span),
        )
    return _below(table)


def _tests(tests: list[Part]) -> RenderableType:
    table = _table("time", "asked", "true", "each", "condition", "place")
    for test in tests:
        _add(table, test, test.text)
    return _below(table)


def _parts(rule: RuleProfile) -> RenderableType:
    """Return the tree of the body of a rule, the parts in the order in which they are asked."""
    table = _table("time", "asked", "true", "each", "condition", "place")

    def add(part: Part, level: int) -> None:
        _add(table, part, part.kind if part.parts else part.text, 2 * level)
        for each in part.parts:
            add(each, level + 1)

    add(rule.body, 0)
    return _below(table)


def _below(part: Table | Text) -> RenderableType:
    return Padding(part, (1, 0, 0, 0), expand=False)


def _add(table: Table, part: Part, text: str, indent: int = 0) -> None:
    ratio = percent(part.true / part.evaluations) if part.evaluations else ""
    table.add_row(
        duration(part.nanoseconds),
        f"{part.evaluations:,}",
        ratio,
        duration(part.each),
        Padding(_text(clipped(text, _LONGEST)), (0, 0, 0, indent), expand=False),
        _place(part.span),
    )


def _advised(advice: list[Advice], top: int) -> Iterator[RenderableType]:
    if not advice:
        yield Text("\nno advice: nothing in these numbers asks for a change")
    for each in advice[: top or None]:
        yield Text(f"\n{printable(f'{_where(each.span)}: {each.rule}')}", style="bold")
        yield Padding(_text(each.message), (0, 0, 0, 2), expand=False)
        yield Padding(_text(each.hint), (0, 0, 0, 4), expand=False)
    if top and len(advice) > top:
        yield Text(f"\nand {len(advice) - top:,} more (--top 0 shows all)")


def _text(text: str) -> Text:
    # Not a str, which rich would search for markup.
    return Text(printable(text))


def _place(span: Span) -> Text:
    return Text(printable(_where(span)))


def _where(span: Span) -> str:
    return f"{span.file}:{span.position[0]}"
