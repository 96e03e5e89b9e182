"""Which past events two rulesets judge differently.

The rules of both are compiled to one module, in which a rule that did not change is one rule.
So an event is read once, and whatever both look at is looked at once.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from rulec.difference.rules import renamed
from rulec.difference.sides import Side
from rulec.emit import emit
from rulec.layout import layout
from rulec.plan import CheckedRule, Output, plan
from rulec.runtime.inputs import Input
from rulec.runtime.loading import execute
from rulec.runtime.ruleset import Manifest, Rule, Ruleset
from rulec.runtime.streams import Streams
from rulec.version import version


@dataclass(frozen=True, slots=True)
class Verdict:
    """An event that is judged differently: ``gone`` and ``new`` are rules that alert of it.

    ``time`` is in nanoseconds since the epoch; ``number`` counts the events of the source from
    1; ``id`` is what the event calls itself, if it does.
    """

    source: str
    number: int
    time: int
    id: str
    gone: tuple[str, ...]
    new: tuple[str, ...]


@dataclass
class Replay:
    """What came of a log: how many alerts of each rule are gone, and how many are new.

    ``verdicts`` are the first of the events, ``changed`` counts them all. ``kept`` counts the
    alerts that are the same.
    """

    events: int = 0
    changed: int = 0
    kept: int = 0
    gone: Counter[str] = field(default_factory=Counter)
    new: Counter[str] = field(default_factory=Counter)
    verdicts: list[Verdict] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    unreadable: list[str] = field(default_factory=list)


class _Both(NamedTuple):
    """A rule of the one module, and what alerts of it are called, on each side that has it.

    They stand in the order of the old side; ``place`` is that among the new ones.
    """

    rule: CheckedRule
    old: str | None
    new: str | None
    place: int = 0


class _Hit(NamedTuple):
    """A rule, by its number, that matched an event."""

    number: int
    source: str
    event: Any
    time: int


def replay(
    old: Side,
    new: Side,
    inputs: Sequence[Input],
    chosen: Sequence[str] = (),
    rule_matching: str = "first",
    limit: int = 0,
    notice: Callable[[str], object] = lambda line: None,
    progress: Callable[[int], object] = lambda events: None,
) -> Replay:
    """Match the events of the inputs with both rulesets.

    ``chosen`` are the sources that inputs may belong to; otherwise those of the rules.
    ``limit`` is how many events are kept, at most. ``notice`` is told about whatever had to be
    skipped.
    """
    both = tuple(_both(old, new))
    ruleset = _compiled(both, {**old.sources, **new.sources})
    judge = _Judge(both, rule_matching == "first", limit)
    candidates = tuple(chosen) or ruleset.sources or tuple(old.sources)[:1]
    streams = Streams(ruleset, candidates, judge.take, notice, progress, make=_hit)
    total = streams.read(inputs).total
    judge.end()
    found = judge.found
    found.events, found.skipped, found.unreadable = total.events, total.skipped, total.unreadable
    return found


def _both(old: Side, new: Side) -> Iterator[_Both]:
    """Yield the rules that run on either side, those that did not change once."""
    names = renamed(old, new)
    places = {rule.name: at for at, rule in enumerate(new.rules) if new.runs(rule.name)}
    shared: set[str] = set()
    for rule in old.rules:
        if not old.runs(rule.name):
            continue
        name = names.get(rule.name, rule.name)
        after = new.by_name.get(name) if name in places else None
        if after and (after.source, after.condition) == (rule.source, rule.condition):
            shared.add(name)
            yield _Both(rule, name, name, places[name])
        else:
            yield _Both(rule, name, None)
    for name, place in places.items():
        if name not in shared:
            yield _Both(new.by_name[name], None, name, place)


def _compiled(both: Sequence[_Both], sources: Mapping[str, Any]) -> Ruleset:
    nothing = Output((), ())
    rules = [
        CheckedRule(str(number), "Debug", rule.source, (), rule.span, rule.condition, nothing)
        for number, (rule, *_) in enumerate(both)
    ]
    return execute(layout(emit(plan(rules, "all", sources), Manifest(version(), ()))))


def _hit(rule: Rule, event: Any) -> _Hit:
    return _Hit(int(rule.name), rule.source, event, event.time)


class _Judge:
    """Puts together what matched each event, on both sides."""

    def __init__(self, both: Sequence[_Both], first: bool, limit: int) -> None:
        self._both = both
        self._first = first
        self._limit = limit
        self._hits: list[_Hit] = []
        self.found = Replay()

    def take(self, hit: _Hit) -> None:
        """Take one rule that matched: those of an event come one after the other."""
        if self._hits and (hit.event is not self._hits[0].event):
            self.end()
        self._hits.append(hit)

    def end(self) -> None:
        """Judge the event whose rules have been taken."""
        if not self._hits:
            return
        hits, self._hits = self._hits, []
        matched = [self._both[hit.number] for hit in hits]
        old = self._alerting(each.old for each in matched)
        matched.sort(key=lambda each: each.place)
        new = self._alerting(each.new for each in matched)
        self.found.kept += len(set(old) & set(new))
        gone = tuple(name for name in old if name not in new)
        come = tuple(name for name in new if name not in old)
        if not gone and not come:
            return
        self.found.changed += 1
        self.found.gone.update(gone)
        self.found.new.update(come)
        if len(self.found.verdicts) < self._limit:
            hit = hits[0]
            found = Verdict(hit.source, hit.event.number, hit.time, _id(hit.event), gone, come)
            self.found.verdicts.append(found)

    def _alerting(self, names: Iterable[str | None]) -> list[str]:
        """Return those that alert, of the rules of one side that match, in its order."""
        found = [name for name in names if name is not None]
        return found[:1] if self._first else found


def _id(event: Any) -> str:
    document = event.document
    found = document.get("auditID") if isinstance(document, dict) else None
    return found if isinstance(found, str) else ""
