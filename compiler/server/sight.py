"""Which rules ask for the request object of an event, and could not see it.

An event of level ``Metadata`` has none, and neither has one that was truncated. A
rule that asks for it never matches such an event, and nobody would notice.
"""

from typing import Any, Final

from rulec.runtime.matcher import Matcher

_MEMBER: Final = "requestObject"
_TRUNCATED: Final = "audit.k8s.io/truncated"

# What is in the bytes of every event that has no request object for such a reason.
_SIGNS: Final = (b'"Metadata"', _TRUNCATED.encode())


def asking(matcher: Matcher) -> frozenset[int]:
    """Return the numbers of the rules of a matcher whose conditions ask for the request object."""
    return frozenset(
        number
        for number, rule in enumerate(matcher.numbered)
        if rule in matcher.rules and _MEMBER in (rule.reads or ())
    )


def may_be_hidden(document: bytes) -> bool:
    """Return whether ``hidden`` has to be asked about an event, given its bytes."""
    return any(sign in document for sign in _SIGNS)


def hidden(event: Any) -> str | None:
    """Return why an event has no request object, as a word for counting; None if nothing hides it.

    The event is decoded JSON.
    """
    if not isinstance(event, dict):
        return None
    annotations = event.get("annotations")
    if isinstance(annotations, dict) and annotations.get(_TRUNCATED) == "true":
        return "truncated"
    if event.get("level") == "Metadata" and _MEMBER not in event:
        return "metadata"
    return None
