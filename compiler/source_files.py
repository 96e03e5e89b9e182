"""Read the description of a user-defined event source from YAML."""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from rulec.diagnostics import ProblemError, RulesError
from rulec.documents import unreadable
from rulec.files import collect
from rulec.item_reader import VALIDATE, ItemReader, suggest
from rulec.runtime.convert import base64_bytes, hex_bytes
from rulec.runtime.fields import PARAMETER, TYPES, Argument, Field, Form, Kind
from rulec.runtime.sources import SOURCES
from rulec.runtime.sources.generic import EVENT_FIELDS, JSON_FIELDS
from rulec.runtime.sources.json_source import UNITS, JsonSource
from rulec.text import File
from rulec.yaml_nodes import Mapping as MappingNode
from rulec.yaml_nodes import Node, Sequence
from rulec.yaml_reader import read_yaml

# The names that plugins of Falco give to types, besides Falco's own.
TYPE_NAMES: Final[Mapping[str, str]] = {
    "string": "CHARBUF",
    "bytes": "BYTEBUF",
    "uint64": "UINT64",
    "int64": "INT64",
    "double": "DOUBLE",
    "bool": "BOOL",
    "ipaddr": "IPADDR",
    "ipnet": "IPNET",
    "port": "PORT",
    "reltime": "RELTIME",
    "abstime": "ABSTIME",
    **{name: name for name in TYPES},
}

ARGUMENTS: Final[Mapping[str, Argument]] = {
    "none": Argument.NONE,
    "key": Argument.KEY,
    "index": Argument.INDEX,
    "required index": Argument.REQUIRED_INDEX,
    "optional": Argument.OPTIONAL,
}

# How JSON text stands for bytes.
ENCODINGS: Final[Mapping[str, Callable[[Any], bytes | None] | None]] = {
    "utf8": None,
    "hex": hex_bytes,
    "base64": base64_bytes,
}

FORMS: Final[Mapping[str, Form]] = {form.value: form for form in Form}

_SOURCE_KEYS: Final = ("source", "description", "time", "time_unit", "events", "fields")
_FIELD_KEYS: Final = (
    "name",
    "type",
    "list",
    "pointer",
    "argument",
    "description",
    "encoding",
    "format",
    "transformable",
    "comparable",
)

_SOURCE_NAME: Final = re.compile("[A-Za-z][A-Za-z0-9_-]*")
_FIELD_NAME: Final = re.compile(r"[a-zA-Z]+[a-zA-Z0-9_]*(\.[a-zA-Z]+[a-zA-Z0-9_]*)+")


def read_source(path: str | os.PathLike[str]) -> JsonSource:
    """Return the event source that a file describes.

    :raises RulesError: with everything that is wrong with the description.
    """
    (file,) = collect(path)
    try:
        documents = read_yaml(file)
    except ProblemError as error:
        raise RulesError(unreadable(file, error.problem).diagnostics) from None
    reader = _Description(file, documents)
    source = reader.source()
    if reader.failed:
        raise RulesError(reader.diagnostics)
    return source


class _Description(ItemReader):
    """The description of a source, while it is read."""

    def __init__(self, file: File, documents: list[Node]) -> None:
        root = documents[0] if documents else None
        found = root if isinstance(root, MappingNode) else MappingNode((), 0)
        super().__init__(file, found, (), "event source")
        if len(documents) != 1 or not isinstance(root, MappingNode):
            message = "the file describes no event source"
            self.complain("not_a_map", message, hint="write one mapping with source, time, fields")

    def source(self) -> JsonSource:
        if self.failed:
            return JsonSource("")
        name = self.name("source")
        if name in SOURCES or (name and not _SOURCE_NAME.fullmatch(name)):
            why = "is built in" if name in SOURCES else "is no name"
            self.complain("bad_source_name", f"{name!r} {why}", node=self.mapping.get("source"))
        self.refuse_unknown_keys(_SOURCE_KEYS)
        return JsonSource(
            name,
            self.optional("description") or "",
            self.pointer("time"),
            self.choice("time_unit", dict(zip(UNITS, UNITS, strict=True)), "s"),
            self.pointer("events"),
            {field.name: field for field in self.all_fields()},
        )

    def all_fields(self) -> Iterator[Field]:
        taken = {field.name for field in (*EVENT_FIELDS, *JSON_FIELDS)}
        yield from (*EVENT_FIELDS, *JSON_FIELDS)
        node = self.mapping.get("fields")
        if not isinstance(node, Sequence) or not node.items:
            message = "an event source needs 'fields', a list of them"
            self.complain("missing_fields", message, node=node)
            return
        for item in node.items:
            if not isinstance(item, MappingNode):
                self.complain("not_a_map", "a field is a mapping", node=item)
                continue
            reader = _FieldDescription(self.file, item, self.context, "field")
            field = reader.field(taken)
            self.diagnostics += reader.diagnostics
            if field is not None:
                taken.add(field.name)
                yield field

    # What both descriptions have.

    def optional(self, key: str) -> str | None:
        return str(self.text(key)) if key in self.mapping else None

    def pointer(self, key: str) -> str | None:
        pointer = self.optional(key)
        if pointer and not pointer.startswith("/"):
            message = f"{pointer!r} is no JSON pointer"
            hint = f"write /{pointer.replace('.', '/')}"
            self.complain("bad_pointer", message, node=self.mapping.get(key), hint=hint)
        return pointer

    def choice(self, key: str, values: Mapping[str, Any], default: str) -> Any:
        text = self.optional(key) or default
        if text not in values:
            message = f"{text!r} is no {key}"
            hint = suggest(text, values) or f"one of {', '.join(values)}"
            self.complain("bad_choice", message, node=self.mapping.get(key), hint=hint)
            return values[default]
        return values[text]

    def refuse_unknown_keys(self, known: tuple[str, ...]) -> None:
        for key in self.mapping.keys:
            if key not in known:
                hint = suggest(key, known)
                self.complain("unknown_key", f"unknown key {key!r}", hint=hint, code=VALIDATE)


class _FieldDescription(_Description):
    """The description of a field, while it is read."""

    def __init__(self, file: File, mapping: MappingNode, *outer: Any) -> None:
        ItemReader.__init__(self, file, mapping, *outer)

    def field(self, taken: set[str]) -> Field | None:
        name = self.name("name")
        if name in taken:
            self.complain("repeated_field", f"there is a field {name!r} already")
        elif name and not _FIELD_NAME.fullmatch(name):
            hint = "words with dots between them, such as ct.user.name"
            self.complain("bad_field_name", f"{name!r} is no name of a field", hint=hint)
        self.refuse_unknown_keys(_FIELD_KEYS)
        type_ = TYPES[self.choice("type", TYPE_NAMES, "string")]
        is_list = self.boolean("list", default=False)
        argument = self.choice("argument", ARGUMENTS, "none")
        path = self.path(is_list, argument)
        encoding = self.choice("encoding", ENCODINGS, "utf8")
        if encoding is not None and type_.kind is not Kind.BYTES:
            self.complain("bad_choice", "only bytes have an encoding")
        form = self.choice("format", FORMS, "decimal")
        if self.failed:
            return None
        return Field(
            name,
            self.optional("description") or "",
            path,
            type_,
            is_list,
            argument,
            convert=encoding,
            form=form,
            transformable=self.boolean("transformable", default=True),
            comparable=self.boolean("comparable", default=True),
        )

    def path(self, is_list: bool, argument: Argument) -> str:
        path = self.pointer("pointer") if "pointer" in self.mapping else str(self.text("pointer"))
        path = path or ""
        by_key = argument in (Argument.KEY, Argument.OPTIONAL, Argument.REQUIRED_INDEX)
        if by_key and PARAMETER not in path.split("/"):
            hint = f"write {path}/{PARAMETER}"
            self.complain(
                "bad_pointer", "the pointer does not say where the argument goes", hint=hint
            )
        if argument is Argument.INDEX and not is_list:
            self.complain("bad_choice", "only a list has an index", hint="add 'list: true'")
        if is_list and "[]" not in path:
            return f"{path}[]"
        if "[]" in path and not is_list:
            self.complain("bad_pointer", "a pointer with [] is a list", hint="add 'list: true'")
        return path
