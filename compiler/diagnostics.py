"""What can be wrong with rules, and how it is told.

A stage that finds a mistake describes it as a ``Problem``: what and where.
Whoever knows to which item of which file the place belongs turns it into a
``Diagnostic``, which has one of Falco's codes and the way down to the place.
"""

from dataclasses import dataclass

from rulec.text import NOWHERE, Span


@dataclass(frozen=True, slots=True)
class Problem:
    """A mistake in a text: ``kind`` names it for programs, ``message`` for people.

    Messages are lower case without a full stop and say what was found; the
    hint says what to do about it.
    """

    kind: str
    message: str
    span: Span = NOWHERE
    hint: str = ""


class ProblemError(Exception):
    """Carries a problem out of a stage that cannot go on after it."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem
