"""Measure how well tests try rules: one pass over their events, for coverage and for mutants."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from rulec.explain.outline import Outline, OutlinePart
from rulec.passes import simplify
from rulec.runtime.sources import EventSource
from rulec.testing import coverage, mutation
from rulec.testing.coverage import PartCoverage, RuleCoverage
from rulec.testing.evidence import Bits, Evidence, Grown, joined
from rulec.testing.feeds import EventsError
from rulec.testing.mutants import Known, Mutant, Places, mutants, replaced
from rulec.testing.mutation import Tried
from rulec.testing.resolving import Prepared
from rulec.testing.results import Status, TestReport
from rulec.testing.rulebooks import Rulebook
from rulec.testing.running import Progress


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be measured: also mutants, or not; of some rules, or of all if none are named."""

    mutants: bool = False
    rules: frozenset[str] = frozenset()

    def about(self, rule: str) -> bool:
        """Return whether somebody wants to know of a rule."""
        return not self.rules or rule in self.rules


@dataclass
class _Rule:
    """A rule whose parts are asked, with its mutants. ``asked`` are the numbers of conditions."""

    outline: Outline
    grown: Grown
    mutants: list[tuple[Mutant, tuple[int, ...]]]
    asked: tuple[int, ...]
    events: Bits = 0  # those that some test looks at for this rule
    true: dict[int, Bits] = field(default_factory=dict)


@dataclass
class _Ground:
    """Events on which tests look at the same rules in the same way, and can notice changes."""

    looked_at: frozenset[str]
    first: bool
    events: Bits = 0


class _Bench:
    """The rules for one source, and the tests of them."""

    def __init__(
        self, book: Rulebook, source: str, tests: Sequence[Prepared], wanted: "Wanted"
    ) -> None:
        self.book = book
        self.source: EventSource = book.sources[source]
        self.tests = tests
        self.evidence = Evidence(self.source)
        self._places = Places(book.chosen.definitions.lists)
        self.counted = book.enabled(source).union(*(test.looked_at for test in tests))
        order = [rule.name for rule in book.checked(source) if rule.name in self.counted]
        self.wanted = wanted
        self.rules = {name: self._rule(book.outlines[name], tests) for name in order}
        self._grounds: dict[tuple[frozenset[str], bool], _Ground] = {}

    def _rule(self, outline: Outline, tests: Sequence[Prepared]) -> _Rule:
        asked: dict[int, None] = {}
        grown = self._grown(outline.root, asked)
        found: list[tuple[Mutant, tuple[int, ...]]] = []
        if self.wanted.mutants and self.wanted.about(outline.rule):
            fields = self.book.chosen.extras.fields(self.source.fields)
            is_tried = any(outline.rule in test.looked_at for test in tests)
            for mutant in mutants(outline, self.source, fields, self._places):
                # What no test looks at need not be compiled to know that no test notices.
                conditions = mutant.asked if is_tried else ()
                numbers = tuple(self.evidence.add(condition) for condition in conditions)
                asked |= dict.fromkeys(numbers)
                found.append((mutant, numbers))
        return _Rule(outline, grown, found, tuple(asked))

    def _grown(self, part: OutlinePart, asked: dict[int, None]) -> Grown:
        parts = tuple(self._grown(each, asked) for each in part.parts)
        if parts:
            return Grown(part, parts)
        if part.kind == "const":
            return Grown(part, (), always=coverage.proven(part) or False)
        number = self.evidence.add(part.condition)
        asked[number] = None
        return Grown(part, (), number)

    def look(self, test: Prepared, can_notice: bool) -> None:
        """Ask all that there is to ask about the events of a test."""
        rules = [self.rules[name] for name in self.rules if name in test.looked_at]
        asked = tuple(dict.fromkeys(number for rule in rules for number in rule.asked))
        before = self.evidence.events
        for event in test.feed.events():
            self.evidence.look(event, asked)
        events = self.evidence.everything & ~((1 << before) - 1)
        for rule in rules:
            rule.events |= events
        if can_notice:
            key = (test.looked_at, test.rule_matching == "first")
            self._grounds.setdefault(key, _Ground(*key)).events |= events

    def conclude(self) -> None:
        """Find out of which events each part of each rule is true."""
        for rule in self.rules.values():
            rule.grown.bits(self.evidence, rule.true)

    def coverage(self) -> Iterator[RuleCoverage]:
        """Yield the coverage of each rule."""
        for rule in self.rules.values():
            if not self.wanted.about(rule.outline.rule):
                continue
            parts = tuple(_seen(part, rule) for part in coverage.counted(rule.outline))
            outline = rule.outline
            yield RuleCoverage(
                outline.rule, outline.source, outline.span, parts, rule.events.bit_count()
            )

    def tried(self) -> Iterator[tuple[Tried, bool]]:
        """Yield each mutant with whether it was noticed, and whether it provably means the same."""
        for name, rule in self.rules.items():
            reached = self._reached(name)
            original = None
            for mutant, numbers in rule.mutants:
                noticed = bool(reached) and bool(
                    reached & (rule.true[0] ^ self._verdict(rule, mutant, numbers))
                )
                same = False
                if not noticed:
                    original = original or simplify(rule.outline.root.condition)
                    same = simplify(replaced(rule.outline, mutant)) == original
                yield Tried(mutant, noticed), same

    def _reached(self, name: str) -> Bits:
        """Return of which events it matters for an alert of a test whether a rule matches."""
        found = 0
        for ground in self._grounds.values():
            if name not in ground.looked_at:
                continue
            events = ground.events
            if ground.first:
                for earlier, rule in self.rules.items():
                    if earlier == name:
                        break
                    if earlier in ground.looked_at:
                        events &= ~rule.true[0]
            found |= events
        return found

    def _verdict(self, rule: _Rule, mutant: Mutant, numbers: tuple[int, ...]) -> Bits:
        """Return of which events the condition would be true if it were changed."""
        if not numbers and mutant.asked:
            return rule.true[0]  # nobody asked: no test looks at the rule
        everything = self.evidence.everything
        *outer, changed = _way(rule.grown, mutant.part)
        asked = tuple(map(self.evidence.bits, numbers))
        inner = tuple(rule.true[part.outline.id] for part in changed.parts)
        bits = mutant.verdict(Known(rule.true[mutant.part], inner, asked, everything))
        last = changed
        for part in reversed(outer):
            parts = (bits if inner is last else rule.true[inner.outline.id] for inner in part.parts)
            bits = joined(part.outline.kind, tuple(parts), everything)
            last = part
        return bits


def _way(part: Grown, id_: int) -> list[Grown]:
    """Return the parts from a whole condition down to the part with this id."""
    way = [part]
    while way[-1].outline.id != id_:
        # Numbers are in the order of writing, a whole before its parts.
        way.append([each for each in way[-1].parts if each.outline.id <= id_][-1])
    return way


def _seen(part: OutlinePart, rule: _Rule) -> PartCoverage:
    true = rule.true[part.id]
    return PartCoverage(
        part.text,
        part.span,
        bool(rule.events & true),
        bool(rule.events & ~true),
        coverage.proven(part),
    )


def measured(
    report: TestReport,
    tests: Sequence[Prepared],
    wanted: Wanted,
    progress: Progress = lambda done, of: None,
) -> TestReport:
    """Return the report of tests with the coverage of the rules; and, if asked, mutants.

    Changes are noticed by tests that passed.
    """
    run = [
        (test, result.status is Status.PASSED)
        for test, result in zip(tests, report.results, strict=True)
        if result.status in (Status.PASSED, Status.FAILED)
    ]
    benches: dict[tuple[int, str], _Bench] = {}
    for test, _ in run:
        key = (id(test.book), test.source)
        if key not in benches:
            same = [each for each, _ in run if (id(each.book), each.source) == key]
            benches[key] = _Bench(test.book, test.source, same, wanted)
    for done, (test, passed) in enumerate(run, start=1):
        with suppress(EventsError):  # the file was there when the test was run
            benches[id(test.book), test.source].look(test, passed)
        progress(done, len(run))
    benches |= _untried({id(test.book): test.book for test in tests}, benches, wanted)
    for bench in benches.values():
        bench.conclude()
    covered = coverage.together(each for bench in benches.values() for each in bench.coverage())
    if not wanted.mutants:
        return replace(report, coverage=covered)
    found = [each for bench in benches.values() for each in bench.tried()]
    tried = [each for each, same in found if not same]
    mutated = mutation.together(tried, len(found) - len(tried))
    return replace(report, coverage=covered, mutation=mutated)


def _untried(
    books: dict[int, Rulebook], benches: dict[tuple[int, str], _Bench], wanted: Wanted
) -> dict[tuple[int, str], _Bench]:
    """Return the rules for sources that no test is about."""
    return {
        (number, source): _Bench(book, source, (), wanted)
        for number, book in books.items()
        for source in book.about
        if (number, source) not in benches
    }
