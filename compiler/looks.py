"""Write the look at a document, which is all that happens to most events.

The values of the key fields are taken out of the document and looked up in what the gate
remembers. All of that stands in one function without further calls of Python, which is
written for the key fields that the rules turned out to have.
"""

import ast
from collections import Counter
from datetime import date, timedelta
from typing import Final

from rulec.bodies import described
from rulec.gates import Gates, Key, place
from rulec.loads import member
from rulec.nodes import Loaded
from rulec.python import assign, call, compare, constant, function, identifier, method, name, some
from rulec.runtime.sources.reading import Envelope
from rulec.views import Shape, reach, words_of

# What the function is given: see ``rulec.runtime.look``.
PARAMETERS: Final = ("gate", "decode", "closer", "careful")

_VARIABLES: Final = frozenset({*PARAMETERS, "document", "key", "known", "numbers", "view"})


def look_function(
    identifier_: str, gates: Gates, source: str, envelope: Envelope, view: Shape
) -> ast.stmt:
    """Write the function that returns what looks at the documents of a source."""
    steps, key = key_of_view(gates, view, _VARIABLES, root="view")
    of_bytes = [
        assign("view", call("decode", name("document"))),
        *steps,
        *_looked_up(key, "known", "find"),
    ]
    steps, key = _key_of_objects(gates, envelope)
    of_objects = [
        assign("view", constant(None)),
        *steps,
        *_looked_up(key, "known_objects", "find_objects"),
    ]
    careful = ast.Return(call("careful", name("document")))
    by_type = ast.If(_is_short(), of_bytes, [ast.If(_is_plain(envelope), of_objects, [careful])])
    closer = call("closer", *map(name, ("document", "view", "numbers")))
    body: list[ast.stmt] = [
        ast.Try([by_type], [ast.ExceptHandler(name("ODDITIES"), None, [careful])], [], []),
        ast.Return(ast.IfExp(name("numbers"), closer, constant(()))),
    ]
    tables: list[ast.stmt] = [
        assign(table, ast.Attribute(_attribute("gate", table), "get", ast.Load()))
        for table in ("known", "known_objects")
    ]
    look = function("look", ["document"], "Look at one document.", body)
    doc = f"Return what looks at a document of {source}, and mostly sees that no rule matches."
    made = [*tables, look, ast.Return(name("look"))]
    return function(identifier_, list(PARAMETERS), doc, made)


def _attribute(value: str, attribute: str) -> ast.expr:
    return ast.Attribute(name(value), attribute, ast.Load())


def _is_short() -> ast.expr:
    """Write whether a document is one in bytes that a decoder may go through."""
    is_bytes = compare(call("type", name("document")), ast.Is(), name("bytes"))
    is_flat = compare(call("len", name("document")), ast.LtE(), name("FLAT"))
    skippable = call("can_be_skipped", name("document"))
    return ast.BoolOp(ast.And(), [is_bytes, some([is_flat, skippable])])


def _is_plain(envelope: Envelope) -> ast.expr:
    """Write whether a document is one that was decoded to an object, and says it is an event."""
    tests = [compare(call("type", name("document")), ast.Is(), name("dict"))]
    for each, wanted in envelope.members.items():
        if isinstance(wanted, str):
            tests.append(compare(_item(each), ast.Eq(), constant(wanted)))
    return ast.BoolOp(ast.And(), tests) if len(tests) > 1 else tests[0]


def _looked_up(key: ast.expr, table: str, find: str) -> list[ast.stmt]:
    unknown = compare(name("numbers"), ast.Is(), constant(None))
    found = assign("numbers", method(name("gate"), find, name("key")))
    return [
        assign("key", key),
        assign("numbers", call(table, name("key"))),
        ast.If(unknown, [found], []),
    ]


# --- out of a view ----------------------------------------------------------------------


def key_of_view(
    gates: Gates, view: Shape, variables: frozenset[str], root: str = ""
) -> tuple[list[ast.stmt], ast.expr]:
    """Write the values of the key fields, taken out of the view of an event.

    The view is called ``root``, or else what the fields call it.
    """
    before: list[ast.stmt] = []
    values: list[ast.expr] = []
    taken = set(variables)
    for key in gates.keys:
        reached = reach(name(root or key.value.field.root), view, place(key.value))
        value = reached.value
        if reached.rest:
            variable = identifier(described(key.value), taken)
            before.append(assign(variable, value))
            before += [assign(variable, member(variable, step)) for step in reached.rest]
            value = name(variable)
        values.append(_asked(value, key, constant(None)))
    return before, ast.Tuple(values, ast.Load())


def _asked(value: ast.expr, key: Key, otherwise: ast.expr) -> ast.expr:
    """Write a value as the gate wants it: of a time the day, if it can be one that rules name."""
    if key.value.field.convert is None:
        return value
    days = key.constants
    behind = (date.fromisoformat(max(days)) + timedelta(days=1)).isoformat()
    # Nearly all events are later than the days that rules ask about: one comparison tells.
    bounds = [constant(behind), value, constant(min(days))]
    between = ast.Compare(bounds[0], [ast.Gt(), ast.GtE()], bounds[1:])
    day = ast.Subscript(value, ast.Slice(None, ast.Constant(10)), ast.Load())
    return ast.IfExp(between, day, otherwise)


# --- out of objects ---------------------------------------------------------------------


def _key_of_objects(gates: Gates, envelope: Envelope) -> tuple[list[ast.stmt], ast.expr]:
    """Write the same values, taken out of an event that was decoded before.

    What is not where it belongs raises an error.
    """
    taken = set(_VARIABLES)
    shared: dict[str, str] = {}
    before: list[ast.stmt] = []
    parents = Counter(path[0] for path in map(_path, gates.values) if len(path) > 1)
    for parent, count in parents.items():
        if count > 1:
            shared[parent] = identifier(words_of(parent), taken)
            before.append(assign(shared[parent], _member(envelope, parent, name("NOTHING"))))
    values = []
    for key in gates.keys:
        first, *rest = _path(key.value)
        value = _member(envelope, first, name("NOTHING" if rest else "MISSING"))
        if first in shared:
            value = name(shared[first])
        for position, step in enumerate(rest, 1):
            other = name("MISSING" if position == len(rest) else "NOTHING")
            value = method(value, "get", constant(step), other)
        if f"/{'/'.join((first, *rest))}" in envelope.numbers:
            variable = identifier(described(key.value), taken)
            before.append(assign(variable, value))
            # A number that is equal to another one may be a float, with another text.
            value = ast.Tuple([call("type", name(variable)), name(variable)], ast.Load())
        values.append(_asked(value, key, name("MISSING")))
    return before, ast.Tuple(values, ast.Load())


def _path(value: Loaded) -> tuple[str, ...]:
    return tuple(map(str, place(value)))


def _member(envelope: Envelope, member: str, other: ast.expr) -> ast.expr:
    """Write a member of an event; without the ones that all events have, it is a strange event."""
    if member in envelope.members or member in envelope.common:
        return _item(member)
    return method(name("document"), "get", constant(member), other)


def _item(member: str) -> ast.expr:
    return ast.Subscript(name("document"), constant(member), ast.Load())
