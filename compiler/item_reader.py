"""Reading one item key by key, remembering everything that is wrong with it.

Every method returns something usable even when it had to complain, so that one
mistake does not hide the next. The order of the calls is the order in which
Falco looks at the keys: its first complaint is ours.
"""

from collections.abc import Callable, Collection, Iterator
from difflib import get_close_matches
from typing import TypeVar

from rulec.diagnostics import Diagnostic, Location, Problem
from rulec.items import Broken, Context, Item, Reading
from rulec.text import File, Span, Text
from rulec.yaml_nodes import Mapping, Node, Scalar, Sequence, boolean, is_null, unsigned
from rulec.yaml_reader import place
from rulec.yaml_text import text_of

T = TypeVar("T")

VALIDATE = "LOAD_ERR_YAML_VALIDATE"


def suggest(name: str, known: Collection[str]) -> str:
    """Return a hint that names what ``name`` may have been meant to be.

    >>> suggest("conditon", ["condition", "output"]), suggest("x", ["output"])
    ("did you mean 'condition'?", '')
    """
    near = get_close_matches(name, sorted(known), n=1)
    return f"did you mean '{near[0]}'?" if near else ""


class ItemReader:
    """Reads the mapping of an item. ``context`` is the way to the item, and includes it."""

    def __init__(self, file: File, mapping: Mapping, outer: Context, item_type: str) -> None:
        self.file = file
        self.mapping = mapping
        self.outer = outer
        self.item_type = item_type
        self.diagnostics: list[Diagnostic] = []
        self.context = (*outer, self.location(item_type, "", mapping))

    # --- where things are ---------------------------------------------------------

    def location(self, item_type: str, name: str, node: Node) -> Location:
        """Return the place of ``node`` as a step of a context."""
        return Location(item_type, name, self.file, node.at)

    def value_context(self, key: str, node: Node) -> Context:
        """Return the way to the value of a key."""
        return (*self.context, self.location("value for", key, node))

    def span(self, node: Node) -> Span:
        """Return what a person has to look at when ``node`` is wrong."""
        if isinstance(node, Scalar) and node.value:
            return text_of(self.file, node).span(0)
        return place(self.file, node.at)

    def _key(self, key: str) -> Node:
        """Return where a key is written; a person looks there for a missing value."""
        keys = (node for node, _ in self.mapping.pairs if isinstance(node, Scalar))
        return next((node for node in keys if node.value == key), self.mapping)

    # --- complaints ---------------------------------------------------------------

    def complain(
        self,
        kind: str,
        message: str,
        *,
        node: Node | None = None,
        context: Context | None = None,
        code: str = VALIDATE,
        hint: str = "",
        subject: str = "",
    ) -> None:
        """Remember that ``node`` (default: the item) is wrong."""
        span = self.span(self.mapping if node is None else node)
        problem = Problem(kind, message, span, hint, subject)
        self.diagnostics.append(Diagnostic(code, problem, context or self.context))

    @property
    def failed(self) -> bool:
        """Whether there was a complaint that is no mere warning."""
        return any(diagnostic.severity == "error" for diagnostic in self.diagnostics)

    def reject(self, key: str, kind: str, message: str, hint: str = "") -> None:
        """Complain about the value of a key, or about what lacks the key."""
        self.complain(kind, message, node=self.mapping.get(key), hint=hint)

    def refuse_unknown_keys(self, known: Collection[str]) -> None:
        """Complain about keys that mean nothing, and about the second of two equal ones."""
        seen: set[str] = set()
        for key, _ in self.mapping.pairs:
            name = key.value if isinstance(key, Scalar) else "?"
            if name not in known:
                hint = suggest(name, known) or f"there are {', '.join(known)}"
                self.complain("unknown_key", f"unknown key {name!r}", node=key, hint=hint)
            elif name in seen:
                self.complain("repeated_key", f"{name!r} is written twice", node=key)
            seen.add(name)

    def warn_of_unknown_keys(self, known: Collection[str]) -> None:
        """Warn of each key that means nothing in this kind of item."""
        seen = set(known)
        for key, _ in self.mapping.pairs:
            name = key.value if isinstance(key, Scalar) else ""
            if name not in seen:
                seen.add(name)
                self.complain(
                    "unknown_key",
                    f"unknown key '{name}'",
                    node=key,
                    code="LOAD_UNKNOWN_KEY",
                    hint=suggest(name, known),
                    subject=name,
                )

    def reading(self, make: Callable[[], Item], name: str = "") -> Reading:
        """Return the item that ``make`` makes, or that there is none because it is wrong."""
        item = Broken(self.context, self.item_type, name) if self.failed else make()
        return Reading(item, tuple(self.diagnostics))

    # --- values -------------------------------------------------------------------

    def name(self, key: str) -> str:
        """Return the name of the item; from now on its context has it."""
        name = str(self.text(key))
        self.context = (*self.outer, self.location(self.item_type, name, self.mapping))
        return name

    def scalar(self, key: str) -> Scalar | None:
        """Return the value of a key that must be there and be a text with characters."""
        node = self.mapping.get(key)
        if node is None:
            self.complain("missing_key", f"{self.item_type} has no '{key}'")
        elif is_null(node):
            self.complain("null_value", f"'{key}' has no value", node=self._key(key))
        elif not isinstance(node, Scalar):
            context = self.value_context(key, node)
            self.complain("not_a_scalar", f"'{key}' is not a text", node=node, context=context)
        elif not node.value:
            context = self.value_context(key, node)
            self.complain("empty_value", f"'{key}' is empty", node=node, context=context)
        else:
            return node
        return None

    def text(self, key: str) -> Text:
        """Return the text of a key that must be there."""
        scalar = self.scalar(key)
        return Text() if scalar is None else text_of(self.file, scalar)

    def boolean(self, key: str, default: bool) -> bool:
        """Return whether a key is on."""
        hint = "write true or false"
        return self._converted(key, default, boolean, "neither true nor false", hint)

    def unsigned(self, key: str, default: int) -> int:
        """Return the number of a key."""
        return self._converted(key, default, unsigned, "no number from 0 to 4294967295")

    def _converted(
        self,
        key: str,
        default: T,
        convert: Callable[[str], T | None],
        complaint: str,
        hint: str = "",
    ) -> T:
        if key not in self.mapping:
            return default
        scalar = self.scalar(key)
        if scalar is None:
            return default
        value = convert(scalar.value)
        if value is None:
            context = self.value_context(key, scalar)
            message = f"'{scalar.value}' is {complaint}"
            self.complain("bad_scalar_type", message, node=scalar, context=context, hint=hint)
            return default
        return value

    def texts(self, key: str) -> tuple[Text, ...]:
        """Return the texts of a key that must be a list of texts."""
        node = self.mapping.get(key)
        if node is None:
            self.complain("missing_key", f"{self.item_type} has no '{key}'")
            return ()
        if not isinstance(node, Sequence):
            context = self.value_context(key, node)
            shown = self._key(key) if is_null(node) else node
            self.complain("not_a_sequence", f"'{key}' is not a list", node=shown, context=context)
            return ()
        return tuple(self._list_items(key, node))

    def _list_items(self, key: str, node: Sequence) -> Iterator[Text]:
        for item in node.items:
            if isinstance(item, Scalar) and not item.is_null:
                yield text_of(self.file, item)
            else:
                within = self.value_context(key, node)
                context = (*within, self.location("list item", "", item))
                message = f"an element of '{key}' is not a text"
                self.complain("not_a_scalar", message, node=item, context=context)

    def append(self) -> bool:
        """Return whether the item appends to another in the old way."""
        append = self.boolean("append", default=False)
        if append:
            self.complain(
                "append_key",
                "'append' is deprecated",
                code="LOAD_DEPRECATED_ITEM",
                hint="use 'override' instead",
            )
        return append

    def override(self, appendable: Collection[str], replaceable: Collection[str]) -> dict[str, str]:
        """Return the operation for each overridden key; nothing without an override."""
        node = self.mapping.get("override")
        operations: dict[str, str] = {}
        if isinstance(node, Sequence):
            context = (*self.context, self.location("overrides", "", node))
            message = "'override' is not a mapping from keys to operations"
            self.complain("not_a_map", message, node=node, context=context)
        if not isinstance(node, Mapping):
            return operations  # Falco ignores it
        for key, value in node.pairs:
            if not isinstance(key, Scalar) or key.value in operations:
                continue
            within = (*self.context, self.location("overrides", "", node))
            operation = value.value if isinstance(value, Scalar) else ""
            operations[key.value] = operation
            if operation not in ("append", "replace"):
                context = (*within, self.location("value for", key.value, value))
                message = f"'{operation}' is no override operation"
                hint = "write append or replace"
                self.complain(
                    "bad_override_operation", message, node=value, context=context, hint=hint
                )
            elif key.value not in (appendable if operation == "append" else replaceable):
                context = (*within, self.location("overrides", key.value, key))
                able = "appendable" if operation == "append" else "replaceable"
                message = f"'{key.value}' is not {able}"
                kind = f"override_key_not_{able}"
                self.complain(kind, message, node=key, context=context)
        return operations

    def refuse_two_ways(self, append: bool, override: dict[str, str]) -> None:
        """Complain when an item appends both in the old and in the new way."""
        if append and override:
            message = "'append' and 'override' are used together"
            hint = "remove 'append'"
            self.complain("append_and_override", message, hint=hint)
