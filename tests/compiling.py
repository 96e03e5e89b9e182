"""Compile single conditions, for tests: the real stages, without files around them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from synthetic import SOURCE, document

from rulec.check import check
from rulec.diagnostics import Problem, ProblemError
from rulec.emit import emit
from rulec.extras import ExtraField
from rulec.layout import layout
from rulec.nodes import Condition, Const, Macro, rebuild
from rulec.outputs import read_output
from rulec.parse import parse_condition
from rulec.plan import CheckedRule, Plan, plan
from rulec.runtime.alert import Alert
from rulec.runtime.events import Event, Run
from rulec.runtime.loading import execute
from rulec.runtime.ruleset import Manifest
from rulec.runtime.sources import SOURCES, EventSource
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
    code = layout(emit(planned([rule], source), NO_MANIFEST))
    ruleset = execute(code)
    matcher = ruleset.matcher(source.name)
    return Compiled(
        parsed,
        checked.condition,
        checked.warnings,
        code,
        lambda event: bool(matcher.matching(event)),
    )


def planned(rules: Sequence[CheckedRule], source: EventSource, rule_matching: str = "all") -> Plan:
    """Plan rules about one source, which need not come with rulec."""
    return plan(rules, rule_matching, SOURCES | {source.name: source})


def alert_of(
    output: str,
    fields: Mapping[str, Any],
    *,
    time: int = 0,
    rule: str = "rule",
    priority: str = "Debug",
    tags: tuple[str, ...] = (),
    hostname: str = "here",
    iso8601: bool = False,
    extra_fields: Sequence[Any] = (),
) -> Alert:
    """Return the alert of a rule with an output that always matches, on an event of ``test``.

    :raises ProblemError: if the output is wrong.
    """
    text = Text.of(output)
    extras = []
    for extra in extra_fields:
        if isinstance(extra, str):
            extras.append(ExtraField(extra, None))
        else:
            extras += [ExtraField(key, Text.of(form)) for key, form in extra.items()]
    parts = read_output(text, SOURCE.fields, extras)
    checked = CheckedRule(rule, priority, "test", tags, text.span(0), Const(True), parts)
    ruleset = execute(layout(emit(planned([checked], SOURCE), NO_MANIFEST)))
    event = ruleset.matcher("test").seen(Run("test").event(document(fields), time))
    alert = ruleset.rules[0].alert(event)
    return msgspec.structs.replace(alert, hostname=hostname, iso8601=iso8601)
