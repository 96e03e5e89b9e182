"""What compiled rules need to run: no grammar, no YAML, no compiler.

This is the contract with built modules: they import these names from here
and nothing else. Each is loaded from its home when it is first asked for.
"""

from collections.abc import Mapping
from importlib import import_module
from typing import Any, Final

# Every name that a built module may import, with the module it lives in.
EXPORTS: Final[Mapping[str, str]] = {
    name: f"rulec.runtime.{module}"
    for module, names in {
        "ruleset": ("Manifest", "Program", "Rule", "Ruleset"),
        "brackets": ("FLAT", "can_be_skipped"),
        "look": ("NOTHING", "ODDITIES"),
        "views": ("Part", "Raw", "Seen", "Simple", "View", "opened", "viewed"),
        "sources.json_source": ("JsonSource",),
        "alert": ("Alert",),
        "convert": ("address", "boolean", "double", "integer", "port", "text_bytes"),
        "encoding": ("ascii_lower", "byte_order", "contains", "ends", "icontains", "starts"),
        "events": ("SeenEvent",),
        "extract": ("elements", "follow"),
        "fields": ("MISSING",),
        "gate": ("Alike", "ByType", "Gate"),
        "globs": ("glob", "iglob"),
        "jsontext": ("text",),
        "rendering": (
            "fitted",
            "reported",
            "reported_text",
            "shown",
            "shown_hexadecimal",
            "shown_joined",
            "shown_network",
            "shown_octal",
            "shown_padded",
        ),
        "values": ("Members", "Networks", "Paths", "beginnings", "exactly_one", "regex"),
        "transforms": (
            "b64",
            "basename",
            "concat",
            "getopt",
            "join",
            "length",
            "tolower",
            "toupper",
        ),
    }.items()
    for name in names
}


def __getattr__(name: str) -> Any:
    if name not in EXPORTS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(EXPORTS[name]), name)


def prepared(function: str | None, operand: Any) -> Any:
    """Return an operand as ``function`` (a name above, or ``frozenset``) prepares it."""
    if function is None:
        return operand
    return frozenset(operand) if function == "frozenset" else __getattr__(function)(operand)
