"""Simpler tests that may answer the same as a costly one.

Whether they do is for the log to say: they are asked beside the original.
"""

import re
from dataclasses import replace
from typing import Final

from rulec.nodes import Condition, Constant, Quantifier, Test

# Characters of a regular expression that stand for themselves, or are escaped.
_PLAIN: Final = r"(?:[^.+*?^$()\[\]{}|\\]|\\[^\w\s])+"
_ENDS: Final = re.compile(rf"\^?(\.\*)?({_PLAIN})(\.\*)?\$?")
_CHOICE: Final = re.compile(rf"\^?\(({_PLAIN}(?:\|{_PLAIN})+)\)\$?|({_PLAIN}(?:\|{_PLAIN})+)")
_GLOB: Final = re.compile(r"(\*)?([^*?\[\]{}!\\]+)(\*)?")

# Whether anything may stand before and behind a text, and how to ask for that.
_OPERATORS: Final = {
    (False, False): "=",
    (False, True): "startswith",
    (True, False): "endswith",
    (True, True): "contains",
}


def alternatives(node: Condition) -> tuple[Test, ...]:
    """Return the tests that might replace a test: none if it is simple already.

    >>> from rulec.runtime.fields import CHARBUF, Field
    >>> from rulec.nodes import Loaded
    >>> uri = Loaded(Field("ka.uri", "The URI.", "/requestURI"))
    >>> def simpler(operator, text):
    ...     found = alternatives(Test(uri, operator, Constant(text, CHARBUF)))
    ...     return [(test.operator, test.operand.value) for test in found]
    >>> simpler("regex", "/api/v1/.*"), simpler("regex", r"(a\\.b|c)"), simpler("regex", "a+")
    ([('startswith', '/api/v1/')], [('in', ('a.b', 'c'))], [])
    >>> simpler("contains", "/api")
    [('=', '/api'), ('startswith', '/api'), ('endswith', '/api')]
    """
    match node:
        case Test(_, "contains", Constant(str(text)), Quantifier.NONE):
            return tuple(
                _asking(node, operator, text) for operator in ("=", "startswith", "endswith")
            )
        case Test(_, "regex", Constant(str(pattern)), Quantifier.NONE):
            return _for_pattern(node, pattern)
        case Test(_, "glob", Constant(str(pattern)), Quantifier.NONE):
            found = _GLOB.fullmatch(pattern)
            return (_between(node, found, found[2]),) if found else ()
        case _:
            return ()


def _for_pattern(test: Test, pattern: str) -> tuple[Test, ...]:
    if found := _ENDS.fullmatch(pattern):
        return (_between(test, found, _unescaped(found[2])),)
    if found := _CHOICE.fullmatch(pattern):
        choices = (found[1] or found[2]).split("|")
        return (_asking(test, "in", tuple(map(_unescaped, choices))),)
    return ()


def _between(test: Test, found: re.Match[str], text: str) -> Test:
    return _asking(test, _OPERATORS[found[1] is not None, found[3] is not None], text)


def _asking(test: Test, operator: str, value: object) -> Test:
    assert isinstance(test.operand, Constant)
    return replace(test, operator=operator, operand=replace(test.operand, value=value))


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)
