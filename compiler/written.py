"""Write planned conditions as text, in the form that Falco prints.

The passes change what was written, and this shows what became of it: merged
comparisons, another order, no macros and lists any more.
"""

from typing import assert_never

from rulec.canonical import canonical
from rulec.nodes import (
    And,
    Call,
    Check,
    Condition,
    Const,
    Constant,
    FieldRef,
    Group,
    Items,
    Literal,
    Loaded,
    Macro,
    Not,
    OneOf,
    Operand,
    Or,
    Sequence,
    Test,
    Transformed,
    Value,
    rebuild,
)
from rulec.operators import IN_RANGES
from rulec.runtime.encoding import from_utf8
from rulec.runtime.fields import DOTTED, field_text, is_index


def written(condition: Condition) -> str:
    """Return the text of a condition whose leaves are tests.

    A condition that does not depend on the event is ``always`` or ``never``.
    """
    return canonical(_as_parsed(condition))


def field_name(value: Loaded) -> str:
    """Return the name of a field with its argument, as a condition has it.

    >>> from rulec.runtime.fields import Field
    >>> field_name(Loaded(Field("jevt.value", "A value.", pointer=True), "/verb"))
    'jevt.value[/verb]'
    """
    return written(Test(value, "exists")).removesuffix(" exists")


def _as_parsed(node: Condition) -> Condition:
    match node:
        case Const(value):
            return Macro("always" if value else "never")
        case Test():
            return _check(node)
        case OneOf(operands):
            return _one_of([part for part in operands if isinstance(part, Test)])
        case Not() | And() | Or() | Check() | Macro():
            return rebuild(node, _as_parsed)
        case _:
            assert_never(node)


def _check(test: Test) -> Check:
    operator = "in" if test.operator == IN_RANGES else test.operator
    if test.operand is None:
        return Check(_reference(test.value), operator, None)
    return Check(_reference(test.value), operator, _operand(test.operand))


def _one_of(tests: list[Test]) -> Check:
    """Return the comparison with a modifier that these tests spell out."""
    first = tests[0]
    constants = (
        _literal(test.operand.value) for test in tests if isinstance(test.operand, Constant)
    )
    return Check(_reference(first.value), f"{first.operator} oneof", Items(tuple(constants)))


def _operand(value: Value) -> Operand:
    match value:
        case Constant(tuple() as items):
            return Items(tuple(map(_literal, items)))
        case Constant(item):
            return _literal(item)
        case _:
            return _reference(value)


def _reference(value: Value) -> FieldRef | Call:
    match value:
        case Loaded(field, str(argument)) if field.argument in DOTTED and not is_index(argument):
            return FieldRef(field_text(field, argument))
        case Loaded(field, argument):
            return FieldRef(field.name, argument)
        case Transformed(transformer, arguments, selector):
            return Call(transformer, tuple(map(_argument, arguments)), selector)
        case _:
            raise TypeError(f"{type(value).__name__} does not stand alone in a condition")


def _argument(value: Value) -> FieldRef | Call | Literal | Group:
    match value:
        case Constant(item):
            return _literal(item)
        case Sequence(parts):
            arguments = tuple(map(_argument, parts))
            return Group(tuple(each for each in arguments if not isinstance(each, Group)))
        case _:
            return _reference(value)


def _literal(value: object) -> Literal:
    match value:
        case bool():
            return Literal("true" if value else "false")
        case bytes():
            return Literal(from_utf8(value))
        case _:
            return Literal(str(value))
