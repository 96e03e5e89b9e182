"""Explanations as text, for people: a tree, what would change the verdict, and tables."""

from collections.abc import Iterator, Sequence
from typing import Final

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from rulec.canonical import canonical, escape_value
from rulec.diagnostics import printable
from rulec.explain.outline import Origin, OutlinePart
from rulec.explain.results import Change, Explanation, Part, Seen, Why
from rulec.explain.sentences import SHOWN, clipped
from rulec.explain.tally import Tally
from rulec.nodes import Check, Items
from rulec.runtime.rendering import counted
from rulec.text import Span

# Longer texts of conditions and values are cut; what is behind folds where the screen ends.
_LONGEST: Final = 160
_MOST_ALONE: Final = 10

_WORDS: Final = {True: "true", False: "false"}
_STYLES: Final = {True: "green", False: "red"}


def show(explanation: Explanation, console: Console, *, whole: bool = False) -> None:
    """Print an explanation; ``whole`` shows the parts of macros that decided nothing, too."""
    console.print(_headline(explanation))
    console.print(_line(f"{_place(explanation.span)}, source {explanation.source}", "dim"))
    console.print()
    console.print(_tree(explanation.root, None, whole))
    for part in _changes(explanation):
        console.print(part)
    for note in explanation.notes:
        console.print(_line(f"note: {note}", "yellow"))


def _headline(explanation: Explanation) -> Text:
    name = Text(printable(explanation.rule), "bold")
    if explanation.fires:
        return name + Text(" fires", "bold green")
    because = explanation.instead or "its condition is false"
    return name + Text(" does not fire", "bold red") + Text(f": {printable(because)}")


# --- the tree -----------------------------------------------------------------------------


def _tree(part: Part, outer: Part | None, whole: bool) -> Tree:
    inner = _condition(part)
    tree = Tree(_label(part, inner, outer), guide_style="dim")
    if whole or part.decisive or part.outline.kind != "macro":
        for each in inner.parts:
            tree.add(_tree(each, inner, whole))
    return tree


def _condition(part: Part) -> Part:
    """Return a part, or what a macro is if that has parts, which are shown below its name."""
    if part.outline.kind == "macro" and part.parts[0].outline.kind in ("and", "or", "not"):
        return part.parts[0]
    return part


def _label(part: Part, inner: Part, outer: Part | None) -> RenderableType:
    style = "default" if part.decisive else "dim"
    label = Table.grid(padding=(0, 1))
    text = Text(_said(part, inner), style)
    for told in _origins(part.outline, None if outer is None else outer.outline):
        text.append(f"  {told}", "dim")
    label.add_row(Text(_WORDS[part.verdict], _STYLES[part.verdict]), text)
    for seen in part.seen:
        label.add_row("", Text(_saw(seen, part), _seen_style(part) if part.decisive else "dim"))
    return label


def _said(part: Part, inner: Part) -> str:
    outline = part.outline
    match outline.kind:
        case "and" | "or" | "not":
            return outline.kind
        case "macro":
            joined = "" if inner is part else f" ({inner.outline.kind})"
            return f"macro {printable(outline.text)}{joined}"
        case _:
            return _comparison(part)


def _comparison(part: Part) -> str:
    """Return a comparison; of a long list in it, the items around those that matter."""
    text = printable(part.outline.text)
    written = part.outline.written
    if not isinstance(written, Check) or not isinstance(written.right, Items):
        return _cut(text)
    items = [item.text for item in written.right.items]
    if len(items) <= SHOWN and len(text) <= _LONGEST:
        return text
    met = {str(each) for seen in part.seen for each in _values(seen)}
    numbers = [number for number, item in enumerate(items) if item in met]
    left = canonical(Check(written.left, "exists", None)).removesuffix(" exists")
    for most in range(SHOWN, 1, -1):
        text = printable(f"{left} {written.operator} ({_around(items, numbers, most)})")
        if len(text) <= _LONGEST:
            break
    return _cut(text)


def _values(seen: Seen) -> Sequence[object]:
    return seen.value if isinstance(seen.value, list) else (seen.value,)


def _around(items: Sequence[str], numbers: Sequence[int], most: int) -> str:
    """Return some of many items: the first ones, and those that matter by their numbers."""
    if all(number < most for number in numbers):
        return clipped(items, most)
    few = sorted({0, *numbers[: most - 1]})
    texts: list[str] = []
    for before, number in zip([-1, *few], few, strict=False):
        texts += ["..."] * (number > before + 1)
        texts.append(escape_value(items[number]) or '""')
    return ", ".join([*texts, f"... {len(items):,} in all"])


def _saw(seen: Seen, part: Part) -> str:
    if seen.value is None:
        what = "unknowable" if part.why is Why.UNKNOWABLE else "absent"
        return printable(f"{seen.field} is {what}: {seen.absent_because}")
    return _cut(f"{seen.field} is {_value(seen.value)}")


def _value(value: object) -> str:
    if isinstance(value, list):
        return f"({clipped([str(each) for each in value], 2 * SHOWN)})"
    if isinstance(value, bool):
        return "true" if value else "false"
    return escape_value(str(value)) or '""'


def _seen_style(part: Part) -> str:
    return "yellow" if part.why is Why.UNKNOWABLE else "cyan"


def _origins(outline: OutlinePart, outer: OutlinePart | None) -> Iterator[str]:
    """Yield where a part comes from, as far as those around it do not tell already."""
    if outline.kind == "macro":
        yield _place(outline.parts[0].origin[-1].span)
    known = set[Origin]() if outer is None else {*outer.origin}
    for origin in outline.origin:
        if origin.kind in _TOLD and origin not in known:
            yield _TOLD[origin.kind].format(printable(origin.name), _place(origin.span))


_TOLD: Final = {
    "list": "list {0} {1}",
    "exception": "exception {0} {1}",
    "append": "added at {1}",
    "override": "put in place at {1}",
}


def _place(span: Span) -> str:
    return printable(f"{span.file}:{span.position[0]}")


# --- changes ------------------------------------------------------------------------------


def _changes(explanation: Explanation) -> Iterator[RenderableType]:
    if explanation.changes:
        what = "It would not be true" if explanation.holds else "It would be true"
        which = "these were" if len(explanation.changes) > 1 else "this were"
        yield Text(f"\n{what} if {which} different:", "bold")
        yield from _told(explanation.changes)


def _told(changes: Sequence[Change]) -> Iterator[RenderableType]:
    for change in changes:
        yield Padding(_line(change.how), (0, 0, 0, 2))
        if change.settings:
            yield Padding(Text(_suggested(change), "cyan"), (0, 0, 0, 6))


def _suggested(change: Change) -> str:
    said = [
        f"remove {each.field}"
        if each.value is None
        else f"set {each.field} to {_value(each.value)}"
        for each in change.settings
    ]
    return _cut(", ".join(said))


# --- many events ----------------------------------------------------------------------------


def show_tally(tally: Tally, console: Console) -> None:
    """Print what a rule says of many events, and which comparisons are in its way."""
    console.print(Text(printable(tally.outline.rule), "bold") + Text(": " + summary(tally)))
    if tally.away:
        console.print(_line(_away(tally), "dim"))
    if rows := tally.only_because():
        console.print(_only_because(rows))
    console.print()


def summary(tally: Tally) -> str:
    """Return of how many events a rule is true, and on how many it fires."""
    holds = f"true of {tally.holds:,} of {counted(tally.events, 'event')}"
    return f"{holds}, fires on {tally.fires:,}"


def _away(tally: Tally) -> str:
    told = [
        f"{count:,} {'by ' + str(changes) if changes is not None else 'whatever may change'}"
        for changes, count in sorted(tally.away.items(), key=lambda e: (e[0] is None, e[0] or 0))
    ]
    return f"comparisons that would have to change: {', '.join(told)}"


def _only_because(rows: Sequence[tuple[OutlinePart, int]]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), title_justify="left", title_style="bold")
    table.add_column("events", justify="right")
    table.add_column("not true only because of")
    table.add_column("written at")
    for part, count in rows[:_MOST_ALONE]:
        table.add_row(f"{count:,}", _line(_cut(part.text)), _line(_place(part.span), "dim"))
    if len(rows) > _MOST_ALONE:
        table.add_row("", f"... {len(rows):,} comparisons in all")
    return table


# --- many rules -----------------------------------------------------------------------------


def show_nearest(
    firing: Sequence[Explanation], nearest: Sequence[Explanation], console: Console
) -> None:
    """Print which rules are true of an event, and which are nearest to that."""
    for each in firing:
        console.print(_headline(each))
    if not firing:
        console.print(_line("No rule is true of the event."))
    if nearest:
        console.print(Text("\nNearest are:", "bold"))
    for each in nearest:
        changes = counted(len(each.changes), "comparison")
        console.print(Text(printable(each.rule), "bold") + Text(f": {changes} away"))
        for part in _told(each.changes):
            console.print(part)


def show_overview(tallies: Sequence[Tally], console: Console) -> None:
    """Print what rules say of many events."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    for title in ("true of", "fires on", "changes"):
        table.add_column(title, justify="right")
    table.add_column("rule")
    for tally in tallies:
        nearest = "never" if tally.least is None else f"{tally.least} or more" * (tally.least > 0)
        row = (f"{tally.holds:,}", f"{tally.fires:,}", nearest)
        table.add_row(*row, _line(tally.outline.rule))
    console.print(table)


def _line(text: str, style: str = "") -> Text:
    return Text(printable(text), style)


def _cut(text: str) -> str:
    shown = printable(text)
    return shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 4].rstrip()} ..."
