"""What comes of a document: its events are told apart, and each is matched once."""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, Final, NamedTuple

from rulec.runtime.events import EventError, Run, SeenEvent
from rulec.runtime.jsontext import decode, text
from rulec.runtime.matcher import Matcher
from rulec.runtime.plain import Accept, Outcome
from rulec.runtime.ruleset import Ruleset
from rulec.runtime.sinks.sending import Deliveries
from rulec.runtime.sinks.sink import Delivery
from rulec.runtime.sources import AnyEvent
from rulec.server.event_lists import as_event, as_list, items
from rulec.server.progress import DIGEST, Progress
from rulec.server.sight import asking, hidden, may_be_hidden

_K8S_AUDIT: Final = "k8s_audit"

# What small things a document may be made of: each takes memory and time however small it is. A
# document of twelve megabytes that kube-apiserver sends has a quarter of that.
_MOST_VALUES: Final = 1_000_000
_MOST_EVENTS: Final = 100_000


@dataclass(frozen=True)
class ActiveRules:
    """The rules that events are matched with, all of one source: never changed, only replaced."""

    ruleset: Ruleset
    matcher: Matcher
    asking: frozenset[int]  # the numbers of those that ask for request objects
    run: Run
    make: Deliveries
    accept: Accept | None  # matches plain events of the run

    @classmethod
    def of(cls, ruleset: Ruleset, source: str, *, identify: bool) -> "ActiveRules":
        """Return the rules of a ruleset for a source; if ``identify``, their alerts have names."""
        matcher = ruleset.matcher(source)
        rules = asking(matcher) if source == _K8S_AUDIT else frozenset[int]()
        run, make = matcher.source.documents.new_run(), Deliveries(identify)
        return cls(ruleset, matcher, rules, run, make, matcher.accepting(run, make))


class Refused(NamedTuple):
    """Something that is no event: why, shortly and in a sentence, and its bytes."""

    reason: str
    detail: str
    content: bytes


@dataclass
class Result:
    """What came of a document.

    ``digests`` are those of its new events, in order. ``unseen`` counts by reason the
    events whose request object some rule could not see; ``blind`` are these rules.
    """

    events: int = 0
    duplicates: int = 0
    deliveries: list[Delivery] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    digests: list[bytes] = field(default_factory=list)
    unseen: Counter[str] = field(default_factory=Counter)
    blind: set[str] = field(default_factory=set)


def evaluate(document: bytes, rules: ActiveRules, progress: Progress) -> Result:
    """Match the events of a document that have not been seen before.

    What the document contains is never a reason to raise.
    """
    result = Result()
    with _reporting(document, result):
        _evaluate(document, rules, progress, result)
    return result


@contextmanager
def _reporting(content: bytes, result: Result) -> Iterator[None]:
    """Report something that is no event as refused, and so what a mistake of ours costs."""
    try:
        yield
    except EventError as error:
        result.refused.append(Refused(error.reason, str(error), content))
    except Exception as error:
        result.refused.append(Refused("internal", f"{type(error).__name__}: {error}", content))


def _evaluate(document: bytes, rules: ActiveRules, progress: Progress, result: Result) -> None:
    if sum(map(document.count, (b"{", b"[", b","))) > _MOST_VALUES:
        raise EventError("the document has too many parts", "too_many")
    cut = items(document) if rules.matcher.source.name == _K8S_AUDIT else None
    if cut is None:
        _whole(document, rules, progress, result)
        return
    if len(cut) > _MOST_EVENTS:
        raise EventError(f"the list has {len(cut)} items, more than {_MOST_EVENTS}", "too_many")
    for item in cut:
        if _new(item, progress, result):
            with _reporting(item, result):
                _item(item, rules, result)


def _new(event: bytes, progress: Progress, result: Result) -> bool:
    """Return whether an event has not been seen before, and count it if it has.

    Its bytes have the ID and the stage of the event in them, so their digest tells apart
    what these two do, and more.
    """
    digest = blake2b(event, digest_size=DIGEST).digest()
    if progress.is_new(digest):
        result.digests.append(digest)
        return True
    result.duplicates += 1
    return False


def _item(item: bytes, rules: ActiveRules, result: Result) -> None:
    """Match an item of a list."""
    document, matcher = as_event(item), rules.matcher
    outcome = None if rules.accept is None else rules.accept(document, item)
    if not isinstance(outcome, Outcome):
        events, rejected = matcher.source.documents.read(as_list(item), run=rules.run)
        result.refused += (Refused(each.reason, each.detail, item) for each in rejected)
        for event in events:
            _event(event, rules, result)
        return
    result.events += 1
    result.deliveries += outcome.alerts
    if rules.asking and may_be_hidden(item) and (view := matcher.glimpse(document)):
        numbers = matcher.possible(view)
        if not rules.asking.isdisjoint(numbers):
            _look(decode(item), numbers, outcome.alerts, rules, result)


def _whole(document: bytes, rules: ActiveRules, progress: Progress, result: Result) -> None:
    """Match a document that is no list."""
    events, rejected = rules.matcher.source.documents.read(document, run=rules.run)
    result.refused += (Refused(each.reason, each.detail, document) for each in rejected)
    for event in events:
        assert isinstance(event, SeenEvent), "sources of the server have documents"
        content = (text(event.document) or "").encode("utf-8", "surrogateescape")
        if _new(content, progress, result):
            with _reporting(content, result):
                _event(event, rules, result)


def _event(event: AnyEvent, rules: ActiveRules, result: Result) -> None:
    """Match an event that was read with care."""
    assert isinstance(event, SeenEvent), "sources of the server have documents"
    matcher = rules.matcher
    made = matcher.made(event, rules.make)
    result.events += 1
    result.deliveries += made
    if rules.asking and hidden(event.data) is not None:
        _look(event.data, matcher.gate(matcher.seen(event)), made, rules, result)


def _look(
    event: Any, numbers: Iterable[int], made: Iterable[Any], rules: ActiveRules, result: Result
) -> None:
    """Count an event if a rule could not see the request object that it asks for."""
    if (reason := hidden(event)) is None:
        return
    alerted = {delivery.alert.rule for delivery in made}
    numbered = rules.matcher.numbered
    blind = [numbered[number].name for number in numbers if number in rules.asking]
    if blind := [name for name in blind if name not in alerted]:
        result.unseen[reason] += 1
        result.blind.update(blind)
