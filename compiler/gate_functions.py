"""Write the gate of an event source: its key function, and which rules a key leaves."""

import ast
from typing import TYPE_CHECKING, Final

from rulec.bodies import described
from rulec.condition_functions import ConditionBody
from rulec.gates import Gates, Key
from rulec.looks import key_of_view, look_function, may_be_number
from rulec.nodes import Const, Constant
from rulec.python import (
    assign,
    call,
    compare,
    constant,
    function,
    identifier,
    method,
    name,
    some,
)
from rulec.runtime.fields import CHARBUF, field_text
from rulec.runtime.sources import EventSource
from rulec.type_gates import TypeGates
from rulec.views import Shape

if TYPE_CHECKING:
    from rulec.module import Module


# With so many beginnings that rules ask for, it is worth looking for all of them at once.
_MANY: Final = 4

# What a gate is made of, one function each.
PARTS: Final = ("key", "class", "candidates")


def gate_functions(
    gates: Gates, source: EventSource, view: Shape, module: "Module"
) -> tuple[list[ast.stmt], ast.expr]:
    """Return the functions of a gate, and the expression that makes the gate of them."""
    titles = [identifier(f"{source.name} {part}", module.names) for part in PARTS]
    key, class_, candidates = titles
    functions = [
        _key_function(key, gates, source.name, view),
        _class_function(class_, gates, source.name, module),
        _candidates(candidates, gates, source.name, module),
    ]
    if source.envelope is not None:
        made_up = {
            key: identifier(f"class of {described(key.value)}", module.names)
            for key in gates.keys
            if key.tests and not may_be_number(key.value, source.envelope)
        }
        titles.append(identifier(f"{source.name} look", module.names))
        functions += (
            _class_of_one(title, key, source.name, module) for key, title in made_up.items()
        )
        functions.append(
            look_function(titles[-1], gates, source.name, source.envelope, view, made_up)
        )
    return functions, call("Gate", *map(name, titles))


def type_gate(gates: TypeGates, source: str, module: "Module") -> tuple[list[ast.stmt], ast.expr]:
    """Return the table of a gate by types, and the expression that makes the gate of it."""
    table = identifier(f"{source} types", module.constant_names).upper()
    names = sorted(gates.types, key=lambda type_: type_ or "")
    keys: list[ast.expr | None] = [constant(type_) for type_ in names]
    numbers = ast.Dict(keys, [constant(gates.types[type_]) for type_ in names])
    gate = call("ByType", constant(gates.value.field.name), name(table), constant(gates.others))
    return [assign(table, numbers)], gate


def _key_function(identifier_: str, gates: Gates, source: str, view: Shape) -> ast.stmt:
    """Write the function from the views of an event to the values at the key fields."""
    body, values = key_of_view(gates, view, frozenset({"audit", "data"}), {})
    body.append(ast.Return(values))
    doc = f"Return the values that tell which rules for {source} could match an event."
    return function(identifier_, ["data", "audit"], doc, body)


def _candidates(identifier_: str, gates: Gates, source: str, module: "Module") -> ast.stmt:
    """Write the function from the values of a key to the numbers of the rules they leave."""
    body = ConditionBody(source, module)
    parameters = [body.parameter(key.value) for key in gates.keys]
    body.names.add("found")
    body.statements.append(assign("found", ast.List([], ast.Load())))
    for number, gate in enumerate(gates.gates):
        keep = ast.Expr(method(name("found"), "append", ast.Constant(number)))
        if gate == Const(True):
            body.statements.append(keep)
        elif gate != Const(False):
            body.statements.append(ast.If(body.expression(gate), [keep], []))
    body.statements.append(ast.Return(call("tuple", name("found"))))
    doc = f"Return the numbers of the rules for {source} that could match with these values."
    return function(identifier_, parameters, doc, body.statements)


def _class_function(identifier_: str, gates: Gates, source: str, module: "Module") -> ast.stmt:
    """Write the function from the values of a key to what they have in common with others."""
    body = ConditionBody(source, module)
    parameters = [body.parameter(key.value) for key in gates.keys]
    body.present.update(key.value for key in gates.keys)
    classes = [_class_of(key, body) for key in gates.keys]
    result = ast.Return(ast.Tuple(classes, ast.Load()))
    doc = "Return what stands for such values: others that give the same are the same to all gates."
    return function(identifier_, parameters, doc, [*body.statements, result])


def _class_of_one(identifier_: str, key: Key, source: str, module: "Module") -> ast.stmt:
    """Write the function from a value of a key to what it has in common with others."""
    body = ConditionBody(source, module)
    parameter = body.parameter(key.value)
    body.present.add(key.value)
    result = ast.Return(_class_of(key, body))
    doc = (
        f"Return what stands for such a value of {field_text(key.value.field, key.value.argument)}."
    )
    return function(identifier_, [parameter], doc, [*body.statements, result])


def _class_of(key: Key, body: ConditionBody) -> ast.expr:
    """Write a value itself if some rule names it, else the answers to what rules ask about it."""
    value = body.value(key.value)
    # With the type, what is no text is in no class of texts: it has to be made one first.
    answers: ast.expr = call("type", value)
    if key.tests:
        answers = ast.Tuple([answers, *_answers(key, value, body)], ast.Load())
    is_itself = compare(value, ast.Is(), ast.Constant(None))
    if key.constants:
        named = Constant(tuple(key.constants), CHARBUF)
        known = body.module.operand("frozenset", named, inline=True)
        is_itself = some([is_itself, compare(value, ast.In(), known)])
    return ast.IfExp(is_itself, value, answers)


def _answers(key: Key, value: ast.expr, body: ConditionBody) -> list[ast.expr]:
    """Write the answers to what rules ask about a value: one by one, but for many beginnings."""
    written = [body.expression(test) for test in key.tests]
    beginnings = {each: text for each in written if (text := _beginning(each)) is not None}
    if len(beginnings) < _MANY:
        return written
    texts = Constant(tuple(beginnings.values()), CHARBUF)
    found = ast.Call(body.module.operand("beginnings", texts), [value], [])
    return [found, *(each for each in written if each not in beginnings)]


def _beginning(expression: ast.expr) -> str | None:
    """Return the text of an expression that is ``value.startswith(text)``."""
    match expression:
        case ast.Call(ast.Attribute(ast.Name(), "startswith"), [ast.Constant(str(text))]):
            return text
        case _:
            return None
