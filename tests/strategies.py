"""Random conditions that can be compiled, and random events to ask them about.

Everything comes from the tables: a new operator, transformer, type or field is
drawn from the day it has an entry. Conditions are valid by construction.
Events are made for the conditions: they have values at the places that the
conditions look at, and the values are close to the constants.
"""

import re
from base64 import b64encode
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from itertools import product
from typing import Any, Final, NamedTuple, TypeAlias

from hypothesis import strategies as st

from rulec.canonical import canonical
from rulec.check import TYPE_FIELDS, check
from rulec.constants import constant
from rulec.diagnostics import ProblemError
from rulec.nodes import (
    And,
    Call,
    Check,
    Condition,
    Const,
    Constant,
    FieldRef,
    Group,
    Items,
    Literal,
    Loaded,
    Not,
    OneOf,
    Or,
    Reference,
    Value,
)
from rulec.operators import (
    COMPARABLE_LISTS,
    IN_RANGES,
    MODIFIERS,
    OPERATORS,
    SYNONYMS,
    Operator,
    Takes,
)
from rulec.plan import Output, Slot
from rulec.references import References, shape
from rulec.runtime.encoding import ascii_upper, from_utf8, is_utf8, utf8
from rulec.runtime.events import Event, Run
from rulec.runtime.fields import (
    CHARBUF,
    DOTTED,
    EACH,
    Argument,
    Field,
    Kind,
    Several,
    Type,
    field_text,
    is_index,
    pointer_steps,
    steps,
)
from rulec.runtime.sources import AnyEvent, EventSource
from rulec.runtime.sources.syscall.dictionaries import FieldEvent
from rulec.transformers import JOINABLE, TRANSFORMERS, Shape, Transformer
from rulec.type_gates import TYPE

Draw = Callable[[st.SearchStrategy[Any]], Any]

# --- constants --------------------------------------------------------------------

TEXTS: Final = (
    *("", "a", "A", "b", "ab", "é", "É", "/", "/a/b", "/etc/passwd", "a b", "a,b"),
    *(
        "\udcc3",
        "a\udcc3",
        "\udca9",
        "a\n",
        "-a",
        "-t",
        "-tb",
        "--",
        "at:",
        "aGVsbG8=",
        "hello",
        "YQ",
    ),
    *("0", "5", "30", "35", "-5", "true", "\\d[", "%s", '"""', "a" * 255),
)
# Parts of characters: they are in the bytes of "é", but not in its text.
PARTIAL: Final = ("\udcc3", "a\udcc3", "\udca9")
NUMBERS: Final = (
    *("0", "1", "2", "5", "-1", "-5", "30", "007", " 7", "+7", "44", "127", "128", "255", "256"),
    *("300", "65535", "65536", "4294967296", "9223372036854775807", "18446744073709551615"),
    "99999999999999999999",
)
ADDRESSES: Final = ("10.1.2.3", "10.1.2.4", "192.168.0.1", "::1", "fe80::1", "::ffff:a01:203")
POOLS: Final[Mapping[Kind, tuple[str, ...]]] = {
    Kind.STRING: TEXTS,
    Kind.BYTES: (*TEXTS, "\0", "61", "fF", "c3a9"),
    Kind.INTEGER: NUMBERS,
    Kind.PORT: (*NUMBERS, "", "http", "https"),
    Kind.DOUBLE: NUMBERS,
    Kind.BOOL: ("true", "false"),
    Kind.ADDRESS: ADDRESSES,
    Kind.NETWORK: (
        *("10.0.0.0/8", "10.1.2.3/32", "10.1.2.9/30", "0.0.0.0/0"),
        *("::1/128", "fe80::/10", "::/1"),
    ),
}
GLOBS: Final = (
    *("*", "", "a*", "*b", "*a*", "a?", "?", "??", "[ab]*", "[!a]*", "[^a]", "\\a", "[", "[]a]"),
    *("/etc/*", "*/b", "[[:alpha:]]*", "*é*", "*\udcc3*", "[\udcc3]?", "a*b*", "[A-B]*", "\\", "É"),
)
PATTERNS: Final[Mapping[str, tuple[str, ...]]] = {
    "glob": GLOBS,
    "iglob": GLOBS,
    "pmatch": (*GLOBS, "/", "/a", "/etc", "etc//passwd/", "/?tc", "/*/b", "/a/b/c", "a", "/[!e]"),
    "regex": (
        *("", "a", "a+", ".*", ".", "(a|b)+", "[^a]*", "/etc/.*", "é", "^a$", "[[:alpha:]]*"),
        *("\\.", "a{1,3}", "(ab|a)(b|)", "x?"),
    ),
}
# Sources that are lenient know these, too.
LENIENT: Final = ("30:40", "-5:5", "5:1", "0:0", "+30:+30")

KEYS: Final = ("a", "", "b", "/etc*", "a b", "é")
INDEXES: Final = ("0", "1", "2", "18446744073709551615")
POINTERS: Final = ("", "/", "/a/b", "kind", "/kind", "/a~1b", "/a/01", "/-")
SELECTORS: Final = ("a", "t", "b", "é", ":")
# Words of a command line, and letters that are known as options.
OPTIONS: Final = ("-a", "-t", "-tb", "-at5", "--", "--all", "at:", "a:tb", ":t:a", "é:", "-é", "a")


def is_number(text: str) -> bool:
    """Return whether a text can stand behind ``<``: the grammar wants a number there."""
    return text.lstrip("+-").isdigit() and len(text) - len(text.lstrip("+-")) < 2


@cache
def texts_for(type_: Type, word: str, lenient: bool) -> tuple[str, ...]:
    """Return the constants that may stand behind an operator."""
    pool: tuple[str, ...] = POOLS.get(type_.kind, ())
    if type_.kind is Kind.STRING:
        pool = PATTERNS.get(word, pool) + (LENIENT if lenient else ())
    return tuple(text for text in pool if _is_constant(text, type_, word))


def _is_constant(text: str, type_: Type, word: str) -> bool:
    if word[0] in "<>" and not is_number(text):
        return False
    try:
        constant(Literal(text), type_, word)
    except ProblemError:
        return False
    return True


# --- what conditions can be made of -----------------------------------------------

LITERAL: Final = Shape(CHARBUF, constant=True)
TEXT: Final = Shape(CHARBUF)
TEXT_LIST: Final = Shape(CHARBUF, is_list=True)


class Signature(NamedTuple):
    """A way to call a transformer."""

    transformer: Transformer
    arguments: tuple[Shape, ...]
    selects: bool


Question: TypeAlias = tuple[Operator, Shape]


@dataclass(frozen=True)
class Vocabulary:
    """What the conditions of a source can be made of: fields, calls and questions."""

    fields: Mapping[Shape, Sequence[Field]]
    calls: Mapping[Shape, Mapping[str, Sequence[Signature]]]
    questions: Sequence[Question]

    def questions_of(self, shape: Shape) -> list[Question]:
        return [question for question in self.questions if question[1] == shape]


@cache
def vocabulary(source: EventSource) -> Vocabulary:
    declared: dict[Shape, list[Field]] = defaultdict(list)
    for field in source.fields.values():
        if not field.within:  # of which not much can be asked
            declared[Shape(field.type, field.is_list)].append(field)
    calls = _calls({*declared, LITERAL, TEXT_LIST})
    questions = [
        (operator, shape)
        for operator in OPERATORS.values()
        for shape in {**declared, **calls}
        if _can_be_asked(operator, shape, source.lenient)
        # Texts more often: there is most to say about them.
        for _ in range(3 if shape.type == CHARBUF else 1)
    ]
    return Vocabulary(dict(declared), calls, questions)


def _calls(shapes: set[Shape]) -> dict[Shape, dict[str, list[Signature]]]:
    found: dict[Shape, dict[str, list[Signature]]] = defaultdict(lambda: defaultdict(list))
    for transformer in TRANSFORMERS.values():
        least, most = transformer.arity
        for arity in range(least, min(most, least + 1) + 1):
            for arguments in product(sorted(shapes, key=str), repeat=arity):
                result = transformer.result(arguments)
                if result is not None:
                    result = Shape(result.type, result.is_list)
                    signature = Signature(transformer, arguments, False)
                    found[result][transformer.name].append(signature)
                    if transformer.selects:
                        one = Shape(result.type)
                        found[one][transformer.name].append(signature._replace(selects=True))
    assert found.keys() <= shapes, "a transformer gives what no field has: repeat until nothing new"
    return {shape: dict(by_name) for shape, by_name in found.items()}


def _can_be_asked(operator: Operator, shape: Shape, lenient: bool) -> bool:
    if operator.symbol == IN_RANGES or shape.type.kind not in operator.meanings:
        return False
    if not shape.is_list or operator.symbol == "exists":
        return True
    allowed = operator.on_lists is not None or (lenient and operator.lenient is not None)
    return allowed and shape.type.name in COMPARABLE_LISTS


# --- conditions -------------------------------------------------------------------


class Author:
    """Writes random parts of conditions for a source."""

    def __init__(self, draw: Draw, source: EventSource) -> None:
        self.draw = draw
        self.source = source
        self.words = vocabulary(source)
        self.written: list[Check] = []

    def one_of(self, options: Sequence[Any]) -> Any:
        return self.draw(st.sampled_from(options))

    def chance(self, percent: int) -> bool:
        return bool(self.draw(st.integers(0, 99)) >= 100 - percent)

    def condition(self, focus: Question | None = None) -> Condition:
        """Write a condition as it comes out of the parser (with macros replaced).

        Some of it is about the same values as the conditions before.
        """
        if focus is None and self.written and self.chance(40):
            checks = [self.another_check(self.one_of(self.written).left)]
        else:
            checks = [self.check(focus or self.one_of(self.words.questions))]
        for _ in range(self.draw(st.integers(0, 4))):
            known = None
            if self.chance(70):
                earlier = self.written if self.written and self.chance(40) else checks
                known = self.one_of(earlier).left
            checks.append(self.another_check(known))
        self.written += checks
        node = self.tree(checks, 3)
        if self.chance(4):
            for _ in range(self.draw(st.integers(8, 24))):
                node = self.around(node, checks)
        elif self.chance(4):
            for _ in range(self.draw(st.integers(2, 7))):
                node = self.rung(node)
            node = Not(node)
        return node

    def tree(self, leaves: Sequence[Condition], depth: int) -> Condition:
        if depth == 0 or self.chance(30):
            return self.one_of(leaves)
        kind = self.one_of((And, Or, Not, Or, And))
        if kind is Not:
            return Not(self.tree(leaves, depth - 1))
        parts = [self.tree(leaves, depth - 1) for _ in range(self.draw(st.integers(1, 3)))]
        return parts[0] if len(parts) == 1 else kind(tuple(parts))

    def around(self, node: Condition, leaves: Sequence[Condition]) -> Condition:
        """Write one more level around a condition."""
        if self.chance(15):
            return Not(node)
        others = [self.one_of(leaves) for _ in range(self.draw(st.integers(1, 2)))]
        kind = self.one_of((And, Or))
        return kind((node, *others) if self.chance(50) else (*others, node))

    def rung(self, node: Condition) -> Condition:
        """Write alternatives that all need the same value; one of them is a condition."""
        first = self.another_check(None)
        others = [self.another_check(first.left) for _ in range(2)]
        return Or((first, others[0], And((others[1], node))))

    def another_check(self, left: Reference | None) -> Check:
        """Write a check, of a value that another one is about if there is one."""
        if left is None:
            return self.check(self.one_of(self.words.questions))
        shape = shape_of(left, self.source)
        return self.check(self.one_of(self.words.questions_of(shape)), left)

    def check(self, question: Question, left: Reference | None = None) -> Check:
        operator, shape = question
        if left is None:
            left = self.reference(shape)
        word = operator.symbol
        synonyms = [other for other, meant in SYNONYMS.items() if meant == word]
        written = self.one_of((word, *synonyms)) if synonyms else word
        if operator.takes is Takes.NOTHING:
            return Check(left, written, None)
        if isinstance(left, FieldRef) and left.name in TYPE_FIELDS and self.source.event_types:
            return self.check_of_type(left, written, operator)
        if operator.modifiable and self.chance(25):
            return Check(left, f"{written} {self.one_of(MODIFIERS)}", self.items(word, shape))
        if self.comparable(operator, left, shape) and self.chance(30):
            return Check(left, written, self.reference(shape, comparable=True))
        if operator.takes is Takes.MANY:
            return Check(left, written, self.items(word, shape))
        return Check(left, written, self.literal(shape.type, word))

    def comparable(self, operator: Operator, left: Reference, shape: Shape) -> bool:
        """Return whether a field may stand on the other side, too."""
        if not operator.fields or shape.type.kind is Kind.NETWORK:
            return False
        if shape.is_list and operator.on_lists is None:
            return False
        if isinstance(left, FieldRef) and not _loaded(left, self.source).field.comparable:
            return False
        fields = [field for field in self.words.fields.get(shape, ()) if field.comparable]
        return bool(fields) or shape in self.words.calls

    def check_of_type(self, left: FieldRef, written: str, operator: Operator) -> Check:
        """Write a check of the type of the event, which only names of types are compared with."""
        names = self.draw(st.lists(st.sampled_from(EVENT_TYPES), max_size=3))
        if operator.takes is Takes.MANY:
            return Check(left, written, Items(tuple(map(Literal, names))))
        if operator.modifiable and self.chance(25):
            modified = f"{written} {self.one_of(MODIFIERS)}"
            return Check(left, modified, Items(tuple(map(Literal, names))))
        if operator.symbol[0] in "<>":  # only a number can stand behind them
            return Check(left, "exists", None)
        return Check(left, written, Literal(self.one_of(EVENT_TYPES)))

    def items(self, word: str, shape: Shape) -> Items:
        count = self.draw(st.integers(0, 4))
        return Items(tuple(self.literal(shape.type, word) for _ in range(count)))

    def literal(self, type_: Type, word: str) -> Literal:
        if self.source.lenient and type_ == CHARBUF and self.chance(8):
            return Literal("<NA>")
        meaning = OPERATORS[word].meanings[type_.kind]
        if meaning.bytewise is not None and self.chance(20):
            return Literal(self.one_of(PARTIAL))
        return Literal(self.one_of(texts_for(type_, word, self.source.lenient)))

    def reference(
        self, shape: Shape, *, depth: int = 2, inside: bool = False, comparable: bool = False
    ) -> Reference:
        """Write something with a value of this shape: a field or a call."""
        fields = [
            field
            for field in self.words.fields.get(shape, ())
            if (field.transformable or not inside) and (field.comparable or not comparable)
        ]
        calls = self.words.calls.get(shape)
        if calls and (not fields or (depth > 0 and self.chance(35))):
            return self.call(self.one_of(calls[self.one_of(tuple(calls))]), depth - 1)
        return self.field(self.one_of(fields))

    def call(self, signature: Signature, depth: int) -> Call:
        texts = OPTIONS if signature.transformer.selects else TEXTS
        arguments = tuple(self.argument(shape, depth, texts) for shape in signature.arguments)
        selector = self.one_of(SELECTORS) if signature.selects else None
        return Call(signature.transformer.name, arguments, selector)

    def argument(
        self, shape: Shape, depth: int, texts: Sequence[str]
    ) -> FieldRef | Call | Literal | Group:
        if shape == LITERAL:
            return Literal(self.one_of(texts))
        if shape == TEXT_LIST and self.chance(40):
            count = self.draw(st.integers(0, 3))
            return Group(tuple(self.joinable(depth - 1, texts) for _ in range(count)))
        return self.reference(shape, depth=depth, inside=True)

    def joinable(self, depth: int, texts: Sequence[str]) -> FieldRef | Call | Literal:
        shapes = [s for s in self.words.fields if s.type.name in JOINABLE]
        shape = self.one_of((LITERAL, LITERAL, *shapes))
        if shape == LITERAL:
            return Literal(self.one_of(texts))
        return self.reference(shape, depth=depth, inside=True)

    def field(self, field: Field) -> FieldRef:
        argument = self.one_of(arguments_of(field))
        if field.argument in DOTTED and argument is not None and not is_index(argument):
            return FieldRef(field_text(field, argument))
        return FieldRef(field.name, argument)

    def output(self) -> Output:
        """Write an output: text, and values of the event."""
        parts: list[str | Slot] = []
        loaded: dict[str, Value] = {}
        references = References(self.source.fields, [])
        for _ in range(self.draw(st.integers(0, 4))):
            if self.chance(40):
                parts.append(self.one_of(TEXTS))
                continue
            shape = self.one_of(tuple(self.words.fields))
            value = references.value(self.reference(shape))
            parts.append(Slot(value, self.one_of((None, 0, 3, 300))))
            if isinstance(value, Loaded):
                loaded[f"{value.field.name}[{value.argument}]"] = value
        return Output(tuple(parts), tuple(loaded.items()))


def arguments_of(field: Field) -> tuple[str | None, ...]:
    """Return arguments that may stand behind a field."""
    if field.pointer:
        return POINTERS
    names = tuple(sorted(field.choices or ("cpu", "a.b")))[:4]
    return {
        Argument.NONE: (None,),
        Argument.INDEX: (None, None, *INDEXES),
        Argument.KEY: KEYS,
        Argument.REQUIRED_INDEX: INDEXES,
        Argument.OPTIONAL: (None, *INDEXES, *KEYS),
        Argument.REQUIRED: (*INDEXES, *KEYS),
        Argument.NAME: names,
        Argument.OPTIONAL_NAME: (None, *names),
        Argument.NAME_OR_INDEX: (*names, *INDEXES),
    }[field.argument]


def shape_of(reference: Reference, source: EventSource) -> Shape:
    return shape(References(source.fields, []).value(reference))


def conditions(source: EventSource) -> st.SearchStrategy[Condition]:
    """Draw parsed conditions that are valid for a source."""
    return _conditions(source)


@st.composite
def _conditions(draw: Draw, source: EventSource) -> Condition:
    return Author(draw, source).condition()


@st.composite
def checked_conditions(draw: Draw, source: EventSource) -> Condition:
    """Draw checked conditions, with more shapes than the parser can come up with."""
    author = Author(draw, source)
    leaves: list[Condition] = [Const(True), Const(False)]
    for _ in range(draw(st.integers(1, 4))):
        known = [leaf for leaf in leaves if isinstance(leaf, Check)]
        left = author.one_of(known).left if known and author.chance(60) else None
        leaves.append(author.another_check(left))
    leaves = [check(leaf, source).condition for leaf in leaves]
    return _checked_tree(author, leaves, 4)


def _checked_tree(author: Author, leaves: Sequence[Condition], depth: int) -> Condition:
    if depth == 0 or author.chance(25):
        return author.one_of(leaves)
    kind = author.one_of((And, Or, Not, OneOf))
    if kind is Not:
        return Not(_checked_tree(author, leaves, depth - 1))
    count = author.draw(st.integers(0, 3))
    return kind(tuple(_checked_tree(author, leaves, depth - 1) for _ in range(count)))


@st.composite
def outputs(draw: Draw, source: EventSource) -> Output:
    return Author(draw, source).output()


# --- what is in a condition -------------------------------------------------------


def parts_of(node: Any) -> Iterator[Any]:
    """Yield every node in a condition or an output, the node itself first."""
    yield node
    if isinstance(node, tuple):
        for part in node:
            yield from parts_of(part)
    elif is_dataclass(node) and not isinstance(node, Field | Type):
        for each in fields(node):
            if each.name != "span":
                yield from parts_of(getattr(node, each.name))


def read_by(nodes: Any, source: EventSource) -> list[tuple[Field, str | None]]:
    """Return the fields in conditions, with their arguments."""
    found: dict[tuple[str, str | None], None] = {}
    for part in parts_of(nodes):
        if isinstance(part, FieldRef):
            loaded = _loaded(part, source)
            found[loaded.field.name, loaded.argument] = None
        elif isinstance(part, Loaded):
            found[part.field.name, part.argument] = None
    return [(source.fields[name], argument) for name, argument in found]


def _loaded(reference: FieldRef, source: EventSource) -> Loaded:
    return References(source.fields, []).field(reference)


class Constants(NamedTuple):
    """The constants in conditions: as they are written, and texts that are close to them."""

    written: tuple[str, ...]
    near: tuple[str, ...]

    def among(self, others: Sequence[Any], fits: Callable[[str], bool] = lambda _: True) -> Any:
        """Return what to draw from: a third is constants, a third is near them."""
        pools: list[list[Any]] = [
            list(filter(fits, self.written)),
            list(filter(fits, self.near)),
            list(others),
        ]
        largest = max(map(len, pools))
        return tuple(each for pool in pools if pool for each in pool * (largest // len(pool)))


NO_CONSTANTS: Final = Constants((), ())


def constants_in(nodes: Any) -> Constants:
    written: dict[str, None] = {}
    for part in parts_of(nodes):
        match part:
            case Literal(text) | Constant(str(text)):
                written[text] = None
            case Constant(tuple(values)):
                written |= {value: None for value in values if isinstance(value, str)}
    near: dict[str, None] = {}
    for text in written:
        encoded = b64encode(utf8(text)).decode()
        upper = ascii_upper(text)
        near |= dict.fromkeys((text + "b", f"/a/{text}", upper, f"-{text}", f"-t{text}", encoded))
        if not is_utf8(text):  # part of a character: here are whole ones
            whole = (utf8(text) + b"\xa9", b"\xc3" + utf8(text), b"a\xc3" + utf8(text) + b"\xa9b")
            near |= dict.fromkeys(map(from_utf8, whole))
    return Constants(tuple(written), tuple(near))


# --- events of the source "test" --------------------------------------------------

ODD: Final[tuple[Any, ...]] = (None, True, False, 0, 5, -1, 1.5, 2**70, [], {}, ["a"], {"a": "b"})


class Values:
    """What the values of an event are drawn from, by kind."""

    def __init__(self, constants: Constants = NO_CONSTANTS) -> None:
        self.constants = constants
        self.known: dict[Kind, tuple[Any, ...]] = {}

    def of(self, kind: Kind) -> tuple[Any, ...]:
        if kind not in self.known:
            self.known[kind] = self._of(kind)
        return self.known[kind]

    def _of(self, kind: Kind) -> tuple[Any, ...]:
        pool = POOLS.get(kind, TEXTS)
        if kind in (Kind.STRING, Kind.BYTES):
            texts = self.constants.among((*pool, "a\0b", "b" * 300, *GLOBS[:12]))
            return tuple(utf8(text).hex() for text in texts) if kind is Kind.BYTES else texts
        if kind in (Kind.INTEGER, Kind.PORT, Kind.DOUBLE):
            numbers = [
                int(text) for text in self.constants.among(pool, is_number) if is_number(text)
            ]
            return (*numbers, *numbers, *(n + 1 for n in numbers), *map(str, numbers))
        if kind is Kind.BOOL:
            return (True, False, "true", "false", "maybe")
        # Networks are asked about addresses.
        return self.constants.among((*ADDRESSES, "10.1.2"), ADDRESSES.__contains__)


def flat_event(draw: Draw, wanted: Sequence[tuple[Field, str | None]], values: Values) -> Event:
    """Make an event of the source ``test``."""
    document: dict[str, Any] = {}
    for field, argument in wanted:
        roll = draw(st.integers(0, 9))
        if roll == 0:
            continue
        known = st.sampled_from(values.of(field.type.kind))
        member = field.name if argument is None else f"{field.name}[{argument}]"
        if field.is_list and roll > 1:
            document[member] = draw(st.lists(known, max_size=3))
        elif roll > 1 or field.compute is not None:
            document[member] = draw(known)
        else:
            document[member] = draw(st.sampled_from(ODD))
    return Event(document, 0)


# --- system calls -----------------------------------------------------------------

# What the type of an event is compared with.
EVENT_TYPES: Final = ("open", "openat", "execve", "close", "fcntl64")
TYPES_OF_EVENTS: Final = (*EVENT_TYPES, "write", "not_a_type", "", "<NA>", None)
ENDS: Final = ("c", "s", "l", "r")


def bytes_near(digits: str) -> Iterator[bytes]:
    """Yield the bytes that a value is, and those that its text spells in rules."""
    data = bytes.fromhex(digits)
    yield data
    if re.fullmatch(b"([0-9A-Fa-f]{2})+", data):
        yield bytes.fromhex(data.decode())


def field_event(
    draw: Draw, wanted: Sequence[tuple[Field, str | None]], values: Values
) -> FieldEvent:
    """Make an event that has been given values of fields, in one of the ways to give them."""
    given: dict[str, Any] = {TYPE: draw(st.sampled_from(TYPES_OF_EVENTS))}
    for field, argument in wanted:
        roll = draw(st.integers(0, 9))
        if roll == 0 or field.name == TYPE:
            continue
        text, drawn = field_text(field, argument), values.of(field.type.kind)
        if field.type.kind is Kind.BYTES:
            drawn = tuple(data for digits in drawn for data in bytes_near(digits))
        known = st.sampled_from(drawn)
        several = field.several if argument is None else None
        if roll == 1:
            given[text] = draw(st.sampled_from((*ODD, "<NA>", b"a\xff")))
        elif field.is_list or (several and roll < 5):
            given[text] = draw(st.lists(known, max_size=1 + roll % 3))
        elif several is Several.ANCESTORS and roll < 9:
            for level in draw(st.lists(st.integers(0, 12), max_size=3)):
                given[f"{text}[{level}]"] = draw(known)
        elif several is Several.ENDS and roll < 9:
            kind = "ip" if field.type.kind in (Kind.ADDRESS, Kind.NETWORK) else "port"
            for end in draw(st.lists(st.sampled_from(ENDS), max_size=3)):
                given[f"fd.{end}{kind}"] = draw(known)
        else:
            given[text] = draw(known)
    return FieldEvent(given, draw(st.sampled_from((0, 5, 30, 5_000_000_030))), 5)


# --- audit events -----------------------------------------------------------------

# What functions read below the paths that their fields declare.
INNER: Final = (
    "/requestObject/spec/containers[]/command[]",
    "/requestObject/spec/containers[]/args[]",
    "/requestObject/spec/containers[]/ports[]/hostPort",
    "/requestObject/spec/containers[]/ports[]/containerPort",
    "/requestObject/spec/initContainers[]/command[]",
    "/requestObject/spec/initContainers[]/args[]",
    "/requestObject/spec/initContainers[]/ports[]/hostPort",
    "/requestObject/spec/ephemeralContainers[]/command[]",
    "/requestObject/spec/ephemeralContainers[]/args[]",
    "/requestObject/spec/volumes[]/name",
    "/requestObject/spec/volumes[]/secret",
    "/requestObject/subjects[]/kind",
    "/requestObject/subjects[]/name",
    "/requestObject/subjects[]/namespace",
)
# Values that some members need to be interesting.
USUAL: Final[Mapping[str, tuple[Any, ...]]] = {
    "requestURI": ("/a?a=b&b=%20", "?a=%", "/?a=\n", "a?=b&a", "?%61=%C3%A9&b=a;b", "?a=1#?a=2"),
    "kind": ("User", "Group", "ServiceAccount", "Event"),
    "resource": ("pods",),
    "subresource": ("",),
    "image": ("nginx", "a:5000/b/c:1@sha256:ab", "localhost/a", "a:1", "@", ":", "/"),
    "privileged": (True, False),
}
ODD_MEMBERS: Final[tuple[Any, ...]] = (
    *ODD,
    *("", [[]], [{}], [None], [[{"image": "a"}]], {"a~1b": 1, "é": [1.5, "\udcff"]}),
)
STAMP: Final = "2026-08-01T10:00:00.000000007Z"
# Times that rules may ask for, in nanoseconds, and how an event may write them.
STAMPS: Final = (
    (5, "1970-01-01T00:00:00.000000005Z"),
    (30, "1969-12-31T20:00:00.00000003-04:00"),
    (5_000_000_030, "1970-01-01T12:00:05.000000030+12:00"),
)


@cache
def all_paths(source: EventSource) -> tuple[str, ...]:
    declared = {
        path: None
        for field in source.fields.values()
        for path in (field.path, *field.reads)
        if path
    }
    return tuple({**declared, **dict.fromkeys(INNER)})


def places(field: Field, argument: str | None, source: EventSource) -> Iterator[tuple[str, ...]]:
    """Yield the paths at which a field may find its value, or a part of it."""
    if field.pointer:
        found = pointer_steps(argument or "")
        yield tuple(EACH if at and step.isdigit() else step for at, step in enumerate(found))
    for read in (field.path, *field.reads):
        if read:
            below = [p for p in all_paths(source) if p.startswith((read + "[]", read + "/"))]
            yield from map(steps, below or [read])


class Gardener:
    """Grows documents: plants values at paths, and now and then something odd instead."""

    def __init__(self, draw: Draw, leaves: Sequence[Any]) -> None:
        self.draw = draw
        self.leaves = leaves

    def leaf(self, name: str) -> Any:
        roll = self.draw(st.integers(0, 9))
        if name in USUAL and roll > 4:
            return self.draw(st.sampled_from(USUAL[name]))
        return self.odd() if roll == 0 else self.draw(st.sampled_from(self.leaves))

    def odd(self) -> Any:
        # A copy, because something may grow on it.
        return deepcopy(self.draw(st.sampled_from(ODD_MEMBERS)))

    def plant(self, place: Any, path: tuple[str, ...]) -> None:
        if not path or not isinstance(place, dict):
            return
        step, rest = path[0], path[1:]
        if not rest:
            if step not in place and self.draw(st.integers(0, 9)):
                place[step] = self.leaf(step)
            return
        if step not in place and not self.branch(place, step, rest):
            return
        if rest[0] != EACH:
            self.plant(place[step], rest)
            return
        below = place[step]
        for element in below if isinstance(below, list) else [below]:
            self.plant(element, rest[1:])

    def branch(self, place: dict[str, Any], step: str, rest: tuple[str, ...]) -> bool:
        """Put something at a step, for more to grow on; return whether there is."""
        roll = self.draw(st.integers(0, 19))
        if roll == 0:
            return False
        if roll == 1:
            place[step] = self.odd()
        elif rest == (EACH,):
            place[step] = [self.leaf(step) for _ in range(self.draw(st.integers(0, 3)))]
        elif rest[0] == EACH and roll > 2:
            place[step] = [{} for _ in range(self.draw(st.integers(0, 2)) or 1)]
        else:
            place[step] = {}
        return True


def audit_document(draw: Draw, paths: Sequence[tuple[str, ...]], leaves: Sequence[Any]) -> Any:
    document: dict[str, Any] = {"kind": "Event", "stageTimestamp": STAMP}
    if draw(st.integers(0, 19)):
        document["auditID"] = draw(st.sampled_from(("a", "b", 5, None)))
    gardener = Gardener(draw, leaves)
    for path in paths:
        gardener.plant(document, path)
    return document


def audit_event(draw: Draw, document: Any) -> Event:
    """Make an event of a document, as its source would, with a time that may be of interest."""
    run = Run("k8s_audit", "k8saudit", "a")
    run.start = draw(st.sampled_from((None, 0, 5)))
    audit = document if "auditID" in document else {}
    time, stamp = draw(st.sampled_from(STAMPS))
    document["stageTimestamp"] = stamp
    return Event(document, time, draw(st.sampled_from((1, 5, 30))), audit, run)


def audit_leaves(constants: Constants = NO_CONSTANTS) -> tuple[Any, ...]:
    """Return what the members of audit documents are drawn from."""
    others = (*TEXTS, *LENIENT, *GLOBS[:8], 0, 5, 30, 35, -5, True, False, 1.5, None)
    leaves: tuple[Any, ...] = constants.among(others)
    return leaves


@st.composite
def audit_documents(draw: Draw, source: EventSource, size: int = 20) -> dict[str, Any]:
    """Draw audit documents with values at any places that fields look at."""
    # Neighbours in the catalogue share their way, so a stretch of it makes a bushy document.
    found = all_paths(source)
    start = draw(st.integers(0, len(found) - 1))
    paths = (found * 2)[start : start + draw(st.integers(0, size))]
    document: dict[str, Any] = audit_document(draw, [steps(path) for path in paths], audit_leaves())
    return document


# --- conditions with events -------------------------------------------------------


SILENT: Final = Output((), ())


def document_of(event: AnyEvent) -> str:
    """Return the text of what an event was made of."""
    return repr(event.given if isinstance(event, FieldEvent) else event.data)


class Case(NamedTuple):
    """Conditions, and events to ask each of them about."""

    conditions: tuple[Condition, ...]
    outputs: tuple[Output, ...]
    events: tuple[AnyEvent, ...]

    def __repr__(self) -> str:
        found = (*map(canonical, self.conditions), *(output.parts for output in self.outputs))
        documents = dict.fromkeys(map(document_of, self.events))
        return "\n".join(map(str, (*found, *documents)))


def events_for(draw: Draw, source: EventSource, nodes: Any, count: int) -> tuple[AnyEvent, ...]:
    """Draw events in which the fields in conditions or outputs may have values."""
    wanted = read_by(nodes, source)
    constants = constants_in(nodes)
    if source.event_types:
        found = Values(constants)
        return tuple(field_event(draw, wanted, found) for _ in range(count))
    if source.name != "k8s_audit":
        values = Values(constants)
        return tuple(flat_event(draw, wanted, values) for _ in range(count))
    paths = [path for field, argument in wanted for path in places(field, argument, source)]
    leaves = audit_leaves(constants)
    return tuple(audit_event(draw, audit_document(draw, paths, leaves)) for _ in range(count))


@st.composite
def cases(
    draw: Draw, source: EventSource, rules: int, events: int, focus: Question | None = None
) -> Case:
    """Draw the conditions and outputs of some rules, and events for them."""
    author = Author(draw, source)
    found = tuple(author.condition(focus) for _ in range(rules))
    texts = tuple(author.output() for _ in range(rules))
    return Case(found, texts, events_for(draw, source, (found, texts), events))


@st.composite
def related_cases(draw: Draw, source: EventSource, rules: int, events: int) -> Case:
    """Draw conditions most of which are about the same two fields."""
    author = Author(draw, source)
    plain = [f for f in source.fields.values() if f.path and Shape(f.type, f.is_list) == TEXT]
    # Of system calls, gates are about the types.
    plain = [source.fields[TYPE]] if source.event_types else plain
    fields = [author.one_of(plain) for _ in range(2)]
    author.written = [Check(author.field(field), "exists", None) for field in fields] * 4
    found = tuple(author.condition() for _ in range(rules))
    return Case(found, (SILENT,) * rules, events_for(draw, source, found, events))


@st.composite
def ladders(draw: Draw, source: EventSource) -> Case:
    """Draw a deep condition in which the values that are needed change from level to level."""
    author = Author(draw, source)
    condition: Condition = author.another_check(None)
    for _ in range(draw(st.integers(4, 8))):
        condition = author.rung(condition)
    condition = Not(condition)  # so that it is written as one expression
    return Case((condition,), (SILENT,), events_for(draw, source, condition, 6))


@st.composite
def checked_cases(
    draw: Draw, source: EventSource, events: int
) -> tuple[Condition, tuple[AnyEvent, ...]]:
    """Draw a checked condition, and events for it."""
    condition = draw(checked_conditions(source))
    return condition, events_for(draw, source, condition, events)
