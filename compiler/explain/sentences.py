"""What would have to change about comparisons, in sentences."""

from collections.abc import Mapping, Sequence
from typing import Final

from rulec.canonical import canonical, escape_value
from rulec.nodes import Call, Check, Condition, FieldRef, Items, Literal
from rulec.operators import SYNONYMS
from rulec.runtime.encoding import sanitised

# Of a longer list, so many items are told.
SHOWN: Final = 6

# What a comparison asks of a value, and what the opposite is: {} stands for the other side.
SENTENCES: Final[Mapping[str, tuple[str, str]]] = {
    "exists": ("be there", "be absent"),
    "=": ("be {}", "be anything but {}"),
    "!=": ("be something else than {}", "be {}, or absent"),
    "<": ("be less than {}", "be at least {}, or absent"),
    "<=": ("be at most {}", "be more than {}, or absent"),
    ">": ("be more than {}", "be at most {}, or absent"),
    ">=": ("be at least {}", "be less than {}, or absent"),
    "contains": ("contain {}", "be without {}"),
    "icontains": ("contain {} in whatever case", "be without {} in whatever case"),
    "bcontains": ("contain the bytes {}", "be without the bytes {}"),
    "startswith": ("start with {}", "start with anything but {}"),
    "bstartswith": ("start with the bytes {}", "start with any bytes but {}"),
    "endswith": ("end with {}", "end with anything but {}"),
    "glob": ("be like the pattern {}", "be anything but like the pattern {}"),
    "iglob": (
        "be like the pattern {} in whatever case",
        "be anything but like the pattern {} in whatever case",
    ),
    "regex": (
        "be what the regular expression {} matches",
        "be anything but what the regular expression {} matches",
    ),
    "pmatch": ("be below {}", "be anywhere but below {}"),
    "in": ("be {}", "be anything but {}"),
    "intersects": ("include {}", "be without {}"),
}

# Of lists, this is asked instead.
_OF_LISTS: Final[Mapping[str, tuple[str, str]]] = {
    "in": ("include nothing but {}", "be absent, or include anything but {}"),
    "=": ("include nothing but {}", "be absent, or include anything but {}"),
}

_CHOICES: Final = {
    None: "one of {}",
    "anyof": "one of {}",
    "oneof": "exactly one of {}",
    "allof": "each of {}",
}


def how(written: Condition, to: bool, *, is_list: bool = False) -> str:
    """Return what would have to be, for a comparison to become true or false.

    >>> from rulec.parse import parse_condition
    >>> from rulec.text import Text
    >>> how(parse_condition(Text.of("ka.verb in (create, patch)")), True)
    'ka.verb would have to be one of (create, patch)'
    """
    if not isinstance(written, Check):
        return f"{canonical(written)} would have to be {'true' if to else 'false'}"
    symbol, _, modifier = written.operator.partition(" ")
    symbol = SYNONYMS.get(symbol, symbol)
    sentence = (is_list and _OF_LISTS.get(symbol)) or SENTENCES[symbol]
    left = canonical(Check(written.left, "exists", None)).removesuffix(" exists")
    asked = sentence[not to].format(_other_side(written, modifier or None))
    return sanitised(f"{left} would have to {asked}")


def _other_side(written: Check, modifier: str | None) -> str:
    match written.right:
        case None:
            return ""
        case Literal(text):
            return escape_value(text) or '""'
        case Items(items):
            texts = [item.text for item in items]
            if len(texts) == 1 and modifier != "oneof":
                return escape_value(texts[0]) or '""'
            return _CHOICES[modifier].format(f"({clipped(texts)})")
        case FieldRef() | Call() as other:
            name = canonical(Check(other, "exists", None)).removesuffix(" exists")
            return f"the value of {name}"


def clipped(items: Sequence[str], most: int = SHOWN) -> str:
    """Return items with commas between them; of many, the first, and how many there are.

    >>> clipped(["a", "b", "c"], 2)
    'a, b, ... 3 in all'
    """
    texts = [escape_value(item) or '""' for item in items[:most]]
    more = [f"... {len(items):,} in all"] if len(items) > most else []
    return ", ".join([*texts, *more])
