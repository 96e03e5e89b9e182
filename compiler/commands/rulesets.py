"""The ruleset that a command matches with: compiled now, or built before."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from rulec.commands.inputs import modules_among, refuse_events
from rulec.commands.options import (
    chosen_sources,
    compiled,
    refuse,
    report_warnings,
    rules_given,
)
from rulec.runtime.loading import LoadError, execute, load
from rulec.runtime.ruleset import Ruleset

rules_option = rules_given("a module from 'rulec build'")


def ruleset_of(rules: tuple[Path, ...], options: dict[str, Any], quiet: bool) -> Ruleset:
    """Return the ruleset, or tell what is wrong with it and leave.

    It is compiled now, or loaded from the module that it was compiled to.
    ``options`` are those of ``strategy``.
    """
    refuse_events(rules)
    modules = modules_among(rules)
    if not modules:
        built = compiled(rules, **options)
        if not quiet:
            report_warnings(built.warnings)
        return execute(built.code)
    if len(rules) > 1:
        raise click.UsageError("a compiled module is a whole ruleset: give it alone")
    command = click.get_current_context().command_path
    try:
        return restricted(load(modules[0]), **options)
    except LoadError as error:
        refuse(f"{command}: {error}")
    except OSError as error:
        refuse(f"{command}: cannot read {modules[0]}: {error.strerror}")


def restricted(
    ruleset: Ruleset,
    sources: tuple[str, ...],
    source_files: tuple[Path, ...],
    priority: str,
    rule_matching: str,
) -> Ruleset:
    """Apply the options to a ruleset that has been compiled before."""
    from rulec.runtime.priority import parse_priority

    if source_files:
        raise click.UsageError("a compiled module knows its event sources: leave --source-file out")
    chosen_sources(sources, ruleset.own_sources)
    threshold = parse_priority(priority)
    assert threshold is not None, "the option takes nothing else"
    rules = []
    for rule in ruleset.rules:
        severity = parse_priority(rule.priority)
        assert severity is not None, "the compiler writes nothing else"
        if severity <= threshold and (not sources or rule.source in sources):
            rules.append(rule)
    matching = rule_matching if _was_given("rule_matching") else ruleset.rule_matching
    only = frozenset(rule.name for rule in rules)
    return replace(ruleset, only=only, rule_matching=matching)


def _was_given(option: str) -> bool:
    source = click.get_current_context().get_parameter_source(option)
    return source is click.core.ParameterSource.COMMANDLINE
