"""A lint about rules that have no chance, because another one is asked before them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from rulec.lint.model import Finding, Subject
from rulec.lint.reasoning import Space
from rulec.nodes import And, Condition, Constant, Quantifier, Test, Value, leaves
from rulec.passes import simplify
from rulec.plan import CheckedRule, plan
from rulec.shadowing import shadowed_rules

# More pairs of rules than this are not compared in full.
MAX_PAIRS: Final = 20_000


@dataclass(frozen=True, slots=True)
class _Outline:
    """A rule, the values that it asks about, and the constants that some of them must be."""

    rule: CheckedRule
    about: frozenset[Value]
    named: Mapping[Value, frozenset[object]]

    @classmethod
    def of(cls, rule: CheckedRule) -> "_Outline":
        condition = simplify(rule.condition)
        named: dict[Value, frozenset[object]] = {}
        for part in condition.operands if isinstance(condition, And) else (condition,):
            match part:
                case Test(value, "=" | "in", Constant(found), Quantifier.NONE):
                    constants = found if isinstance(found, tuple) else (found,)
                    named[value] = frozenset(constants) & named.get(value, frozenset(constants))
                case _:
                    pass
        return cls(rule, frozenset(_values(condition)), named)

    def may_imply(self, other: "_Outline") -> bool:
        """Return whether it is worth looking: what asks about more is hardly ever implied."""
        return other.about <= self.about and all(
            value in self.named and self.named[value] <= constants
            for value, constants in other.named.items()
        )


def shadowed_rule(subject: Subject) -> Iterator[Finding]:
    """Find rules that never alert where only the first rule that matches does."""
    definitions = subject.definitions.rules
    enabled = [rule for rule in subject.analysis.rules if definitions[rule.name].enabled]
    found = set()
    earlier: dict[str, list[_Outline]] = {}
    left = MAX_PAIRS
    for outline in map(_Outline.of, enabled):
        rule = outline.rule
        before = earlier.setdefault(rule.source, [])
        for other in before:
            if not outline.may_imply(other) or not left:
                continue
            left -= 1
            if _implies(rule, other.rule):
                found.add(rule.span)
                yield _finding(rule, other.rule)
                break
        else:
            before.append(outline)
    # Of switches that are off, and lists that are empty, the compiler knows more.
    for diagnostic in shadowed_rules(plan(enabled, "first", subject.sources, plain=True).rules):
        problem = diagnostic.problem
        if problem.span not in found:
            yield Finding(problem.message, problem.span, problem.hint)


def _values(condition: Condition) -> Iterator[Value]:
    return (leaf.value for leaf in leaves(condition) if isinstance(leaf, Test))


def _implies(rule: CheckedRule, other: CheckedRule) -> bool:
    space = Space([rule.condition, other.condition])
    matched = space.assume(rule.condition, True)
    return matched is not None and space.assume(other.condition, False, matched) is None


def _finding(rule: CheckedRule, other: CheckedRule) -> Finding:
    same = rule.condition == other.condition
    why = "has the same condition" if same else "matches all that it would"
    line, file = other.span.position[0], other.span.file
    where = f"line {line}" if file == rule.span.file else f"{file}:{line}"
    message = f"rule {rule.name!r} never alerts: {other.name!r} ({where}) {why}"
    hint = "put it first, make the other one ask for less, or use the rule matching 'all'"
    return Finding(message, rule.span, hint, rule.name)
