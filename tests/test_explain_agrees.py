"""Explanations say what compiled rules say: of whole conditions, of macros, of comparisons.

``RULEC_FUZZ=50000`` makes the main test take that many pairs of a rule and an event for each
source.
"""

import os
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from reference import holds
from rule_texts import Written, written_rules
from strategies import document_of
from synthetic import SOURCE as TEST

from rulec import compile_ruleset
from rulec.api import build_files
from rulec.explain import Explainer, OutlinePart
from rulec.files import collect
from rulec.nodes import And, Check, Condition, Macro, Not, Or
from rulec.runtime.inputs import opened
from rulec.runtime.loading import execute
from rulec.runtime.sources import SOURCES, EventSource
from rulec.text import File

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ROOT / "docs" / "samples"

pytestmark = pytest.mark.fuzz

EVERY = pytest.mark.parametrize("source", [TEST, *SOURCES.values()], ids=lambda source: source.name)
FUZZ = int(os.environ.get("RULEC_FUZZ", "0"))
RULES, EVENTS = 3, 8


def examples(count: int) -> settings:
    return settings(
        max_examples=count,
        derandomize=not FUZZ,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )


def resolved(part: OutlinePart) -> Condition:
    """Return what was written, with macros replaced, for the reference to answer."""
    parts = tuple(map(resolved, part.parts))
    match part.written:
        case Macro():
            return parts[0]
        case Not():
            return Not(parts[0])
        case And():
            return And(parts)
        case Or():
            return Or(parts)
        case check:
            assert isinstance(check, Check)
            return check


@EVERY
def test_every_part_has_the_verdict_of_compiled_code(source: EventSource) -> None:
    counts: Counter[str] = Counter()

    @examples(max(20, FUZZ // (RULES * EVENTS)))
    @given(written_rules(source, RULES, EVENTS))
    def agree(drawn: Written) -> None:
        files = [File("rules.yaml", drawn.content)]
        options = {"sources": [*SOURCES, TEST], "rule_matching": "all"}
        explainer = Explainer.of(files, **options)
        ruleset = execute(build_files(files, **options).code)
        matcher = ruleset.matcher(source.name)
        for number, condition in enumerate(drawn.conditions):
            outline = explainer.outlines[f"rule {number}"]
            for event in drawn.events:
                where = f"{document_of(event)}\n{drawn.content}"
                compiled = outline.rule in {rule.name for rule in matcher.matching(event)}
                verdicts = explainer.verdicts(event, outline.rule)
                assert verdicts[0] is compiled is holds(condition, event, source), where
                for part in outline.root.walk():
                    counts[f"{part.kind} {verdicts[part.id]}"] += 1
                    assert verdicts[part.id] is holds(resolved(part), event, source), where
                explanation = explainer.explain(event, outline.rule)
                assert explanation.holds is explanation.fires is compiled
                assert tuple(part.verdict for part in explanation.root.walk()) == verdicts

    agree()
    kinds = ("and", "or", "not", "macro", "test")
    assert all(counts[f"{kind} {verdict}"] for kind in kinds for verdict in (True, False)), counts


@pytest.mark.parametrize(
    ("name", "source"), [("audit.jsonl", "k8s_audit"), ("attack.scap", "syscall")]
)
def test_shipped_rules_are_explained_as_they_match(name: str, source: str) -> None:
    """Events of a capture are explained while they are read."""
    paths = [ROOT / "rules"]
    explainer = Explainer.of(collect(paths), rule_matching="all")
    matcher = compile_ruleset(*paths, rule_matching="all").matcher(source)
    left_out = {rule for rule in explainer.outlines if explainer.left_out(rule) is not None}
    rules = [each.rule for each in explainer.outlines.values() if each.source == source]
    fired = 0
    with opened(str(SAMPLES / name)) as stream:
        for _, found in matcher.source.documents.lines(stream):
            events, _ = found
            for event in events:
                compiled = {rule.name for rule in matcher.matching(event)}
                true = {rule for rule in rules if explainer.verdicts(event, rule)[0]}
                assert true - left_out == compiled
                for rule in compiled:
                    explanation = explainer.explain(event, rule)
                    assert explanation.fires
                    assert explanation.root.verdict
                fired += len(compiled)
    assert fired > 10
