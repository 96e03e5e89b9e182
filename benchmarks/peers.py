"""Other engines that match events in Python, each behind one function.

Every function here makes one: a callable from a decoded event to the names of the
rules in ``eight_rules/`` that match. What can be done once, is done once. Where an
engine gains from several rules in one go, because it would convert the event again
and again, or from types of events, it is measured in both ways.
"""

import re
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from itertools import compress
from pathlib import Path
from typing import Any, Final

import yaml

Event = dict[str, Any]
Names = list[str]
Match = Callable[[Event], Names]

RULES: Final = Path(__file__).with_name("eight_rules")

# What of an event the rules read; the engines are not burdened with the rest.
MEMBERS: Final = (
    "stage",
    "verb",
    "requestURI",
    "user",
    "objectRef",
    "responseStatus",
    "requestObject",
)

_EMPTY: Final[Event] = {}


def rules_in(language: str) -> dict[str, str]:
    """Return the eight rules in one of the languages, by their names."""
    rules: dict[str, str] = yaml.safe_load((RULES / f"{language}.yaml").read_text("utf-8"))
    return rules


def _needed(event: Event) -> Event:
    """Return only what the rules read, all of it being there."""
    return {member: event.get(member, _EMPTY) for member in MEMBERS}


def rule_engine() -> Match:
    """Match with ``rule-engine``, an interpreter in Python."""
    import rule_engine

    context = rule_engine.Context(default_value=None, mapping_attribute_lookup=False)
    rules = [
        (name, rule_engine.Rule(text, context=context).matches)
        for name, text in rules_in("rule_engine").items()
    ]
    return lambda event: [name for name, matches in rules if matches(event)]


def eql() -> Match:
    """Match with ``eql``, the reference implementation of Elastic's Event Query Language.

    All events are of one type, and the verb is asked for like everything else.
    """
    queries = {
        name: re.sub(r"^(create|get) where", r'any where verb == "\1" and', query)
        for name, query in rules_in("eql").items()
    }
    return _eql(queries, lambda event: "audit")


def eql_by_type() -> Match:
    """Match with ``eql``, taking the verb for the type of an event: the engine sorts by types."""
    return _eql(rules_in("eql"), lambda event: event.get("verb", ""))


def _eql(queries: dict[str, str], type_of: Callable[[Event], str]) -> Match:
    import eql
    from eql.engine import PythonEngine

    engine = PythonEngine()
    order = list(queries)
    for name, query in queries.items():
        engine.add_analytic(eql.parse_analytic({"metadata": {"id": name}, "query": query}))
    found: Names = []
    engine.add_output_hook(lambda output: found.append(output.analytic_id))

    def match(event: Event) -> Names:
        found.clear()
        engine.stream_event(eql.Event(type_of(event), 0, event))
        # The engine keeps queries for all events apart from those for some.
        return sorted(found, key=order.index) if len(found) > 1 else found.copy()

    return match


def _cel_cpp() -> Any:
    from cel_expr_python import cel

    texts = dict.fromkeys(("stage", "verb", "requestURI"), cel.Type.STRING)
    variables = dict.fromkeys(MEMBERS, cel.Type.Map(cel.Type.STRING, cel.Type.DYN)) | texts
    return cel.NewEnv(variables=variables)


def cel_cpp() -> Match:
    """Match with ``cel-expr-python``, the C++ implementation of CEL, rule by rule."""
    environment = _cel_cpp()
    rules = [(name, environment.compile(text)) for name, text in rules_in("cel").items()]

    def match(event: Event) -> Names:
        activation = environment.Activation(_needed(event))
        return [name for name, rule in rules if rule.eval(activation).value()]

    return match


def cel_cpp_at_once() -> Match:
    """Match with ``cel-expr-python``, all rules in one expression."""
    names, listed = _at_once("cel")
    rules = _cel_cpp().compile(listed)
    return lambda event: list(compress(names, rules.eval(data=_needed(event)).plain_value()))


def cel_rust() -> Match:
    """Match with ``common-expression-language``, a CEL in Rust, rule by rule."""
    import cel

    rules = [(name, cel.compile(text).execute) for name, text in rules_in("cel").items()]

    def match(event: Event) -> Names:
        context = cel.Context(_needed(event))
        return [name for name, execute in rules if execute(context)]

    return match


def zen() -> Match:
    """Match with ``zen-engine``, a rules engine in Rust, rule by rule."""
    import zen

    rules = [
        (name, zen.compile_expression(text).evaluate) for name, text in rules_in("zen").items()
    ]

    def match(event: Event) -> Names:
        needed = {member: event[member] for member in MEMBERS if member in event}
        return [name for name, evaluate in rules if evaluate(needed)]

    return match


def zen_at_once() -> Match:
    """Match with ``zen-engine``, all rules in one expression."""
    import zen

    names, listed = _at_once("zen")
    evaluate = zen.compile_expression(listed).evaluate

    def match(event: Event) -> Names:
        needed = {member: event[member] for member in MEMBERS if member in event}
        return list(compress(names, evaluate(needed)))

    return match


def _at_once(language: str) -> tuple[list[str], str]:
    """Return the names of the rules, and one expression for a list with their answers."""
    rules = rules_in(language)
    return list(rules), f"[{', '.join(f'({text})' for text in rules.values())}]"


# What each is called, the distribution that it comes in, and how to make it.
PEERS: Final[tuple[tuple[str, str, Callable[[], Match]], ...]] = (
    ("rule-engine", "rule-engine", rule_engine),
    ("eql", "eql", eql),
    ("eql, by type", "eql", eql_by_type),
    ("common-expression-language", "common-expression-language", cel_rust),
    ("cel-expr-python", "cel-expr-python", cel_cpp),
    ("cel-expr-python, at once", "cel-expr-python", cel_cpp_at_once),
    ("zen-engine", "zen-engine", zen),
    ("zen-engine, at once", "zen-engine", zen_at_once),
)


def installed(distribution: str) -> str | None:
    """Return the version of a distribution, or ``None`` if it is not installed."""
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None
