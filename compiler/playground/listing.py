"""The part of a compiled module that people like to read: what was made of the rules.

How events are decoded, and how everything is put together at the end, is left out.
"""

import ast
from collections.abc import Iterator

from rulec.runtime.loading import execute


def listing(code: str) -> str:
    """Return the constants and functions of the rules in a module, each as it stands there.

    First come the constants, then the rules, then the functions for the fields that they read.
    """
    lines = code.splitlines()
    statements = {name: node for node in ast.parse(code).body for name in _names(node)}
    rules = execute(code).rules
    entries = [each.__name__ for rule in rules for each in (rule.condition, rule.output)]
    used = _used(entries, statements)
    constants = [name for name in used if isinstance(statements[name], ast.Assign)]
    functions = [name for name in used if isinstance(statements[name], ast.FunctionDef)]
    read = [name for name in functions if name not in entries]
    first = "\n".join(_text(statements[name], lines) for name in _in_order(constants, statements))
    chosen = [*dict.fromkeys(entries), *_in_order(read, statements)]
    texts = [first, *(_text(statements[name], lines) for name in chosen if name in statements)]
    return "\n\n\n".join(filter(None, texts)) + "\n"


def _names(node: ast.stmt) -> Iterator[str]:
    """Yield the names that a statement defines."""
    if isinstance(node, ast.FunctionDef):
        yield node.name
    elif isinstance(node, ast.Assign):
        yield from (target.id for target in node.targets if isinstance(target, ast.Name))


def _used(entries: list[str], statements: dict[str, ast.stmt]) -> set[str]:
    """Return the names that are needed for some, and these themselves."""
    found: set[str] = set()
    waiting = list(entries)
    while waiting:
        name = waiting.pop()
        if name in statements and name not in found:
            found.add(name)
            nodes = ast.walk(statements[name])
            waiting += (node.id for node in nodes if isinstance(node, ast.Name))
    return found


def _in_order(names: list[str], statements: dict[str, ast.stmt]) -> list[str]:
    return sorted(names, key=lambda name: statements[name].lineno)


def _text(node: ast.stmt, lines: list[str]) -> str:
    assert node.end_lineno is not None, "it was parsed"
    return "\n".join(lines[node.lineno - 1 : node.end_lineno])
