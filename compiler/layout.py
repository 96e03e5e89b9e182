"""Print a generated module the way a person would lay it out.

``ast.unparse`` writes every statement on one line. This printer breaks the
long ones at their boolean operators and commas, and leaves everything that
fits to ``ast.unparse``. It knows the statements that rulec generates.
"""

import ast
from collections.abc import Iterator
from typing import Final

WIDTH: Final = 100
INDENT: Final = "    "
_DEFINITIONS: Final = (ast.FunctionDef, ast.ClassDef)


def layout(module: ast.Module) -> str:
    """Return the text of a module."""
    lines: list[str] = []
    previous: ast.stmt | None = None
    for statement in module.body:
        if previous is not None:
            lines += [""] * _blank_lines(previous, statement)
        lines += _statement(statement, "")
        previous = statement
    return "\n".join(lines) + "\n"


def _blank_lines(previous: ast.stmt, following: ast.stmt) -> int:
    if isinstance(previous, _DEFINITIONS) or isinstance(following, _DEFINITIONS):
        return 2
    return 0 if type(previous) is type(following) else 1


def _statement(statement: ast.stmt, indent: str) -> Iterator[str]:
    match statement:
        case ast.FunctionDef():
            yield from _header(statement, indent)
            yield from _block(statement.body, indent)
        case ast.ClassDef():
            yield from _class_header(statement, indent)
            yield from _block(statement.body, indent)
        case ast.If():
            yield from _if(statement, indent, "if")
        case ast.Try(body, handlers, [], []):
            yield f"{indent}try:"
            yield from _block(body, indent)
            for handler in handlers:
                yield f"{indent}except {ast.unparse(handler.type or ast.Tuple([]))}:"
                yield from _block(handler.body, indent)
        case ast.For():
            target, elements = ast.unparse(statement.target), ast.unparse(statement.iter)
            yield f"{indent}for {target} in {elements}:"
            yield from _block(statement.body, indent)
        case ast.Expr(ast.Constant(str(text))):
            yield from _docstring(text, indent)
        case ast.Assign([target], value):
            yield from _with_value(f"{indent}{ast.unparse(target)} = ", value, "", indent)
        case ast.Return(ast.expr() as value):
            yield from _with_value(f"{indent}return ", value, "", indent)
        case ast.ImportFrom():
            yield from _import(statement, indent)
        case _:
            for line in ast.unparse(statement).splitlines():
                yield indent + line


def _header(statement: ast.FunctionDef, indent: str) -> Iterator[str]:
    line = f"{indent}def {statement.name}({ast.unparse(statement.args)}):"
    if len(line) <= WIDTH:
        yield line
        return
    yield f"{indent}def {statement.name}("
    for parameter in statement.args.args:
        yield f"{indent}{INDENT}{parameter.arg},"
    yield f"{indent}):"


def _class_header(statement: ast.ClassDef, indent: str) -> Iterator[str]:
    (base,) = map(ast.unparse, statement.bases)
    keywords = [(keyword.arg, keyword.value) for keyword in statement.keywords]
    written = "".join(f", {name}={ast.unparse(value)}" for name, value in keywords)
    line = f"{indent}class {statement.name}({base}{written}):"
    if len(line) <= WIDTH:
        yield line
        return
    inner = indent + INDENT
    yield f"{indent}class {statement.name}("
    yield f"{inner}{base},"
    for keyword in statement.keywords:
        yield from _keyword(keyword, inner)
    yield f"{indent}):"


def _block(body: list[ast.stmt], indent: str) -> Iterator[str]:
    for number, statement in enumerate(body):
        # A function inside another stands on its own.
        around = {type(statement), type(body[number - 1])}
        if number and ast.FunctionDef in around:
            yield ""
        yield from _statement(statement, indent + INDENT)


def _if(statement: ast.If, indent: str, word: str) -> Iterator[str]:
    yield from _with_value(f"{indent}{word} ", statement.test, ":", indent)
    yield from _block(statement.body, indent)
    match statement.orelse:
        case []:
            return
        case [ast.If() as other]:
            yield from _if(other, indent, "elif")
        case others:
            yield f"{indent}else:"
            yield from _block(others, indent)


def _docstring(text: str, indent: str) -> Iterator[str]:
    if '"' in text or "\\" in text or not all(c.isprintable() or c == "\n" for c in text):
        yield indent + repr(text)
    else:
        for line in f'"""{text}"""'.split("\n"):
            yield (indent + line).rstrip()


def _import(statement: ast.ImportFrom, indent: str) -> Iterator[str]:
    line = indent + ast.unparse(statement)
    if len(line) <= WIDTH:
        yield line
        return
    yield f"{indent}from {statement.module} import ("
    for alias in statement.names:
        yield f"{indent}{INDENT}{ast.unparse(alias)},"
    yield f"{indent})"


def _with_value(head: str, value: ast.expr, tail: str, indent: str) -> Iterator[str]:
    """Print a statement that ends in a value."""
    line = head + ast.unparse(value) + tail
    if len(line) <= WIDTH:
        yield line
    elif isinstance(value, ast.BoolOp | ast.UnaryOp | ast.BinOp | ast.IfExp):
        # Only brackets let a statement go on in the next line.
        if isinstance(value, ast.UnaryOp) and isinstance(value.operand, ast.BoolOp):
            head, value = f"{head}not ", value.operand
        yield head + "("
        yield from _lines(value, indent + INDENT, "")
        yield f"{indent}){tail}"
    else:
        first, *others = _broken(value, indent, tail)
        yield head + first.removeprefix(indent)
        yield from others


def _lines(value: ast.expr, indent: str, tail: str) -> Iterator[str]:
    """Print an expression inside brackets, over as many lines as it needs."""
    line = indent + ast.unparse(value) + tail
    if len(line) <= WIDTH:
        yield line
    else:
        yield from _broken(value, indent, tail)


def _broken(value: ast.expr, indent: str, tail: str) -> Iterator[str]:
    """Print an expression over several lines, if there is a way to break it."""
    match value:
        case ast.BoolOp(operator, values):
            word = "and " if isinstance(operator, ast.And) else "or "
            for number, operand in enumerate(values):
                last = number == len(values) - 1
                yield from _operand(operand, indent, word if number else "", tail if last else "")
        case ast.UnaryOp(ast.Not(), operand):
            yield from _operand(operand, indent, "not ", tail)
        case ast.IfExp(test, body, otherwise):
            yield from _lines(body, indent, "")
            yield from _prefixed("if ", _lines(test, indent, ""), indent)
            yield from _prefixed("else ", _lines(otherwise, indent, tail), indent)
        case ast.BinOp(left, ast.Mod(), right):
            yield indent + ast.unparse(left)
            yield from _prefixed("% ", _lines(right, indent, tail), indent)
        case ast.Compare(left, [ast.In() | ast.NotIn() as operator], [ast.Set() as right]):
            word = "in" if isinstance(operator, ast.In) else "not in"
            yield from _prefixed(
                f"{ast.unparse(left)} {word} ", _broken(right, indent, tail), indent
            )
        case ast.Call(function, arguments, []):
            yield from _bracketed(f"{ast.unparse(function)}(", arguments, ")", indent, tail)
        case ast.Call(function, arguments, keywords):
            yield f"{indent}{ast.unparse(function)}("
            for argument in arguments:
                yield from _lines(argument, indent + INDENT, ",")
            for keyword in keywords:
                yield from _keyword(keyword, indent + INDENT)
            yield f"{indent}){tail}"
        case ast.Tuple(elements):
            yield from _bracketed("(", elements, ")", indent, tail, lone=",")
        case ast.Set(elements):
            yield from _bracketed("{", elements, "}", indent, tail)
        case ast.Dict(keys, values):
            yield from _dictionary(keys, values, indent, tail)
        case _:
            yield indent + ast.unparse(value) + tail


def _operand(operand: ast.expr, indent: str, word: str, tail: str) -> Iterator[str]:
    """Print an operand of a boolean operator, in brackets if it is one itself."""
    line = indent + word + _bracketed_if_joined(operand) + tail
    if len(line) <= WIDTH:
        yield line
    elif isinstance(operand, ast.BoolOp):
        yield f"{indent}{word}("
        yield from _lines(operand, indent + INDENT, "")
        yield f"{indent}){tail}"
    else:
        yield from _prefixed(word, _lines(operand, indent, tail), indent)


def _bracketed_if_joined(operand: ast.expr) -> str:
    text = ast.unparse(operand)
    return f"({text})" if isinstance(operand, ast.BoolOp) else text


def _prefixed(word: str, lines: Iterator[str], indent: str) -> Iterator[str]:
    yield indent + word + next(lines).removeprefix(indent)
    yield from lines


def _bracketed(
    opening: str, elements: list[ast.expr], closing: str, indent: str, tail: str, lone: str = ""
) -> Iterator[str]:
    """Print elements between brackets: short ones side by side, others one a line."""
    yield indent + opening
    inner = indent + INDENT
    texts = [ast.unparse(element) for element in elements]
    comma = "," if len(elements) > 1 else lone
    if all(isinstance(element, ast.Constant) for element in elements):
        yield from _filled(texts, inner, comma)
    else:
        for element in elements:
            yield from _lines(element, inner, "," if len(elements) > 1 else comma)
    yield f"{indent}{closing}{tail}"


def _keyword(keyword: ast.keyword, indent: str) -> Iterator[str]:
    """Print an argument with its name, and a comma behind it."""
    line = f"{indent}{keyword.arg}={ast.unparse(keyword.value)},"
    if len(line) <= WIDTH:
        yield line
    else:
        yield from _prefixed(f"{keyword.arg}=", _broken(keyword.value, indent, ","), indent)


def _filled(texts: list[str], indent: str, comma: str) -> Iterator[str]:
    line = indent
    for text in texts:
        if line != indent and len(line) + len(text) + 2 > WIDTH:
            yield line
            line = indent
        line += f"{' ' if line != indent else ''}{text}{comma}"
    if line != indent:
        yield line


def _dictionary(
    keys: list[ast.expr | None], values: list[ast.expr], indent: str, tail: str
) -> Iterator[str]:
    yield indent + "{"
    for key, value in zip(keys, values, strict=True):
        assert key is not None
        yield from _prefixed(
            f"{ast.unparse(key)}: ", _lines(value, indent + INDENT, ","), indent + INDENT
        )
    yield f"{indent}}}{tail}"
