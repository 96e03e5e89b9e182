"""The exceptions of a rule, as written."""

from collections.abc import Iterator

from rulec.item_reader import ItemReader
from rulec.items import Entry, RuleException, Value
from rulec.text import Text
from rulec.yaml_nodes import Mapping, Node, Scalar, Sequence, is_null
from rulec.yaml_text import text_of


def read_exceptions(outer: ItemReader, *, partial: bool = False) -> tuple[RuleException, ...]:
    """Read the exceptions of a rule; ``partial`` ones may leave out everything but the name."""
    node = outer.mapping.get("exceptions")
    if node is None or is_null(node):
        return ()
    within = (*outer.context, outer.location("exceptions", "", node))
    if not isinstance(node, Sequence):
        message = "'exceptions' is not a list"
        outer.complain("not_a_sequence", message, node=node, context=within)
        return ()
    exceptions: list[RuleException] = []
    names: set[str] = set()
    for element in node.items:
        if not isinstance(element, Mapping):
            context = (*within, outer.location("exception", "", element))
            message = "the exception is not a mapping"
            outer.complain("not_a_map", message, node=element, context=context)
            continue
        exception = _read_exception(outer, element, node, partial)
        if exception.name in names:
            outer.complain(
                "exception_name_not_unique",
                f"there are several exceptions named '{exception.name}'",
                node=element,
                context=exception.context,
                code="LOAD_EXCEPTION_NAME_NOT_UNIQUE",
            )
        names.add(exception.name)
        exceptions.append(exception)
    return tuple(exceptions)


def _read_exception(
    outer: ItemReader, mapping: Mapping, exceptions: Sequence, partial: bool
) -> RuleException:
    reader = ItemReader(outer.file, mapping, outer.context, "exception")
    # Without a name, an exception is found among the others.
    anonymous = reader.context[-1]
    reader.context = (
        *outer.context,
        outer.location("exceptions", "", exceptions),
        anonymous,
    )
    name = reader.name("name")
    fields = _entry(reader, "fields")
    if fields is None and not partial and not reader.failed:
        message = f"exception '{name}' has no 'fields'"
        reader.complain("missing_key", message)
    exception = RuleException(
        reader.context, name, fields, _entry(reader, "comps"), _values(reader)
    )
    if partial and "values" not in mapping:
        reader.complain(
            "append_no_values",
            f"no values are appended to exception '{name}'",
            code="LOAD_APPEND_NO_VALUES",
        )
    outer.diagnostics += reader.diagnostics
    return exception


def _entry(reader: ItemReader, key: str) -> Entry | None:
    """Read a text or a list of texts."""
    node = reader.mapping.get(key)
    if node is None or is_null(node):
        return None
    if isinstance(node, Scalar):
        return text_of(reader.file, node)
    if isinstance(node, Sequence):
        found = [item for item in node.items if isinstance(item, Scalar)]
        if len(found) == len(node.items):
            return tuple(text_of(reader.file, item) for item in found)
    message = f"'{key}' is neither a text nor a list of texts"
    reader.complain("not_a_scalar", message, node=node)
    return None


def _values(reader: ItemReader) -> tuple[Value, ...] | None:
    node = reader.mapping.get("values")
    if node is None:
        return None
    if not isinstance(node, Sequence):
        context = (*reader.context, reader.location("exception values", "", node))
        reader.complain("not_a_sequence", "'values' is not a list", node=node, context=context)
        return None
    return tuple(value for item in node.items for value in _value(reader, item))


def _value(reader: ItemReader, node: Node) -> Iterator[Value]:
    if not isinstance(node, Sequence):
        yield from _text(reader, node)
        return
    members: list[Entry] = []
    for member in node.items:
        if isinstance(member, Sequence):
            members.append(tuple(text for item in member.items for text in _text(reader, item)))
        else:
            members.extend(_text(reader, member))
    yield tuple(members)


def _text(reader: ItemReader, node: Node) -> Iterator[Text]:
    if isinstance(node, Scalar) and not node.is_null:
        yield text_of(reader.file, node)
        return
    context = (*reader.context, reader.location("exception value", "", node))
    message = "a value of the exception is not a text"
    reader.complain("not_a_scalar", message, node=node, context=context)
