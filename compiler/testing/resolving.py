"""What a test means once the rules are known: its source, and the rules that it looks at."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from rulec.diagnostics import Diagnostic, Location, Problem
from rulec.item_reader import VALIDATE, suggest
from rulec.runtime.sources import AnyEvent, EventSource
from rulec.selection import matches_wildcard
from rulec.testing.feeds import Feed
from rulec.testing.model import Case, Named, Suite
from rulec.testing.rulebooks import Rulebook
from rulec.text import File, Span


@dataclass(frozen=True)
class Prepared:
    """A test that can be run: ``looked_at`` are the names of the rules that it looks at."""

    case: Case
    feed: Feed
    book: Rulebook
    looked_at: frozenset[str]
    rule_matching: str

    @property
    def source(self) -> str:
        """The name of the source of its events."""
        return self.feed.source.name

    @property
    def unit(self) -> str:
        """What alerts are counted by: events; or steps, if a scenario names the alerts."""
        return "event" if self.case.expected is not None else "step"

    def label(self, event: AnyEvent) -> int:
        """Return the number of an event, or of its step, from 1."""
        number = event.number
        return number if self.case.expected is not None else self.feed.steps[number - 1] + 1


@dataclass
class Resolver:
    """Prepares the tests of a file, and remembers what is wrong with them."""

    suite: Suite
    book: Rulebook
    diagnostics: list[Diagnostic] = field(default_factory=list)
    _told: set[tuple[str, int]] = field(default_factory=set)

    def prepared(self) -> Sequence[Prepared]:
        """Return the tests."""
        return [test for case in self.suite.cases if (test := self._prepare(case)) is not None]

    def _prepare(self, case: Case) -> Prepared | None:
        source = self._source(case)
        if source is None:
            return None
        only = case.only
        patterns = [named.name for named in case.enable]
        for named in case.enable:
            if not any(matches_wildcard(named.name, rule) for rule in self.book.rules):
                self._unknown(named)
        if only is None:
            looked_at = self.book.enabled(source.name, patterns)
        else:
            looked_at = frozenset(named.name for named in only if self._is_about(named, source))
        for expected in case.expected or ():
            named = Named(expected.rule, expected.span)
            if self._is_about(named, source) and expected.rule not in looked_at:
                self._never_alerts(named, only is not None)
        # What a scenario names are all the rules that match a step.
        usual = "first" if case.expected is not None else "all"
        feed = Feed(case.given, source)
        return Prepared(case, feed, self.book, looked_at, case.rule_matching or usual)

    def _source(self, case: Case) -> EventSource | None:
        """Return the source of the events of a test."""
        known = self.book.sources
        if case.source is not None:
            if case.source in known:
                return known[case.source]
            hint = suggest(case.source, known) or f"there are {', '.join(known)}"
            self._complain("unknown_source", f"no event source {case.source!r}", case.span, hint)
            return None
        used = self.book.about
        if len(used) == 1:
            return known[used[0]]
        message = (
            f"the rules are about {' and '.join(used) or 'nothing'}, and the test does not say"
        )
        self._complain("unknown_source", message, case.span, "write 'source: ...'")
        return None

    def _is_about(self, named: Named, source: EventSource) -> bool:
        """Return whether there is such a rule for the source, and complain if not."""
        rule = self.book.rules.get(named.name)
        if rule is None:
            self._unknown(named)
            return False
        if rule.source != source.name:
            message = f"the rule is about {rule.source}, and the test about {source.name}"
            self._complain("other_source", message, named.span, "write 'source: ...'")
            return False
        return True

    def _unknown(self, named: Named) -> None:
        hint = suggest(named.name, self.book.rules)
        self._complain("unknown_rule", f"there is no rule {named.name!r}", named.span, hint)

    def _never_alerts(self, named: Named, has_only: bool) -> None:
        if has_only:
            message, hint = "'only' leaves this rule out", ""
        else:
            message = "the rule is not enabled, so it cannot alert"
            hint = "name it under 'enable', or under 'only'"
        self._complain("rule_left_out", message, named.span, hint)

    def _complain(self, kind: str, message: str, span: Span, hint: str = "") -> None:
        file, offset = span.origin
        if (message, offset) in self._told:  # by another case of the matrix
            return
        self._told.add((message, offset))
        self.diagnostics.append(complaint(kind, message, file, span, hint))


def complaint(kind: str, message: str, file: File, span: Span, hint: str = "") -> Diagnostic:
    """Return a mistake in a file of tests."""
    context = (Location("file of tests", "", file, span.origin[1]),)
    return Diagnostic(VALIDATE, Problem(kind, message, span, hint), context)


def chosen(tests: Sequence[Prepared], suite: str, texts: Sequence[str]) -> Iterator[Prepared]:
    """Yield the tests in whose name, or in the name of whose file, one of the texts occurs."""
    wanted = [text.casefold() for text in texts]
    for test in tests:
        name = f"{suite}: {test.case.name}".casefold()
        if not wanted or any(text in name for text in wanted):
            yield test
