"""What a configuration adds to rules: more output, more fields.

These are Falco's settings ``append_output`` and ``static_fields``.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from rulec.items import Rule
from rulec.runtime.fields import Catalogue, Field
from rulec.text import Text

_KEYS: Final = ("match", "extra_output", "extra_fields", "suggested_output")
_MATCH_KEYS: Final = ("source", "rule", "tags")


@dataclass(frozen=True, slots=True)
class ExtraField:
    """A field to report beside the output: its key, and its format if it is to be formatted."""

    key: str
    form: Text | None


@dataclass(frozen=True)
class Extras:
    """The two settings, as a configuration has them.

    ``append_output`` is a sequence of mappings: ``match`` (``source``,
    ``rule``, ``tags``; all that are given must fit), ``extra_output`` (text
    behind the output), ``extra_fields`` (names of fields, or mappings from a
    key to a format) and ``suggested_output`` (show the static fields, too).
    ``static_fields`` maps names to texts, which ``static.name`` stands for.

    :raises ValueError: if an entry is none of that.
    """

    append_output: Sequence[Mapping[str, Any]] = ()
    static_fields: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for entry in self.append_output:
            _refuse_unknown(entry, _KEYS, "append_output")
            _refuse_unknown(entry.get("match") or {}, _MATCH_KEYS, "the match of append_output")

    def fields(self, fields: Catalogue) -> Catalogue:
        """Return the fields of a source with the static ones."""
        if not self.static_fields:
            return fields
        static = (
            Field(f"static.{name}", "A fixed text.", constant=str(text))
            for name, text in self.static_fields.items()
        )
        return {**fields, **{each.name: each for each in static}}

    def output(self, rule: Rule) -> Text:
        """Return the output of a rule with what is appended to it."""
        text = rule.output
        for entry in self._entries(rule):
            if extra := entry.get("extra_output"):
                text += Text.standing_for(f" {extra}", rule.output.span(0))
            if entry.get("suggested_output"):
                shown = (f" static_{name}=%static.{name}" for name in self.static_fields)
                text += Text.standing_for("".join(shown), rule.output.span(0))
        return text

    def extra_fields(self, rule: Rule) -> Iterator[ExtraField]:
        """Yield the fields to report for a rule; later ones with the same key win."""
        for entry in self._entries(rule):
            for extra in entry.get("extra_fields") or ():
                if isinstance(extra, str):
                    yield ExtraField(extra, None)
                    continue
                for key, form in extra.items():
                    yield ExtraField(key, Text.standing_for(str(form), rule.output.span(0)))

    def _entries(self, rule: Rule) -> Iterator[Mapping[str, Any]]:
        for entry in self.append_output:
            match = entry.get("match") or {}
            if (
                (match.get("source") or rule.source) == rule.source
                and (match.get("rule") or rule.name) == rule.name
                and set(match.get("tags") or ()) <= set(rule.tags)
            ):
                yield entry


NO_EXTRAS: Final = Extras()


def _refuse_unknown(entry: Mapping[str, Any], known: tuple[str, ...], what: str) -> None:
    for key in entry:
        if key not in known:
            raise ValueError(f"{what} has no {key!r}; it has {', '.join(known)}")
