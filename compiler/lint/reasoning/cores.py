"""Which of several claims it is that cannot be true together."""

from collections.abc import Sequence
from typing import Final, TypeAlias

from rulec.lint.reasoning.space import ANYTHING, Env, Space
from rulec.nodes import Condition

Claim: TypeAlias = tuple[Condition, bool]

# Among more claims than this nobody looks for those that matter.
MAX_CLAIMS: Final = 60


def claimed(space: Space, claims: Sequence[Claim], env: Env | None = ANYTHING) -> Env | None:
    """Return what is left of ``env`` if all claims are true; None if they cannot be."""
    for condition, holds in claims:
        env = space.assume(condition, holds, env)
    return env


def core(space: Space, claims: Sequence[Claim], env: Env = ANYTHING) -> list[int] | None:
    """Return the numbers of claims that cannot be true together, none of them needless.

    Return None if they can, as far as is known, or if there are too many of them.
    """
    if len(claims) > MAX_CLAIMS or _possible(space, claims, range(len(claims)), env):
        return None
    needed = list(range(len(claims)))
    for number in reversed(range(len(claims))):
        others = [each for each in needed if each != number]
        if not _possible(space, claims, others, env):
            needed = others
    return needed


def _possible(space: Space, claims: Sequence[Claim], chosen: Sequence[int], env: Env) -> bool:
    # Twice: what is learned last may leave less to the first.
    picked = [claims[number] for number in chosen]
    left = claimed(space, picked, env)
    return left is not None and claimed(space, picked, left) is not None
