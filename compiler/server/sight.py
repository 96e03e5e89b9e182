"""Which rules ask for the request object of an event, and could not see it.

An event of level ``Metadata`` has none, and neither has one that was truncated. A
rule that asks for it never matches such an event, and nobody would notice.
"""

from collections.abc import Iterator
from types import CodeType, FunctionType
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
        if rule in matcher.rules and _asks(rule.condition, set())
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


def _asks(function: object, met: set[object]) -> bool:
    """Return whether a function of a compiled module, or one that it calls, has to do with it."""
    if not isinstance(function, FunctionType) or function in met:
        return False
    met.add(function)
    names = set(_words(function.__code__))
    if any(_MEMBER in name for name in names):
        return True
    globals_ = function.__globals__
    return any(_asks(globals_.get(name), met) for name in names)


def _words(code: CodeType) -> Iterator[str]:
    """Yield the names and the texts in some code, but for what it says of itself."""
    yield from code.co_names
    for constant in code.co_consts[1:]:  # the first one is the docstring
        if isinstance(constant, str):
            yield constant
        elif isinstance(constant, CodeType):
            yield from _words(constant)
