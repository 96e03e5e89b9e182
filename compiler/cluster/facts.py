"""What is known of a request, and what that leaves of a condition.

``given`` is told a fact about one place of an event, and answers the tests
that are about it. What it cannot answer stays as it is: such a test may hold
or not. So a condition that is never true of a request becomes ``Const(False)``,
or is taken for one that may be true; never the other way round.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

from rulec.gates import place
from rulec.nodes import (
    Condition,
    Const,
    Constant,
    Loaded,
    Quantifier,
    Test,
    leaves,
    rebuild,
)
from rulec.operators import OPERATORS
from rulec.passes.fold import fold
from rulec.runtime import prepared
from rulec.runtime.fields import Step

Path: TypeAlias = tuple[Step, ...]

STAGE: Final = ("stage",)
VERB: Final = ("verb",)
OBJECT: Final = ("objectRef",)
RESOURCE: Final = ("objectRef", "resource")
SUBRESOURCE: Final = ("objectRef", "subresource")
USER: Final = ("user", "username")
URI: Final = ("requestURI",)


@dataclass(frozen=True, slots=True, order=True)
class Exactly:
    """The text is this one."""

    text: str


@dataclass(frozen=True, slots=True, order=True)
class Begins:
    """The text begins like this."""

    prefix: str


@dataclass(frozen=True, slots=True)
class Another:
    """There is a text, which is none that a rule compares with by ``=``, ``!=`` or ``in``."""


@dataclass(frozen=True, slots=True)
class Absent:
    """There is nothing, neither here nor below."""


Fact: TypeAlias = Exactly | Begins | Another | Absent

ANOTHER: Final = Another()
ABSENT: Final = Absent()


def given(condition: Condition, path: Path, fact: Fact) -> Condition:
    """Return what is left of a condition for events with this fact at this path."""
    return fold(_given(condition, path, fact))


def may_hold(condition: Condition, path: Path, fact: Fact) -> bool:
    """Return whether a condition may be true of an event with this fact at this path."""
    return given(condition, path, fact) != Const(False)


def compared(condition: Condition) -> Iterator[tuple[Path, str]]:
    """Yield the constants that a condition compares with, and the paths where it looks."""
    for leaf in leaves(condition):
        match leaf:
            case Test(Loaded() as value, "=" | "!=" | "in", Constant(constant), Quantifier.NONE):
                path = place(value)
                for text in constant if isinstance(constant, tuple) else (constant,):
                    if path and isinstance(text, str):
                        yield path, text
            case _:
                pass


def _given(node: Condition, path: Path, fact: Fact) -> Condition:
    if not isinstance(node, Test):
        return rebuild(node, lambda part: _given(part, path, fact))
    answer = _answer(node, path, fact)
    return node if answer is None else Const(answer)


def _answer(test: Test, path: Path, fact: Fact) -> bool | None:
    """Return what is known of a test: that it holds, that it does not, or nothing."""
    match test:
        case Test(Loaded() as value, _, None | Constant(), Quantifier.NONE):
            found = place(value)
        case _:
            return None
    if isinstance(fact, Absent):
        return False if path and found[: len(path)] == path else None
    if found != path:
        return None
    if test.operator == "exists":
        return True
    assert isinstance(test.operand, Constant), "only 'exists' goes without"
    constant = test.operand.value
    match fact:
        case Exactly(text):
            meaning = OPERATORS[test.operator].meanings[value.field.type.kind]
            return bool(meaning.holds(text, prepared(meaning.prepare, constant)))
        case Another():
            return {"=": False, "in": False, "!=": True}.get(test.operator)
        case Begins(prefix):
            return _of_prefix(test.operator, constant, prefix)


def _of_prefix(operator: str, constant: object, prefix: str) -> bool | None:
    texts = constant if isinstance(constant, tuple) else (constant,)
    possible = any(isinstance(text, str) and text.startswith(prefix) for text in texts)
    match operator:
        case "=" | "in":
            return None if possible else False
        case "!=":
            return None if possible else True
        case "startswith" if isinstance(constant, str):
            if prefix.startswith(constant):
                return True
            return None if possible else False
        case _:
            return None
