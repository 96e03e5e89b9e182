"""Lints about items of rules files: their keys, and how they go together."""

from collections.abc import Iterator
from typing import Final

from rulec.lint.model import Edit, Finding, Fix, Subject
from rulec.lint.reasoning.space import is_custom
from rulec.lint.written import WrittenItem
from rulec.nodes import Condition, Macro, Test, leaves
from rulec.yaml_nodes import Node, Scalar, boolean
from rulec.yaml_reader import place

_DEFINED: Final = ("list", "macro", "rule")
# What can be appended to, by the kind of item.
_APPENDABLE: Final = {
    "list": ("items",),
    "macro": ("condition",),
    "rule": ("condition", "exceptions"),
}


def repeated_key(subject: Subject) -> Iterator[Finding]:
    """Find keys that an item has twice: the second one is not looked at."""
    for item in subject.items:
        seen: dict[str, int] = {}
        for key, _ in item.entries():
            if key.value in seen:
                message = f"{key.value!r} is written twice: this one is not looked at"
                hint = f"the first one is in line {seen[key.value]}"
                yield Finding(message, item.node_span(key), hint, item.name)
            seen.setdefault(key.value, item.node_span(key).position[0])


def redefined_item(subject: Subject) -> Iterator[Finding]:
    """Find lists, macros and rules of which a file has two: the first one is lost."""
    last: dict[tuple[str, str, str], WrittenItem] = {}
    for item in subject.items:
        if item.kind not in _DEFINED or _value(item, "override") or _is_true(item, "append"):
            continue
        if not any(key.value in _CONTENT for key, _ in item.entries()):
            continue  # a rule that is only enabled or disabled
        known = item.file.name, item.kind, item.name
        if (earlier := last.get(known)) is not None:
            line = item.span.position[0]
            message = f"{item.kind} {item.name!r} is defined once more in line {line}"
            hint = "only the last definition counts; to change a part, use 'override'"
            yield Finding(message, earlier.span, hint, item.name)
        last[known] = item


_CONTENT: Final = frozenset({"items", "condition"})


def append_deprecated(subject: Subject) -> Iterator[Finding]:
    """Find ``append: true``, in whose place Falco wants ``override``."""
    for item in subject.items:
        key, value = item.key("append"), _value(item, "append")
        if key is None or not isinstance(value, Scalar) or not _is_true(item, "append"):
            continue
        appended = [each for each in _APPENDABLE.get(item.kind, ()) if item.key(each)]
        new = f"override: {{{', '.join(f'{each}: append' for each in appended)}}}"
        fix = Fix(f"write {new}", (Edit(item.file, key.at, value.end, new),)) if appended else None
        message = "'append' is the older form of 'override'"
        yield Finding(message, item.node_span(key), f"write '{new}'", item.name, fix)


def rule_undescribed(subject: Subject) -> Iterator[Finding]:
    """Find rules without a description, or without tags."""
    for item in _rules(subject):
        description = _value(item, "desc")
        if isinstance(description, Scalar) and not description.value.strip():
            message = f"the description of rule {item.name!r} is empty"
            yield Finding(message, item.key_span("desc"), "", item.name)
        if not item.key("tags") and not subject.definitions.rules[item.name].tags:
            message = f"rule {item.name!r} has no tags"
            hint = "by tags, rules are chosen and alerts sorted"
            yield Finding(message, item.span, hint, item.name)


def disabled_without_reason(subject: Subject) -> Iterator[Finding]:
    """Find rules that are disabled where no comment says why."""
    for item in subject.items:
        value = _value(item, "enabled")
        if (
            item.kind != "rule"
            or not isinstance(value, Scalar)
            or boolean(value.value) is not False
        ):
            continue
        line, last = item.span.position[0], item.file.position(item.end)[0]
        above = item.file.line(line - 1).strip() if line > 1 else ""
        lines = [above, *(item.file.line(number) for number in range(line, last + 1))]
        if not any("#" in each for each in lines):
            message = f"rule {item.name!r} is disabled, and no comment says why"
            yield Finding(message, item.key_span("enabled"), "", item.name)


def duplicate_macro(subject: Subject) -> Iterator[Finding]:
    """Find macros that mean the same as another one in their file."""
    seen: dict[tuple[str, str, Condition], str] = {}
    for (name, source), part in subject.macros.items():
        tests = [leaf for leaf in leaves(part.condition) if isinstance(leaf, Test)]
        if any(map(is_custom, tests)) or isinstance(part.written, Macro):
            continue  # a switch, or another name for a macro: somebody may want to tell them apart
        definition = subject.definitions.macros[name].context[-1]
        other = seen.setdefault((source, definition.file.name, part.condition), name)
        if other != name:
            message = f"macro {name!r} means the same as {other!r}"
            yield Finding(message, place(definition.file, definition.at), "", name)


def _rules(subject: Subject) -> Iterator[WrittenItem]:
    """Yield the items that define rules."""
    for item in subject.items:
        known = item.kind == "rule" and item.name in subject.definitions.rules
        changes = item.key("override") or _is_true(item, "append")
        if known and item.key("condition") and not changes:
            yield item


def _value(item: WrittenItem, key: str) -> Node | None:
    return item.mapping.get(key)


def _is_true(item: WrittenItem, key: str) -> bool:
    value = _value(item, key)
    return isinstance(value, Scalar) and boolean(value.value) is True
