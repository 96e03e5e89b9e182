"""Reading what a test says of the alerts that are to come."""

from collections.abc import Iterator
from typing import Any, Final

from rulec.item_reader import ItemReader
from rulec.items import Context
from rulec.runtime.priority import Priority, parse_priority
from rulec.testing.model import Expected
from rulec.testing.values import Bindings, ValueMistakeError, Values, as_text
from rulec.text import File
from rulec.yaml_nodes import Mapping as MappingNode
from rulec.yaml_nodes import Node, Scalar, Sequence

ALERT_KEYS: Final = ("rule", "fields", "priority", "output", "event", "times")
NONE: Final = "none"
TIMES_LIMIT: Final = 10_000
_HINT: Final = "write a list of alerts, each with 'rule', or none"


class AlertReader(ItemReader):
    """Reads the alerts of a test, with the values of its matrix."""

    def __init__(
        self, file: File, mapping: MappingNode, outer: Context, values: Values, bindings: Bindings
    ) -> None:
        super().__init__(file, mapping, outer, "alerts")
        self.values = values
        self.bindings = bindings

    def expected(self, node: Node) -> tuple[Expected, ...]:
        """Return the alerts."""
        if isinstance(node, Scalar) and self.value(node) == NONE:
            return ()
        if not isinstance(node, Sequence):
            self.complain("not_a_sequence", "these are no alerts", node=node, hint=_HINT)
            return ()
        return tuple(each for item in node.items for each in self.alert(item))

    def value(self, node: Node) -> Any:
        """Return the value of a node, None after a complaint."""
        try:
            return self.values.of(node, self.bindings)
        except ValueMistakeError as mistake:
            self.complain("bad_value", str(mistake), node=mistake.node, hint=mistake.hint)
            return None

    def alert(self, node: Node) -> Iterator[Expected]:
        """Yield an alert, as often as it is expected."""
        if isinstance(node, Scalar):
            if rule := self.word(node, "the name of a rule"):
                yield Expected(rule, self.span(node))
            return
        if not isinstance(node, MappingNode):
            self.complain("not_a_map", "this is no alert", node=node, hint=_HINT)
            return
        reader = AlertReader(self.file, node, self.context, self.values, self.bindings)
        reader.item_type = "alert"
        reader.refuse_unknown_keys(ALERT_KEYS)
        rule = reader.given("rule", "the name of a rule")
        if rule is None and not reader.failed:
            reader.complain("missing_key", "alert has no 'rule'")
        span = reader.span(node.get("rule") or node)
        fields, priority = reader.fields(), reader.priority()
        output, event = reader.given("output", "a part of the output"), reader.number("event")
        times = reader.number("times")
        self.diagnostics += reader.diagnostics
        if rule is not None and not reader.failed:
            for _ in range(1 if times is None else times):
                yield Expected(rule, span, fields, priority, output, event)

    def word(self, node: Node, what: str) -> str | None:
        """Return a text that must not be empty."""
        value = self.value(node) if isinstance(node, Scalar) else None
        text = None if value is None else as_text(value)
        if not text and not self.failed:
            self.complain("not_a_scalar", f"this is not {what}", node=node)
        return text or None

    def given(self, key: str, what: str) -> str | None:
        """Return the text of a key that need not be there."""
        return None if (node := self.mapping.get(key)) is None else self.word(node, what)

    def fields(self) -> dict[str, Any]:
        """Return the values that fields of the output are to have."""
        node = self.mapping.get("fields")
        if node is None:
            return {}
        found = self.value(node)
        if isinstance(found, dict):
            return found
        hint = "write {ka.user.name: alice}"
        self.complain(
            "not_a_map", "'fields' is a mapping from fields to values", node=node, hint=hint
        )
        return {}

    def priority(self) -> str | None:
        """Return the priority as alerts spell it."""
        if (text := self.given("priority", "a priority")) is None:
            return None
        if (found := parse_priority(text)) is not None:
            return found.text
        hint = f"one of {', '.join(priority.text for priority in Priority)}"
        self.reject("priority", "bad_value", f"{text!r} is no priority", hint)
        return None

    def number(self, key: str) -> int | None:
        """Return a number from 1."""
        if (node := self.mapping.get(key)) is None:
            return None
        found = self.value(node)
        if type(found) is int and 1 <= found <= TIMES_LIMIT:
            return found
        self.complain("bad_value", f"'{key}' is a number from 1 to {TIMES_LIMIT:,}", node=node)
        return None
