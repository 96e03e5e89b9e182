"""What there is to say about the word at the cursor, as Markdown."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from rulec.canonical import canonical
from rulec.lsp import words
from rulec.lsp.checking import Snapshot, Symbol
from rulec.lsp.known_values import known_values
from rulec.lsp.naming import Kind, Mention
from rulec.lsp.vocabulary import Found, find_field
from rulec.operators import OPERATORS
from rulec.runtime.fields import ARGUMENTS_SHOWN, OPTIONAL
from rulec.runtime.rendering import counted
from rulec.runtime.sources import EventSource
from rulec.transformers import TRANSFORMERS

_MOST_VALUES: Final = 40
_MOST_CHARACTERS: Final = 3_000


@dataclass(frozen=True, slots=True)
class Subject:
    """A word, and what is known around it."""

    mention: Mention
    snapshot: Snapshot
    sources: tuple[EventSource, ...]
    known: Mapping[str, EventSource]


def describe(subject: Subject) -> str | None:
    """Return what there is to say about a word; nothing if that is nothing."""
    mention = subject.mention
    listed = subject.snapshot.symbols.get((Kind.LIST, mention.name))
    if listed is not None and mention.kind in (Kind.VALUE, Kind.MACRO, Kind.LIST):
        return _list(subject, listed)
    parts = [part for part in _DESCRIBERS[mention.kind](subject) if part]
    return "\n\n".join(parts) or None


def _fenced(text: str, language: str = "") -> str:
    """Return a text as a block that nothing in it can end."""
    text = text if len(text) <= _MOST_CHARACTERS else text[:_MOST_CHARACTERS] + " ..."
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}{language}\n{text.strip()}\n{fence}"


def _code(text: str) -> str:
    return f"`` {text} ``" if "`" in text else f"`{text}`"


def _field(subject: Subject) -> Iterator[str]:
    for found in find_field(subject.mention.name, subject.sources):
        yield _field_head(found)
        field = found.field
        deprecated = "**Deprecated.** " if field.deprecated else ""
        yield f"{deprecated}{field.doc}"
        values = known_values(subject.mention.name, field, found.source)
        yield _some("Known values", list(values))


def _field_head(found: Found) -> str:
    field = found.field
    shown = ARGUMENTS_SHOWN[field.argument]
    optional = "?" if shown and field.argument in OPTIONAL else ""
    several = "list of " if field.is_list else ""
    return f"**{field.name}**{shown}{optional}: {several}{field.type.name} ({found.source.name})"


def _some(what: str, values: list[str]) -> str:
    if not values:
        return ""
    shown = ", ".join(map(_code, values[:_MOST_VALUES]))
    more = f" and {len(values) - _MOST_VALUES} more" if len(values) > _MOST_VALUES else ""
    return f"{what}: {shown}{more}"


def _operator(subject: Subject) -> Iterator[str]:
    # Exceptions write an operator and its modifier as one word.
    symbol, _, modifier = subject.mention.name.partition(" ")
    if symbol in words.OPERATORS:
        operator = OPERATORS["=" if symbol == "==" else symbol]
        yield f"**{symbol}**: operator, takes {operator.takes.value}"
        yield words.OPERATORS[symbol]
    if modifier in words.MODIFIERS:
        yield f"**{modifier}**: {words.MODIFIERS[modifier]}"


def _modifier(subject: Subject) -> Iterator[str]:
    name = subject.mention.name
    yield f"**{name}**: {words.MODIFIERS[name]}"


def _connective(subject: Subject) -> Iterator[str]:
    name = subject.mention.name
    yield f"**{name}**: {words.CONNECTIVES[name]}"


def _transformer(subject: Subject) -> Iterator[str]:
    name = subject.mention.name
    if name == "val":
        yield "**val**: the value of a field, to compare another field with"
    else:
        yield f"**{name}**: transformer"
        yield TRANSFORMERS[name].doc


def _macro(subject: Subject) -> Iterator[str]:
    symbol = subject.snapshot.symbols.get((Kind.MACRO, subject.mention.name))
    if symbol is None:
        return
    yield f"**{symbol.name}**: macro{_changes(symbol)}"
    written = _texts(symbol, "condition")
    yield _fenced("\n".join(written), "falco-condition")
    analysis = subject.snapshot.analysis
    resolved = analysis.macros.get(symbol.name) if analysis is not None else None
    if resolved is not None:
        text = canonical(resolved)
        if [_bare(text)] != [_bare(each) for each in written]:
            yield "With macros and lists replaced:"
            yield _fenced(text, "falco-condition")


def _bare(text: str) -> str:
    return "".join(text.split()).removeprefix("(").removesuffix(")")


def _list(subject: Subject, symbol: Symbol) -> str:
    items = _texts(symbol, "items")
    inner: dict[str, None] = {}
    for item in items:
        within = subject.snapshot.symbols.get((Kind.LIST, item))
        inner |= dict.fromkeys(_texts(within, "items") if within is not None else [item])
    head = f"**{symbol.name}**: list of {counted(len(inner), 'value')}{_changes(symbol)}"
    lists = [item for item in items if (Kind.LIST, item) in subject.snapshot.symbols]
    return "\n\n".join(
        part for part in (head, _some("Items", list(inner)), _some("From lists", lists)) if part
    )


def _texts(symbol: Symbol, key: str) -> list[str]:
    return [str(entry.text) for _, item in symbol.items for entry in item.texts(key)]


def _changes(symbol: Symbol) -> str:
    count = sum(item.is_change for _, item in symbol.items)
    return f", changed in {counted(count, 'place')}" if count else ""


def _rule(subject: Subject) -> Iterator[str]:
    symbol = subject.snapshot.symbols.get((Kind.RULE, subject.mention.name))
    rule = subject.snapshot.definitions.rules.get(subject.mention.name)
    if symbol is None or rule is None:
        return
    off = "" if rule.enabled else ", disabled"
    yield f"**{rule.name}**: {rule.priority.text}, {rule.source}{off}{_changes(symbol)}"
    yield rule.description
    analysis = subject.snapshot.analysis
    resolved = analysis.resolved.get(rule.name) if analysis is not None else None
    if resolved is not None:
        yield "The condition, with macros, lists and exceptions:"
        yield _fenced(canonical(resolved), "falco-condition")


def _value(subject: Subject) -> Iterator[str]:
    mention = subject.mention
    value = mention.name.strip("\"'")
    for found in find_field(mention.field, subject.sources) if mention.field else ():
        if value in known_values(mention.field, found.field, found.source):
            yield f"**{value}**: a value of {_code(mention.field)} ({found.source.name})"


def _key(subject: Subject) -> Iterator[str]:
    mention = subject.mention
    said = words.described_key(mention.item.kind, mention.path)
    if said is not None:
        yield f"**{mention.name}**: {said.doc}"
        yield _some("One of", list(said.values))


def _priority(subject: Subject) -> Iterator[str]:
    name = subject.mention.name.upper()
    name = "INFO" if name == "INFORMATIONAL" else name
    if name in words.PRIORITIES:
        yield f"**{name}**: {words.PRIORITIES[name]}"
        yield _some("From the most severe", list(words.PRIORITIES))


def _source(subject: Subject) -> Iterator[str]:
    source = subject.known.get(subject.mention.name)
    if source is not None:
        listed = sum(field.listed for field in source.fields.values())
        yield f"**{source.name}**: {source.doc}"
        yield counted(listed, "field")


def _tag(subject: Subject) -> Iterator[str]:
    name = subject.mention.name
    rules = [r.name for r in subject.snapshot.definitions.rules.values() if name in r.tags]
    if rules:
        yield f"**{name}**: tag of {counted(len(rules), 'rule')}"


def _nothing(_: Subject) -> Iterable[str]:
    return ()


# Who describes a word, one entry for each kind.
_DESCRIBERS: Final[Mapping[Kind, Callable[[Subject], Iterable[str]]]] = {
    Kind.RULE: _rule,
    Kind.MACRO: _macro,
    Kind.LIST: _nothing,  # one that is there has been described
    Kind.FIELD: _field,
    Kind.OPERATOR: _operator,
    Kind.MODIFIER: _modifier,
    Kind.TRANSFORMER: _transformer,
    Kind.VALUE: _value,
    Kind.CONNECTIVE: _connective,
    Kind.KEY: _key,
    Kind.PRIORITY: _priority,
    Kind.SOURCE: _source,
    Kind.TAG: _tag,
}
