"""Which parts of a condition were added, and which were removed."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from rulec.difference.values import members
from rulec.nodes import And, Condition, Constant, Not, Or, Test
from rulec.references import shape
from rulec.text import Span
from rulec.written import written


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a condition that was added, or removed. ``span`` is where it was written.

    Of a list of constants, the part is a comparison with those that are more or less.
    ``widens`` tells what that does to the condition, if everything else stays; None where that
    cannot be told.
    """

    added: bool
    condition: Condition
    span: Span
    widens: bool | None

    @property
    def text(self) -> str:
        """The part as Falco prints it."""
        return written(self.condition)


def parts(old: Condition, new: Condition, positive: bool | None = True) -> Iterator[Part]:
    """Yield the parts in which two folded conditions differ.

    ``positive`` tells whether they stand under an even number of ``not``.
    """
    if old == new:
        return
    if isinstance(old, Not) and isinstance(new, Not):
        yield from parts(old.operand, new.operand, None if positive is None else not positive)
        return
    if (items := _items(old, new, positive)) is not None:
        yield from items
        return
    kind = _joined_by(old, new)
    if kind is None:
        yield Part(False, old, old.span, None)
        yield Part(True, new, new.span, None)
        return
    yield from _operands(_of(kind, old), _of(kind, new), kind, positive)


def _joined_by(old: Condition, new: Condition) -> type[And] | type[Or] | None:
    """Return how the operands of both conditions are joined, if they have some in common."""
    for kind in (And, Or):
        both = isinstance(old, kind) and isinstance(new, kind)
        either = isinstance(old, kind) or isinstance(new, kind)
        if both or (either and set(_of(kind, old)) & set(_of(kind, new))):
            return kind
    return None


def _of(kind: type[And] | type[Or], node: Condition) -> tuple[Condition, ...]:
    return node.operands if isinstance(node, kind) else (node,)


def _operands(
    old: Iterable[Condition],
    new: Iterable[Condition],
    kind: type[And] | type[Or],
    positive: bool | None,
) -> Iterator[Part]:
    common = Counter(old) & Counter(new)
    lost, gained = list(_without(old, common)), list(_without(new, common))
    for before in list(lost):
        after = _counterpart(before, gained)
        if after is not None:
            lost.remove(before)
            gained.remove(after)
            yield from parts(before, after, positive)
    widens = None if positive is None else positive is (kind is Or)
    for part in lost:
        yield Part(False, part, part.span, None if widens is None else not widens)
    for part in gained:
        yield Part(True, part, part.span, widens)


def _without(operands: Iterable[Condition], common: Counter[Condition]) -> Iterator[Condition]:
    left = common.copy()
    for operand in operands:
        if left[operand] > 0:
            left[operand] -= 1
        else:
            yield operand


def _counterpart(node: Condition, others: Sequence[Condition]) -> Condition | None:
    """Return what a part has most likely become: something else about the same."""
    for other in others:
        match node, other:
            case Not(inner), Not(outer) if _counterpart(inner, (outer,)) is not None:
                return other
            case Test(), Test() if _items(node, other, None) is not None:
                return other
            case ((And() | Or()), (And() | Or())) if type(node) is type(other):
                if set(node.operands) & set(other.operands):
                    return other
            case _:
                pass
    return None


def _items(old: Condition, new: Condition, positive: bool | None) -> list[Part] | None:
    """Return which constants are more or less, if two tests look for constants alike."""
    if not isinstance(old, Test) or not isinstance(new, Test):
        return None
    before, after = members(old), members(new)
    alike = (old.value, old.quantifier) == (new.value, new.quantifier)
    if before is None or after is None or not alike:
        return None
    found = []
    for added, test, items, others in ((False, old, before, after), (True, new, after, before)):
        known = set(others)
        if more := tuple(item for item in items if item not in known):
            operand = Constant(more, shape(test.value).type)
            operator = test.operator if test.operator != "=" else "in"
            part = replace(test, operator=operator, operand=operand)
            assert test.operand is not None
            span = test.operand.span if test.operand.span.text.pieces else test.span
            found.append(Part(added, part, span, None if positive is None else positive is added))
    return found
