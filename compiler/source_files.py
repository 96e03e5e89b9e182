"""Read the description of a user-defined event source from YAML.

Everything that is wrong with a description is told at once, each with its
place, like mistakes in rules.
"""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from jsonpointer import JsonPointer, JsonPointerException

from rulec.diagnostics import ProblemError, RulesError
from rulec.documents import unreadable
from rulec.files import collect
from rulec.item_reader import ItemReader, suggest
from rulec.items import Context
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
_BY_KEY: Final = (Argument.KEY, Argument.OPTIONAL)
_BY_INDEX: Final = (Argument.INDEX, Argument.REQUIRED_INDEX)

# How JSON text stands for bytes.
ENCODINGS: Final[Mapping[str, Callable[[Any], bytes | None] | None]] = {
    "utf8": None,
    "hex": hex_bytes,
    "base64": base64_bytes,
}

FORMS: Final[Mapping[str, Form]] = {form.value: form for form in Form}

SOURCE_KEYS: Final = ("source", "description", "time", "time_unit", "events", "fields")
FIELD_KEYS: Final = (
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
_EACH: Final = "[]"


def read_source(path: str | os.PathLike[str]) -> JsonSource:
    """Return the event source that a file describes.

    :raises RulesError: with everything that is wrong with the description.
    """
    return source_in(_file(path))


def source_in(file: File) -> JsonSource:
    """Return the event source that the content of a file describes.

    :raises RulesError: as ``read_source`` does.
    """
    try:
        documents = read_yaml(file)
    except ProblemError as error:
        raise RulesError(unreadable(file, error.problem).diagnostics) from None
    reader = _SourceReader(file, documents)
    source = reader.source()
    if reader.failed:
        raise RulesError(reader.diagnostics)
    return source


def _file(path: str | os.PathLike[str]) -> File:
    if not Path(path).is_dir():
        (file,) = collect(path)
        return file
    reader = ItemReader(File(str(path), ""), MappingNode((), 0), (), "event source")
    reader.complain("not_a_file", "an event source is described by a file, not by a directory")
    raise RulesError(reader.diagnostics)


class _Reader(ItemReader):
    """What reading a source and reading one of its fields have in common."""

    def optional(self, key: str) -> str | None:
        """Return the text of a key that need not be there."""
        return str(self.text(key)) if key in self.mapping else None

    def choice(self, key: str, values: Mapping[str, Any], default: str) -> Any:
        """Return what the word under a key stands for."""
        text = self.optional(key) or default
        if text in values:
            return values[text]
        hint = suggest(text, values) or f"one of {', '.join(values)}"
        self.reject(key, "bad_choice", f"{text!r} is no {key}", hint)
        return values[default]

    def pointer(self, key: str, *, required: bool = False) -> str | None:
        """Return the JSON pointer under a key."""
        pointer = str(self.text(key)) if required else self.optional(key)
        if not pointer:
            return pointer
        if not pointer.startswith("/"):
            plain = re.fullmatch(r"[\w.]+", pointer)
            hint = f"write /{pointer.replace('.', '/')}" if plain else "it begins with '/'"
            self.reject(key, "bad_pointer", f"{pointer!r} is no JSON pointer", hint)
            return pointer
        try:
            JsonPointer(pointer)
        except JsonPointerException:
            hint = "write ~0 for '~' and ~1 for '/' in a name"
            self.reject(key, "bad_pointer", f"{pointer!r} has a '~' that means nothing", hint)
        return pointer


class _SourceReader(_Reader):
    """Reads the description of a source."""

    def __init__(self, file: File, documents: list[Node]) -> None:
        root = documents[0] if documents else None
        found = root if isinstance(root, MappingNode) else MappingNode((), 0)
        super().__init__(file, found, (), "event source")
        if len(documents) != 1 or not isinstance(root, MappingNode):
            message = "the file describes no event source"
            self.complain("not_a_map", message, hint="write one mapping with source, time, fields")

    def source(self) -> JsonSource:
        """Return the source, as far as it is described."""
        if self.failed:
            return JsonSource("")
        name = self.name("source")
        if name in SOURCES or (name and not _SOURCE_NAME.fullmatch(name)):
            why = "is built in" if name in SOURCES else "is no name of a source"
            hint = "letters, digits, '_' and '-', a letter first" if name not in SOURCES else ""
            self.reject("source", "bad_source_name", f"{name!r} {why}", hint)
        self.refuse_unknown_keys(SOURCE_KEYS)
        return JsonSource(
            name,
            self.optional("description") or "",
            self.one_value("time"),
            self.choice("time_unit", {unit: unit for unit in UNITS}, "s"),
            self.one_value("events"),
            {field.name: field for field in self.all_fields()},
        )

    def one_value(self, key: str) -> str | None:
        """Return a pointer that leads to one place."""
        pointer = self.pointer(key)
        if pointer and (_EACH in pointer or PARAMETER in pointer):
            message = f"'{key}' leads to one place, without [] and {PARAMETER}"
            self.reject(key, "bad_pointer", message)
        return pointer

    def all_fields(self) -> Iterator[Field]:
        """Yield the fields that every source has, and those that are described."""
        taken = {field.name for field in (*EVENT_FIELDS, *JSON_FIELDS)}
        yield from (*EVENT_FIELDS, *JSON_FIELDS)
        node = self.mapping.get("fields")
        if not isinstance(node, Sequence) or not node.items:
            message = "an event source needs 'fields', a list of them"
            self.reject("fields", "missing_fields", message)
            return
        for item in node.items:
            if not isinstance(item, MappingNode):
                hint = "write '- name: ...' and '  pointer: ...'"
                self.complain("not_a_map", "a field is a mapping", node=item, hint=hint)
                continue
            reader = _FieldReader(self.file, item, self.context, taken)
            field = reader.field()
            self.diagnostics += reader.diagnostics
            if field is not None:
                yield field


class _FieldReader(_Reader):
    """Reads the description of a field; adds its name to those that are ``taken``."""

    def __init__(self, file: File, mapping: MappingNode, outer: Context, taken: set[str]) -> None:
        super().__init__(file, mapping, outer, "field")
        self.taken = taken

    def field(self) -> Field | None:
        """Return the field, or nothing if something is wrong with it."""
        name = self.field_name()
        self.refuse_unknown_keys(FIELD_KEYS)
        type_ = TYPES[self.choice("type", TYPE_NAMES, "string")]
        is_list = self.boolean("list", default=False)
        argument = self.choice("argument", ARGUMENTS, "none")
        path = self.path(is_list, argument)
        encoding = self.choice("encoding", ENCODINGS, "utf8")
        if encoding is not None and type_.kind is not Kind.BYTES:
            self.reject("encoding", "bad_choice", "only bytes have an encoding")
        form = self.choice("format", FORMS, "decimal")
        if form is not Form.DECIMAL and (is_list or type_.kind is not Kind.INTEGER):
            self.reject("format", "bad_choice", f"only a single integer is shown as {form.value}")
        description = self.optional("description") or ""
        transformable = self.boolean("transformable", default=True)
        comparable = self.boolean("comparable", default=True)
        if self.failed:
            return None
        return Field(
            name,
            description,
            path,
            type_,
            is_list,
            argument,
            convert=encoding,
            form=form,
            transformable=transformable,
            comparable=comparable,
        )

    def field_name(self) -> str:
        """Return the name of the field."""
        name = self.name("name")
        if name in self.taken:
            self.reject("name", "repeated_field", f"there is a field {name!r} already")
        elif name and not _FIELD_NAME.fullmatch(name):
            hint = "words with dots between them, such as ct.user.name"
            self.reject("name", "bad_field_name", f"{name!r} is no name of a field", hint)
        self.taken.add(name)
        return name

    def path(self, is_list: bool, argument: Argument) -> str:
        """Return the path to the value: the pointer, with ``[]`` if it leads to a list."""
        path = self.pointer("pointer", required=True) or ""
        if not path.startswith("/"):
            return path  # which has been told
        named = argument is Argument.REQUIRED_INDEX and PARAMETER in path
        if argument in _BY_INDEX and not is_list and not named:
            self.reject("argument", "bad_choice", "only a list has an index", "add 'list: true'")
        self.check_argument(path, argument)
        parts = path.split("/")[1:]
        if any(_EACH in part.removesuffix(_EACH) or part == _EACH for part in parts):
            message = f"{_EACH} stands behind the name of an array"
            self.reject("pointer", "bad_pointer", message, "such as /containers[]/image")
        elif _EACH in path and not is_list:
            message = f"a pointer with {_EACH} is a list"
            self.reject("pointer", "bad_pointer", message, "add 'list: true'")
        return path if _EACH in path or not is_list else f"{path}{_EACH}"

    def check_argument(self, path: str, argument: Argument) -> None:
        """Complain if the pointer has no place for the argument, or one too many."""
        places = sum(part.removesuffix(_EACH) == PARAMETER for part in path.split("/"))
        if argument in _BY_KEY and not places:
            message = "the pointer does not say where the argument goes"
            self.reject("pointer", "bad_pointer", message, f"write {path}/{PARAMETER}")
        elif argument is Argument.INDEX and places:
            message = f"an index selects an element at the first {_EACH}, not at {PARAMETER}"
            self.reject("pointer", "bad_pointer", message)
        elif PARAMETER in path and not places:
            message = f"{PARAMETER} stands for a whole name between slashes"
            self.reject("pointer", "bad_pointer", message)
        elif places and argument is Argument.NONE:
            message = f"the pointer has {PARAMETER}, but the field takes no argument"
            self.reject("pointer", "bad_pointer", message, "add 'argument: key'")
