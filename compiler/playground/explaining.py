"""Why rules fire on an event, or do not: all of them in a line each, and one of them in full."""

from collections.abc import Iterator
from functools import lru_cache
from time import monotonic
from typing import Any, Final

from rulec.explain.edits import edited
from rulec.explain.explainer import Explainer
from rulec.explain.results import Explanation
from rulec.playground.events import Found
from rulec.playground.loaded import Loaded
from rulec.runtime.jsontext import decode, indented
from rulec.runtime.jsontext import text as as_text
from rulec.runtime.sources import AnyEvent, EventSource

# For so long, in seconds, rules are explained that nobody has asked for. The rest comes with the
# next answer.
_SECONDS: Final = 0.4


def explained(
    loaded: Loaded, at: Found, text: str, source: EventSource, wanted: str
) -> dict[str, Any]:
    """Return the verdicts of rules on an event in a text, the nearest first, and an explanation.

    The rule that is ``wanted`` is explained, or the one that comes first. ``complete`` tells
    whether there are the verdicts of all rules of the source. ``remedy`` is what can be written
    in the place of the event to turn the verdict, if that can be told.
    """
    names = _in_order(loaded, at.event, source, wanted)
    found = sorted(_explanations(loaded, at.event, names), key=_distance)
    chosen = next((each for each in found if each.rule == wanted), found[0] if found else None)
    return {
        "rule": None if chosen is None else chosen.rule,
        "verdicts": list(map(_verdict, found)),
        "complete": len(found) == len(names),
        "explanation": None if chosen is None else chosen.to_dict(),
        "remedy": None if chosen is None else _remedy(chosen, at, text),
    }


def _remedy(explanation: Explanation, at: Found, text: str) -> dict[str, Any] | None:
    """Return the event as it would be after the changes that an explanation speaks of."""
    changes = explanation.changes
    if at.written is None or not changes or not all(change.settings for change in changes):
        return None
    values = {each.loaded: each.raw for change in changes for each in change.settings}
    changed = edited(at.event, values)
    # An alert with the values inside of it, or a record with the event inside, stays as it is.
    if changed is None or not _is_all(at, text):
        return None
    written = indented if "\n" in text[at.written] else as_text
    new = written(changed.document)
    return {"start": at.written.start, "end": at.written.stop, "text": new} if new else None


def _is_all(at: Found, text: str) -> bool:
    assert at.written is not None, "it was looked at"
    return bool(decode(text[at.written]) == at.event.document)


def _in_order(loaded: Loaded, event: AnyEvent, source: EventSource, wanted: str) -> list[str]:
    """Return the names of the rules of a source, those that matter most first."""
    assert loaded.ruleset is not None, "the rules could be loaded"
    assert loaded.explainer is not None, "the rules could be loaded"
    fired = [rule.name for rule in loaded.ruleset.matcher(source.name).matching(event)]
    outlines = loaded.explainer.outlines.values()
    names = [outline.rule for outline in outlines if outline.source == source.name]
    first = [name for name in (wanted, *fired) if name in names]
    return list(dict.fromkeys((*first, *names)))


def _explanations(loaded: Loaded, event: AnyEvent, names: list[str]) -> Iterator[Explanation]:
    assert loaded.explainer is not None, "the rules could be loaded"
    end = monotonic() + _SECONDS
    for number, name in enumerate(names):
        if number and monotonic() > end:
            return
        yield _explanation(loaded.explainer, event, name)


# The next answer is about the same event: the texts of events are read once (see ``events.read``).
@lru_cache(maxsize=1024)
def _explanation(explainer: Explainer, event: AnyEvent, rule: str) -> Explanation:
    return explainer.explain(event, rule)


def _distance(explanation: Explanation) -> tuple[bool, bool, float]:
    """Return what sorts the nearest rules first: those that fire, those that hold, the others."""
    away = len(explanation.changes) or float("inf")
    return not explanation.fires, not explanation.holds, away


def _verdict(explanation: Explanation) -> dict[str, Any]:
    return {
        "rule": explanation.rule,
        "holds": explanation.holds,
        "fires": explanation.fires,
        "instead": explanation.instead,
        "away": None if explanation.holds else len(explanation.changes) or None,
    }
