"""Find rules that can never alert, because an earlier one always matches first."""

from collections.abc import Iterable, Iterator

from rulec.diagnostics import Diagnostic, Problem
from rulec.nodes import And, Condition, Const
from rulec.plan import CheckedRule


def shadowed_rules(rules: Iterable[CheckedRule]) -> Iterator[Diagnostic]:
    """Warn of each rule that an earlier one for the same source hides.

    ``rules`` are those that are matched, in order, as planned. A rule is found if each
    part of the earlier condition is a part of its own: that misses some, and
    accuses none.
    """
    earlier: dict[str, list[tuple[CheckedRule, frozenset[Condition]]]] = {}
    for rule in rules:
        parts = _parts(rule.condition)
        if parts is None:
            continue
        before = earlier.setdefault(rule.source, [])
        for other, needed in before:
            if needed <= parts:
                yield _warning(rule, other)
                break
        else:
            before.append((rule, parts))


def _parts(condition: Condition) -> frozenset[Condition] | None:
    """Return what must hold for a condition to hold; None if nothing can make it hold."""
    match condition:
        case Const(value):
            return frozenset() if value else None
        case And(operands):
            return frozenset(operands)
        case other:
            return frozenset({other})


def _warning(rule: CheckedRule, other: CheckedRule) -> Diagnostic:
    line = other.span.position[0]
    text = f"rule {rule.name!r} never alerts: {other.name!r} (line {line}) always matches first"
    hint = "put it first, or use the rule matching 'all'"
    return Diagnostic("RULEC_UNREACHABLE_RULE", Problem("unreachable_rule", text, rule.span, hint))
