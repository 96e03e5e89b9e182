"""Explain what rules say of events."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final, Unpack

from rulec.api import Chosen, Options, choose
from rulec.emit import emit
from rulec.event_types import event_types
from rulec.explain.changes import Nothing, Turner
from rulec.explain.outline import Outline, outlines
from rulec.explain.parts import Verdicts, judged
from rulec.explain.probe import decoded
from rulec.explain.remarks import changes, notes
from rulec.explain.results import Explanation
from rulec.explain.tally import NEVER, TRUE, Distance, Obstacles
from rulec.explain.whatif import WhatIf
from rulec.item_reader import suggest
from rulec.items import Rule
from rulec.layout import layout
from rulec.runtime.events import EventError, SeenEvent
from rulec.runtime.loading import execute
from rulec.runtime.priority import parse_priority
from rulec.runtime.ruleset import Manifest, Ruleset
from rulec.runtime.sources import AnyEvent, EventSource
from rulec.runtime.sources.json_source import JsonSource
from rulec.runtime.sources.syscall.events import SyscallEvent
from rulec.text import File
from rulec.type_gates import TYPE
from rulec.version import version

_MOST_TYPES: Final = 8
_NO_SUCH_EVENT: Final = "the document holds no event"


class Explainer:
    """Explains what the rules in some files say of events.

    ``outlines`` are the conditions of all rules, also of those that are not matched.
    An explainer does not change, but for what it compiles when it is first asked for.
    """

    def __init__(self, chosen: Chosen) -> None:
        self._chosen = chosen
        self.outlines: Mapping[str, Outline] = outlines(
            chosen.definitions, chosen.analysis, chosen.sources, chosen.extras
        )
        self._probes: dict[str, Verdicts] = {}
        self._whatifs: dict[str, WhatIf] = {}
        self._obstacles: dict[str, Obstacles] = {}
        self._matched: Ruleset | None = None

    @classmethod
    def of(
        cls,
        files: Sequence[File],
        *,
        sources: Collection[str | JsonSource] | None = None,
        **options: Unpack[Options],
    ) -> "Explainer":
        """Read the rules in ``files``; the options are those of ``compile_ruleset``.

        :raises RulesError: if there is something wrong with the rules.
        :raises ValueError: if an option has no such value.
        """
        return cls(choose(files, sources=sources, **options))

    @property
    def sources(self) -> Mapping[str, EventSource]:
        """The event sources that are known, by name."""
        return self._chosen.sources

    def outline(self, rule: str) -> Outline:
        """Return the outline of a rule.

        :raises KeyError: if there is no such rule.
        """
        if rule not in self.outlines:
            hint = suggest(rule, self.outlines)
            raise KeyError(f"there is no rule {rule!r}{', ' * bool(hint)}{hint}")
        return self.outlines[rule]

    def event(self, document: Any, source: str) -> AnyEvent:
        """Return the one event in a document, or the event that was read before.

        :raises EventError: if the document is none of the source, or holds no event.
        :raises ValueError: if it holds several, or is an event of another source.
        """
        if isinstance(document, SeenEvent | SyscallEvent):
            if document.source not in (None, source):
                message = f"the event is of {document.source}, and the rule is about {source}"
                raise ValueError(message)
            return decoded(document)
        events, rejected = self.sources[source].documents.read(document)
        if len(events) > 1:
            raise ValueError(f"the document holds {len(events)} events: give one of them")
        if not events:
            reasons = [each.detail for each in rejected] or [_NO_SUCH_EVENT]
            raise EventError("; ".join(reasons), "no_event")
        return events[0]

    def verdicts(self, event: Any, rule: str) -> tuple[bool, ...]:
        """Return the verdict on each part of the condition of a rule, in the order of their ids.

        The event is what ``explain`` takes.
        """
        outline = self.outline(rule)
        return self._probe(outline).answers(self.event(event, outline.source))

    def explain(self, event: Any, rule: str) -> Explanation:
        """Explain why a rule fires on an event, or does not.

        The event is a document with one event in it, in the forms that ``Ruleset.match``
        takes, or an event that was read before. An event of a capture is of use only until
        the capture is read on; the explanation is of use for ever.

        :raises KeyError: if there is no such rule.
        :raises EventError: if the document is none of the source of the rule.
        :raises ValueError: if it holds several events, or the event is of another source.
        """
        outline = self.outline(rule)
        read = self.event(event, outline.source)
        verdicts = self._probe(outline).answers(read)
        holds = verdicts[0]
        instead = self.instead(read, rule) if holds else None
        root = judged(outline.root, verdicts, read)

        turner = self._turner(outline, read, holds)
        turning = turner.smallest()
        return Explanation(
            rule,
            outline.source,
            holds,
            holds and instead is None,
            instead,
            root,
            changes(turner, turning),
            (*self._about_types(rule, read), *notes(root, turning, holds)),
            outline.span,
        )

    def _about_types(self, rule: str, event: AnyEvent) -> Iterator[str]:
        """Yield that a rule is about other types of events, if it is."""
        source = self.sources[self.outline(rule).source]
        if not source.event_types or not isinstance(event, SyscallEvent):
            return
        types = event_types(self._chosen.analysis.resolved[rule]).among(source.event_types)
        if (type_ := event[TYPE]) in source.event_types and type_ not in types:
            few = sorted(types)[:_MOST_TYPES]
            told = ", ".join([*few, *["..."] * (len(types) > len(few))]) or "none"
            yield f"the event is of type {type_}, and the rule is about other types: {told}"

    def distance(self, event: AnyEvent, rule: str) -> Distance:
        """Return how far a rule is from being true of an event that was read before.

        What is enough that it changes is only told if there may be values for that.
        """
        outline, read = self.outline(rule), decoded(event)
        verdicts = self._probe(outline).answers(read)
        if self.obstacles(rule).distance(verdicts).changes in (0, None):
            return TRUE if verdicts[0] else NEVER
        turner = self._turner(outline, read, holds=False)
        turning = turner.smallest()
        if isinstance(turning, Nothing):
            return NEVER
        return Distance(len(turning.flips), turner.alone() if len(turning.flips) == 1 else ())

    def _turner(self, outline: Outline, event: AnyEvent, holds: bool) -> Turner:
        asks = self._probe(outline).holds
        return Turner(outline.root, self._whatif(outline), event, holds, asks)

    def explain_all(self, event: Any, source: str) -> list[Explanation]:
        """Explain what every rule for a source says of an event, as ``explain`` does."""
        read = self.event(event, source)
        return [self.explain(read, rule) for rule in self.rules(source)]

    def nearest(self, event: Any, source: str, most: int = 5) -> list[Explanation]:
        """Explain the rules that do not hold, but for the fewest changes: those come first.

        Rules that no change helps are left out.
        """
        read = self.event(event, source)
        waiting: list[tuple[int, str]] = []
        for rule in self.rules(source):
            verdicts = self.verdicts(read, rule)
            if changes := self.obstacles(rule).distance(verdicts).changes:
                waiting.append((changes, rule))
        found: list[Explanation] = []
        for least, rule in sorted(waiting, key=lambda each: each[0]):
            # Whether there are values for so few changes, only a closer look tells.
            if sum(len(each.changes) <= least for each in found) >= most:
                break
            explanation = self.explain(read, rule)
            if explanation.changes:
                found.append(explanation)
        return sorted(found, key=lambda each: len(each.changes))[:most]

    def rules(self, source: str) -> list[str]:
        """Return the names of the rules for a source, matched or not."""
        return [each.rule for each in self.outlines.values() if each.source == source]

    def obstacles(self, rule: str) -> Obstacles:
        """Return what tells how far a rule is from being true."""
        if rule not in self._obstacles:
            self._obstacles[rule] = Obstacles(self.outline(rule))
        return self._obstacles[rule]

    def firing(self, event: AnyEvent, source: str) -> frozenset[str]:
        """Return the names of the rules that fire on an event that was read before."""
        matcher = self._ruleset().matcher(source)
        return frozenset(rule.name for rule in matcher.matching(decoded(event)))

    def _whatif(self, outline: Outline) -> WhatIf:
        if outline.rule not in self._whatifs:
            source = self.sources[outline.source]
            self._whatifs[outline.rule] = WhatIf(
                outline.root, self.obstacles(outline.rule).atoms, source
            )
        return self._whatifs[outline.rule]

    def _probe(self, outline: Outline) -> Verdicts:
        if outline.rule not in self._probes:
            source = self.sources[outline.source]
            self._probes[outline.rule] = Verdicts.of(outline.root, source)
        return self._probes[outline.rule]

    # --- what happens instead -------------------------------------------------------------

    def instead(self, event: AnyEvent, rule: str) -> str | None:
        """Return why a rule whose condition holds for an event does not fire; None if it does."""
        if (reason := self.left_out(rule)) is not None:
            return reason
        if self._chosen.rule_matching != "first":
            return None
        # A rule that matches keeps those behind it from being asked.
        (first,) = self.firing(event, self.outline(rule).source)
        return None if first == rule else f"rule {first!r}, which comes first, takes the event"

    def left_out(self, rule: str) -> str | None:
        """Return why a rule is not matched at all; None if it is."""
        if any(each.name == rule for each in self._chosen.rules):
            return None
        found: Rule = self._chosen.definitions.rules[rule]
        if found.source not in self._chosen.enabled:
            return f"rules for {found.source} are left out"
        threshold = parse_priority(self._chosen.priority)
        if threshold is not None and found.priority > threshold:
            return f"its priority, {found.priority.text}, is below the threshold {threshold.text}"
        return "it is disabled" if found.enabled else "it is disabled (enabled: false)"

    def _ruleset(self) -> Ruleset:
        if self._matched is None:
            module = emit(self._chosen.plan(), Manifest(version(), ()))
            self._matched = execute(layout(module))
        return self._matched
