"""Compile Falco rules to plain Python functions."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rulec.api import compile_ruleset as compile_ruleset
    from rulec.diagnostics import RulesError as RulesError

__all__ = ["RulesError", "compile_ruleset"]

_HOME = {"compile_ruleset": "rulec.api", "RulesError": "rulec.diagnostics"}


def __getattr__(name: str) -> object:
    """Load the compiler on first use, so that compiled rules never pay for it."""
    if name in _HOME:
        from importlib import import_module

        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
