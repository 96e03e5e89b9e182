"""Lints about lists."""

from collections.abc import Iterator

from rulec.lint.model import Finding, Subject


def duplicate_item(subject: Subject) -> Iterator[Finding]:
    """Find items that are in a list twice, in all files together."""
    for definition in subject.definitions.lists.values():
        seen: dict[str, tuple[int, str]] = {}
        for item in definition.items:
            text, span = str(item), item.span(0)
            if text not in seen:
                seen[text] = span.position[0], span.file
                continue
            line, file = seen[text]
            where = f"line {line}" if file == span.file else f"{file}:{line}"
            message = f"{text!r} is in list {definition.name!r} already"
            yield Finding(message, span, f"it is there in {where}", definition.name)
