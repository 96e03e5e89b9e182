"""Parts of conditions that decide nothing, and why."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from rulec.lint.conditions import Part
from rulec.lint.reasoning.cores import MAX_CLAIMS, Claim, claimed, core
from rulec.lint.reasoning.space import ANYTHING, Env, Space
from rulec.nodes import And, Macro, Not, Or


class Reason(Enum):
    """Why a part decides nothing."""

    DEAD = "it never holds"
    IMPLIED = "it holds whenever the parts beside it do"
    COVERED = "where it holds, one of the alternatives to it does"


@dataclass(frozen=True, slots=True)
class Idle:
    """A part that decides nothing: the condition means the same with ``value`` in its place.

    ``because`` are other parts that make it so, as few as possible; None if that would be
    too much to work out.
    """

    part: Part
    reason: Reason
    because: tuple[Part, ...] | None

    @property
    def value(self) -> bool:
        """What the part can be replaced by."""
        return self.reason is Reason.IMPLIED


def idle_parts(space: Space, part: Part) -> Iterator[Idle]:
    """Yield parts of a condition that can hold, and that need not; the outermost only."""
    return _Looker(space).within(part, (), ANYTHING, ANYTHING)


@dataclass(frozen=True, slots=True)
class _Looker:
    """Goes through a condition, knowing what is around.

    ``env`` is what is known because the parts ``beside`` hold; ``here`` also because a part
    does not matter unless the alternatives to it fail.
    """

    space: Space

    def within(self, whole: Part, beside: tuple[Part, ...], env: Env, here: Env) -> Iterator[Idle]:
        match whole.written:
            case Not():
                yield from self.within(whole.parts[0], beside, env, here)
            case And():
                yield from self.of_and(whole, beside, env, here)
            case Or():
                yield from self.of_or(whole, beside, env, here)
            case _:
                pass

    def of_and(self, whole: Part, beside: tuple[Part, ...], env: Env, here: Env) -> Iterator[Idle]:
        """Look at the operands of an ``and``, the last one first: of two equals, that is idle."""
        known = self.prefixes(whole.parts, True, env)
        before = self.prefixes(whole.parts, True, here)
        after: Env | None = ANYTHING
        kept: list[Part] = []
        for number in reversed(range(len(whole.parts))):
            part = whole.parts[number]
            around = self.space.meet(before[number], after)
            env_here = self.space.meet(known[number], after)
            if around is None or env_here is None:
                return  # the whole never holds where it stands
            others = (*whole.parts[:number], *reversed(kept))
            if self.cannot(part, False, others, True, around):
                if not self.is_macros_fault(part):
                    claims = [(other, True) for other in (*others, *beside)]
                    yield Idle(part, Reason.IMPLIED, self.because((part, False), claims))
                continue
            yield from self.within(part, (*others, *beside), env_here, around)
            kept.append(part)
            after = self.space.assume(part.condition, True, after)

    def of_or(self, whole: Part, beside: tuple[Part, ...], env: Env, here: Env) -> Iterator[Idle]:
        """Look at the operands of an ``or``, the last one first."""
        before = self.prefixes(whole.parts, False, here)
        after: Env | None = ANYTHING
        kept: list[Part] = []
        around_all = [(other, True) for other in beside]
        for number in reversed(range(len(whole.parts))):
            part = whole.parts[number]
            around = self.space.meet(before[number], after)
            if around is None:
                return  # the whole always holds where it stands
            others = (*whole.parts[:number], *reversed(kept))
            if self.space.assume(part.condition, True, env) is None:
                if not self.is_macros_fault(part):
                    yield Idle(part, Reason.DEAD, self.because((part, True), around_all))
            elif self.cannot(part, True, others, False, around):
                claims = [*((other, False) for other in others), *around_all]
                yield Idle(part, Reason.COVERED, self.because((part, True), claims))
            else:
                yield from self.within(part, beside, env, around)
                kept.append(part)
                after = self.space.assume(part.condition, False, after)

    def prefixes(self, parts: Sequence[Part], holds: bool, env: Env | None) -> list[Env | None]:
        """Return what is known before each part if those before it hold, or do not."""
        found = [env]
        for part in parts:
            env = self.space.assume(part.condition, holds, env)
            found.append(env)
        return found

    def cannot(
        self, part: Part, holds: bool, others: Sequence[Part], others_hold: bool, around: Env
    ) -> bool:
        """Return whether a part cannot hold (or fail) while the others do; ``around`` has them.

        When it is known first what the part says, there may be less left to the others.
        """
        env = self.space.assume(part.condition, holds, around)
        if env is None or len(others) > MAX_CLAIMS:
            return env is None
        return claimed(self.space, [(each.condition, others_hold) for each in others], env) is None

    def is_macros_fault(self, part: Part) -> bool:
        """Return whether a part is a macro that decides nothing anywhere."""
        return isinstance(part.written, Macro) and any(
            self.space.assume(part.condition, holds) is None for holds in (True, False)
        )

    def because(
        self, claim: tuple[Part, bool], others: Sequence[tuple[Part, bool]]
    ) -> tuple[Part, ...] | None:
        """Return the parts that contradict a claim."""
        claims: list[Claim] = [(part.condition, holds) for part, holds in (claim, *others)]
        needed = core(self.space, claims)
        if needed is None:
            return None
        return tuple(others[number - 1][0] for number in needed if number)
