"""Compiled rules, and the matching of events against them."""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pickle import PicklingError
from typing import Any, Protocol

from rulec.runtime.alert import Alert
from rulec.runtime.encoding import sanitised
from rulec.runtime.events import EventError
from rulec.runtime.gate import ByType, Gate
from rulec.runtime.matcher import Matcher
from rulec.runtime.sources import SOURCES, AnyEvent, EventSource
from rulec.runtime.views import Seen

# What a document is, as the front end of a source takes it: bytes, text or
# decoded JSON.
Document = Any


@dataclass(frozen=True, slots=True)
class Rule:
    """A compiled rule.

    ``condition`` answers whether an event meets what its gate leaves open of
    the condition. ``output`` gives the message for an event that matches, and
    the value of each field in it. Both look at the event as the rules of its
    source see it: a matcher knows how.

    ``reads`` are the members at the top of an event that the condition, with what its gate
    says, has to do with: of a document their names, of a system call the texts of fields.
    None if nobody knows.
    """

    name: str
    priority: str
    source: str
    tags: tuple[str, ...]
    where: str
    condition: Callable[[Any], bool]
    output: Callable[[Any], tuple[str, Mapping[str, Any]]]
    reads: tuple[str, ...] | None = None

    def alert(self, event: AnyEvent) -> Alert:
        """Return the alert that the rule raises on an event."""
        message, fields = self.output(event)
        message = sanitised(message)
        return Alert(self.name, self.priority, self.source, self.tags, event.time, message, fields)


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a ruleset was made of: the version of rulec, and each file with its SHA-256."""

    rulec: str
    inputs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Program:
    """The compiled rules of one source, in order.

    ``seen`` says how they look at an event: through a view, or at its decoded
    document if it is None. ``gate`` tells which of them have to be tried on an
    event. ``counts`` says that some of them ask for the number of an event, or
    for its time since the first one: what they say of an event depends on
    those before it. ``tells`` are the members of an event that the outputs read, as
    the ``reads`` of rules.
    """

    source: str
    rules: tuple[Rule, ...]
    seen: Seen | None = None
    gate: Gate | ByType | None = None
    counts: bool = False
    tells: tuple[str, ...] | None = None

    @property
    def members(self) -> frozenset[str] | None:
        """The members of an event that the rules read at all; None if nobody knows."""
        if self.tells is None or any(rule.reads is None for rule in self.rules):
            return None
        return frozenset(self.tells).union(*(rule.reads or () for rule in self.rules))


class Explains(Protocol):
    """What a ruleset was compiled from, which is all that is known of its conditions."""

    def explain(self, event: Document, rule: str) -> Any:
        """Explain what a rule says of an event."""


@dataclass(frozen=True)
class Ruleset:
    """Compiled rules of one or more sources: immutable, and safe to share between threads.

    ``rule_matching`` is ``first`` (an event alerts for the first rule that
    matches) or ``all``. ``own_sources`` are the event sources that the user
    defined, besides those that come with rulec. Of the rules, those in
    ``only`` are matched, if it is given. ``warnings`` are what the compiler
    found worth telling. A ruleset that was compiled just now has its ``recipe``;
    that of a built module has none.
    """

    programs: tuple[Program, ...]
    manifest: Manifest
    rule_matching: str = "first"
    own_sources: tuple[EventSource, ...] = ()
    only: frozenset[str] | None = None
    warnings: tuple[Any, ...] = ()
    code: str | bytes | None = field(default=None, repr=False)
    recipe: Explains | None = field(default=None, repr=False, compare=False)
    _matchers: dict[str, Matcher] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules that are matched."""
        found = (rule for program in self.programs for rule in program.rules)
        return tuple(rule for rule in found if self.only is None or rule.name in self.only)

    @property
    def sources(self) -> tuple[str, ...]:
        """The names of the sources that the rules are about."""
        return tuple(dict.fromkeys(rule.source for rule in self.rules))

    def counts(self, source: str) -> bool:
        """Return whether what the rules for a source say of an event depends on those before it."""
        return any(program.counts for program in self.programs if program.source == source)

    def matcher(self, source: str) -> Matcher:
        """Return the callable that matches documents of one source.

        :raises KeyError: if there is no such source.
        """
        if source not in self._matchers:
            known = SOURCES | {own.name: own for own in self.own_sources}
            if source not in known:
                raise KeyError(f"no event source {source!r}; there are: {', '.join(known)}")
            programs = {program.source: program for program in self.programs}
            program = programs.get(source) or Program(source, ())
            first = self.rule_matching == "first"
            self._matchers[source] = Matcher(known[source], program, first, self.only)
        return self._matchers[source]

    def match(self, event: Document, source: str) -> list[Alert]:
        """Return the alerts that a document raises, in the order of its events and of the rules.

        What the events contain is never a reason to raise.

        :raises EventError: if the document is bytes or text that is no
            document of the source.
        :raises KeyError: if there is no such source.
        """
        return self.matcher(source)(event)

    def match_many(
        self,
        events: Iterable[Document],
        source: str,
        rejected: Callable[[int, str, str], object] | None = None,
    ) -> Iterator[tuple[int, Alert]]:
        """Match one document after the other; yield the index (from 0) and the alert.

        The events are numbered through. ``rejected`` is told the index, a
        short reason and a sentence for whatever is no event.

        :raises EventError: if something is no document, and ``rejected`` is
            not given.
        """
        matcher = self.matcher(source)
        read = matcher.reading(matcher.source.documents.new_run())
        for index, document in enumerate(events):
            try:
                outcome = read(document)
            except EventError as error:
                if rejected is None:
                    raise
                rejected(index, error.reason, str(error))
                continue
            if rejected is not None:
                for rejection in outcome.rejected:
                    rejected(index, rejection.reason, rejection.detail)
            for alert in outcome.alerts:
                yield index, alert

    def explain(self, event: Document, rule: str) -> Any:
        """Explain why a rule fires on an event, or does not: see ``rulec.explain.Explanation``.

        ``event`` is a document with one event in it, or an event that was read before. The
        compiler does this, so it takes a ruleset from ``compile_ruleset``.

        :raises ValueError: if it is the ruleset of a built module, or the document holds
            several events.
        :raises EventError: if the document is none of the source that the rule is about.
        :raises KeyError: if there is no such rule.
        """
        if self.recipe is None:
            raise ValueError(
                "a built module has no conditions any more that could be explained: "
                "compile the rules that it was built from with compile_ruleset()"
            )
        return self.recipe.explain(event, rule)

    def __reduce__(self) -> tuple[Any, ...]:
        # Functions do not pickle; the module that they were compiled to does.
        from rulec.runtime.loading import unpickled

        module = self._module() if self.code is None else ""
        return unpickled, (module, self.code, self.rule_matching, self.only, self.recipe)

    def _module(self) -> str:
        """Return the name of the imported module that this is the ruleset of."""
        for name, module in list(sys.modules.items()):
            if getattr(module, "ruleset", None) is self:
                return name
        raise PicklingError("only the ruleset of a module that was imported can be pickled")
