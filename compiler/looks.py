"""Write the look at a document, which is all that happens to most events.

The values of the key fields are taken out of the document and looked up in what the gate
remembers. All of that stands in one function without further calls of Python, which is
written for the key fields that the rules turned out to have.
"""

import ast
from collections import Counter
from collections.abc import Mapping
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
PARAMETERS: Final = ("gate", "decode", "closer", "unusual")

# What is known by the values in a view, and by those in an event that was decoded before.
TABLES: Final = ("known", "known_objects")

_VARIABLES: Final = frozenset(
    {*PARAMETERS, *TABLES, "document", "key", "kind", "look", "numbers", "view"}
)


def look_function(
    identifier_: str,
    gates: Gates,
    source: str,
    envelope: Envelope,
    view: Shape,
    classes: Mapping[Key, str],
) -> ast.stmt:
    """Write the function that returns what looks at the documents of a source.

    ``classes`` are the functions for the classes of values of some keys: of keys
    whose values somebody makes up. What is looked up with are examples of these classes.
    """
    tables: list[ast.stmt] = [
        assign(
            table, ast.Attribute(ast.Attribute(name("gate"), table, ast.Load()), "get", ast.Load())
        )
        for table in TABLES
    ]
    taken = set(_VARIABLES)
    alike: dict[Key, str] = {}
    for made_up, class_of in classes.items():
        alike[made_up] = identifier(f"{described(made_up.value)} alike", taken)
        tables.append(assign(alike[made_up], call("Alike", name(class_of))))
    variables = frozenset(taken)
    steps, key = key_of_view(gates, view, variables, alike, root="view")
    of_bytes = [
        assign("view", call("decode", name("document"))),
        *steps,
        *_looked_up(key, "known", "find"),
    ]
    steps, key = _key_of_objects(gates, envelope, variables, alike)
    of_objects = [
        assign("view", constant(None)),
        *steps,
        *_looked_up(key, "known_objects", "find_objects"),
    ]
    unusual = ast.Return(call("unusual", name("document")))
    by_type = ast.If(_is_short(), of_bytes, [ast.If(_is_plain(envelope), of_objects, [unusual])])
    closer = call("closer", *map(name, ("document", "view", "numbers")))
    body: list[ast.stmt] = [
        assign("kind", call("type", name("document"))),
        ast.Try([by_type], [ast.ExceptHandler(name("ODDITIES"), None, [unusual])], [], []),
        ast.Return(ast.IfExp(name("numbers"), closer, constant(()))),
    ]
    look = function("look", ["document"], "Look at one document.", body)
    doc = f"Return what looks at a document of {source}, and mostly sees that no rule matches."
    made = [*tables, look, ast.Return(name("look"))]
    return function(identifier_, list(PARAMETERS), doc, made)


def _is_short() -> ast.expr:
    """Write whether a document is one in bytes that a decoder may go through."""
    is_bytes = compare(name("kind"), ast.Is(), name("bytes"))
    is_flat = compare(call("len", name("document")), ast.LtE(), name("FLAT"))
    skippable = call("can_be_skipped", name("document"))
    return ast.BoolOp(ast.And(), [is_bytes, some([is_flat, skippable])])


def _is_plain(envelope: Envelope) -> ast.expr:
    """Write whether a document is one that was decoded to an object, and says it is an event."""
    tests = [compare(name("kind"), ast.Is(), name("dict"))]
    for each, wanted in envelope.members.items():
        if isinstance(wanted, str):
            tests.append(compare(_item(name("document"), each), ast.Eq(), constant(wanted)))
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
    gates: Gates,
    view: Shape,
    variables: frozenset[str],
    alike: Mapping[Key, str],
    root: str = "",
) -> tuple[list[ast.stmt], ast.expr]:
    """Write the values of the key fields, taken out of the view of an event.

    ``alike`` are the tables of examples for some of them. The view is called ``root``, or
    else what the fields call it.
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
        values.append(_asked(value, key, constant(None), alike))
    return before, ast.Tuple(values, ast.Load())


def _asked(value: ast.expr, key: Key, otherwise: ast.expr, alike: Mapping[Key, str]) -> ast.expr:
    """Write a value as the gate wants it.

    Of a time that is the day, if it can be one that rules name; of a name that somebody made
    up, one that is like it.
    """
    if key in alike:
        return ast.Subscript(name(alike[key]), value, ast.Load())
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


def _key_of_objects(
    gates: Gates, envelope: Envelope, variables: frozenset[str], alike: Mapping[Key, str]
) -> tuple[list[ast.stmt], ast.expr]:
    """Write the same values, taken out of an event that was decoded before.

    What is not where it belongs raises an error.
    """
    taken = set(variables)
    shared: dict[str, str] = {}
    before: list[ast.stmt] = []
    values: list[ast.expr] = []
    parents = Counter(path[0] for path in map(_path, gates.values) if len(path) > 1)
    for parent, count in parents.items():
        if count > 1:
            shared[parent] = identifier(words_of(parent), taken)
            value = _step(name("document"), envelope, (parent,), name("NOTHING"))
            before.append(assign(shared[parent], value))
    for key in gates.keys:
        path = _path(key.value)
        start = int(path[0] in shared)
        value = name(shared[path[0]]) if start else name("document")
        for end in range(start + 1, len(path) + 1):
            other = name("MISSING" if end == len(path) else "NOTHING")
            value = _step(value, envelope, path[:end], other)
        if may_be_number(key.value, envelope):
            variable = identifier(described(key.value), taken)
            before.append(assign(variable, value))
            # A number that is equal to another one may be a float, with another text.
            value = ast.Tuple([call("type", name(variable)), name(variable)], ast.Load())
        values.append(_asked(value, key, name("MISSING"), alike))
    return before, ast.Tuple(values, ast.Load())


def may_be_number(value: Loaded, envelope: Envelope) -> bool:
    """Return whether there may be a number at the place of a key field."""
    if value.field.convert is not None:  # a time
        return False
    return envelope.numbers is None or _pointer(_path(value)) in envelope.numbers


def _pointer(path: tuple[str, ...]) -> str:
    return f"/{'/'.join(path)}"


def _path(value: Loaded) -> tuple[str, ...]:
    return tuple(map(str, place(value)))


def _step(value: ast.expr, envelope: Envelope, path: tuple[str, ...], other: ast.expr) -> ast.expr:
    """Write the last step of a path; an event without what all events have is a strange one."""
    *parents, last = path
    if _pointer(path) in envelope.common or (last in envelope.members and not parents):
        return _item(value, last)
    return method(value, "get", constant(last), other)


def _item(value: ast.expr, member: str) -> ast.expr:
    return ast.Subscript(value, constant(member), ast.Load())
