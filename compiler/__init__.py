"""Compile Falco rules to plain Python functions."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rulec.api import compile_ruleset as compile_ruleset
    from rulec.diagnostics import RulesError as RulesError
    from rulec.runtime.alert import Alert as Alert
    from rulec.runtime.events import EventError as EventError
    from rulec.runtime.sources.json_source import JsonSource as Source
    from rulec.scenarios.model import Scenario as Scenario

__all__ = ["Alert", "EventError", "RulesError", "Scenario", "Source", "compile_ruleset"]

# The public names: the module each lives in, and its name there.
_HOME = {
    "Alert": ("rulec.runtime.alert", "Alert"),
    "EventError": ("rulec.runtime.events", "EventError"),
    "RulesError": ("rulec.diagnostics", "RulesError"),
    "Scenario": ("rulec.scenarios.model", "Scenario"),
    "Source": ("rulec.runtime.sources.json_source", "JsonSource"),
    "compile_ruleset": ("rulec.api", "compile_ruleset"),
}


def __getattr__(name: str) -> object:
    """Load the compiler on first use, so that compiled rules never pay for it."""
    if name in _HOME:
        from importlib import import_module

        module, inner = _HOME[name]
        return getattr(import_module(module), inner)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
