"""The rules of a rules file, in the shapes in which they can be written."""

from collections.abc import Callable
from typing import Any

from rulec.exception_items import read_exceptions
from rulec.item_reader import ItemReader
from rulec.items import Context, Item, Reading, Rule, RuleAppend, RuleOverride, RuleToggle
from rulec.phrases import trimmed
from rulec.runtime.priority import Priority, parse_priority
from rulec.text import File
from rulec.yaml_nodes import Mapping, Scalar

_APPENDABLE = ("condition", "output", "desc", "tags", "exceptions")
_REPLACEABLE = (
    *_APPENDABLE,
    "priority",
    "enabled",
    "warn_evttypes",
    "skip-if-unknown-filter",
    "capture",
    "capture_duration",
)
# All keys of rules that mean something.
KEYS = {"rule", "source", "append", "override", *_REPLACEABLE}
# An item without any of these only says whether a rule is enabled.
_DEFINING = ("condition", "output", "desc", "priority")


def read_rule(file: File, mapping: Mapping, outer: Context) -> Reading:
    """Read an item that has the key ``rule``."""
    reader = ItemReader(file, mapping, outer, "rule")
    name = reader.name("rule")
    override = reader.override(_APPENDABLE, _REPLACEABLE)
    append = reader.append()
    reader.refuse_two_ways(append, override)
    item: Item | None = None
    if append and override:
        pass
    elif override:
        item = _read_override(reader, name, override)
    elif append:
        item = _read_append(reader, name)
    elif not any(key in mapping for key in _DEFINING):
        item = _read_toggle(reader, name)
    else:
        item = _read_definition(reader, name)
    reader.warn_of_unknown_keys(KEYS)
    return reader.reading(lambda: item or Item(reader.context), name)


def _read_definition(reader: ItemReader, name: str) -> Rule:
    mapping = reader.mapping
    condition, output = reader.text("condition"), reader.text("output")
    description = str(reader.text("desc"))
    priority = _priority(reader)
    source = str(reader.text("source")) if "source" in mapping else "syscall"
    return Rule(
        reader.context,
        name,
        condition,
        description,
        trimmed(output),
        priority,
        _value_context(reader, "condition"),
        _value_context(reader, "output"),
        source,
        reader.boolean("enabled", default=True),
        _tags(reader) if "tags" in mapping else (),
        read_exceptions(reader),
        reader.boolean("warn_evttypes", default=True),
        reader.boolean("skip-if-unknown-filter", default=False),
        reader.boolean("capture", default=False),
        reader.unsigned("capture_duration", default=0),
    )


def _value_context(reader: ItemReader, key: str) -> Context:
    node = reader.mapping.get(key) or reader.mapping
    return (*reader.context, reader.location(f"rule {key}", "", node))


def _priority(reader: ItemReader) -> Priority:
    scalar = reader.scalar("priority")
    if scalar is None:
        return Priority.DEBUG
    priority = parse_priority(scalar.value)
    if priority is None:
        names = ", ".join(priority.text for priority in Priority)
        context = (*reader.context, reader.location("rule priority", "", scalar))
        message = f"'{scalar.value}' is no priority"
        hint = f"write one of {names}"
        reader.complain("bad_priority", message, node=scalar, context=context, hint=hint)
        return Priority.DEBUG
    return priority


def _tags(reader: ItemReader) -> tuple[str, ...]:
    return sorted_tags(map(str, reader.texts("tags")))


def sorted_tags(tags: Any) -> tuple[str, ...]:
    """Return the different tags, sorted by their bytes as Falco does."""
    return tuple(sorted(set(tags), key=lambda tag: tag.encode("utf-8", "surrogatepass")))


def _source(reader: ItemReader) -> str | None:
    """Return the source of an item that changes a rule, where it is given."""
    node = reader.mapping.get("source")
    return node.value or None if isinstance(node, Scalar) and not node.is_null else None


def _read_append(reader: ItemReader, name: str) -> RuleAppend:
    condition = reader.text("condition") if "condition" in reader.mapping else None
    exceptions = read_exceptions(reader, partial=True)
    return RuleAppend(reader.context, name, _source(reader), condition, exceptions)


def _read_toggle(reader: ItemReader, name: str) -> RuleToggle:
    if "enabled" not in reader.mapping:
        message = "the rule has nothing but a name"
        reader.complain("missing_key", message, hint="add 'condition', 'output', 'desc', ...")
        return RuleToggle(reader.context, name, enabled=True)
    enabled = reader.boolean("enabled", default=True)
    if not reader.failed:
        reader.complain(
            "standalone_enabled",
            "a rule that only says 'enabled' is deprecated",
            code="LOAD_DEPRECATED_ITEM",
            hint="add 'override: {enabled: replace}'",
        )
    return RuleToggle(reader.context, name, enabled)


# How each key that can be overridden is read, and which attribute of a rule it is.
_ATTRIBUTES: dict[str, tuple[str, Callable[[ItemReader], Any]]] = {
    "condition": ("condition", lambda reader: reader.text("condition")),
    "output": ("output", lambda reader: reader.text("output")),
    "desc": ("description", lambda reader: str(reader.text("desc"))),
    "tags": ("tags", _tags),
    "exceptions": ("exceptions", read_exceptions),
    "priority": ("priority", _priority),
    "enabled": ("enabled", lambda reader: reader.boolean("enabled", default=True)),
    "warn_evttypes": (
        "warn_evttypes",
        lambda reader: reader.boolean("warn_evttypes", default=True),
    ),
    "skip-if-unknown-filter": (
        "skip_if_unknown_filter",
        lambda reader: reader.boolean("skip-if-unknown-filter", default=False),
    ),
    "capture": ("capture", lambda reader: reader.boolean("capture", default=False)),
    "capture_duration": (
        "capture_duration",
        lambda reader: reader.unsigned("capture_duration", default=0),
    ),
}


def _read_override(reader: ItemReader, name: str, override: dict[str, str]) -> RuleOverride:
    changes: dict[str, dict[str, Any]] = {"append": {}, "replace": {}}
    for operation, changed in changes.items():
        for key in _REPLACEABLE:
            if override.get(key) != operation:
                continue
            attribute, read = _ATTRIBUTES[key]
            if key not in reader.mapping:
                message = f"'{key}' is overridden, but the rule does not have it"
                reader.complain("override_key_missing", message)
            elif key == "exceptions" and operation == "append":
                changed[attribute] = read_exceptions(reader, partial=True)
            else:
                changed[attribute] = read(reader)
    _refuse_unlisted(reader, override)
    return RuleOverride(
        reader.context, name, _source(reader), changes["append"], changes["replace"]
    )


def _refuse_unlisted(reader: ItemReader, override: dict[str, str]) -> None:
    for key in _REPLACEABLE:
        node = reader.mapping.get(key)
        if node is not None and key not in override:
            context = (*reader.context, reader.location("overrides", key, node))
            message = f"'{key}' is given, but not listed under 'override'"
            hint = f"add '{key}: replace'"
            reader.complain("override_key_unlisted", message, node=node, context=context, hint=hint)
