"""Reading a part of a scenario: values by key, and everything that is wrong with them."""

from collections.abc import Iterator, Mapping
from typing import Any

from rulec.item_reader import ItemReader
from rulec.runtime.sources.syscall.capture.events import Parameter
from rulec.scenarios.parameters import MistakeError, Names, value_of
from rulec.yaml_nodes import Mapping as MappingNode
from rulec.yaml_nodes import Node, Scalar, Sequence, is_null


class SectionReader(ItemReader):
    """What reading a scenario, and reading each of its parts, have in common."""

    names: Names = Names({}, {})

    def tell(self, mistake: MistakeError, node: Node) -> None:
        """Complain about a value."""
        self.complain("bad_value", str(mistake), node=node, hint=mistake.hint)

    def read(self, node: Node, parameter: Parameter) -> Any:
        """Return a value; None if it is none, or wrong."""
        try:
            return value_of(node, parameter, self.names)
        except MistakeError as mistake:
            self.tell(mistake, node)
            return None

    def values(
        self, known: Mapping[str, Parameter], others: tuple[str, ...] = ()
    ) -> dict[str, Any]:
        """Return the values of all keys, after complaining about those that mean nothing."""
        self.refuse_unknown_keys((*known, *others))
        return {
            key: self.read(node, known[key])
            for key in self.mapping.keys
            if key in known and (node := self.mapping.get(key)) is not None
        }

    def inner(self, key: str) -> Iterator[tuple[str, Node, Node]]:
        """Yield the name, the place of it, and the value of each entry of a mapping under a key."""
        node = self.mapping.get(key)
        if node is None or is_null(node):
            return
        if not isinstance(node, MappingNode):
            self.reject(key, "not_a_map", f"'{key}' is a mapping from names to what they stand for")
            return
        seen: set[str] = set()
        for name, value in node.pairs:
            if not isinstance(name, Scalar) or not name.value or name.value in seen:
                self.complain("bad_name", "this is no name, or one that is taken", node=name)
                continue
            seen.add(name.value)
            yield name.value, name, value

    def items(self, key: str, hint: str) -> Iterator[MappingNode]:
        """Yield the mappings of a list under a key."""
        node = self.mapping.get(key)
        if node is None or is_null(node):
            return
        if not isinstance(node, Sequence):
            self.reject(key, "not_a_sequence", f"'{key}' is a list", hint)
            return
        for item in node.items:
            if isinstance(item, MappingNode):
                yield item
            else:
                self.complain("not_a_map", f"each of '{key}' is a mapping", node=item, hint=hint)
