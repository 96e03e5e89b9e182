"""Every rewrite of a checked condition, one entry each, in order.

A pass is a function from a condition to one that is true of exactly the same
events and cheaper to evaluate. A missing field makes any test false, so a
pass must not turn ``not (a = b)`` into ``a != b``.
"""

from collections.abc import Callable
from typing import Final

from rulec.nodes import Condition
from rulec.passes.fold import fold
from rulec.passes.merge import merge
from rulec.passes.reorder import reorder

Pass = Callable[[Condition], Condition]

# Merging leaves single operands and repeats behind, which is why folding comes again.
PASSES: Final[tuple[Pass, ...]] = (fold, merge, fold, reorder)


def simplify(condition: Condition) -> Condition:
    """Apply every pass, in order."""
    for rewrite in PASSES:
        condition = rewrite(condition)
    return condition
