"""Write the function that loads a field from an event.

The declaration of a field is unrolled: each step of its path is an attribute
of the event's view, or a line where the view takes a value as a whole. The
meaning is that of ``rulec.runtime.extract``, which interprets the same
declarations.
"""

import ast
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from rulec.places import declarable, names
from rulec.python import (
    assign,
    call,
    compare,
    constant,
    function,
    identifier,
    is_present,
    method,
    name,
)
from rulec.runtime.convert import CONVERT
from rulec.runtime.fields import (
    EACH,
    PARAMETER,
    Argument,
    Compute,
    Field,
    Kind,
    Step,
    pointer_steps,
    steps,
)
from rulec.views import ANYTHING, SIMPLE, Reached, Shape, reach

# Imports a function, from where it is defined, and returns its name.
Imported = Callable[[Compute], str]


@dataclass(frozen=True, slots=True)
class Load:
    """A field to load, with its argument, from events of a source.

    ``function`` is the name of the function that does it. Without a ``view``,
    the event is there as objects. What is ``outside`` of the view is looked for
    in what the view has not decoded. What several rules ask for is ``kept`` as
    an attribute of the event. ``opened`` writes what a member at a root says that
    waits to be decoded.
    """

    function: str
    field: Field
    argument: str | None
    view: Shape | None
    outside: bool
    kept: str
    imported: Imported
    opened: Callable[[str, str], ast.expr]


def load_function(load: Load) -> ast.stmt:
    """Write ``def load_field(event)``, which returns its value, or None if there is none."""
    field, argument = load.field, load.argument
    body: Iterable[ast.stmt]
    if field.constant is not None:
        body = [ast.Return(constant(field.constant))]
    elif field.attribute is not None:
        body = _attribute(load)
    elif field.pointer:
        body = _pointed(load, pointer_steps(argument or ""))
    elif field.compute is not None:
        body = _computed(load)
    elif field.is_list:
        body = _list(load)
    else:
        assert field.path is not None
        body = _one_value(load, steps(field.path, argument))
    shown = field.name if argument is None else f"{field.name}[{argument}]"
    statements = list(body)
    if load.kept:
        statements = _once(load.kept, statements)
    return function(load.function, ["event"], f"{shown}: {field.doc}", statements)


def _once(attribute: str, body: list[ast.stmt]) -> list[ast.stmt]:
    """Let a function keep its result at the event, and return that from then on."""
    kept = ast.Attribute(name("event"), attribute, ast.Load())
    *statements, result = body
    assert isinstance(result, ast.Return)
    assert result.value is not None
    is_known = compare(kept, ast.IsNot(), name("MISSING"))
    store = ast.Attribute(name("event"), attribute, ast.Store())
    targets: list[ast.expr] = [ast.Name("result", ast.Store()), store]
    return [
        ast.If(is_known, [ast.Return(kept)], []),
        *statements,
        ast.Assign(targets, result.value),
        ast.Return(name("result")),
    ]


def _attribute(load: Load) -> Iterable[ast.stmt]:
    value: ast.expr = ast.Attribute(name("event"), str(load.field.attribute), ast.Load())
    if load.field.compute is not None:
        given = () if load.field.argument is Argument.NONE else (constant(load.argument),)
        value = call(load.imported(load.field.compute), value, *given)
    yield ast.Return(value)


def _computed(load: Load) -> Iterable[ast.stmt]:
    assert load.field.compute is not None
    taken = {"event"}
    arguments: list[ast.expr] = []
    for path in load.field.reads:
        variable = identifier(str(steps(path)[-1]) if path else "document", taken)
        yield from _walk(variable, load, steps(path))
        arguments.append(name(variable))
    if load.field.argument is not Argument.NONE:
        arguments.append(constant(load.argument))
    yield ast.Return(call(load.imported(load.field.compute), *arguments))


def _one_value(load: Load, path: tuple[Step, ...]) -> Iterable[ast.stmt]:
    yield from _walk("value", load, path)
    if _reached(load, path).shape is SIMPLE:
        missing = compare(name("value"), ast.Is(), ast.Constant(None))
        yield ast.If(missing, [ast.Return(ast.Constant(None))], [])
    yield ast.Return(_converted("value", load))


def _pointed(load: Load, pointer: tuple[str, ...]) -> Iterable[ast.stmt]:
    """Follow a JSON pointer, in which a number may be the index of an element."""
    members = names(pointer)
    yield from _walk("value", load, members)
    if rest := pointer[len(members) :]:
        yield assign("value", call("follow", name("value"), constant(rest)))
    yield ast.Return(_converted("value", load))


def _walk(variable: str, load: Load, path: tuple[Step, ...]) -> Iterable[ast.stmt]:
    """Assign what a path without ``[]`` leads to, or MISSING."""
    reached = _reached(load, path)
    start, rest = reached.value, reached.rest
    if rest and reached.shape is None:
        # A document is an object: no need to ask.
        start, rest = _get(start, rest[0]), rest[1:]
    yield assign(variable, start)
    for step in rest:
        yield assign(variable, member(variable, step))


def _reached(load: Load, path: tuple[Step, ...]) -> Reached:
    """Follow a path as far as the view goes; what is not in the view is in the document."""
    root = load.field.root
    event = name("event")
    if load.view is None and path:
        return Reached(ast.Attribute(event, root, ast.Load()), None, path)
    declared = load.view is not None and declarable(path)
    member = load.view.members.get(str(path[0])) if load.view is not None and declared else None
    if member is None or (load.outside and not member.waits):
        document = "audit_document" if root == "audit" else "document"
        return Reached(ast.Attribute(event, document, ast.Load()), None, path)
    value: ast.expr = ast.Attribute(event, root, ast.Load())
    if load.outside:
        waiting = ast.Attribute(value, member.attribute, ast.Load())
        return Reached(call("opened", waiting), ANYTHING, path[1:])
    if member.waits:
        return reach(load.opened(root, str(path[0])), member.shape, path[1:])
    assert load.view is not None
    return reach(value, load.view, path)


def _get(value: ast.expr, step: Step) -> ast.expr:
    return method(value, "get", constant(step), name("MISSING"))


def member(variable: str, step: Step) -> ast.expr:
    """Write the step from a value to one of its members, which may not be there."""
    is_object = call("isinstance", name(variable), name("dict"))
    return ast.IfExp(is_object, _get(name(variable), step), name("MISSING"))


def _converted(variable: str, load: Load) -> ast.expr:
    """Write the value of the field's type for a JSON value, None for none."""
    field = load.field
    if field.convert is not None:
        return call(load.imported(field.convert), name(variable))
    convert = CONVERT[field.type.kind].__name__
    converted = call(convert, name(variable))
    if field.type.kind is not Kind.STRING:
        return converted
    # Most values are text already.
    is_text = compare(call("type", name(variable)), ast.Is(), name("str"))
    return ast.IfExp(is_text, name(variable), converted)


def _list(load: Load) -> Iterable[ast.stmt]:
    assert load.field.path is not None
    path = steps(load.field.path, load.argument)
    first = path.index(EACH)
    reached = _reached(load, path[: first + 1])
    shape = reached.shape if reached.rest == (EACH,) else None
    yield from _walk("value", load, path[:first])
    yield assign("found", ast.List([], ast.Load()))
    index = None if PARAMETER in load.field.path else load.argument
    yield _loop("value", load, shape, path[first + 1 :], index)
    found = call("tuple", name("found"))
    yield ast.Return(ast.BoolOp(ast.Or(), [found, ast.Constant(None)]))


def _loop(
    variable: str, load: Load, shape: Shape | None, path: tuple[Step, ...], index: str | None
) -> ast.stmt:
    """Write the loop over the elements of an array, for the rest of a path behind ``[]``.

    ``shape`` is that of the array.
    """
    item = "item" if variable == "value" else "part"
    inner = None if shape is None else shape.element
    array: ast.expr = name(variable)
    if inner is None:
        last = [ast.Constant(True)] if not path else []
        array = call("elements", array, *last)
    if index is not None:
        bounds = ast.Slice(ast.Constant(int(index)), ast.Constant(int(index) + 1))
        array = ast.Subscript(array, bounds, ast.Load())
    body: list[ast.stmt] = []
    for position, step in enumerate(path):
        if step == EACH:
            body.append(_loop(item, load, inner, path[position + 1 :], None))
            return _for(item, array, body)
        if inner is not None and step in inner.members:
            reached = reach(name(item), inner, (step,))
            body.append(assign(item, reached.value))
            inner = reached.shape
        else:
            inner = None
            body.append(assign(item, member(item, step)))
        missing: ast.expr = ast.Constant(None) if inner is SIMPLE else name("MISSING")
        if load.field.complete:
            lacking = compare(name(item), ast.Is(), missing)
            body.append(ast.If(lacking, [ast.Return(ast.Constant(None))], []))
    body += _kept(item, load, inner, is_element=not path)
    return _for(item, array, body)


def _kept(item: str, load: Load, shape: Shape | None, is_element: bool) -> list[ast.stmt]:
    """Write what puts a value among those found, if there is one."""
    keep = ast.Expr(method(name("found"), "append", name(item)))
    convert: list[ast.stmt] = [
        assign(item, _converted(item, load)),
        ast.If(is_present(name(item)), [keep], []),
    ]
    is_certain = is_element or load.field.complete or shape is not SIMPLE
    return convert if is_certain else [ast.If(is_present(name(item)), convert, [])]


def _for(item: str, array: ast.expr, body: list[ast.stmt]) -> ast.stmt:
    return ast.For(ast.Name(item, ast.Store()), array, body, [])
