"""Load compiled rules: from text, from a module on disk, from Python bytecode."""

import importlib.util
import linecache
import sys
from dataclasses import replace
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from rulec.runtime.ruleset import Explains, Ruleset


class LoadError(Exception):
    """A file is no module that ``rulec build`` wrote, or was written for another Python."""


def execute(code: str) -> Ruleset:
    """Run the text of a built module and return its ruleset.

    The text stays visible to tracebacks and debuggers under a name made of
    its digest.
    """
    name = f"<rulec {_digest(code).hex()[:12]}>"
    linecache.cache[name] = (len(code), None, code.splitlines(keepends=True), name)
    ruleset = _run(compile(code, name, "exec"), name)
    return _with_code(ruleset, code)


def load(path: str | Path) -> Ruleset:
    """Return the ruleset of a module that ``rulec build`` wrote (``.py`` or ``.pyc``).

    :raises LoadError: if there is no ruleset in it.
    :raises OSError: if it cannot be read.
    """
    path = Path(path)
    content = path.read_bytes()
    try:
        if path.suffix == ".pyc":
            return _with_code(_run(bytecode(content), str(path)), content)
        text = content.decode()
        return _with_code(_run(compile(text, str(path), "exec"), str(path)), text)
    except Exception as error:
        # The file can be anything, and so can be what goes wrong when it runs.
        reason = str(error) or type(error).__name__
        raise LoadError(f"{path} is no module written by 'rulec build': {reason}") from error


# A .pyc file begins with the magic number of the Python that can run it, four
# bytes of flags (here: "has a hash, which need not be checked") and the first
# eight bytes of the SHA-256 of the source (PEP 552).
_FLAGS = (0b01).to_bytes(4, "little")
_HEADER = 16
# Later formats of marshal depend on how often an object happens to be referred to.
_FORMAT = 2


def to_bytecode(code: str) -> bytes:
    """Return the content of a ``.pyc`` file for the text of a built module.

    The same text gives the same bytes on the same Python.
    """
    import marshal

    compiled = compile(code, "<compiled rules>", "exec", dont_inherit=True, optimize=0)
    return (
        importlib.util.MAGIC_NUMBER + _FLAGS + _digest(code)[:8] + marshal.dumps(compiled, _FORMAT)
    )


def _digest(code: str) -> bytes:
    from hashlib import sha256  # slow to import; a .pyc file is loaded without it

    return sha256(code.encode()).digest()


def bytecode(content: bytes) -> CodeType:
    """Return the code in the content of a ``.pyc`` file.

    :raises LoadError: if another version of Python wrote it.
    """
    import marshal

    if content[:4] != importlib.util.MAGIC_NUMBER:
        version = ".".join(map(str, sys.version_info[:2]))
        raise LoadError(f"the bytecode was not written for Python {version}: build it again")
    try:
        found = marshal.loads(content[_HEADER:])  # noqa: S302 - the user asked to run this program
    except (EOFError, TypeError, ValueError):
        found = None
    if not isinstance(found, CodeType):
        raise LoadError("the bytecode is damaged")
    return found


def _run(code: CodeType, name: str) -> Ruleset:
    module = ModuleType(name)
    exec(code, module.__dict__)  # noqa: S102 - running the built module is what was asked for
    ruleset = module.__dict__.get("ruleset")
    if not isinstance(ruleset, Ruleset):
        raise LoadError(f"{name} has no ruleset in it")
    return ruleset


def _with_code(ruleset: Ruleset, code: str | bytes) -> Ruleset:
    return replace(ruleset, code=code)


def unpickled(
    module: str,
    code: str | bytes | None,
    rule_matching: str,
    only: frozenset[str] | None,
    recipe: Explains | None = None,
) -> Ruleset:
    """Return the ruleset that was pickled: from its code, or of an importable module."""
    if isinstance(code, bytes):
        found = _with_code(_run(bytecode(code), "<compiled rules>"), code)
    elif code is not None:
        found = execute(code)
    else:
        imported: Any = importlib.import_module(module)
        found = imported.ruleset
    if (found.rule_matching, found.only, found.recipe) == (rule_matching, only, recipe):
        return found
    return replace(found, rule_matching=rule_matching, only=only, recipe=recipe)
