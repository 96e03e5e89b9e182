"""A lint about rules that have no chance, because another one is asked before them."""

from collections.abc import Iterator

from rulec.lint.model import Finding, Subject
from rulec.lint.reasoning import Space
from rulec.nodes import Condition, Test, Value, leaves
from rulec.plan import CheckedRule, plan
from rulec.shadowing import shadowed_rules


def shadowed_rule(subject: Subject) -> Iterator[Finding]:
    """Find rules that never alert where only the first rule that matches does."""
    definitions = subject.definitions.rules
    enabled = [rule for rule in subject.analysis.rules if definitions[rule.name].enabled]
    found = set()
    earlier: dict[str, list[CheckedRule]] = {}
    about = {rule.name: _values(rule.condition) for rule in enabled}
    for rule in enabled:
        before = earlier.setdefault(rule.source, [])
        for other in before:
            # What asks about more than the rule does is hardly ever implied by it.
            if about[other.name] <= about[rule.name] and _implies(rule, other):
                found.add(rule.span)
                yield _finding(rule, other)
                break
        else:
            before.append(rule)
    # Of switches that are off, and lists that are empty, the compiler knows more.
    for diagnostic in shadowed_rules(plan(enabled, "first", subject.sources, plain=True).rules):
        problem = diagnostic.problem
        if problem.span not in found:
            yield Finding(problem.message, problem.span, problem.hint)


def _values(condition: Condition) -> frozenset[Value]:
    return frozenset(leaf.value for leaf in leaves(condition) if isinstance(leaf, Test))


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
