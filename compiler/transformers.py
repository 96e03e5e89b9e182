"""Every transformer, one entry each.

A transformer is a function of values: ``meaning`` is the runtime function,
which is also what compiled code calls, and ``result`` tells the type that it
gives for the types of its arguments, or refuses them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from rulec.runtime import transforms
from rulec.runtime.fields import CHARBUF, TYPES, Type


@dataclass(frozen=True, slots=True)
class Shape:
    """The type of a value and whether it is a list of such; ``constant`` if it is no field."""

    type: Type
    is_list: bool = False
    constant: bool = False


Result = Callable[[Sequence[Shape]], Shape | None]

UINT64: Final = TYPES["UINT64"]
STRINGS: Final = ("CHARBUF", "FSPATH", "FSRELPATH")
# Types whose values join() writes as decimal numbers.
JOINABLE: Final = ("CHARBUF", "INT64", "UINT64", "PID")


@dataclass(frozen=True, slots=True)
class Transformer:
    """A transformer.

    ``arity`` is the least and the greatest number of arguments. ``result``
    gives the shape of the result, or ``None`` when it does not take these
    arguments. ``function`` is the name in the runtime of ``meaning``;
    ``selects`` tells whether ``[selector]`` may follow, which makes the result
    a single value.
    """

    name: str
    arity: tuple[int, int]
    result: Result
    function: str
    meaning: Callable[..., Any]
    doc: str
    selects: bool = False


def _same(*types: str) -> Result:
    """Accept one value or list of these types and give the same back."""

    def result(arguments: Sequence[Shape]) -> Shape | None:
        (argument,) = arguments
        if argument.type.name not in types:
            return None
        return Shape(argument.type, argument.is_list)

    return result


def _one(*types: str) -> Result:
    """Accept one value of these types, no list, and give the same back."""

    def result(arguments: Sequence[Shape]) -> Shape | None:
        (argument,) = arguments
        return None if argument.is_list else _same(*types)(arguments)

    return result


def _length(arguments: Sequence[Shape]) -> Shape | None:
    (argument,) = arguments
    measurable = argument.is_list or argument.type.name in (*STRINGS, "BYTEBUF")
    return Shape(UINT64) if measurable else None


def _joined(arguments: Sequence[Shape]) -> Shape | None:
    separator, parts = arguments
    if separator.type.name != "CHARBUF" or separator.is_list or not parts.is_list:
        return None
    return Shape(CHARBUF) if parts.type.name in JOINABLE else None


def _concatenated(arguments: Sequence[Shape]) -> Shape | None:
    texts = all(a.type.name == "CHARBUF" and not a.is_list for a in arguments)
    return Shape(CHARBUF) if texts else None


def _options(arguments: Sequence[Shape]) -> Shape | None:
    words, options = arguments
    if not words.is_list or words.type.name != "CHARBUF":
        return None
    if options.is_list or options.type.name != "CHARBUF":
        return None
    return Shape(CHARBUF, is_list=True)


TRANSFORMERS: Final[Mapping[str, Transformer]] = {
    entry.name: entry
    for entry in (
        Transformer(
            "tolower",
            (1, 1),
            _same(*STRINGS),
            "tolower",
            transforms.tolower,
            "The text with ASCII letters in lower case.",
        ),
        Transformer(
            "toupper",
            (1, 1),
            _same(*STRINGS),
            "toupper",
            transforms.toupper,
            "The text with ASCII letters in upper case.",
        ),
        Transformer(
            "b64",
            (1, 1),
            _same("CHARBUF", "BYTEBUF"),
            "b64",
            transforms.b64,
            "What the text says once it is decoded from base64; nothing if it is none.",
        ),
        Transformer(
            "basename",
            (1, 1),
            _same(*STRINGS),
            "basename",
            transforms.basename,
            "The part behind the last slash.",
        ),
        Transformer(
            "len",
            (1, 1),
            _length,
            "length",
            transforms.length,
            "The number of elements of a list, or of bytes of a text.",
        ),
        Transformer(
            "join",
            (2, 2),
            _joined,
            "join",
            transforms.join,
            "The elements of a list with a separator between them.",
        ),
        Transformer(
            "concat",
            (2, 64),
            _concatenated,
            "concat",
            transforms.concat,
            "Texts, one behind the other.",
        ),
        Transformer(
            "getopt",
            (2, 2),
            _options,
            "getopt",
            transforms.getopt,
            "The command line options in a list of words, or with [x] the value of one.",
            selects=True,
        ),
    )
}
