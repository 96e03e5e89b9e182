"""A module while it is written: its names, and what its functions turned out to need."""

import ast
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any, Final

from rulec.loads import Load, load_function
from rulec.nodes import Constant, Loaded
from rulec.python import assign, call, constant, identifier, name
from rulec.runtime import EXPORTS, prepared
from rulec.runtime.events import SeenEvent
from rulec.runtime.fields import Field
from rulec.views import Shape, opener, words_of

# Sets up to this size are written where they are used.
SMALL_SET: Final = 6


@dataclass
class Module:
    """A module that is being written: what its functions turned out to need."""

    imports: dict[tuple[str, str], str] = field(default_factory=dict)
    constants: dict[tuple[str, object], str] = field(default_factory=dict)
    constant_names: set[str] = field(
        default_factory=lambda: {each.lower() for each in EXPORTS if each.isupper()}
    )
    constant_statements: list[ast.stmt] = field(default_factory=list)
    loads: dict[tuple[str, Field, str | None], str] = field(default_factory=dict)
    load_statements: list[ast.stmt] = field(default_factory=list)
    views: dict[str, Shape] = field(default_factory=dict)  # by event source
    outside: set[tuple[str, Loaded]] = field(default_factory=set)  # not in the view
    openers: dict[tuple[str, str, str], tuple[str, str]] = field(default_factory=dict)
    attributes: dict[str, set[str]] = field(default_factory=dict)  # taken, by event source
    # Those added, in order, with what they are until something is found out.
    event_members: dict[str, dict[str, ast.expr]] = field(default_factory=dict)
    kept: dict[tuple[str, Loaded], str] = field(default_factory=dict)  # as attributes of events
    names: set[str] = field(default_factory=set)

    def imported(self, function: Callable[..., Any]) -> str:
        """Import a function that is no part of the runtime's contract."""
        key = (function.__module__, function.__name__)
        if key not in self.imports:
            self.imports[key] = identifier(function.__name__, self.names)
        return self.imports[key]

    def operand(self, prepare: str | None, node: Constant, *, inline: bool = False) -> ast.expr:
        """Write a constant, prepared by a function of the runtime.

        What has a literal form is written in place, small sets only where
        they are looked into (``inline``). The rest is prepared once and gets
        a name: that of the list in the rules if it is one.
        """
        ready = prepared(prepare, node.value)
        if inline and isinstance(node.value, tuple) and _is_small_set(ready):
            # Python makes a constant of a set that is only looked into.
            return ast.Set([constant(item) for item in dict.fromkeys(node.value)])
        if isinstance(ready, str | bytes | bool | int | float) or ready is None:
            return constant(ready)
        key = (prepare or type(node.value).__name__, node.value)
        if key not in self.constants:
            self.constants[key] = identifier(_title(prepare, node), self.constant_names).upper()
            written = self._prepared(prepare, node.value)
            self.constant_statements.append(assign(self.constants[key], written))
        return name(self.constants[key])

    def _prepared(self, prepare: str | None, value: object) -> ast.expr:
        if prepare is None:
            return self._literal(value)
        return call(prepare, self._literal(value))

    def _literal(self, value: object) -> ast.expr:
        if isinstance(value, tuple):
            return ast.Tuple([self._literal(item) for item in value], ast.Load())
        if isinstance(value, str | bytes | bool | int | float):
            return constant(value)
        maker = ip_address if isinstance(value, IPv4Address | IPv6Address) else ip_network
        return call(self.imported(maker), constant(str(value)))

    def load(self, loaded: Loaded, source: str) -> ast.expr:
        """Write a call of the function that loads a field of the event."""
        key = (source, loaded.field, loaded.argument)
        if key not in self.loads:
            argument = "" if loaded.argument is None else f" {loaded.argument}"
            wanted = f"load {loaded.field.name}{argument}"
            self.loads[key] = identifier(wanted, self.names)
            view, outside = self.views.get(source), (source, loaded) in self.outside
            kept = self.kept.get((source, loaded), "")
            load = Load(
                self.loads[key],
                loaded.field,
                loaded.argument,
                view,
                outside,
                kept,
                self.imported,
                lambda root, member: self.opened(source, root, member),
            )
            self.load_statements.append(load_function(load))
        return call(self.loads[key], name("event"))

    def opened(self, source: str, root: str, member: str) -> ast.expr:
        """Write what a member of an event says, which is decoded when it is first asked for."""
        key = (source, root, member)
        declared = self.views[source].members[member]
        nothing = constant(None) if declared.shape.part else name("MISSING")
        if key not in self.openers:
            words = words_of(member)
            function = identifier(f"{source} {words}", self.names)
            kept = self.attribute(source, f"{root} {words}", nothing)
            self.openers[key] = (function, kept)
            self.load_statements.append(opener(function, kept, root, member, declared))
        function, kept = self.openers[key]
        decoded = call(function, name("event"))
        if not declared.shape.part:
            return decoded
        # Mostly another rule has asked for it before, and no call is needed. A part is true.
        return ast.BoolOp(ast.Or(), [ast.Attribute(name("event"), kept, ast.Load()), decoded])

    def attribute(self, source: str, words: str, nothing: ast.expr | None = None) -> str:
        """Return a new attribute for the events of a source: MISSING or ``nothing`` at first."""
        known = {*SeenEvent.__struct_fields__, *dir(SeenEvent)}
        taken = self.attributes.setdefault(source, known)
        found = identifier(words, taken)
        self.event_members.setdefault(source, {})[found] = nothing or name("MISSING")
        return found


def _is_small_set(ready: object) -> bool:
    if not isinstance(ready, frozenset) or len(ready) > SMALL_SET:
        return False
    return all(isinstance(item, str | bytes | int | float) for item in ready)


def _title(prepare: str | None, node: Constant) -> str:
    """Return words to name a prepared constant by."""
    listed = node.span.stands_for
    if prepare == "frozenset":
        return listed or "items"
    return f"{prepare or 'address'} {listed or ''}"
