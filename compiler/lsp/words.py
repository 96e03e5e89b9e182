"""What an editor says about the words of the language, one entry each."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from rulec.lsp.scanning import SYMBOLS, WORD_OPERATORS

# Every operator: what it says of a value.
OPERATORS: Final[Mapping[str, str]] = {
    "exists": "There is a value.",
    "=": "The value equals the other; an address is in the network.",
    "==": "The same as =.",
    "!=": "There is a value, and it differs from the other; an address is outside of the network.",
    "<": "The value is less than the number; texts are compared byte by byte.",
    "<=": "The value is the number or less.",
    ">": "The value is more than the number; texts are compared byte by byte.",
    ">=": "The value is the number or more.",
    "contains": "The text occurs in the value.",
    "icontains": "The text occurs in the value, whatever the case of ASCII letters.",
    "bcontains": "The bytes, written as hexadecimal digits, occur in the value.",
    "startswith": "The value begins with the text.",
    "bstartswith": "The value begins with the bytes, written as hexadecimal digits.",
    "endswith": "The value ends with the text.",
    "glob": "The whole value matches the pattern: *, ?, [a-z], [!a-z]; a star goes over slashes.",
    "iglob": "The same as glob, whatever the case of ASCII letters.",
    "regex": "The whole value matches the regular expression (RE2, POSIX syntax).",
    "pmatch": "The value is one of these paths, or lies below one.",
    "in": "The value is one of these; of a field with several values, each is.",
    "intersects": "One of the values is one of these.",
}

MODIFIERS: Final[Mapping[str, str]] = {
    "oneof": "The comparison holds for exactly one of the values that follow.",
    "anyof": "The comparison holds for at least one of the values that follow.",
    "allof": "The comparison holds for all values that follow.",
}

CONNECTIVES: Final[Mapping[str, str]] = {
    "and": "Both sides hold.",
    "or": "One of the sides holds.",
    "not": "What follows does not hold. A comparison with a missing value does not, so this does.",
}


@dataclass(frozen=True, slots=True)
class Key:
    """A key: what it says, what it may be set to, and what is written behind its colon.

    Lines are indented from the key on; ``$0`` is where the cursor goes.
    """

    doc: str
    values: tuple[str, ...] = ()
    behind: str = " "


_SWITCH: Final = ("true", "false")
_OPERATION: Final = ("append", "replace")
_BLOCK: Final = " >\n  "

_RULE: Final[Mapping[str, Key]] = {
    "desc": Key("What the rule is about, for people."),
    "condition": Key("When the rule matches an event.", behind=_BLOCK),
    "output": Key("What the alert says: text, with %field where a value belongs."),
    "priority": Key("How severe it is."),
    "source": Key("The event source that the rule is for; without it, syscall."),
    "tags": Key("Words by which rules can be chosen.", behind=" [$0]"),
    "enabled": Key("Whether the rule is on.", _SWITCH),
    "exceptions": Key("What the rule does not match, by name.", behind="\n  - name: "),
    "override": Key("What this item changes of a rule that is there, and how.", behind="\n  "),
    "append": Key(
        "Whether the item adds to a rule that is there; override says it better.", _SWITCH
    ),
    "warn_evttypes": Key(
        "Whether to warn of a condition about very many types of events.", _SWITCH
    ),
    "skip-if-unknown-filter": Key("Whether to skip the rule if it has an unknown field.", _SWITCH),
    "capture": Key("Whether Falco records a capture when the rule matches.", _SWITCH),
    "capture_duration": Key("For how many milliseconds Falco records."),
}

_ALTERNATIVE: Final[Mapping[str, Key]] = {
    "name": Key("What the plugin is called."),
    "version": Key("The version that is there at least, as three numbers."),
}

# Every key, by the keys that lead to it; those of an item by its kind.
KEYS: Final[Mapping[tuple[str, ...], Mapping[str, Key]]] = {
    (): {
        "rule": Key("A rule: which events it matches, and what the alert says."),
        "macro": Key("A condition with a name, to be used in others."),
        "list": Key("Values with a name, to be used in conditions."),
        "required_engine_version": Key("The version of Falco's rules language that is needed."),
        "required_plugin_versions": Key(
            "The plugins of Falco that are needed.", behind="\n  - name: "
        ),
    },
    ("rule",): _RULE,
    ("macro",): {
        "condition": _RULE["condition"],
        "override": Key("How this item changes a macro that is there.", behind="\n  condition: "),
        "append": Key("Whether the item adds to a macro; override says it better.", _SWITCH),
    },
    ("list",): {
        "items": Key(
            "The values; the name of a list stands for those of that list.", behind=" [$0]"
        ),
        "override": Key("How this item changes a list that is there.", behind="\n  items: "),
        "append": Key("Whether the item adds to a list; override says it better.", _SWITCH),
    },
    ("required_engine_version",): {},
    ("required_plugin_versions",): {},
    ("rule", "override"): {
        **{
            key: Key(f"How this item changes {key}.", _OPERATION)
            for key in ("condition", "output", "desc", "tags", "exceptions")
        },
        **{
            key: Key(f"That this item changes {key}.", ("replace",))
            for key in (
                "priority",
                "enabled",
                "warn_evttypes",
                "skip-if-unknown-filter",
                "capture",
                "capture_duration",
            )
        },
    },
    ("macro", "override"): {"condition": Key("How this item changes the condition.", _OPERATION)},
    ("list", "override"): {"items": Key("How this item changes the items.", _OPERATION)},
    ("rule", "exceptions"): {
        "name": Key("What the exception is called."),
        "fields": Key("The fields that are compared: one, or a list.", behind=" [$0]"),
        "comps": Key("How each field is compared; without it, = or in.", behind=" [$0]"),
        "values": Key(
            "What they are compared with: a list of lists, or of texts.", behind="\n  - "
        ),
    },
    ("required_plugin_versions", "required_plugin_versions"): {
        **_ALTERNATIVE,
        "alternatives": Key("Plugins that will do as well.", behind="\n  - name: "),
    },
    ("required_plugin_versions", "required_plugin_versions", "alternatives"): _ALTERNATIVE,
}

PRIORITIES: Final[Mapping[str, str]] = {
    "EMERGENCY": "The most severe: nothing works any more.",
    "ALERT": "Somebody must act at once.",
    "CRITICAL": "Something is in a critical state.",
    "ERROR": "Something is wrong: somebody writes where nobody should.",
    "WARNING": "Something is likely to be wrong: somebody reads where nobody should.",
    "NOTICE": "It is unusual.",
    "INFO": "It is good to know.",
    "DEBUG": "The least severe: for those who write rules.",
}


def described_key(kind: str, path: tuple[str, ...]) -> Key | None:
    """Return what is known of a key in an item of a kind."""
    where = (kind, *path[:-1]) if len(path) > 1 or path[-1] != kind else ()
    return KEYS.get(where, {}).get(path[-1])


def operators_in_order() -> tuple[str, ...]:
    """Return every operator in the order in which people look for them."""
    return (*(symbol for symbol in SYMBOLS if symbol != "=="), *WORD_OPERATORS)
