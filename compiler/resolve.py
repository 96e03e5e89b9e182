"""Put macros in the place of their names."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Final

from rulec.diagnostics import Problem, ProblemError
from rulec.nodes import (
    And,
    Check,
    Condition,
    Const,
    Macro,
    Not,
    OneOf,
    Or,
    Test,
    leaves,
    rebuild,
)

# A macro that uses another one twice doubles it; a chain of those would fill
# any memory. No real condition comes near these limits.
MAX_CHECKS: Final = 3_000
MAX_DEPTH: Final = 250

_MOST_HINTS: Final = 50


@dataclass(frozen=True, slots=True)
class Measure:
    """How large a condition is: the number of its leaves, and of its levels."""

    leaves: int
    depth: int


@dataclass
class Macros:
    """The macros of a ruleset, by name, with the macros in them replaced.

    ``broken`` are the names of macros that something was wrong with: rules
    that use them are not to blame.
    """

    conditions: dict[str, Condition] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    used: set[str] = field(default_factory=set)
    _measures: dict[str, Measure] = field(default_factory=dict)
    _told: int = 0

    def add(self, name: str, condition: Condition, resolved: Condition) -> None:
        """Add a macro, as it is written and with the macros in it replaced."""
        self.conditions[name] = resolved
        self._measures[name] = self.measure(condition)

    def resolve(self, condition: Condition) -> Condition | None:
        """Return a condition with its macros replaced; None if one of them is broken.

        :raises ProblemError: if there is no such macro, or the result would
            be too large.
        """
        names = list(references(condition))
        self.used.update(reference.name for reference in names)
        for reference in names:
            if reference.name not in self.conditions and reference.name not in self.broken:
                raise ProblemError(self.undefined(reference))
        if any(reference.name in self.broken for reference in names):
            return None
        if names:
            self.bound(condition)
        return self._replaced(condition)

    def undefined(self, reference: Macro) -> Problem:
        """Return what there is to say about the name of a macro that does not exist."""
        self._told += 1
        # Looking for near names takes long, and nobody needs a thousand of them.
        names = self.conditions if self._told <= _MOST_HINTS else ()
        near = get_close_matches(reference.name, names, n=1, cutoff=0.7)
        hint = f"did you mean {near[0]!r}?" if near else "a field has a dot in its name"
        text = f"undefined macro {reference.name!r}"
        return Problem("undefined_macro", text, reference.span, hint, reference.name)

    def bound(self, condition: Condition) -> None:
        """Complain if a condition is too large once its macros are replaced."""
        measure = self.measure(condition)
        if measure.leaves > MAX_CHECKS:
            text = f"more than {MAX_CHECKS:,} checks with the macros replaced"
            raise ProblemError(Problem("condition_too_large", text, condition.span))
        if measure.depth > MAX_DEPTH:
            text = f"more than {MAX_DEPTH} levels deep with the macros replaced"
            raise ProblemError(Problem("depth_exceeded", text, condition.span))

    def measure(self, node: Condition) -> Measure:
        """Return how large a condition is once its macros are replaced."""
        match node:
            case Macro(name):
                return self._measures[name]
            case Not(operand):
                inner = self.measure(operand)
                return Measure(inner.leaves, inner.depth + 1)
            case And(operands) | Or(operands) | OneOf(operands):
                parts = [self.measure(operand) for operand in operands]
                depth = max((part.depth for part in parts), default=0)
                return Measure(sum(part.leaves for part in parts), depth + 1)
            case Check() | Const() | Test():
                return Measure(1, 1)

    def _replaced(self, node: Condition) -> Condition:
        if isinstance(node, Macro):
            return self.conditions[node.name]
        return rebuild(node, self._replaced)


def references(condition: Condition) -> Iterator[Macro]:
    """Yield the names of macros in a condition, in order."""
    return (leaf for leaf in leaves(condition) if isinstance(leaf, Macro))


def resolve_macros(
    parsed: Mapping[str, Condition],
    broken: set[str],
    sees: Callable[[str, str], bool],
    report: Callable[[str, Problem], None],
) -> Macros:
    """Return all macros with the macros in them replaced.

    ``parsed`` are those that could be read, in the order of the table, and
    ``broken`` the names of the others. ``sees`` tells whether one macro may
    use another one. Each problem is reported with the name of its macro.
    """
    macros = Macros(broken=set(broken))
    waiting = {name: _blamed(name, parsed, macros, sees, report) for name in parsed}
    # Resolve each macro after those that it uses; what is left over goes in circles.
    while waiting:
        ready = [name for name, uses in waiting.items() if not uses & waiting.keys()]
        if not ready:
            for name in waiting:
                macros.broken.add(name)
                report(name, _loop(name, parsed[name], waiting.keys()))
            break
        for name in ready:
            del waiting[name]
            if name not in macros.broken:
                _add(name, parsed[name], macros, report)
    return macros


def _blamed(
    name: str,
    parsed: Mapping[str, Condition],
    macros: Macros,
    sees: Callable[[str, str], bool],
    report: Callable[[str, Problem], None],
) -> set[str]:
    """Return the macros that a macro uses, after complaining about those that it cannot."""
    uses: set[str] = set()
    for reference in references(parsed[name]):
        known = reference.name in parsed or reference.name in macros.broken
        if known and sees(name, reference.name):
            uses.add(reference.name)
        elif name not in macros.broken:
            macros.broken.add(name)
            report(name, _invisible(reference) if known else macros.undefined(reference))
    macros.used |= uses
    return uses


def _invisible(reference: Macro) -> Problem:
    text = f"macro {reference.name!r} is only defined further down"
    hint = "a macro can use those that are defined before it"
    return Problem("undefined_macro", text, reference.span, hint, reference.name)


def _loop(name: str, condition: Condition, circle: object) -> Problem:
    for reference in references(condition):
        if reference.name in circle:  # type: ignore[operator]
            text = f"macro {name!r} goes in circles through {reference.name!r}"
            return Problem("macro_loop", text, reference.span, subject=reference.name)
    raise AssertionError(f"macro {name!r} waits for nothing")


def _add(
    name: str, condition: Condition, macros: Macros, report: Callable[[str, Problem], None]
) -> None:
    try:
        resolved = macros.resolve(condition)
    except ProblemError as error:
        macros.broken.add(name)
        report(name, error.problem)
    else:
        if resolved is None:
            macros.broken.add(name)
        else:
            macros.add(name, condition, resolved)
