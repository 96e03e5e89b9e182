"""What became of each rule: added, removed, renamed, changed, moved."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from rulec.canonical import canonical
from rulec.difference.causes import Cause, causes
from rulec.difference.order import Move, moves
from rulec.difference.parts import Part, parts
from rulec.difference.proof import Relation, apart, never, relation
from rulec.difference.sides import Side
from rulec.items import Rule
from rulec.nodes import Condition
from rulec.passes import simplify
from rulec.passes.fold import fold
from rulec.shadowing import shadowed_rules
from rulec.text import Span


class Fate(Enum):
    """What became of a rule."""

    ADDED = "added"
    REMOVED = "removed"
    RENAMED = "renamed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Attribute:
    """Something about a rule that is not its condition, before and after."""

    name: str
    old: Any
    new: Any


@dataclass(frozen=True, slots=True)
class ConditionChange:
    """How a condition differs. ``never`` says that no event meets the new one any more.

    If the relation is ``SAME``, it is written in another way.
    """

    relation: Relation
    parts: tuple[Part, ...]
    causes: tuple[Cause, ...]
    never: bool = False


@dataclass(frozen=True, slots=True)
class RuleChange:
    """What became of a rule. ``span`` is where it is now, or was.

    ``was`` is its old name, if it has another one. ``runs`` says whether it is matched, if it
    was added, or was, if it was removed. ``hidden`` says why it never alerts any more although
    it runs, if another rule is why.
    """

    name: str
    source: str
    fate: Fate
    span: Span
    was: str = ""
    runs: bool = True
    condition: ConditionChange | None = None
    attributes: tuple[Attribute, ...] = ()
    move: Move | None = None
    hidden: str = ""

    @property
    def differs(self) -> bool:
        """Whether there is anything to tell."""
        return self.matters or self.condition is not None or self.move is not None

    @property
    def matters(self) -> bool:
        """Whether there is more to it than another way to write the same."""
        written = self.condition is None or self.condition.relation is Relation.SAME
        moved = self.move is not None and bool(self.move.before or self.move.after)
        others = bool(self.attributes or self.hidden) or moved
        return self.fate is not Fate.CHANGED or not written or others


def compare(old: Side, new: Side, rule_matching: str = "first") -> tuple[RuleChange, ...]:
    """Return what became of each rule that differs: in the new order, then those removed.

    The order of rules only matters if ``rule_matching`` is ``first``.
    """
    names = renamed(old, new)
    was = {after: before for before, after in names.items()}
    first = rule_matching == "first"
    moved = _moves(old, new, names) if first else {}
    hidden = _hidden(new) if first else {}
    seen = _hidden(old) if first else {}
    found = []
    for name, rule in new.by_name.items():
        before = was.get(name, name)
        if before not in old.by_name:
            change = RuleChange(name, rule.source, Fate.ADDED, rule.span, "", new.runs(name))
        else:
            change = _change(old, before, new, name, moved.get(name))
        if before not in seen:
            change = replace(change, hidden=hidden.get(name, ""))
        if change.differs:
            found.append(change)
    for name, rule in old.by_name.items():
        if name not in names and name not in new.by_name:
            found.append(RuleChange(name, rule.source, Fate.REMOVED, rule.span, "", old.runs(name)))
    return tuple(found)


def renamed(old: Side, new: Side) -> Mapping[str, str]:
    """Return the new names of rules that were renamed: their conditions and sources are the same.

    Where several rules have the same condition, nobody knows which is which.
    """
    gone = _by_meaning(old, new)
    come = _by_meaning(new, old)
    return {
        names[0]: come[meaning][0]
        for meaning, names in gone.items()
        if len(names) == 1 and len(come.get(meaning, ())) == 1
    }


def _by_meaning(side: Side, other: Side) -> dict[tuple[str, Condition], list[str]]:
    found: dict[tuple[str, Condition], list[str]] = {}
    for rule in side.rules:
        if rule.name not in other.by_name:
            found.setdefault((rule.source, fold(rule.condition)), []).append(rule.name)
    return found


def _change(old: Side, before: str, new: Side, name: str, move: Move | None) -> RuleChange:
    attributes = tuple(_attributes(old, before, new, name))
    condition = _condition(old, before, new, name)
    rule = new.by_name[name]
    fate, was = (Fate.CHANGED, "") if before == name else (Fate.RENAMED, before)
    return RuleChange(
        name, rule.source, fate, rule.span, was, new.runs(name), condition, attributes, move
    )


def _attributes(old: Side, before: str, new: Side, name: str) -> Iterator[Attribute]:
    one, other = _told(old, before), _told(new, name)
    for key, value in one.items():
        if value != other[key]:
            yield Attribute(key, value, other[key])


def _told(side: Side, name: str) -> dict[str, Any]:
    rule: Rule = side.defined(name)
    return {
        "source": rule.source,
        "enabled": side.runs(name),
        "priority": rule.priority.text,
        "tags": list(rule.tags),
        "output": str(rule.output),
        "description": " ".join(rule.description.split()),
        "capture": rule.capture,
        "capture_duration": rule.capture_duration,
    }


def _condition(old: Side, before: str, new: Side, name: str) -> ConditionChange | None:
    one, other = old.by_name[before], new.by_name[name]
    if one.source != other.source:
        return None  # fields of the same name may be other fields
    if canonical(old.analysis.resolved[before]) == canonical(new.analysis.resolved[name]):
        return None
    first, second = fold(one.condition), fold(other.condition)
    found = relation(first, second)
    return ConditionChange(
        found,
        tuple(parts(first, second)) if found is not Relation.SAME else (),
        tuple(causes(old, before, new, name)),
        found is not Relation.SAME and never(second),
    )


def _moves(old: Side, new: Side, names: Mapping[str, str]) -> Mapping[str, Move]:
    found: dict[str, Move] = {}
    conditions = {rule.name: fold(rule.condition) for rule in new.rules}
    for source in dict.fromkeys(rule.source for rule in new.rules):
        before = [names.get(name, name) for name in _order(old, source)]
        found |= moves(
            before,
            _order(new, source),
            lambda one, other: apart(conditions[one], conditions[other]),
        )
    return found


def _hidden(side: Side) -> Mapping[str, str]:
    """Return which rules never alert because an earlier one always matches first, and why."""
    rules = [rule for rule in side.rules if side.runs(rule.name)]
    names = {rule.span: rule.name for rule in rules}
    simplified = (replace(rule, condition=simplify(rule.condition)) for rule in rules)
    return {names[each.problem.span]: each.message for each in shadowed_rules(simplified)}


def _order(side: Side, source: str) -> list[str]:
    return [rule.name for rule in side.rules if rule.source == source and side.runs(rule.name)]
