"""The smallest changes: they turn verdicts, and there are no smaller ones.

``RULEC_FUZZ=50000`` makes the tests take that many pairs of a rule and an event for each
source.
"""

from collections import Counter
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from reference import holds
from rule_texts import Written, written_rules
from strategies import document_of
from synthetic import SOURCE as TEST
from test_explain_agrees import EVENTS, EVERY, FUZZ, ROOT, RULES, SAMPLES, examples

from rulec.explain import Explainer, Explanation, OutlinePart
from rulec.explain.atoms import Atoms
from rulec.explain.edits import edited
from rulec.explain.formula import goal, reached
from rulec.explain.seeing import fields_of, value_of
from rulec.files import collect
from rulec.runtime.sources import SOURCES, AnyEvent, EventSource
from rulec.text import File

pytestmark = pytest.mark.fuzz

NEVER = ("no event could make it true", "no event could make it false")


def explainer_of(drawn: Written) -> Explainer:
    files = [File("rules.yaml", drawn.content)]
    return Explainer.of(files, sources=[*SOURCES, TEST], rule_matching="all")


def changed(event: AnyEvent, explanation: Explanation) -> AnyEvent | None:
    """Return the event with all changes made; None if there are values missing for that."""
    if not explanation.changes or not all(each.settings for each in explanation.changes):
        return None
    found = (each for change in explanation.changes for each in change.settings)
    return edited(event, {each.loaded: each.raw for each in found})


@EVERY
def test_the_smallest_change_turns_the_verdict(source: EventSource) -> None:
    counts: Counter[str] = Counter()

    @examples(max(20, FUZZ // (RULES * EVENTS)))
    @given(written_rules(source, RULES, EVENTS))
    def turn(drawn: Written) -> None:
        explainer = explainer_of(drawn)
        for number, condition in enumerate(drawn.conditions):
            for event in drawn.events:
                where = f"{document_of(event)}\n{drawn.content}"
                explanation = explainer.explain(event, f"rule {number}")
                after = changed(event, explanation)
                if after is None:
                    kind = "changes without values" if explanation.changes else "no change"
                    counts[kind] += 1
                    continue
                counts[f"{len(explanation.changes)} changes, made"] += 1
                said = [change.to_dict() for change in explanation.changes]
                where = f"{document_of(after)}\n{where}\n{said}"
                assert holds(condition, after, source) is not explanation.holds, where
                verdicts = explainer.verdicts(after, f"rule {number}")
                for change in explanation.changes:
                    assert verdicts[change.part.id] is change.to is not change.from_, where

    turn()
    if FUZZ:
        print(f"\n{source.name}: {dict(counts.most_common())}")
    # Of audit events, much that is drawn cannot be set: it is worked out, or no audit event.
    made = sum(count for kind, count in counts.items() if kind.endswith("made"))
    assert made > counts.total() / (40 if source.name == "k8s_audit" else 3), counts


def test_the_smallest_change_turns_the_verdicts_of_shipped_rules() -> None:
    explainer = Explainer.of(collect([ROOT / "rules"]))
    documents = (SAMPLES / "audit.jsonl").read_bytes().splitlines()
    counts: Counter[str] = Counter()
    for document in documents[::9]:
        event = explainer.event(document, "k8s_audit")
        for rule in explainer.rules("k8s_audit"):
            explanation = explainer.explain(event, rule)
            after = changed(event, explanation)
            if after is None:
                counts["no change" if explanation.notes else "changes without values"] += 1
                continue
            counts["made"] += 1
            assert explainer.verdicts(after, rule)[0] is not explanation.holds, rule
    assert counts["made"] > counts.total() * 0.8, counts


@EVERY
def test_no_smaller_change_turns_the_verdict(source: EventSource) -> None:
    """Try values of other events, which are near the constants of the rules."""
    tried = Counter[str]()

    @examples(max(20, FUZZ // (RULES * EVENTS)))
    @given(written_rules(source, RULES, EVENTS))
    def smallest(drawn: Written) -> None:
        explainer = explainer_of(drawn)
        for rule in (f"rule {number}" for number in range(RULES)):
            atoms = Atoms(explainer.outlines[rule].root)
            for event in drawn.events:
                explanation = explainer.explain(event, rule)
                others = {explainer.verdicts(other, rule)[0] for other in drawn.events}
                where = f"{document_of(event)}\n{drawn.content}\n{explanation.notes}"
                if NEVER[explanation.holds] in explanation.notes:
                    assert others == {explanation.holds}, where
                for flips, after in smaller(event, explanation, atoms, drawn.events):
                    tried["sets"] += 1
                    verdicts = explainer.verdicts(after, rule)
                    turned = all(
                        verdicts[part.id] is not part_verdict(explanation, part) for part in flips
                    )
                    tried["turned"] += turned
                    said = [change.to_dict() for change in explanation.changes]
                    texts = [part.text for part in flips]
                    assert not turned or verdicts[0] is explanation.holds, (
                        f"{texts}\n{document_of(after)}\n{where}\n{said}"
                    )

    smallest()
    assert tried["sets"]


def part_verdict(explanation: Explanation, part: OutlinePart) -> bool:
    return next(p.verdict for p in explanation.root.walk() if p.outline.id == part.id)


def smaller(
    event: AnyEvent, explanation: Explanation, atoms: Atoms, others: tuple[AnyEvent, ...]
) -> Any:
    """Yield sets of comparisons that would do, and events that may be changed in that way."""
    root = explanation.root.outline
    now = [part_verdict(explanation, atom.part) for atom in atoms]
    wanted = goal(root, atoms.numbers, not explanation.holds)
    largest = len(explanation.changes) or len(now) + 1
    for size in range(1, min(largest, 4)):
        for flips in combinations(range(len(now)), size):
            turned = [value is (number not in flips) for number, value in enumerate(now)]
            if not reached(wanted, turned):
                continue
            parts = [atoms[number].part for number in flips]
            fields = {each for part in parts for each in fields_of(part.condition)}
            for other in others:
                settings = {each: value_of(each, other) for each in fields}
                after = edited(event, settings)
                if after is not None:
                    yield parts, after
