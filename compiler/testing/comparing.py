"""Compare the alerts that came with those that were expected."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rulec.item_reader import suggest
from rulec.runtime.alert import Alert
from rulec.runtime.rendering import shown
from rulec.testing.model import Expected
from rulec.testing.results import Came, Difference
from rulec.testing.values import as_text


def differences(expected: Sequence[Expected], came: Sequence[Came]) -> tuple[Difference, ...]:
    """Return everything that is not as expected, in order.

    As many alerts as possible are taken for those that were expected, in their order.
    """
    found: list[Difference] = []
    i = j = 0
    for paired_i, paired_j in (*_pairs(expected, came), (len(expected), len(came))):
        found += (Difference(each, None) for each in expected[i:paired_i])
        found += (Difference(None, each) for each in came[j:paired_j])
        if paired_i < len(expected):
            details = tuple(_details(expected[paired_i], came[paired_j].alert))
            if details:
                found.append(Difference(expected[paired_i], came[paired_j], details))
        i, j = paired_i + 1, paired_j + 1
    return tuple(found)


# Beyond so many comparisons, what does not fit at once is not looked for elsewhere.
_EFFORT = 1_000_000


def _pairs(expected: Sequence[Expected], came: Sequence[Came]) -> list[tuple[int, int]]:
    """Return which alerts are taken for which: a longest common part of both."""

    def fit(i: int, j: int) -> bool:
        return _could_be(expected[i], came[j])

    start = 0
    while start < min(len(expected), len(came)) and fit(start, start):
        start += 1
    pairs = [(i, i) for i in range(start)]
    rows, columns = len(expected) - start, len(came) - start
    if rows * columns > _EFFORT:
        return pairs
    longest = [[0] * (columns + 1) for _ in range(rows + 1)]
    for i in reversed(range(rows)):
        for j in reversed(range(columns)):
            longest[i][j] = (
                longest[i + 1][j + 1] + 1
                if fit(start + i, start + j)
                else max(longest[i + 1][j], longest[i][j + 1])
            )
    i = j = 0
    while i < rows and j < columns:
        if fit(start + i, start + j):
            pairs.append((start + i, start + j))
            i, j = i + 1, j + 1
        elif longest[i + 1][j] >= longest[i][j + 1]:
            i += 1
        else:
            j += 1
    return pairs


def _could_be(expected: Expected, came: Came) -> bool:
    return expected.rule == came.alert.rule and expected.event in (None, came.event)


def _details(expected: Expected, alert: Alert) -> Iterator[str]:
    """Yield what is different about an alert of the expected rule."""
    if expected.priority not in (None, alert.priority):
        yield f"the priority is {alert.priority}, not {expected.priority}"
    if expected.output is not None and expected.output not in alert.output:
        yield f"the output does not contain {expected.output!r}: {alert.priority} {alert.message}"
    for name, value in expected.fields.items():
        if name not in alert.output_fields:
            yield f"{name} is not in the output{_near(name, alert.output_fields)}"
        elif not same(value, alert.output_fields[name]):
            yield f"{name} is {told(alert.output_fields[name])}, not {told(value)}"


def _near(name: str, fields: Mapping[str, Any]) -> str:
    hint = suggest(name, fields) or f"there are {', '.join(fields) or 'none'}"
    return f", {hint}"


def told(value: Any) -> str:
    """Return a value of a field for people."""
    if isinstance(value, str):
        return repr(value)
    return shown(tuple(value)) if isinstance(value, list) else shown(value)


def same(expected: Any, value: Any) -> bool:
    """Return whether a value of a field is the one that is written in a test.

    Most fields are texts, whatever they look like: there, 200 and "200" are the same.

    >>> same(200, "200"), same(["a"], ("a",)), same(None, None), same("", None)
    (True, True, True, False)
    """
    if isinstance(expected, list):
        return (
            isinstance(value, tuple)
            and len(value) == len(expected)
            and all(map(same, expected, value))
        )
    if expected is None or value is None:
        return expected is value
    if isinstance(expected, str) == isinstance(value, str):
        return bool(expected == value) and isinstance(expected, bool) == isinstance(value, bool)
    return as_text(expected) == (as_text(value) or shown(value))
