"""Whether clauses contradict each other: unit propagation, and cases where that is not enough.

A literal is a variable (an integer from 1) or its negative; a clause is a tuple of literals of
which at least one has to be true.
"""

from collections.abc import Sequence
from typing import Final, TypeAlias

Clause: TypeAlias = tuple[int, ...]

# How many literals are looked at before nobody goes on: about a second.
EFFORT: Final = 1_000_000


def contradictory(clauses: Sequence[Clause], effort: int = EFFORT) -> bool:
    """Return whether no choice of values makes all clauses true.

    The answer is also no where finding out takes more than the effort.

    >>> contradictory([(1, 2), (-1,), (-2,)]), contradictory([(1, 2), (-1,)])
    (True, False)
    """
    return _Search(clauses, effort).fails()


class _ExhaustedError(Exception):
    """There is no effort left."""


class _Search:
    """The values chosen so far: ``_trail`` in order, ``_levels`` where each choice began."""

    def __init__(self, clauses: Sequence[Clause], effort: int) -> None:
        self._clauses = [list(dict.fromkeys(clause)) for clause in clauses]
        self._effort = effort
        self._true: set[int] = set()
        self._trail: list[int] = []
        self._levels: list[tuple[int, int]] = []
        # Of each clause, the first two literals are watched: while one of them is true, or
        # both are open, nothing follows from it.
        self._watched: dict[int, list[list[int]]] = {}
        for clause in self._clauses:
            for literal in clause[:2]:
                self._watched.setdefault(literal, []).append(clause)

    def fails(self) -> bool:
        try:
            return self._fails()
        except _ExhaustedError:
            return False

    def _fails(self) -> bool:
        if not all(self._clauses):
            return True
        for clause in self._clauses:
            if len(clause) == 1 and not self._assume(clause[0]):
                return True
        done = 0
        while True:
            done = self._propagated(done)
            if done < 0:
                if not self._levels:
                    return True
                # The other case of the latest choice is the only one left.
                start, choice = self._levels.pop()
                for literal in self._trail[start:]:
                    self._true.discard(literal)
                del self._trail[start:]
                self._assume(-choice)
                done = start
            elif (case := self._open()) is None:
                return False
            else:
                self._levels.append((len(self._trail), case))
                self._assume(case)

    def _assume(self, literal: int) -> bool:
        """Make a literal true; return whether it can be."""
        if -literal in self._true:
            return False
        if literal not in self._true:
            self._true.add(literal)
            self._trail.append(literal)
        return True

    def _propagated(self, done: int) -> int:
        """Follow what the literals from ``done`` on entail; return how far, -1 if into trouble."""
        true = self._true
        while done < len(self._trail):
            wrong = -self._trail[done]
            done += 1
            kept: list[list[int]] = []
            watching = self._watched.get(wrong, [])
            for number, clause in enumerate(watching):
                self._spend(1)
                if clause[0] == wrong and len(clause) > 1:
                    clause[0], clause[1] = clause[1], wrong
                if clause[0] in true:
                    kept.append(clause)
                    continue
                for at in range(2, len(clause)):
                    if -clause[at] not in true:
                        self._spend(at)
                        clause[1], clause[at] = clause[at], wrong
                        self._watched.setdefault(clause[1], []).append(clause)
                        break
                else:
                    kept.append(clause)
                    if not self._assume(clause[0]):
                        self._watched[wrong] = kept + watching[number + 1 :]
                        return -1
            self._watched[wrong] = kept
        return done

    def _open(self) -> int | None:
        """Return a literal that would make a clause true that is not yet."""
        true = self._true
        for clause in self._clauses:
            self._spend(1)
            if not any(literal in true for literal in clause):
                return next(literal for literal in clause if -literal not in true)
        return None

    def _spend(self, effort: int) -> None:
        self._effort -= effort
        if self._effort < 0:
            raise _ExhaustedError
