"""Write the function that loads a field from a decoded event.

The declaration of a field is unrolled: each step of its path is one line.
The meaning is that of ``rulec.runtime.extract``, which interprets the same
declarations.
"""

import ast
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import takewhile

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

# Imports a function, from where it is defined, and returns its name.
Imported = Callable[[Compute], str]


@dataclass(frozen=True, slots=True)
class Load:
    """A field to load, with its argument, and the name of the function that does it."""

    function: str
    field: Field
    argument: str | None


def load_function(load: Load, imported: Imported) -> ast.stmt:
    """Write ``def load_field(event)``, which returns its value, or None if there is none."""
    field, argument = load.field, load.argument
    body: Iterable[ast.stmt]
    if field.constant is not None:
        body = [ast.Return(constant(field.constant))]
    elif field.attribute is not None:
        body = _attribute(field, imported)
    elif field.pointer:
        body = _pointed(field, pointer_steps(argument or ""), imported)
    elif field.compute is not None:
        body = _computed(field, argument, imported)
    elif field.is_list:
        body = _list(field, argument, imported)
    else:
        assert field.path is not None
        body = _one_value(field, steps(field.path, argument), imported)
    shown = field.name if argument is None else f"{field.name}[{argument}]"
    return function(load.function, ["event"], f"{shown}: {field.doc}", list(body))


def _attribute(field: Field, imported: Imported) -> Iterable[ast.stmt]:
    value: ast.expr = ast.Attribute(name("event"), str(field.attribute), ast.Load())
    if field.compute is not None:
        value = call(imported(field.compute), value)
    yield ast.Return(value)


def _computed(field: Field, argument: str | None, imported: Imported) -> Iterable[ast.stmt]:
    assert field.compute is not None
    taken = {"event"}
    arguments: list[ast.expr] = []
    for path in field.reads:
        variable = identifier(str(steps(path)[-1]) if path else "document", taken)
        yield from _walk(variable, field.root, steps(path))
        arguments.append(name(variable))
    if field.argument is not Argument.NONE:
        arguments.append(constant(argument))
    yield ast.Return(call(imported(field.compute), *arguments))


def _one_value(field: Field, path: tuple[Step, ...], imported: Imported) -> Iterable[ast.stmt]:
    yield from _walk("value", field.root, path)
    yield ast.Return(_converted("value", field, imported))


def _pointed(field: Field, pointer: tuple[str, ...], imported: Imported) -> Iterable[ast.stmt]:
    """Follow a JSON pointer, in which a number may be the index of an element."""
    names = tuple(takewhile(lambda step: not step.isdigit(), pointer))
    yield from _walk("value", field.root, names)
    if rest := pointer[len(names) :]:
        yield assign("value", call("follow", name("value"), constant(rest)))
    yield ast.Return(_converted("value", field, imported))


def _walk(variable: str, root: str, path: tuple[Step, ...]) -> Iterable[ast.stmt]:
    """Assign what a path without ``[]`` leads to, or MISSING."""
    start: ast.expr = ast.Attribute(name("event"), root, ast.Load())
    if path:
        # A document is an object: no need to ask.
        start = _get(start, path[0])
    yield assign(variable, start)
    for step in path[1:]:
        yield assign(variable, _member(variable, step))


def _get(value: ast.expr, step: Step) -> ast.expr:
    return method(value, "get", constant(step), name("MISSING"))


def _member(variable: str, step: Step) -> ast.expr:
    """Write the step from a value to one of its members, which may not be there."""
    is_object = call("isinstance", name(variable), name("dict"))
    return ast.IfExp(is_object, _get(name(variable), step), name("MISSING"))


def _converted(variable: str, field: Field, imported: Imported) -> ast.expr:
    """Write the value of the field's type for a JSON value, None for none."""
    if field.convert is not None:
        return call(imported(field.convert), name(variable))
    convert = CONVERT[field.type.kind].__name__
    converted = call(convert, name(variable))
    if field.type.kind is not Kind.STRING:
        return converted
    # Most values are text already.
    is_text = compare(call("type", name(variable)), ast.Is(), name("str"))
    return ast.IfExp(is_text, name(variable), converted)


def _list(field: Field, argument: str | None, imported: Imported) -> Iterable[ast.stmt]:
    assert field.path is not None
    path = steps(field.path, argument)
    first = path.index(EACH)
    yield from _walk("value", field.root, path[:first])
    yield assign("found", ast.List([], ast.Load()))
    index = None if PARAMETER in field.path else argument
    yield _loop("value", field, path[first + 1 :], index, imported)
    found = call("tuple", name("found"))
    yield ast.Return(ast.BoolOp(ast.Or(), [found, ast.Constant(None)]))


def _loop(
    variable: str, field: Field, path: tuple[Step, ...], index: str | None, imported: Imported
) -> ast.stmt:
    """Write the loop over the elements of an array, for the rest of a path behind ``[]``."""
    item = "item" if variable == "value" else "part"
    last = [ast.Constant(True)] if not path else []
    array: ast.expr = call("elements", name(variable), *last)
    if index is not None:
        bounds = ast.Slice(ast.Constant(int(index)), ast.Constant(int(index) + 1))
        array = ast.Subscript(array, bounds, ast.Load())
    body: list[ast.stmt] = []
    for position, step in enumerate(path):
        if step == EACH:
            body.append(_loop(item, field, path[position + 1 :], None, imported))
            return _for(item, array, body)
        body.append(assign(item, _member(item, step)))
        if field.complete:
            lacking = compare(name(item), ast.Is(), name("MISSING"))
            body.append(ast.If(lacking, [ast.Return(ast.Constant(None))], []))
    body.append(assign(item, _converted(item, field, imported)))
    keep = method(name("found"), "append", name(item))
    body.append(ast.If(is_present(name(item)), [ast.Expr(keep)], []))
    return _for(item, array, body)


def _for(item: str, array: ast.expr, body: list[ast.stmt]) -> ast.stmt:
    return ast.For(ast.Name(item, ast.Store()), array, body, [])
