"""From the YAML of a rules file to its items.

Whatever is wrong with the structure is collected, in the order in which Falco
would come across it: what it reports is the first error here.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from rulec.diagnostics import Diagnostic, Location, Problem, ProblemError
from rulec.item_reader import VALIDATE, ItemReader, suggest
from rulec.items import (
    Broken,
    Context,
    EngineRequirement,
    Item,
    ListItem,
    MacroItem,
    Plugin,
    PluginRequirement,
    PluginRequirements,
    Reading,
)
from rulec.rule_items import read_rule
from rulec.schema import SchemaStatus, check_schema
from rulec.text import File
from rulec.versions import Version, parse_version
from rulec.yaml_nodes import Mapping, Node, Scalar, Sequence, is_null, unsigned
from rulec.yaml_reader import place, read_yaml


@dataclass(frozen=True, slots=True)
class RulesFile:
    """A file that has been read: its items, and whether it follows the schema."""

    file: File
    readings: tuple[Reading, ...]
    schema: SchemaStatus


def read_rules_file(file: File) -> RulesFile:
    """Read a file; everything that is wrong with an item comes with the item."""
    try:
        documents = read_yaml(file)
    except ProblemError as error:
        return RulesFile(file, (unreadable(file, error.problem),), SchemaStatus("none"))
    return RulesFile(file, items_of(file, documents), check_schema(file, documents))


def items_of(file: File, documents: Iterable[Node]) -> tuple[Reading, ...]:
    """Return the items in the documents of a file, with all that is wrong with each."""
    return tuple(reading for each in documents for reading in _document_items(file, each))


def read_items(file: File) -> tuple[Reading, ...]:
    """Return the items of a file, with everything that is wrong with each of them."""
    return read_rules_file(file).readings


def unreadable(file: File, problem: Problem) -> Reading:
    """Return that a file could not be read at all."""
    _, offset = problem.span.origin
    context = (
        Location("rules content", "", file, 0),
        Location("value for", "", file, offset),
    )
    diagnostic = Diagnostic("LOAD_ERR_YAML_PARSE", problem, context)
    return Reading(Broken(context, "file", file.name), (diagnostic,))


def _document_items(file: File, document: Node) -> Iterator[Reading]:
    context = (Location("rules content", "", file, document.at),)
    if is_null(document):
        return
    if isinstance(document, Sequence):
        for item in document.items:
            if not is_null(item):
                yield _read_item(file, item, context)
    elif isinstance(document, Mapping):
        message = "the rules are not a list of items"
        hint = "begin each item with '- '"
        if "tests" in document:
            hint = "these are tests: keep them in a directory of their own, for 'rulec test'"
        yield _refuse(file, document, context, "not_an_array", message, hint)
    else:
        message = "the file holds no list of rules"
        yield _refuse(file, document, context, "not_yaml_structure", message)


def _refuse(
    file: File, node: Node, context: Context, kind: str, message: str, hint: str = ""
) -> Reading:
    problem = Problem(kind, message, place(file, node.at), hint)
    # Of a document that is no list, nobody knows what it would have defined.
    lost = "" if len(context) > 1 else "file"
    return Reading(Broken(context, lost, file.name), (Diagnostic(VALIDATE, problem, context),))


def _read_item(file: File, node: Node, outer: Context) -> Reading:
    context = (*outer, Location("rules content item", "", file, node.at))
    if not isinstance(node, Mapping):
        message = "the item is not a mapping"
        return _refuse(file, node, context, "not_a_map", message, "write 'rule: <name>'")
    for key, read in READERS.items():
        if key in node:
            return read(file, node, outer)
    first = next(iter(node.keys), "")
    problem = Problem(
        "unknown_item",
        f"an item with '{first}' is neither rule, macro, list nor requirement",
        place(file, node.at),
        suggest(first, READERS),
        subject=first,
    )
    return Reading(Item(context), (Diagnostic("LOAD_UNKNOWN_ITEM", problem, context),))


def _read_engine_requirement(file: File, mapping: Mapping, outer: Context) -> Reading:
    key = "required_engine_version"
    reader = ItemReader(file, mapping, outer, key)
    scalar = reader.scalar(key)
    version = Version(0, 0, 0)
    if scalar is not None:
        number = unsigned(scalar.value)
        parsed = parse_version(scalar.value) if number is None else Version(0, number, 0)
        if parsed is None:
            message = f"'{scalar.value}' is no engine version"
            hint = "write three numbers, like 0.31.0"
            reader.complain("bad_engine_version", message, node=scalar, hint=hint)
        else:
            version = parsed
    reader.warn_of_unknown_keys({key})
    return reader.reading(lambda: EngineRequirement(reader.context, str(version)))


def _read_plugin_requirements(file: File, mapping: Mapping, outer: Context) -> Reading:
    key = "required_plugin_versions"
    reader = ItemReader(file, mapping, outer, "required plugin versions")
    node = mapping.get(key)
    assert node is not None
    reader.context = (*outer, reader.location("required plugin versions", "", node))
    entries: list[PluginRequirement] = []
    if isinstance(node, Sequence):
        for element in node.items:
            entries += _read_plugin_requirement(reader, element)
    else:
        reader.complain("not_a_sequence", f"'{key}' is not a list", node=node)
    reader.warn_of_unknown_keys({key})
    return reader.reading(lambda: PluginRequirements(reader.context, tuple(entries)))


def _read_plugin_requirement(outer: ItemReader, node: Node) -> Iterator[PluginRequirement]:
    entry = "required plugin versions entry"
    context = (*outer.context, outer.location(entry, "", node))
    if not isinstance(node, Mapping):
        outer.complain("not_a_map", "the plugin is not a mapping", node=node, context=context)
        return
    reader = ItemReader(outer.file, node, outer.context, entry)
    plugins = [_read_plugin(reader)]
    others = node.get("alternatives")
    if isinstance(others, Sequence):
        plugins += _read_alternatives(reader, others)
    elif others is not None:
        reader.complain("not_a_sequence", "'alternatives' is not a list", node=others)
    names = [plugin.name for plugin in plugins]
    for name in sorted({name for name in names if name and names.count(name) > 1}):
        message = f"plugin '{name}' is required twice"
        reader.complain("duplicate_plugin", message, code="LOAD_ERR_VALIDATE")
    outer.diagnostics += reader.diagnostics
    yield PluginRequirement(reader.context, tuple(plugins))


def _read_alternatives(outer: ItemReader, nodes: Sequence) -> Iterator[Plugin]:
    alternative = "required plugin versions alternative"
    for node in nodes.items:
        if isinstance(node, Mapping):
            reader = ItemReader(outer.file, node, outer.context, alternative)
            yield _read_plugin(reader)
            outer.diagnostics += reader.diagnostics
        else:
            context = (*outer.context, outer.location(alternative, "", node))
            message = "the alternative is not a mapping"
            outer.complain("not_a_map", message, node=node, context=context)


def _read_plugin(reader: ItemReader) -> Plugin:
    name = reader.name("name")
    scalar = reader.scalar("version")
    version = "" if scalar is None else scalar.value
    if version and parse_version(version) is None:
        reader.complain(
            "bad_plugin_version",
            f"'{version}' is no version of a plugin",
            node=scalar,
            code="LOAD_ERR_VALIDATE",
            hint="write three numbers, like 0.7.0",
        )
    return Plugin(name, version)


# What a condition can find: see the lexemes of conditions.
_LIST_NAME = re.compile(r"""[^()"'=, \t\n\v\f\r]+""")
_MACRO_NAME = re.compile(r"[a-zA-Z]+[a-zA-Z0-9_]*")


def _read_list(file: File, mapping: Mapping, outer: Context) -> Reading:
    reader = ItemReader(file, mapping, outer, "list")
    name = reader.name("list")
    if name and not _LIST_NAME.fullmatch(name):
        message = f"list name '{name}' has characters that end a word in conditions"
        node = mapping.get("list")
        reader.complain("invalid_name", message, node=node, code="LOAD_INVALID_LIST_NAME")
    override = reader.override(("items",), ("items",))
    append = reader.append()
    reader.refuse_two_ways(append, override)
    items = reader.texts("items")
    append = append or override.get("items") == "append"
    reader.warn_of_unknown_keys({"list", "items", "append", "override"})
    return reader.reading(lambda: ListItem(reader.context, name, items, append), name)


def _read_macro(file: File, mapping: Mapping, outer: Context) -> Reading:
    reader = ItemReader(file, mapping, outer, "macro")
    name = reader.name("macro")
    if name and not _MACRO_NAME.fullmatch(name):
        message = f"no condition can refer to a macro named '{name}'"
        reader.complain(
            "invalid_name",
            message,
            node=mapping.get("macro"),
            code="LOAD_INVALID_MACRO_NAME",
            hint="use letters, digits and '_' only, a letter first",
        )
    override = reader.override(("condition",), ("condition",))
    append = reader.append()
    reader.refuse_two_ways(append, override)
    condition = reader.text("condition")
    append = append or override.get("condition") == "append"
    reader.warn_of_unknown_keys({"macro", "condition", "append", "override"})
    node = mapping.get("condition") or Scalar("", mapping.at, mapping.at)
    within = (*reader.context, reader.location("macro condition", "", node))
    return reader.reading(lambda: MacroItem(reader.context, name, condition, within, append), name)


# Every kind of item, one entry each, by the key that makes it one; the first
# of these keys that an item has decides.
READERS: dict[str, Callable[[File, Mapping, Context], Reading]] = {
    "required_engine_version": _read_engine_requirement,
    "required_plugin_versions": _read_plugin_requirements,
    "list": _read_list,
    "macro": _read_macro,
    "rule": read_rule,
}
