"""Which rules run: their own switch, the threshold, and what the configuration says."""

from collections.abc import Iterable, Mapping
from typing import Any

from rulec.items import Rule
from rulec.runtime.priority import Priority

RULE_MATCHING = ("first", "all")


def parse_rule_matching(text: str) -> str | None:
    """Return the way of matching that ``text`` names in whatever case, or nothing.

    >>> parse_rule_matching("All"), parse_rule_matching("any")
    ('all', None)
    """
    return text.lower() if text.lower() in RULE_MATCHING else None


class SelectionError(ValueError):
    """The ``rules:`` selection of a configuration is wrong."""


def select_rules(
    rules: Iterable[Rule],
    selection: Iterable[Mapping[str, Any]] = (),
    threshold: Priority = Priority.DEBUG,
) -> tuple[str, ...]:
    """Return the names of the rules that run, in the order of the rules.

    Each entry of the selection is ``{"enable": {...}}`` or ``{"disable":
    {...}}`` with a ``rule`` (a name, perhaps with ``*``), a ``tag``, or both;
    later entries win. Nothing enables a rule below the threshold.
    """
    candidates = [rule for rule in rules if rule.priority <= threshold]
    enabled = {rule.name: rule.enabled for rule in candidates}
    for entry in selection:
        switch, rule_pattern, tag = _read_entry(entry)
        for rule in candidates:
            named = rule_pattern is not None and matches_wildcard(rule_pattern, rule.name)
            if named or (tag is not None and tag in rule.tags):
                enabled[rule.name] = switch
    return tuple(name for name, is_enabled in enabled.items() if is_enabled)


def _read_entry(entry: Mapping[str, Any]) -> tuple[bool, str | None, str | None]:
    match entry:
        case {"enable": Mapping() as what, **rest} if not rest:
            switch = True
        case {"disable": Mapping() as what, **rest} if not rest:
            switch = False
        case _:
            raise SelectionError(f"{entry!r} neither enables nor disables rules")
    rule, tag = what.get("rule"), what.get("tag")
    unknown = sorted(map(str, what.keys() - {"rule", "tag"}))
    if unknown or (rule is None and tag is None):
        raise SelectionError(f"{dict(entry)!r} must have 'rule', 'tag', or both, and nothing else")
    return switch, None if rule is None else str(rule), None if tag is None else str(tag)


def matches_wildcard(pattern: str, name: str) -> bool:
    """Return whether ``name`` is like ``pattern``, in which ``*`` stands for anything.

    Each part between two stars is looked for once, as early as possible, and
    nothing is tried again: that is what Falco does.

    >>> matches_wildcard("*rule*", "my rule"), matches_wildcard("*ab", "abab")
    (True, False)
    """
    first, *parts = pattern.split("*")
    if not parts:
        return name == pattern
    if not name.startswith(first):
        return False
    at = len(first)
    for part in parts:
        found = name.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return parts[-1] == "" or at == len(name)
