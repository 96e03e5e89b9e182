"""Compile single conditions, for tests: the real stages, without files around them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from rulec.check import check
from rulec.diagnostics import Problem, ProblemError
from rulec.emit import emit
from rulec.layout import layout
from rulec.nodes import Condition, Macro, rebuild
from rulec.outputs import read_output
from rulec.parse import parse_condition
from rulec.plan import CheckedRule, plan
from rulec.runtime.events import Event
from rulec.runtime.loading import execute
from rulec.runtime.ruleset import Manifest
from rulec.runtime.sources import EventSource
from rulec.text import Text

NO_MANIFEST = Manifest("0", ())


@dataclass(frozen=True)
class Compiled:
    """A condition in all its forms."""

    parsed: Condition
    checked: Condition
    warnings: tuple[Problem, ...]
    code: str
    matches: Callable[[Event], bool]


def with_macros(node: Condition, macros: Mapping[str, Condition]) -> Condition:
    if isinstance(node, Macro):
        return macros[node.name]
    return rebuild(node, lambda part: with_macros(part, macros))


def compile_condition(
    condition: str | Condition, source: EventSource, output: str = "x"
) -> Compiled:
    """Compile a condition the way a rule with it is compiled.

    :raises ProblemError: with the first thing that is wrong with it.
    """
    text = Text.of(condition if isinstance(condition, str) else "(made up)")
    parsed = parse_condition(text) if isinstance(condition, str) else condition
    checked = check(parsed, source)
    if checked.problems:
        raise ProblemError(checked.problems[0])
    rule = CheckedRule(
        "rule",
        "Debug",
        source.name,
        (),
        text.span(0),
        checked.condition,
        read_output(Text.of(output), source.fields),
    )
    code = layout(emit(plan([rule], "first"), NO_MANIFEST))
    ruleset = execute(code)
    return Compiled(parsed, checked.condition, checked.warnings, code, ruleset.rules[0].matches)
