"""JSON documents of findings: whatever is in the rules, they can be written."""

from typing import Any

import msgspec

from rulec.runtime.encoding import sanitised


def encoded(document: Any, *, indent: bool = False) -> str:
    """Return a document as JSON, and a line's end."""
    data = msgspec.json.encode(_clean(document))
    return (msgspec.json.format(data, indent=2) if indent else data).decode() + "\n"


def _clean(value: Any) -> Any:
    match value:
        case str():
            return sanitised(value)
        case dict():
            return {key: _clean(inner) for key, inner in value.items()}
        case list():
            return [_clean(inner) for inner in value]
        case _:
            return value
