"""Small builders for Python's syntax tree.

All code that rulec writes is put together from these. Text from rules only
ever goes through ``constant``; names only ever come from ``names``.
"""

import ast
import re
from collections.abc import Iterable
from keyword import kwlist, softkwlist


def name(identifier: str) -> ast.expr:
    """Write a variable."""
    return ast.Name(identifier, ast.Load())


def constant(value: object) -> ast.expr:
    """Write a value that has a literal form: text, bytes, numbers, None, tuples of them."""
    if isinstance(value, tuple):
        return ast.Tuple([constant(item) for item in value], ast.Load())
    if not (value is None or isinstance(value, str | bytes | bool | int | float)):
        raise TypeError(f"{value!r} has no literal form")
    return ast.Constant(value)


def call(function: str, *arguments: ast.expr, **named: ast.expr) -> ast.expr:
    """Write ``function(arguments)``, some of them with their names."""
    keywords = [ast.keyword(key, value) for key, value in named.items()]
    return ast.Call(name(function), list(arguments), keywords)


def method(value: ast.expr, attribute: str, *arguments: ast.expr) -> ast.expr:
    """Write ``value.attribute(arguments)``."""
    return ast.Call(ast.Attribute(value, attribute, ast.Load()), list(arguments), [])


def compare(left: ast.expr, operator: ast.cmpop, right: ast.expr) -> ast.expr:
    """Write ``left operator right``."""
    return ast.Compare(left, [operator], [right])


def is_present(value: ast.expr) -> ast.expr:
    """Write ``value is not None``."""
    return compare(value, ast.IsNot(), ast.Constant(None))


def every(operands: Iterable[ast.expr]) -> ast.expr:
    """Write ``a and b and ...``."""
    return _joined(ast.And(), operands, empty=True)


def some(operands: Iterable[ast.expr]) -> ast.expr:
    """Write ``a or b or ...``."""
    return _joined(ast.Or(), operands, empty=False)


def _joined(operator: ast.boolop, operands: Iterable[ast.expr], *, empty: bool) -> ast.expr:
    parts: list[ast.expr] = []
    for operand in operands:
        same = isinstance(operand, ast.BoolOp) and isinstance(operand.op, type(operator))
        parts += operand.values if same and isinstance(operand, ast.BoolOp) else [operand]
    if not parts:
        return ast.Constant(empty)
    return parts[0] if len(parts) == 1 else ast.BoolOp(operator, parts)


_OPPOSITES: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}


def negated(expression: ast.expr) -> ast.expr:
    """Write ``not expression`` the way a person would."""
    match expression:
        case ast.UnaryOp(ast.Not(), operand):
            return operand
        case ast.Compare(left, [operator], [right]) if type(operator) in _OPPOSITES:
            return ast.Compare(left, [_OPPOSITES[type(operator)]()], [right])
        case ast.Constant(bool(value)):
            return ast.Constant(not value)
        case _:
            return ast.UnaryOp(ast.Not(), expression)


def assign(identifier: str, value: ast.expr) -> ast.stmt:
    """Write ``identifier = value``."""
    return ast.Assign([ast.Name(identifier, ast.Store())], value)


def function(identifier: str, parameters: list[str], doc: str, body: list[ast.stmt]) -> ast.stmt:
    """Write a function with a docstring."""
    # A skeleton is parsed rather than built, because FunctionDef gains fields
    # in new versions of Python. Only identifiers of our own are in it.
    skeleton = ast.parse(f"def {identifier}({', '.join(parameters)}): pass").body[0]
    assert isinstance(skeleton, ast.FunctionDef)
    skeleton.body = [ast.Expr(ast.Constant(one_line(doc))), *body]
    return skeleton


def class_(
    identifier: str, base: str, settings: dict[str, ast.expr], doc: str, body: list[ast.stmt]
) -> ast.stmt:
    """Write a class with a docstring and settings beside its base."""
    skeleton = ast.parse(f"class {identifier}({base}): pass").body[0]
    assert isinstance(skeleton, ast.ClassDef)
    skeleton.keywords = [ast.keyword(key, value) for key, value in settings.items()]
    skeleton.body = [ast.Expr(ast.Constant(one_line(doc))), *body]
    return skeleton


def one_line(text: str) -> str:
    """Return ``text`` for a docstring: printable, on one line, harmless to read."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text).strip() or "(unnamed)"


# A name of a rule can be as long as its author likes.
LONGEST_NAME = 80


def identifier(text: str, taken: set[str]) -> str:
    """Return a new Python name that reads like ``text``, and add it to ``taken``.

    >>> taken = set()
    >>> identifier("Create Privileged Pod", taken), identifier("create/privileged pod", taken)
    ('create_privileged_pod', 'create_privileged_pod_2')
    >>> identifier("日本", taken), identifier("1st", taken), identifier("class", taken)
    ('rule', 'rule_1st', 'rule_class')
    """
    base = "_".join(re.findall("[a-z0-9]+", text.lower()))[:LONGEST_NAME].rstrip("_")
    if not base or base[0].isdigit() or base in RESERVED:
        base = f"rule_{base}".rstrip("_")
    found, number = base, 1
    while found in taken:
        number += 1
        found = f"{base}_{number}"
    taken.add(found)
    return found


def class_identifier(text: str, taken: set[str]) -> str:
    """Return a new name for a class, and add it to ``taken``.

    >>> class_identifier("k8s_audit view", {"K8sAuditView"})
    'K8sAuditView2'
    """
    words = identifier(text, set()).split("_")
    base = "".join(map(str.capitalize, words))
    found, number = base, 1
    while found in taken:
        number += 1
        found = f"{base}{number}"
    taken.add(found)
    return found


# Words that a generated name must not be: Python's keywords, the builtins that
# generated code uses, and the names at the end of every module.
RESERVED = frozenset(
    {
        *(word.lower() for word in (*kwlist, *softkwlist)),
        *("all", "any", "bytes", "dict", "frozenset", "isinstance", "len", "str", "tuple", "type"),
        *("event", "item", "manifest", "programs", "ruleset", "sources"),
    }
)
