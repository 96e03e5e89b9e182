"""Compiled conditions against the plainest meaning there is, on random events.

What Hypothesis draws is in ``strategies.py``. ``RULEC_FUZZ=100000`` makes the
main test take that many pairs of a condition and an event for each source, and
print how often each operator, modifier and transformer was true and false; the
other tests take more examples, too.
"""

import ast
import json
import os
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest
from compiling import NO_MANIFEST, compile_condition, planned
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from reference import holds
from strategies import (
    SILENT,
    Case,
    Question,
    Values,
    arguments_of,
    audit_documents,
    audit_event,
    cases,
    checked_cases,
    document_of,
    flat_event,
    ladders,
    parts_of,
    related_cases,
    shape_of,
    vocabulary,
)
from synthetic import SOURCE as TEST

from rulec import nodes
from rulec.check import check
from rulec.emit import emit
from rulec.layout import layout
from rulec.nodes import (
    And,
    Call,
    Check,
    Condition,
    Const,
    Constant,
    FieldRef,
    Items,
    Literal,
    Loaded,
    Not,
    OneOf,
    Or,
    Quantifier,
    Sequence,
    Transformed,
    Value,
)
from rulec.operators import MODIFIERS, OPERATORS, SYNONYMS
from rulec.passes import PASSES, Pass, simplify
from rulec.passes.fold import fold
from rulec.passes.merge import merge
from rulec.passes.reorder import reorder
from rulec.plan import CheckedRule, Group, Output, Plan, Slot
from rulec.references import several, shape
from rulec.runtime import prepared
from rulec.runtime.events import Event
from rulec.runtime.extract import extract
from rulec.runtime.fields import Field, Form, Kind, Several
from rulec.runtime.loading import execute, load, to_bytecode
from rulec.runtime.rendering import fitted, shown
from rulec.runtime.ruleset import Ruleset
from rulec.runtime.sources import SOURCES, EventSource
from rulec.text import Text
from rulec.transformers import TRANSFORMERS

pytestmark = pytest.mark.fuzz

AUDIT = SOURCES["k8s_audit"]
CALLS = SOURCES["syscall"]
EVERY = pytest.mark.parametrize("source", [TEST, AUDIT, CALLS], ids=lambda source: source.name)

FUZZ = int(os.environ.get("RULEC_FUZZ", "0"))
RULES, EVENTS = 3, 12  # in each example: a module of three rules, each asked about 12 events


def examples(count: int) -> settings:
    """Return the settings for a test with so many examples, or more when there is time."""
    return settings(
        max_examples=count * max(1, FUZZ // 10_000),
        derandomize=not FUZZ,  # the ordinary run of the tests is the same every time
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )


# --- the stages, for what was drawn -----------------------------------------------


def checked_rules(
    conditions: tuple[Condition, ...], outputs: tuple[Output, ...], source: EventSource
) -> list[CheckedRule]:
    """Check the conditions, which must be valid."""
    found = []
    for number, (condition, output) in enumerate(zip(conditions, outputs, strict=True)):
        checked = check(condition, source)
        assert not checked.problems, checked.problems[0]
        found.append(rule_of(checked.condition, source, output, f"rule {number}"))
    return found


def rule_of(
    checked: Condition, source: EventSource, output: Output = SILENT, name: str = "rule"
) -> CheckedRule:
    span = Text.of("(made up)").span(0)
    return CheckedRule(name, "Debug", source.name, (), span, checked, output)


def written(rules: Plan) -> str:
    return layout(emit(rules, NO_MANIFEST))


def three_ways(code: str, folder: Path) -> Iterator[Ruleset]:
    """Yield the ruleset of a module: run at once, loaded as text, loaded as bytecode."""
    yield execute(code)
    text, bytecode = folder / "built.py", folder / "built.pyc"
    text.write_bytes(code.encode())
    bytecode.write_bytes(to_bytecode(code))
    yield load(text)
    yield load(bytecode)


# --- the main test ----------------------------------------------------------------


@EVERY
def test_compiled_code_agrees_with_the_reference(source: EventSource, tmp_path: Path) -> None:
    seen = Seen(source)

    def agree(case: Case) -> None:
        rules = checked_rules(case.conditions, case.outputs, source)
        code = written(planned(rules, source))
        rulesets = list(three_ways(code, tmp_path))
        for event in case.events:
            expected = [holds(condition, event, source) for condition in case.conditions]
            for ruleset in rulesets:
                for _ in range(2):  # the second time, the gate remembers
                    assert answers(ruleset, source, event) == expected, (
                        f"{document_of(event)}\n{code}"
                    )
        for condition in case.conditions:
            seen.count(condition, case.events)
        for number, output in enumerate(case.outputs):
            for event in case.events[:4]:
                said = message(output, event), fields_of(output, event)
                told = [
                    ruleset.rules[number].output(ruleset.matcher(source.name).seen(event))
                    for ruleset in rulesets
                ]
                assert told == [said] * 3, f"{document_of(event)}\n{output}\n{code}"

    def try_out(pairs: int, focus: Question | None = None) -> None:
        count = -(-pairs // (RULES * EVENTS))
        drawn = given(cases(source, RULES, EVENTS, focus))
        settings(examples(1), max_examples=count)(drawn(agree))()

    if not FUZZ:
        try_out(1800)
        return
    # Half of the pairs are about anything, the others about each question in turn.
    try_out(FUZZ // 2)
    questions = {(word.symbol, left): (word, left) for word, left in vocabulary(source).questions}
    for question in questions.values():
        try_out(FUZZ // 2 // len(questions), question)
    print(seen.table())
    # System calls have many types and hardly any lists, so some words are rare there.
    assert source is CALLS or seen.one_sided() == [], "never true, or never false"


def answers(ruleset: Ruleset, source: EventSource, event: Event) -> list[bool]:
    """Return for each rule whether it matches."""
    matching = {rule.name for rule in ruleset.matcher(source.name).matching(event)}
    return [rule.name in matching for rule in ruleset.rules]


@settings(examples(120), phases=[Phase.generate])  # to make them smaller takes minutes
@given(ladders(TEST))
def test_deep_conditions_agree_with_the_reference(case: Case) -> None:
    """What is deep is written in steps, before the questions around it are asked."""
    code = written(planned(checked_rules(case.conditions, case.outputs, TEST), TEST))
    ruleset = execute(code)
    for event in case.events:
        (answer,) = answers(ruleset, TEST, event)
        assert answer is holds(case.conditions[0], event, TEST), f"{document_of(event)}\n{code}"


@EVERY
def test_gates_let_pass_what_would_match(source: EventSource) -> None:
    """Ask more rules about fewer values, because a gate is about what rules have in common."""

    @examples(60)
    @given(related_cases(source, 5, 10))
    def agree(case: Case) -> None:
        rules = checked_rules(case.conditions, case.outputs, source)
        code = written(planned(rules, source))
        ruleset = execute(code)
        for event in (*case.events, *case.events):  # the second time, the gate remembers
            expected = [holds(condition, event, source) for condition in case.conditions]
            assert answers(ruleset, source, event) == expected, f"{document_of(event)}\n{code}"

    agree()


def message(output: Output, event: Event) -> str:
    """Return what an output says, in the plainest way."""
    text = ""
    for part in output.parts:
        if isinstance(part, Slot):
            value = text_of(part.value, event)
            part = value if part.width is None else fitted(value, part.width)
        text += part
    return text


FORMS = {Form.HEXADECIMAL: "{:X}", Form.OCTAL: "{:o}", Form.PADDED: "{:09}"}


def text_of(value: Value, event: Event) -> str:
    found = worth(value, event)
    match several(value):
        case Several.ENDS:
            return "<NA>"
        case Several.ANCESTORS if isinstance(value, Loaded) and value.field.shown_as:
            return shown(event["proc.pid"])
        case Several.ANCESTORS:
            return shown(found and " ".join(map(shown, found)))
    if found is not None and shape(value).type.kind is Kind.NETWORK:
        return f"({','.join('<IPNET>' for _ in found)})" if shape(value).is_list else "<IPNET>"
    if found is not None and isinstance(value, Loaded) and value.field.form in FORMS:
        return FORMS[value.field.form].format(found)
    return shown(found)


def fields_of(output: Output, event: Event) -> dict[str, Any]:
    return {key: reported(value, event) for key, value in output.fields}


def reported(value: Value, event: Event) -> Any:
    assert isinstance(value, Loaded)
    found = worth(value, event)
    if value.field.output_attribute is not None:
        return getattr(event, value.field.output_attribute)
    if several(value):
        text = text_of(value, event)
        return None if text == "<NA>" else int(text) if value.field.shown_as else text
    if found is None:
        return None
    if value.field.numeric:
        return found
    if value.field.type.kind is Kind.NETWORK or value.field.form in FORMS:
        return text_of(value, event)
    if value.field.type.kind in (Kind.ADDRESS, Kind.BYTES):
        return tuple(map(shown, found)) if value.field.is_list else shown(found)
    return found


class Seen:
    """How often each operator, modifier and transformer was seen true and false."""

    def __init__(self, source: EventSource) -> None:
        self.source = source
        self.counts: dict[str, Counter[bool]] = {name: Counter() for name in self.expected()}
        self.pairs = 0

    def expected(self) -> Iterator[str]:
        """Yield everything that conditions of the source can have in them."""
        words = vocabulary(self.source)
        for operator, left in words.questions:
            yield self.asked(operator.symbol, left)
        yield from MODIFIERS
        yield from ("val()", "transformer")
        yield from sorted({name for calls in words.calls.values() for name in calls})
        if self.source.lenient:
            yield from ("<NA>", "A:B")

    def asked(self, word: str, left: Any) -> str:
        if self.source is not TEST:
            return f"{word} list" if left.is_list else word
        return f"{word} {'list of ' if left.is_list else ''}{left.type.name}"

    def count(self, condition: Condition, events: tuple[Event, ...]) -> None:
        self.pairs += len(events)
        checks = {part: None for part in parts_of(condition) if isinstance(part, Check)}
        for each in checks:
            names = list(self.names(each))
            for event in events:
                answer = holds(each, event, self.source)
                for name in names:
                    self.counts[name][answer] += 1

    def names(self, node: Check) -> Iterator[str]:
        word, _, modifier = node.operator.partition(" ")
        yield self.asked(SYNONYMS.get(word, word), shape_of(node.left, self.source))
        if modifier:
            yield modifier
        if isinstance(node.right, FieldRef):
            yield "val()"
        if isinstance(node.right, Call):
            yield "transformer"
        yield from {part.name for part in parts_of(node) if isinstance(part, Call)}
        if self.source.lenient and not modifier and isinstance(node.right, Literal | Items):
            constants = [part.text for part in parts_of(node.right) if isinstance(part, Literal)]
            if "<NA>" in constants:
                yield "<NA>"
            if any(text[:1] != "<" and ":" in text for text in constants):
                yield "A:B"

    def table(self) -> str:
        lines = [f"\n{self.source.name}: {self.pairs:,} pairs", f"{'':36}{'true':>9}{'false':>9}"]
        lines += [f"{n:36}{c[True]:9,}{c[False]:9,}" for n, c in self.counts.items()]
        return "\n".join(lines)

    def one_sided(self) -> list[str]:
        return [name for name, count in self.counts.items() if not (count[True] and count[False])]


# --- checked conditions and passes ------------------------------------------------


def meets(node: Condition, event: Event) -> bool:
    """Return what a checked condition says of an event, with the meanings in the table."""
    match node:
        case Const(value):
            return value
        case Not(operand):
            return not meets(operand, event)
        case And(operands):
            return all(meets(operand, event) for operand in operands)
        case Or(operands):
            return any(meets(operand, event) for operand in operands)
        case OneOf(operands):
            return sum(meets(operand, event) for operand in operands) == 1
        case nodes.Test():
            return passes(node, event)
    raise AssertionError(node)


def passes(node: nodes.Test, event: Event) -> bool:
    found = worth(node.value, event)
    if found is None:
        return False
    if node.operand is None:
        return found != () or node.quantifier is not Quantifier.EVERY
    meaning = OPERATORS[node.operator].meanings[shape(node.value).type.kind]
    operand = worth(node.operand, event)
    if operand is None:
        return False
    operand = prepared(meaning.prepare, operand)
    match node.quantifier:
        case Quantifier.NONE:
            return meaning.holds(found, operand)
        case Quantifier.EVERY:
            return found != () and all(meaning.holds(item, operand) for item in found)
        case Quantifier.SOME:
            return any(meaning.holds(item, operand) for item in found)


def worth(value: Value, event: Event) -> Any:
    match value:
        case Loaded(field, argument):
            return extract(field, argument, event)
        case Constant(constant, _):
            return constant
        case Sequence(parts):
            return tuple(worth(part, event) for part in parts)
        case Transformed(name, arguments, selector):
            chosen = () if selector is None else (selector,)
            found = [worth(argument, event) for argument in arguments]
            return TRANSFORMERS[name].meaning(*found, *chosen)


@EVERY
@pytest.mark.parametrize("rewrite", [*dict.fromkeys(PASSES), simplify], ids=lambda p: p.__name__)
def test_every_pass_keeps_the_meaning(rewrite: Pass, source: EventSource) -> None:
    @examples(100)
    @given(checked_cases(source, 8))
    def agree(case: tuple[Condition, tuple[Event, ...]]) -> None:
        condition, events = case
        rewritten = rewrite(condition)
        for event in events:
            assert meets(rewritten, event) == meets(condition, event), rewritten

    agree()


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("evt.num = 0", False),
        ("evt.num < 1", False),
        ("evt.num <= 0", False),
        ("evt.num in (0, 0)", False),
        ("evt.num != 0", True),
        ("evt.num > 0", True),
        ("evt.num >= 1", True),
        ("evt.num = 1", None),
        ("evt.num < 2", None),
        ("evt.num in (0, 1)", None),
        ("evt.num >= 2", None),
        ("len(proc.name) = 0", None),
    ],
)
def test_what_numbers_from_one_decide(condition: str, expected: bool | None) -> None:
    folded = fold(compile_condition(condition, CALLS).checked)
    if expected is None:
        assert not isinstance(folded, Const)
    else:
        assert folded == Const(expected)


@pytest.mark.parametrize("rewrite", [fold, merge, reorder, simplify], ids=lambda p: p.__name__)
def test_every_pass_is_finished_after_one_run(rewrite: Pass) -> None:
    @examples(200)
    @given(checked_cases(TEST, 0))
    def finished(case: tuple[Condition, tuple[Event, ...]]) -> None:
        once = rewrite(case[0])
        assert rewrite(once) == once

    finished()


@EVERY
@pytest.mark.parametrize("simplified", [False, True], ids=["as checked", "simplified"])
def test_what_is_written_means_what_was_checked(simplified: bool, source: EventSource) -> None:
    """Write conditions without the passes, too: they must not be needed."""

    @examples(30)
    @given(checked_cases(source, 15))
    def agree(case: tuple[Condition, tuple[Event, ...]]) -> None:
        condition, events = case
        rule = rule_of(condition, source)
        rules = planned([rule], source)
        if not simplified:
            rules = replace(rules, groups=(Group(source, (rule,)),))
        code = written(rules)
        ruleset = execute(code)
        for event in events:
            (answer,) = answers(ruleset, source, event)
            assert answer is meets(condition, event), f"{document_of(event)}\n{code}"

    agree()


# --- loads ------------------------------------------------------------------------

# What no JSON decoder makes, but a caller may put into a dict.
WILD: tuple[Any, ...] = (
    *(b"a\xff", bytearray(b"a"), ("a", {"image": "b"}), {1: "a", None: 2}, {"a": object()}),
    *(object(), float("nan"), float("inf"), 10**5000, "\ud800", "\ud800\udcff", {"\ud800": []}),
    type("Text", (str,), {})("a"),
)


Reader = tuple[Field, str | None, Callable[[Event], Any]]


@cache
def readers(source: EventSource) -> list[Reader]:
    """Compile a rule about each field with every argument that we know, and one about all.

    What several fields read is taken as a whole, so each has to be tried alone, too.
    """
    fields = source.fields.values()
    asked = list(dict.fromkeys((field, a) for field in fields for a in arguments_of(field)))
    together = [*([each] for each in asked), asked]
    return [reader for each in together for reader in read_by(each, source)]


def read_by(asked: list[tuple[Field, str | None]], source: EventSource) -> Iterator[Reader]:
    """Compile a rule whose output has some fields; yield what loads each of them."""
    slots = tuple(Slot(Loaded(*each)) for each in asked)
    rule = rule_of(Const(True), source, Output(slots, ()))
    namespace: dict[str, Any] = {}
    exec(written(planned([rule], source)), namespace)
    seen = namespace["ruleset"].matcher(source.name).seen
    found = [each for name, each in namespace.items() if name.startswith("load_")]
    for (field, argument), load_field in zip(asked, found, strict=True):
        yield (
            field,
            argument,
            partial(lambda load_field, event: load_field(seen(event)), load_field),
        )


def assert_loads_equal_extract(event: Event, source: EventSource) -> None:
    for field, argument, load_field in readers(source):
        expected, found = extract(field, argument, event), load_field(event)
        assert (found, type(found)) == (expected, type(expected)), (field.name, argument)


@examples(100)
@given(st.data())
def test_loads_of_audit_events_equal_extract(data: st.DataObject) -> None:
    document = data.draw(audit_documents(AUDIT))
    assert_loads_equal_extract(audit_event(data.draw, document), AUDIT)


@examples(100)
@given(st.data())
def test_loads_of_audit_events_take_what_is_no_json(data: st.DataObject) -> None:
    document = data.draw(audit_documents(AUDIT))
    for place in list(containers_in(document)):
        if data.draw(st.integers(0, 3)) == 0:
            chosen = data.draw(
                st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place)))
            )
            place[chosen] = data.draw(st.sampled_from(WILD))
    assert_loads_equal_extract(audit_event(data.draw, document), AUDIT)


def containers_in(value: Any) -> Iterator[Any]:
    """Yield the objects and arrays in a document that are not empty."""
    if isinstance(value, dict | list) and value:
        yield value
        for part in value.values() if isinstance(value, dict) else value:
            yield from containers_in(part)


@examples(60)
@given(st.data())
def test_loads_of_made_up_events_equal_extract(data: st.DataObject) -> None:
    wanted = [(field, argument) for field, argument, _ in readers(TEST)]
    assert_loads_equal_extract(flat_event(data.draw, wanted, Values()), TEST)


# --- the text of modules ----------------------------------------------------------


class Signed(ast.NodeTransformer):
    """Writes negative numbers as Python reads them: a minus, then the number."""

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        if isinstance(node.value, int | float) and node.value < 0:
            return ast.UnaryOp(ast.USub(), ast.Constant(-node.value))
        return node


@EVERY
def test_the_text_of_a_module_is_its_tree(source: EventSource) -> None:
    @examples(60)
    @given(cases(source, 3, 0))
    def same(case: Case) -> None:
        rules = checked_rules(case.conditions, case.outputs, source)
        module = emit(planned(rules, source), NO_MANIFEST)
        text = layout(module)
        assert ast.dump(ast.parse(text)) == ast.dump(Signed().visit(module)), text
        text.encode()  # it can be written to a file, whatever is in the constants

    same()


# --- documents as bytes and as objects --------------------------------------------


@examples(30)
@given(st.data())
def test_bytes_and_objects_give_the_same_verdicts(data: st.DataObject) -> None:
    case = data.draw(cases(AUDIT, RULES, EVENTS))
    rules = checked_rules(case.conditions, case.outputs, AUDIT)
    ruleset = execute(written(planned(rules, AUDIT)))
    for event in case.events:
        indent = data.draw(st.sampled_from((None, 1)))
        encoded = json.dumps(event.data, ensure_ascii=False, indent=indent)
        from_bytes = ruleset.match(encoded.encode("utf-8", "surrogateescape"), "k8s_audit")
        assert from_bytes == ruleset.match(event.data, "k8s_audit")
