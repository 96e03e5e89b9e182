"""Conditions as they are written, with what each part of them means.

Macros stay visible as parts, because that is where a person can do something;
what is wrong within a macro is a matter of the macro.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass

from rulec.check import check
from rulec.definitions import Definitions
from rulec.exceptions import fold_exceptions
from rulec.items import Rule
from rulec.lists import Lists, expand_lists
from rulec.nodes import And, Check, Condition, Const, Macro, Not, OneOf, Or, Test
from rulec.parse import parse_condition
from rulec.runtime.sources import EventSource
from rulec.text import Span, Text


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A part of a condition: ``written`` as parsed, and the checked ``condition`` it means."""

    written: Condition
    condition: Condition
    parts: "tuple[Part, ...]" = ()

    @property
    def span(self) -> Span:
        """Where it is written."""
        return self.written.span

    def walk(self) -> Iterator["Part"]:
        """Yield the part and all within it, in the order of writing."""
        yield self
        for part in self.parts:
            yield from part.walk()


@dataclass(frozen=True, slots=True, eq=False)
class RuleCondition:
    """The condition of a rule, and its exceptions: each one's clause, without the ``not``.

    ``whole`` is what the rule asks for in the end.
    """

    own: Part
    exceptions: tuple[Part, ...]
    whole: Condition


class Reader:
    """Reads the conditions of rules and macros once more, as they are written."""

    def __init__(
        self,
        definitions: Definitions,
        macros: Mapping[str, Condition],
        sources: Mapping[str, EventSource],
    ) -> None:
        self._definitions = definitions
        self._macros = macros
        self._sources = sources
        self._lists = Lists(expand_lists(definitions.lists)[0])
        self._checked: dict[tuple[str, str], Condition] = {}
        self._used: dict[tuple[str, str], None] = {}

    def rule(self, rule: Rule) -> RuleCondition:
        """Return the condition of a rule, which has been checked to be fine."""
        source = self._sources[rule.source]
        parsed = self._parsed(fold_exceptions(rule)[0])
        clauses = _clauses(parsed, sum(1 for each in rule.exceptions if each.values))
        if not clauses or not isinstance(parsed, And):
            own = self.part(parsed, source)
            return RuleCondition(own, (), own.condition)
        own = self.part(parsed.operands[0], source)
        exceptions = tuple(self.part(clause, source) for clause in clauses)
        denied = tuple(Not(clause.condition) for clause in exceptions)
        return RuleCondition(own, exceptions, And((own.condition, *denied)))

    def macros(self, read: Collection[object]) -> Iterator[tuple[tuple[str, str], Part]]:
        """Yield the macros that the rules use that were ``read``, by name and event source."""
        done: set[tuple[str, str]] = set()
        while len(read) and (waiting := [each for each in self._used if each not in done]):
            for name, source in waiting:
                done.add((name, source))
                parsed = self._parsed(self._definitions.macros[name].condition)
                yield (name, source), self.part(parsed, self._sources[source])

    def _parsed(self, text: Text) -> Condition:
        return parse_condition(self._lists.substitute(text)[0])

    def part(self, node: Condition, source: EventSource) -> Part:
        """Return a parsed condition with what each part of it means."""
        match node:
            case Macro(name):
                self._used[name, source.name] = None
                return Part(node, self._of_macro(name, source))
            case Not(operand):
                inner = self.part(operand, source)
                return Part(node, Not(inner.condition, span=node.span), (inner,))
            case And(operands) | Or(operands) | OneOf(operands):
                parts = tuple(self.part(operand, source) for operand in operands)
                make: Callable[..., Condition] = type(node)
                whole = make(tuple(part.condition for part in parts), span=node.span)
                return Part(node, whole, parts)
            case Check():
                return Part(node, check(node, source).condition)
            case Const() | Test():
                return Part(node, node)

    def _of_macro(self, name: str, source: EventSource) -> Condition:
        key = name, source.name
        if key not in self._checked:
            self._checked[key] = check(self._macros[name], source).condition
        return self._checked[key]


def _clauses(parsed: Condition, count: int) -> list[Condition]:
    """Return the clauses of so many exceptions, without the ``not``.

    Values of exceptions are put into the text of a condition, and may change its shape; there
    are no clauses then.
    """
    if not isinstance(parsed, And) or len(parsed.operands) != count + 1:
        return []
    clauses = [each.operand for each in parsed.operands[1:] if isinstance(each, Not)]
    return clauses if len(clauses) == count else []
