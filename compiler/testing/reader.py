"""Reading a part of a file of tests: texts by key, with the values of a combination in them."""

from collections.abc import Iterator

from rulec.item_reader import ItemReader
from rulec.selection import RULE_MATCHING
from rulec.testing.model import Named
from rulec.testing.values import Bindings, ValueMistakeError, as_text, filled
from rulec.yaml_nodes import Node, Scalar, Sequence, is_null


class Reader(ItemReader):
    """What reading a file of tests and reading a test have in common."""

    def word(self, key: str, bindings: Bindings) -> tuple[str | None, Node]:
        """Return the text of a key that need not be there, and its place."""
        node = self.mapping.get(key)
        if node is None:
            return None, self.mapping
        found = self.filled(node, bindings)
        if found == "":
            self.complain("empty_value", f"'{key}' is empty", node=node)
        return found or None, node

    def filled(self, node: Node, bindings: Bindings) -> str | None:
        """Return the text of a node, after complaining if it is none."""
        if not isinstance(node, Scalar) or node.is_null:
            self.complain("not_a_scalar", "a text belongs here", node=node)
            return None
        try:
            value = filled(node, bindings) if bindings else node.value
        except ValueMistakeError as mistake:
            self.tell(mistake)
            return None
        if value is None:  # as if nothing were written
            return None
        if (text := as_text(value)) is None:
            self.complain("not_a_scalar", "what is filled in here is no text", node=node)
        return text

    def tell(self, mistake: ValueMistakeError) -> None:
        """Complain about a value."""
        self.complain("bad_value", str(mistake), node=mistake.node, hint=mistake.hint)

    def words(self, key: str, bindings: Bindings) -> Iterator[tuple[str, Node]]:
        """Yield the texts of a key that holds one, or a list of them."""
        node = self.mapping.get(key)
        if node is None:
            return
        if is_null(node) or (isinstance(node, Sequence) and not node.items):
            self.reject(key, "empty_value", f"'{key}' names nothing")
            return
        for item in node.items if isinstance(node, Sequence) else (node,):
            if (text := self.filled(item, bindings)) is not None:
                yield text, item

    def names(self, key: str, bindings: Bindings) -> tuple[Named, ...]:
        """Return the names of rules under a key."""
        return tuple(Named(text, self.span(node)) for text, node in self.words(key, bindings))

    def rule_matching(self, bindings: Bindings) -> str | None:
        """Return how rules are matched, if it is said."""
        found, _ = self.word("rule_matching", bindings)
        if found is not None and found not in RULE_MATCHING:
            message = f"{found!r} is no way to match rules"
            self.reject("rule_matching", "bad_value", message, "write first or all")
            return None
        return found
