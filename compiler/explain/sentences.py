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
_SENTENCES: Final[Mapping[str, tuple[str, str]]] = {
    "exists": ("be there", "be absent"),
    "=": ("be {}", "be anything but {}"),
    "!=": ("be something else than {}", "be {}, or absent"),
    "<": ("be less than {}", "be at least {}, or absent"),
    "<=": ("be at most {}", "be more than {}, or absent"),
    ">": ("be more than {}", "be at most {}, or absent"),
    ">=": ("be at least {}", "be less than {}, or absent"),
    "contains": ("contain {}", "not contain {}"),
    "icontains": ("contain {} in whatever case", "not contain {} in whatever case"),
    "bcontains": ("contain the bytes {}", "not contain the bytes {}"),
    "startswith": ("start with {}", "not start with {}"),
    "bstartswith": ("start with the bytes {}", "not start with the bytes {}"),
    "endswith": ("end with {}", "not end with {}"),
    "glob": ("match the pattern {}", "not match the pattern {}"),
    "iglob": ("match the pattern {} in whatever case", "not match the pattern {} in whatever case"),
    "regex": ("match the regular expression {}", "not match the regular expression {}"),
    "pmatch": ("be below {}", "not be below {}"),
    "in": ("be {}", "be anything but {}"),
    "intersects": ("have {} among its elements", "have none of its elements be {}"),
}

# Of lists, this is asked instead.
_OF_LISTS: Final[Mapping[str, tuple[str, str]]] = {
    "in": ("have no other elements than {}", "be absent, or have another element than {}"),
    "=": ("have no other elements than {}", "be absent, or have another element than {}"),
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
    sentence = (is_list and _OF_LISTS.get(symbol)) or _SENTENCES[symbol]
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
