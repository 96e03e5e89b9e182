"""What a ruleset was compiled from, so that it can be explained.

It goes with the ruleset into other processes, which need nothing of the compiler
until somebody asks for an explanation.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from rulec.text import File

if TYPE_CHECKING:
    from rulec.api import Options
    from rulec.explain import Explainer, Explanation
    from rulec.runtime.sources.json_source import JsonSource


@dataclass(frozen=True)
class Recipe:
    """What a ruleset was compiled from: the content of its files, and how that was done."""

    files: tuple[File, ...]
    sources: "tuple[str | JsonSource, ...] | None"
    options: "Options"

    @cached_property
    def explainer(self) -> "Explainer":
        """What explains the rules; it is made when it is first asked for."""
        from rulec.explain import Explainer

        return Explainer.of(self.files, sources=self.sources, **self.options)

    def explain(self, event: Any, rule: str) -> "Explanation":
        """Explain what a rule says of an event."""
        return self.explainer.explain(event, rule)

    def __reduce__(self) -> tuple[Any, ...]:
        return Recipe, (self.files, self.sources, self.options)
