"""The combinations of values for which a test is run: of a matrix, and of cases."""

from collections.abc import Collection, Iterable, Iterator
from itertools import product
from math import prod
from typing import Any, Final

from rulec.items import Context
from rulec.testing.reader import Reader
from rulec.testing.values import Bindings, ValueMistakeError, Values
from rulec.text import File
from rulec.yaml_nodes import Mapping as MappingNode
from rulec.yaml_nodes import Node, Scalar, Sequence

# The tests of a file, with every combination.
CASES_LIMIT: Final = 20_000

# What names stand for in a combination.
Row = dict[str, Node]


class CombinationReader(Reader):
    """Reads the matrix and the cases of a test."""

    def __init__(self, file: File, mapping: MappingNode, outer: Context, values: Values) -> None:
        super().__init__(file, mapping, outer, "test")
        self.values = values

    def combinations(self) -> Iterator[tuple[Row, Bindings]]:
        """Yield what the names stand for, in every combination: where it is written, and values."""
        columns = [*self.matrix(), *self.cases()]
        self.refuse_taken_names(columns)
        values: dict[int, Any] = {}
        for node in (node for column in columns for row in column for node in row.values()):
            try:
                values[id(node)] = self.values.of(node)
            except ValueMistakeError as mistake:
                self.tell(mistake)
        if (size := prod(map(len, columns))) > CASES_LIMIT:
            message = f"there are {size:,} combinations, and {CASES_LIMIT:,} are the most"
            self.complain("too_many", message)
        if self.failed:
            return
        for rows in product(*columns):
            nodes = {name: node for row in rows for name, node in row.items()}
            yield nodes, {name: values[id(node)] for name, node in nodes.items()}

    def matrix(self) -> Iterator[list[Row]]:
        """Yield the values of each name of the matrix."""
        node = self.mapping.get("matrix")
        if node is None:
            return
        if not isinstance(node, MappingNode) or not node.pairs:
            hint = "write {verb: [create, update]}"
            self.reject("matrix", "not_a_map", "a matrix is a mapping from names to lists", hint)
            return
        for key, value in node.pairs:
            if (name := self.placeholder(key)) is None:
                continue
            if isinstance(value, Sequence) and value.items:
                yield [{name: item} for item in value.items]
            else:
                hint = "write [one, another]"
                self.complain("not_a_sequence", f"{name!r} is no list", node=value, hint=hint)

    def cases(self) -> Iterator[list[Row]]:
        """Yield the cases, each with values for the same names."""
        node = self.mapping.get("cases")
        if node is None:
            return
        rows: list[Row] = []
        hint = "write '- {verb: create, user: alice}'"
        items = node.items if isinstance(node, Sequence) else ()
        if not items:
            self.reject("cases", "not_a_sequence", "'cases' is a list of mappings", hint)
        for item in items:
            if not isinstance(item, MappingNode) or not item.pairs:
                self.complain("not_a_map", "a case is a mapping", node=item, hint=hint)
                continue
            row: Row = {}
            for key, value in item.pairs:
                if (name := self.placeholder(key, row)) is not None:
                    row[name] = value
            for name in sorted((rows[0] if rows else row).keys() ^ row.keys()):
                where, whose = (item, "this case") if name not in row else (item, "the first case")
                self.complain("missing_key", f"{whose} has no {name!r}", node=where)
            rows.append(row)
        yield rows

    def placeholder(self, key: Node, taken: Collection[str] = ()) -> str | None:
        """Return the name that a key is, after complaining if it is none."""
        if isinstance(key, Scalar) and key.value and key.value not in taken:
            return key.value
        self.complain("bad_name", "this is no name, or one that is taken", node=key)
        return None

    def refuse_taken_names(self, columns: Iterable[list[Row]]) -> None:
        """Complain about names that have values twice."""
        names = [name for column in columns for name in next(iter(column), {})]
        for name in dict.fromkeys(name for name in names if names.count(name) > 1):
            self.complain("bad_name", f"{name!r} has values twice")
