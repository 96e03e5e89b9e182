"""What could stand at the cursor."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from lsprotocol.types import CompletionItemKind as ItemKind

from rulec.check import askable
from rulec.lsp import words
from rulec.lsp.checking import Snapshot
from rulec.lsp.cursor import Cursor
from rulec.lsp.known_values import known_arguments, known_values
from rulec.lsp.naming import NAMED, Kind
from rulec.lsp.scanning import Expects, Role, Word, expected
from rulec.lsp.vocabulary import fields, find_field
from rulec.operators import MODIFIERS, OPERATORS, Takes
from rulec.operators import words as comparisons
from rulec.plugins import VERSIONS
from rulec.runtime.fields import DOTTED, OPTIONAL, Argument
from rulec.runtime.sources import EventSource
from rulec.transformers import TRANSFORMERS, Shape
from rulec.versions import ENGINE_VERSION

# After these, something new is expected.
TRIGGERS: Final = (".", "%", "[", "(", ",", "=", "/", " ")


@dataclass(frozen=True, slots=True)
class Proposal:
    """Something that could be written: ``label``, unless there is an ``insert``.

    In a ``snippet``, ``$0`` is where the cursor goes. Proposals of a lower ``rank`` come first.
    """

    label: str
    kind: ItemKind
    detail: str = ""
    doc: str = ""
    insert: str = ""
    snippet: str = ""
    deprecated: bool = False
    rank: int = 5


@dataclass(frozen=True, slots=True)
class Proposals:
    """What could take the place of the ``prefix`` of characters before the cursor."""

    found: tuple[Proposal, ...] = ()
    prefix: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is to be proposed, and what is known there."""

    cursor: Cursor
    snapshot: Snapshot
    sources: tuple[EventSource, ...]
    known: Mapping[str, EventSource]


def propose(place: Place) -> Proposals:
    """Return what could stand at the cursor."""
    cursor = place.cursor
    if cursor.in_key:
        return Proposals(tuple(_keys(cursor)), cursor.text)
    if cursor.path == (cursor.kind,) and cursor.kind in NAMED:
        return Proposals(tuple(_names(place, NAMED[cursor.kind])), cursor.text)
    read = _PROPOSERS.get(cursor.path)
    if read is not None:
        return read(place)
    key = words.described_key(cursor.kind, cursor.path) if cursor.path else None
    values = key.values if key is not None else ()
    found = tuple(Proposal(value, ItemKind.Keyword) for value in values)
    return Proposals(found, _last_word(cursor.text))


_WORD: Final = re.compile(r"[^\s,\[\]{}\"']*\Z")


def _last_word(text: str) -> str:
    match = _WORD.search(text)
    return match[0] if match else ""


# --- keys ------------------------------------------------------------------------------


# What is written for an item, from its first key on.
_SKELETONS: Final = {
    "rule": "rule: ${1:Name}\ndesc: ${2:What it is about.}\ncondition: >\n  $0\n"
    "output: ${3:What happened}\npriority: ${4:WARNING}\nsource: ${5:k8s_audit}\ntags: []",
    "macro": "macro: ${1:name}\ncondition: $0",
    "list": "list: ${1:name}\nitems: [$0]",
}


def _keys(cursor: Cursor) -> Iterator[Proposal]:
    if cursor.is_new:
        dash = "- " if cursor.is_outside else ""
        for key, said in words.KEYS[()].items():
            text = _SKELETONS.get(key, f"{key}:{said.behind}$0")
            snippet = dash + _indented(text, cursor.column + len(dash))
            yield Proposal(key, ItemKind.Struct, "item", said.doc, f"{dash}{key}: ", snippet)
        return
    known = words.KEYS.get((cursor.kind, *cursor.path), {})
    for rank, (key, said) in enumerate(known.items()):
        if key not in cursor.keys:
            text = f"{key}:{said.behind}" if said.behind != " " else ""
            snippet = _indented(text, cursor.column)
            yield Proposal(key, ItemKind.Property, "key", said.doc, f"{key}: ", snippet, rank=rank)


def _indented(text: str, column: int) -> str:
    return text.replace("\n", "\n" + " " * column)


# --- conditions and outputs ----------------------------------------------------------------


def _condition(place: Place) -> Proposals:
    return _at_word(place, expected(place.cursor.text))


_SLOT: Final = re.compile(r"%[0-9]*(?:([a-z0-9]+\([^)]*)|([a-zA-Z][\w.]*(?:\[[^\]\s]*)?)?)\Z")


def _output(place: Place) -> Proposals:
    match = _SLOT.search(place.cursor.text)
    if match is None:
        return Proposals()
    if match[1]:
        return _at_word(place, expected(match[1]))
    written = match[2] or ""
    return _at_word(place, Word(Role.UNKNOWN, written, 0, len(written), Expects.ARGUMENT))


def _at_word(place: Place, word: Word) -> Proposals:
    name, bracket, argument = word.text.partition("[")
    if bracket and word.expects in (Expects.OPERAND, Expects.ARGUMENT):
        return Proposals(tuple(_arguments(place, name)), argument)
    prefix = word.text[1:] if word.is_open else word.text
    return Proposals(tuple(_EXPECTED[word.expects](place, word)), prefix)


def _operands(place: Place, word: Word) -> Iterator[Proposal]:
    yield from _arguments_or_fields(place, word)
    names = {source.name for source in place.sources}
    for macro in _symbols(place, Kind.MACRO, ItemKind.Function, rank=3):
        fitting = place.snapshot.fitting.get(macro.label)
        if fitting is None or fitting & names:
            yield macro
    yield Proposal("not", ItemKind.Keyword, "", words.CONNECTIVES["not"], "not ")


def _arguments_or_fields(place: Place, word: Word) -> Iterator[Proposal]:
    yield from _fields(place)
    yield from _dotted(place, word.text)
    yield from _transformers()


def _fields(place: Place) -> Iterator[Proposal]:
    for found in fields(place.sources):
        field = found.field
        several = "list of " if field.is_list else ""
        needs = field.argument not in OPTIONAL and field.argument not in DOTTED
        yield Proposal(
            field.name,
            ItemKind.Field,
            f"{several}{field.type.name} ({found.source.name})",
            field.doc,
            snippet=f"{field.name}[$0]" if needs else "",
            deprecated=field.deprecated,
            rank=2,
        )


def _dotted(place: Place, written: str) -> Iterator[Proposal]:
    """Yield the names that may stand behind the dot of what has been written."""
    for found in find_field(written.rpartition(".")[0], place.sources):
        if found.field.argument in DOTTED and found.argument is None:
            for name in known_arguments(found.field, found.source):
                label = f"{found.field.name}.{name}"
                yield Proposal(label, ItemKind.Field, "argument", found.field.doc, rank=1)


def _arguments(place: Place, name: str) -> Iterator[Proposal]:
    """Yield what may stand in the brackets behind a field."""
    for found in find_field(name, place.sources):
        known = known_arguments(found.field, found.source)
        if found.field.argument in _INDEXED and not found.field.pointer:
            known = map(str, range(4))
        for rank, argument in enumerate(known):
            yield Proposal(
                argument, ItemKind.Value, f"{name}[...]", found.field.doc, f"{argument}]", rank=rank
            )
        return


_INDEXED: Final = frozenset({Argument.INDEX, Argument.REQUIRED_INDEX, Argument.OPTIONAL})


def _transformers() -> Iterator[Proposal]:
    for name, transformer in TRANSFORMERS.items():
        snippet = f"{name}($0)"
        yield Proposal(
            name, ItemKind.Method, "transformer", transformer.doc, f"{name}(", snippet, rank=4
        )


def _operators(place: Place, word: Word) -> Iterator[Proposal]:
    found = find_field(word.field, place.sources) if word.field else []
    fitting = set(OPERATORS)
    if found:
        field = found[0].field
        fitting = set(askable(Shape(field.type, field.is_list)))
        fitting = {"=", "exists"} if field.within else fitting
    for rank, symbol in enumerate(words.operators_in_order()):
        if symbol in fitting:
            many = OPERATORS[symbol].takes is Takes.MANY
            behind = "" if OPERATORS[symbol].takes is Takes.NOTHING else " "
            yield Proposal(
                symbol,
                ItemKind.Operator,
                f"{OPERATORS[symbol].takes.value}",
                words.OPERATORS[symbol],
                f"{symbol}{behind}",
                f"{symbol} ($0)" if many else "",
                rank=rank,
            )


def _values(place: Place, word: Word) -> Iterator[Proposal]:
    yield from _known(place, word)
    operator = OPERATORS.get(word.operator)
    if operator is None or word.is_open:
        return  # what is in quotes is a value, and nothing else
    if operator.fields:
        yield Proposal("val", ItemKind.Method, "field", "The value of a field.", "val(", "val($0)")
        yield from _transformers()
    if operator.modifiable:
        for modifier in MODIFIERS:
            yield Proposal(
                modifier, ItemKind.Operator, "", words.MODIFIERS[modifier], f"{modifier} ("
            )


def _lists(place: Place, word: Word) -> Iterator[Proposal]:
    if not word.text:
        yield Proposal("(", ItemKind.Operator, "list of values", snippet="($0)", rank=0)
    yield from _symbols(place, Kind.LIST, ItemKind.Enum, rank=1, form="({})")


def _items(place: Place, word: Word) -> Iterator[Proposal]:
    yield from _known(place, word)
    yield from _symbols(place, Kind.LIST, ItemKind.Enum, rank=1)


def _known(place: Place, word: Word) -> Iterator[Proposal]:
    for found in find_field(word.field, place.sources):
        for value in known_values(word.field, found.field, found.source):
            needs = not word.is_open and _DELIMITED.search(value)
            insert = f'"{value}"' if needs else value
            yield Proposal(value, ItemKind.EnumMember, found.field.name, insert=insert, rank=2)
        return


_DELIMITED: Final = re.compile(r"""[()"'=, ]""")


def _connectives(place: Place, word: Word) -> Iterator[Proposal]:
    for name in ("and", "or"):
        yield Proposal(name, ItemKind.Keyword, "", words.CONNECTIVES[name], f"{name} ")


_EXPECTED: Final[Mapping[Expects, Callable[[Place, Word], Iterable[Proposal]]]] = {
    Expects.OPERAND: _operands,
    Expects.OPERATOR: _operators,
    Expects.VALUE: _values,
    Expects.LIST: _lists,
    Expects.ITEM: _items,
    Expects.ARGUMENT: _arguments_or_fields,
    Expects.CONNECTIVE: _connectives,
}


# --- other texts ----------------------------------------------------------------------------


def _symbols(
    place: Place, kind: Kind, shown: ItemKind, rank: int, form: str = ""
) -> Iterator[Proposal]:
    for symbol in place.snapshot.named(kind):
        _, item = symbol.items[0]
        about = "condition" if kind is Kind.MACRO else "items"
        doc = ", ".join(str(entry.text) for entry in item.texts(about))
        doc = doc if len(doc) <= _LONGEST_DOC else doc[:_LONGEST_DOC] + "..."
        insert = form.format(symbol.name) if form else ""
        yield Proposal(symbol.name, shown, kind.value, doc, insert, rank=rank)


_LONGEST_DOC: Final = 300


def _names(place: Place, kind: Kind) -> Iterator[Proposal]:
    for symbol in place.snapshot.named(kind):
        if symbol.name != place.cursor.text:
            yield Proposal(symbol.name, ItemKind.Reference, kind.value)


def _plain(found: Iterable[Proposal], place: Place) -> Proposals:
    return Proposals(tuple(found), _last_word(place.cursor.text))


def _of_words(kind: ItemKind, table: Iterable[str]) -> Iterator[Proposal]:
    return (Proposal(word, kind, rank=rank) for rank, word in enumerate(table))


# What is proposed for a text, by the keys that lead to it.
_PROPOSERS: Final[Mapping[tuple[str, ...], Callable[[Place], Proposals]]] = {
    ("condition",): _condition,
    ("output",): _output,
    ("items",): lambda place: _plain(_symbols(place, Kind.LIST, ItemKind.Enum, 1), place),
    ("priority",): lambda place: _plain(
        (
            Proposal(name, ItemKind.EnumMember, doc=doc, rank=rank)
            for rank, (name, doc) in enumerate(words.PRIORITIES.items())
        ),
        place,
    ),
    ("source",): lambda place: _plain(
        (Proposal(s.name, ItemKind.Module, doc=s.doc) for s in place.known.values()), place
    ),
    ("tags",): lambda place: _plain(
        _of_words(ItemKind.Keyword, sorted(place.snapshot.tags)), place
    ),
    ("exceptions", "fields"): lambda place: _plain(_fields(place), place),
    ("exceptions", "comps"): lambda place: _plain(
        _of_words(ItemKind.Operator, sorted(comparisons())), place
    ),
    ("exceptions", "values"): lambda place: _plain(
        _symbols(place, Kind.LIST, ItemKind.Enum, 1), place
    ),
    ("required_engine_version",): lambda place: _plain(
        _of_words(ItemKind.Value, [ENGINE_VERSION]), place
    ),
    ("required_plugin_versions", "name"): lambda place: _plain(
        _of_words(ItemKind.Module, sorted(VERSIONS)), place
    ),
    ("required_plugin_versions", "alternatives", "name"): lambda place: _plain(
        _of_words(ItemKind.Module, sorted(VERSIONS)), place
    ),
}
