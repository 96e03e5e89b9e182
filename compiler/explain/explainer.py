"""Explain what rules say of events."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, Unpack

from rulec.api import Chosen, Options, choose
from rulec.emit import emit
from rulec.explain.atoms import Atoms
from rulec.explain.changes import Turner
from rulec.explain.outline import Outline, OutlinePart, outlines
from rulec.explain.probe import Probe, decoded
from rulec.explain.remarks import changes, notes
from rulec.explain.results import Explanation, Part
from rulec.explain.seeing import fields_of, seen, why
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
from rulec.version import version

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
        self._probes: dict[str, Probe] = {}
        self._whatifs: dict[str, WhatIf] = {}
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
        probe = self._probe(outline)
        verdicts = probe.answers(read)
        holds = verdicts[0]
        instead = self._instead(outline, read) if holds else None
        root = _part(outline.root, verdicts, read, decisive=True)

        def asks(event: AnyEvent) -> bool:
            return probe.answer(0, event)

        turner = Turner(outline.root, self._whatif(outline), read, holds, asks)
        turning = turner.smallest()
        return Explanation(
            rule,
            outline.source,
            holds,
            holds and instead is None,
            instead,
            root,
            changes(turner, turning),
            tuple(notes(root, turning, holds)),
            outline.span,
        )

    def _whatif(self, outline: Outline) -> WhatIf:
        if outline.rule not in self._whatifs:
            source = self.sources[outline.source]
            self._whatifs[outline.rule] = WhatIf(outline.root, Atoms(outline.root), source)
        return self._whatifs[outline.rule]

    def _probe(self, outline: Outline) -> Probe:
        if outline.rule not in self._probes:
            conditions = [part.condition for part in outline.root.walk()]
            self._probes[outline.rule] = Probe.of(conditions, self.sources[outline.source])
        return self._probes[outline.rule]

    # --- what happens instead -------------------------------------------------------------

    def _instead(self, outline: Outline, event: AnyEvent) -> str | None:
        """Return why a rule whose condition holds does not fire; None if it does."""
        if (reason := self.left_out(outline.rule)) is not None:
            return reason
        if self._chosen.rule_matching != "first":
            return None
        matcher = self._ruleset().matcher(outline.source)
        taken = [rule.name for rule in matcher.matching(event)]
        if outline.rule in taken:
            return None
        return f"rule {taken[0]!r}, which comes first, takes the event"

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


def _part(
    outline: OutlinePart, verdicts: Sequence[bool], event: AnyEvent, *, decisive: bool
) -> Part:
    verdict = verdicts[outline.id]
    parts = tuple(
        _part(part, verdicts, event, decisive=decisive and _decides(outline, part, verdicts))
        for part in outline.parts
    )
    is_test = outline.kind == "test"
    return Part(
        outline,
        verdict,
        why(verdict, outline.condition, event) if is_test else None,
        tuple(seen(each, event) for each in fields_of(outline.condition)) if is_test else (),
        parts,
        decisive,
    )


def _decides(outer: OutlinePart, part: OutlinePart, verdicts: Sequence[bool]) -> bool:
    """Return whether a part helped to make that around it what it is."""
    answer, own = verdicts[outer.id], verdicts[part.id]
    match outer.kind:
        case "and":
            return answer or not own
        case "or":
            return own or not answer
        case _:
            return True
