"""What comes of a document: its events are told apart, and each is matched once."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, Final, NamedTuple
from uuid import UUID

from rulec.runtime.alert import Alert
from rulec.runtime.events import Event, EventError, Run
from rulec.runtime.jsontext import decode, text
from rulec.runtime.matcher import Matcher
from rulec.runtime.ruleset import Ruleset
from rulec.server.event_lists import as_event, as_list, items
from rulec.server.progress import DIGEST, Progress
from rulec.server.sight import asking, hidden, may_be_hidden

_K8S_AUDIT: Final = "k8s_audit"

# What small things a document may be made of: each takes memory and time however small it is. A
# document of twelve megabytes that kube-apiserver sends has a quarter of that.
_MOST_VALUES: Final = 1_000_000
_MOST_EVENTS: Final = 100_000


class Found(NamedTuple):
    """An alert, and the name of it that is the same whenever the same event is matched."""

    alert: Alert
    id: str


@dataclass(frozen=True)
class ActiveRules:
    """The rules that events are matched with, all of one source: never changed, only replaced."""

    ruleset: Ruleset
    matcher: Matcher
    asking: frozenset[int]  # the numbers of those that ask for request objects
    run: Run

    @classmethod
    def of(cls, ruleset: Ruleset, source: str) -> "ActiveRules":
        """Return the rules of a ruleset for a source."""
        matcher = ruleset.matcher(source)
        rules = asking(matcher) if source == _K8S_AUDIT else frozenset[int]()
        return cls(ruleset, matcher, rules, matcher.source.documents.new_run())


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
    found: list[Found] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    digests: list[bytes] = field(default_factory=list)
    unseen: Counter[str] = field(default_factory=Counter)
    blind: set[str] = field(default_factory=set)


def evaluate(document: bytes, rules: ActiveRules, progress: Progress) -> Result:
    """Match the events of a document that have not been seen before.

    What the document contains is never a reason to raise.
    """
    result = Result()
    if sum(map(document.count, (b"{", b"[", b","))) > _MOST_VALUES:
        result.refused.append(Refused("too_many", "the document has too many parts", document))
        return result
    cut = items(document) if rules.matcher.source.name == _K8S_AUDIT else None
    if cut is None:
        _whole(document, rules, progress, result)
        return result
    if len(cut) > _MOST_EVENTS:
        reason = f"the list has {len(cut)} items, more than {_MOST_EVENTS}"
        result.refused.append(Refused("too_many", reason, document))
        return result
    for item in cut:
        if (digest := _new(item, progress, result)) is not None:
            _item(item, digest, rules, result)
    return result


def _new(event: bytes, progress: Progress, result: Result) -> bytes | None:
    """Return the digest of an event; None, and count it, if it has been seen before."""
    digest = blake2b(event, digest_size=DIGEST).digest()
    if progress.is_new(digest):
        result.digests.append(digest)
        return digest
    result.duplicates += 1
    return None


def _item(item: bytes, digest: bytes, rules: ActiveRules, result: Result) -> None:
    """Match an item of a list."""
    document, matcher = as_event(item), rules.matcher
    try:
        outcome = matcher.accept(document, rules.run, item)
        if outcome is None:
            events, rejected = matcher.source.documents.read(as_list(item), run=rules.run)
            result.refused += (Refused(each.reason, each.detail, item) for each in rejected)
            for event in events:
                _event(event, digest, rules, result)
            return
    except EventError as error:
        result.refused.append(Refused(error.reason, str(error), item))
    except Exception as error:  # a mistake of ours must not stop the others
        result.refused.append(_mistake(error, item))
    else:
        result.events += 1
        _add(outcome.alerts, digest, result)
        if rules.asking and may_be_hidden(item) and (view := matcher.glimpse(document)):
            numbers = matcher.gate.look_up(matcher.gate.key(view, view))
            if not rules.asking.isdisjoint(numbers):
                _look(decode(item), numbers, outcome.alerts, rules, result)


def _whole(document: bytes, rules: ActiveRules, progress: Progress, result: Result) -> None:
    """Match a document that is no plain list."""
    try:
        events, rejected = rules.matcher.source.documents.read(document, run=rules.run)
    except EventError as error:
        result.refused.append(Refused(error.reason, str(error), document))
        return
    except Exception as error:  # as above
        result.refused.append(_mistake(error, document))
        return
    result.refused += (Refused(each.reason, each.detail, document) for each in rejected)
    for event in events:
        content = _bytes(event.document)
        if (digest := _new(content, progress, result)) is not None:
            try:
                _event(event, digest, rules, result)
            except Exception as error:  # as above
                result.refused.append(_mistake(error, content))


def _event(event: Event, digest: bytes, rules: ActiveRules, result: Result) -> None:
    """Match an event that was read with care."""
    matcher = rules.matcher
    alerts = matcher.match(event)
    result.events += 1
    _add(alerts, digest, result)
    if rules.asking and hidden(event.data) is not None:
        _look(event.data, matcher.gate(matcher.seen(event)), alerts, rules, result)


def _add(alerts: Iterable[Alert], digest: bytes, result: Result) -> None:
    result.found += (Found(alert, name_of(digest, alert.rule)) for alert in alerts)


def name_of(digest: bytes, rule: str) -> str:
    """Return the name of the alert that a rule raises on the event with a digest: a UUID."""
    name = blake2b(rule.encode("utf-8", "surrogateescape"), key=digest, digest_size=16).digest()
    return str(UUID(bytes=name, version=5))


def _look(
    event: Any, numbers: Iterable[int], alerts: Iterable[Alert], rules: ActiveRules, result: Result
) -> None:
    """Count an event if a rule could not see the request object that it asks for."""
    if (reason := hidden(event)) is None:
        return
    alerted = {alert.rule for alert in alerts}
    numbered = rules.matcher.numbered
    blind = [numbered[number].name for number in numbers if number in rules.asking]
    if blind := [name for name in blind if name not in alerted]:
        result.unseen[reason] += 1
        result.blind.update(blind)


def _mistake(error: Exception, content: bytes) -> Refused:
    return Refused("internal", f"{type(error).__name__}: {error}", content)


def _bytes(document: Any) -> bytes:
    return (text(document) or "").encode("utf-8", "surrogateescape")
