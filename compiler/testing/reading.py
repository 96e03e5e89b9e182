"""Read a file of tests from YAML.

Everything that is wrong with it is told at once, each with its place, like mistakes in rules.
"""

import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Final

from rulec.diagnostics import Diagnostic, ProblemError
from rulec.documents import unreadable
from rulec.testing.alert_reader import AlertReader
from rulec.testing.combinations import CASES_LIMIT, CombinationReader, Row
from rulec.testing.model import Case, Expected, FromFile, Given, Inline, Suite
from rulec.testing.reader import Reader
from rulec.testing.values import (
    Bindings,
    ValueMistakeError,
    Values,
    as_text,
    merged,
    whole_placeholder,
)
from rulec.text import File
from rulec.yaml_nodes import Mapping as MappingNode
from rulec.yaml_nodes import Node, Scalar, Sequence
from rulec.yaml_reader import read_yaml

FILE_KEYS: Final = (
    "rules",
    "source_files",
    "source",
    "rule_matching",
    "enable",
    "defaults",
    "tests",
)
DEFAULTS_KEYS: Final = ("event",)
TEST_KEYS: Final = (
    "name",
    "event",
    "events",
    "file",
    "alerts",
    "matrix",
    "cases",
    "only",
    "enable",
    "source",
    "rule_matching",
    "skip",
)
GIVEN_KEYS: Final = ("event", "events", "file")

MISTAKES_LIMIT: Final = 100


def read_suite(file: File) -> tuple[Suite, tuple[Diagnostic, ...]]:
    """Return the tests that the content of a file describes, and what is wrong with it."""
    empty = Suite(file, (), (), ())
    try:
        documents = read_yaml(file)
    except ProblemError as error:
        return empty, unreadable(file, error.problem).diagnostics
    reader = _SuiteReader(file, documents)
    suite = empty if reader.failed else reader.suite()
    return suite, tuple(reader.diagnostics)


class _SuiteReader(Reader):
    """Reads a file of tests."""

    def __init__(self, file: File, documents: list[Node]) -> None:
        root = documents[0] if documents else None
        found = root if isinstance(root, MappingNode) else MappingNode((), 0)
        super().__init__(file, found, (), "file of tests")
        self.values = Values()
        if len(documents) != 1 or not isinstance(root, MappingNode):
            hint = "write one mapping, with 'tests'"
            self.complain("not_a_map", "the file describes no tests", hint=hint)

    def suite(self) -> Suite:
        """Return the tests, as far as they are described."""
        self.refuse_unknown_keys(FILE_KEYS)
        self.source, _ = self.word("source", {})
        self.matching = self.rule_matching({})
        self.enabled = self.names("enable", {})
        self.default = self.default_event()
        rules, source_files = self.paths("rules"), self.paths("source_files")
        return Suite(self.file, rules, source_files, tuple(self.cases()))

    def paths(self, key: str) -> tuple[Path, ...]:
        """Return the paths under a key."""
        return tuple(self.path(text) for text, _ in self.words(key, {}))

    def path(self, text: str) -> Path:
        """Return a path that is written relative to the file."""
        path = Path(self.file.name).parent / text
        tidy = Path(os.path.normpath(path))
        # Behind a link to a directory, ".." may lead elsewhere.
        return tidy if not path.exists() or (tidy.exists() and tidy.samefile(path)) else path

    def default_event(self) -> Any:
        """Return what every event has that does not say otherwise."""
        node = self.mapping.get("defaults")
        if node is None:
            return {}
        if not isinstance(node, MappingNode):
            self.reject("defaults", "not_a_map", "'defaults' is a mapping", "write 'event: {...}'")
            return {}
        reader = Reader(self.file, node, self.context, "defaults")
        reader.refuse_unknown_keys(DEFAULTS_KEYS)
        self.diagnostics += reader.diagnostics
        inner = node.get("event")
        if inner is None:
            return {}
        if not isinstance(inner, MappingNode):
            self.complain("not_a_map", "the event of 'defaults' is a mapping", node=inner)
            return {}
        try:
            return self.values.of(inner)
        except ValueMistakeError as mistake:
            self.tell(mistake)
            return {}

    def cases(self) -> Iterator[Case]:
        """Yield every test, and of a matrix every combination."""
        node = self.mapping.get("tests")
        if not isinstance(node, Sequence) or not node.items:
            hint = "write a list, each with 'name', 'event' and 'alerts'"
            self.reject("tests", "not_a_sequence", "the file has no tests", hint)
            return
        seen: set[str] = set()
        for item in node.items:
            if not isinstance(item, MappingNode):
                self.complain(
                    "not_a_map", "a test is a mapping", node=item, hint="write 'name: ...'"
                )
                continue
            reader = _TestReader(self, item)
            for case in islice(reader.cases(), CASES_LIMIT + 1 - len(seen)):
                if case.name in seen:
                    message = f"{case.name!r} is the name of another test"
                    reader.complain("repeated_name", message, node=item.get("name"))
                seen.add(case.name)
                yield case
            self.diagnostics += reader.diagnostics
            full = len(seen) > CASES_LIMIT
            if full or len(self.diagnostics) >= MISTAKES_LIMIT:
                few = f"{CASES_LIMIT:,} tests" if full else "that many mistakes"
                message = f"what stands behind here is not read behind {few}"
                self.complain("too_many", message, node=item)
                return


class _TestReader(Reader):
    """Reads a test."""

    def __init__(self, outer: _SuiteReader, mapping: MappingNode) -> None:
        super().__init__(outer.file, mapping, outer.context, "test")
        self.suite = outer
        self.nodes: Row = {}
        self.number = 1  # of the combination

    def cases(self) -> Iterator[Case]:
        """Yield the test; if it has a matrix, once for each combination of its values."""
        self.refuse_unknown_keys(TEST_KEYS)
        for key in ("name", "alerts"):
            if key not in self.mapping and (key == "name" or "file" not in self.mapping):
                hint = "write 'alerts: none' if there are to be none" if key == "alerts" else ""
                self.complain("missing_key", f"test has no '{key}'", hint=hint)
        if len(given := [key for key in GIVEN_KEYS if key in self.mapping]) != 1:
            message = f"test has {' and '.join(given) or 'no events'}"
            self.complain("bad_events", message, hint="write one of event, events, file")
        if self.failed:
            return
        reader = CombinationReader(self.file, self.mapping, self.outer, self.suite.values)
        for self.number, (self.nodes, bindings) in enumerate(reader.combinations(), 1):
            yield from self.case(bindings)
            if self.failed:  # the other combinations would say the same
                break
        self.diagnostics += reader.diagnostics

    def case(self, bindings: Bindings) -> Iterator[Case]:
        """Yield the test with these values, if there is nothing wrong with it."""
        source, _ = self.word("source", bindings)
        source = source or self.suite.source
        given = self.given(source, bindings)
        skip, _ = self.word("skip", bindings)
        matching = self.rule_matching(bindings) or self.suite.matching
        only = self.names("only", bindings) if "only" in self.mapping else None
        enable = self.suite.enabled + self.names("enable", bindings)
        expected = self.expected(given, bindings)
        name = self.full_name(bindings)
        if not self.failed and given is not None:
            span = self.span(self.mapping)
            yield Case(name, span, source, given, expected, only, enable, matching, skip)

    def full_name(self, bindings: Bindings) -> str:
        """Return the name of the test, from which the combination can be told."""
        found, node = self.word("name", bindings)
        if found is None or not bindings or not isinstance(node, Scalar):
            return found or ""
        alerts = self.mapping.get("alerts")
        expected = whole_placeholder(alerts.value) if isinstance(alerts, Scalar) else ""
        silent = [key for key in bindings if f"{{{key}}}" not in node.value and key != expected]
        texts = {key: as_text(bindings[key]) for key in silent}
        shown = [f"{key}={text}" for key, text in texts.items() if text is not None]
        shown += [f"#{self.number}"] if None in texts.values() else []
        return f"{found} [{', '.join(shown)}]" if shown else found

    def expected(self, given: Given | None, bindings: Bindings) -> tuple[Expected, ...] | None:
        """Return the alerts that are expected; None if the scenario names them."""
        node = self.mapping.get("alerts")
        if isinstance(node, Scalar) and (name := whole_placeholder(node.value)) in self.nodes:
            node = self.nodes[name]
        if node is None:
            if not isinstance(given, FromFile) or not given.is_scenario:
                hint = "write 'alerts: none' if there are to be none"
                self.complain("missing_key", "test has no 'alerts'", hint=hint)
            return None
        reader = AlertReader(self.file, self.mapping, self.context, self.suite.values, bindings)
        found = reader.expected(node)
        self.diagnostics += reader.diagnostics
        return found

    def given(self, source: str | None, bindings: Bindings) -> Given | None:
        """Return the events, or where they are."""
        if "file" in self.mapping:
            text, node = self.word("file", bindings)
            return None if text is None else FromFile(self.suite.path(text), self.span(node))
        inline = self.mapping.get("event") or self.mapping.get("events")
        assert inline is not None, "there is one of them"
        if "events" in self.mapping and not (isinstance(inline, Sequence) and inline.items):
            self.reject("events", "not_a_sequence", "'events' is a list of events")
            return None
        nodes = inline.items if isinstance(inline, Sequence) else (inline,)
        return Inline(tuple(self.documents(nodes, source, bindings)))

    def documents(
        self, nodes: tuple[Node, ...], source: str | None, bindings: Bindings
    ) -> Iterator[tuple[Any, Any]]:
        """Yield the events that stand in the test."""
        for node in nodes:
            try:
                value = self.suite.values.of(node, bindings)
            except ValueMistakeError as mistake:
                self.tell(mistake)
                continue
            if not isinstance(value, dict):
                hint = "write {verb: create, ...}"
                self.complain("not_a_map", "an event is a mapping", node=node, hint=hint)
                continue
            if source == self.suite.source:
                value = merged(self.suite.default, value)
            yield value, self.span(node)
