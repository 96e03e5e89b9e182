"""The search for the smallest sets of comparisons: all of them, and none that is larger."""

from itertools import combinations
from random import Random

import pytest

from rulec.explain.formula import GaveUpError, Goal, Joined, Literal, Search, reached, some_set
from rulec.explain.formula import joined as join

ATOMS = 7


def drawn(random: Random, depth: int) -> Goal:
    if depth == 0 or random.random() < 0.3:
        return Literal(random.randrange(ATOMS), random.random() < 0.5)
    parts = tuple(drawn(random, depth - 1) for _ in range(random.randint(0, 4)))
    return join(random.random() < 0.5, parts)


def turned(values: list[bool], flips: frozenset[int] | tuple[int, ...]) -> list[bool]:
    return [value is (number not in flips) for number, value in enumerate(values)]


@pytest.mark.parametrize("seed", range(4))
def test_every_smallest_set_is_found(seed: int) -> None:
    for number in range(500):
        random = Random(f"{seed} {number}")
        goal = drawn(random, 3)
        values = [random.random() < 0.5 for _ in range(ATOMS)]
        fixed = [random.random() < 0.1 for _ in range(ATOMS)]
        open_ = [atom for atom in range(ATOMS) if not fixed[atom]]
        by_size = [
            {frozenset(s) for s in combinations(open_, size) if reached(goal, turned(values, s))}
            for size in range(len(open_) + 1)
        ]
        smallest = next((sets for sets in by_size if sets), set())
        found = list(Search(goal, values, fixed).sets())
        assert sorted(map(len, found)) == [*map(len, found)]
        least = len(found[0]) if found else None
        assert {each for each in found if len(each) == least} == smallest
        assert all(reached(goal, turned(values, each)) for each in found)
        some = some_set(goal, values, fixed)
        assert some is None or reached(goal, turned(values, some))


def test_what_is_impossible_at_once_is_left_out() -> None:
    """``a and b or c and d and e``, where a and b cannot be had at once."""
    a, b, c, d, e = (Literal(number, True) for number in range(5))
    goal = join(True, (join(False, (a, b)), join(False, (c, d, e))))
    search = Search(goal, [False] * 5, [False] * 5, lambda flips: not {0, 1} <= flips)
    assert next(search.sets()) == {2, 3, 4}


def test_conditions_without_shared_comparisons_need_no_search() -> None:
    """Thousands of alternatives with hundreds of requirements each: the nearest is found at once."""
    parts = []
    for number in range(40):
        atoms = range(number * 50, number * 50 + 50)
        parts.append(join(False, tuple(Literal(atom, True) for atom in atoms)))
    values = [atom % 50 >= 10 + atom // 50 for atom in range(2000)]
    found = next(Search(join(True, tuple(parts)), values, [False] * 2000).sets())
    assert found == set(range(10))


def test_what_takes_too_long_is_given_up() -> None:
    """Each of many comparisons is needed once as it is, and once the other way."""
    random = Random(7)
    clauses = tuple(
        join(True, tuple(Literal(random.randrange(60), random.random() < 0.5) for _ in range(3)))
        for _ in range(400)
    )
    goal = join(False, clauses)
    assert isinstance(goal, Joined)
    with pytest.raises(GaveUpError):
        next(Search(goal, [False] * 60, [False] * 60).sets(), None)
