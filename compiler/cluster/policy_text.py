"""A policy as YAML, with what each entry is for."""

import json
from collections.abc import Iterable, Iterator, Sequence
from textwrap import wrap
from typing import Final

from rulec.cluster.entries import Entry, Level, Policy
from rulec.cluster.tables import STAGES

_WIDTH: Final = 100

_ABOUT: Final = (
    "It logs what some rule reads, and nothing that no rule can match. It is about resources in"
    " the API groups that are named here: a resource of the same name in another group is another"
    " one. Members of the groups system:nodes and system:serviceaccounts are taken to have the"
    " names that Kubernetes gives them."
)
_GENERAL: Final = "rules on every request"

# What is read, as a comment says it, the most first.
_READ: Final = (
    (Level.REQUEST_RESPONSE, "request and response"),
    (Level.REQUEST, "request"),
    (Level.METADATA, "metadata"),
)


def policy_text(policy: Policy, rules: str) -> str:
    """Return the text of a policy for rules that are described in a few words."""
    omitted = _omitted_by_all(policy.entries)
    lines = [
        *_comment(
            f"Written by rulec for {rules}. Write it again when the rules change.",
            _ABOUT,
            *_about_secrets(policy),
            *_about_silent(policy),
        ),
        "",
        "apiVersion: audit.k8s.io/v1",
        "kind: Policy",
        *(_member("omitStages", omitted) if omitted else ()),
        "rules:",
    ]
    for entry in policy.entries:
        lines += ["", *(f"  {line}" for line in _entry(entry, omitted, policy.general))]
    return "\n".join(lines) + "\n"


def _omitted_by_all(entries: Iterable[Entry]) -> list[str]:
    wanted = {stage for entry in entries if entry.level for stage in entry.stages}
    return [stage for stage in STAGES if stage not in wanted] if wanted else []


def _about_secrets(policy: Policy) -> Iterator[str]:
    if not policy.exposed:
        yield "What is in secrets, config maps and tokens is not logged."
    for resource, rules in policy.exposed:
        yield f"What is in {resource} is logged, because rules read it: {_listed(rules)}."


def _about_silent(policy: Policy) -> Iterator[str]:
    if policy.silent:
        yield (
            "Rules that match no request as things stand, and have nothing logged: "
            f"{_listed(policy.silent)}."
        )


def _entry(entry: Entry, omitted: Sequence[str], general: frozenset[str]) -> Iterator[str]:
    if entry.note:
        yield from _comment(entry.note)
    for level, read in _READ:
        rules = [name for name, needed in entry.rules if needed is level]
        if not entry.is_unlimited and not general.isdisjoint(rules):
            rules = [*(name for name in rules if name not in general), _GENERAL]
        if rules:
            yield from _comment(f"{read}: {_listed(rules)}.")
    yield f"- level: {entry.level.label}"
    for name, texts in (
        ("users", entry.users),
        ("userGroups", entry.user_groups),
        ("verbs", entry.verbs),
        ("nonResourceURLs", entry.urls),
    ):
        if texts:
            yield from (f"  {line}" for line in _member(name, texts))
    if entry.resources:
        yield "  resources:"
        for group, resources in sorted(entry.resources):
            yield f"    - group: {_quoted(group)}"
            yield from (f"      {line}" for line in _member("resources", resources))
    stages = [stage for stage in STAGES if stage not in entry.stages and stage not in omitted]
    if stages and entry.level:
        yield f"  omitStages: [{', '.join(stages)}]"


def _member(name: str, texts: Iterable[str]) -> Iterator[str]:
    """Write a list, on a line if it fits."""
    quoted = [_quoted(text) for text in texts]
    line = f"{name}: [{', '.join(quoted)}]"
    if len(line) <= _WIDTH - 8:
        yield line
        return
    yield f"{name}:"
    yield from (f"  - {text}" for text in quoted)


def _quoted(text: str) -> str:
    """Return a text as JSON writes it, which is YAML; plain words stay as they are."""
    plain = text.isascii() and text.isalpha() and text.lower() not in _WORDS
    return text if plain else json.dumps(text)


# What YAML takes for something else than a text.
_WORDS: Final = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null", "none"})


def _listed(names: Iterable[str]) -> str:
    return "; ".join(names)


def _comment(*paragraphs: str) -> Iterator[str]:
    """Write a comment; nothing in a name can end it."""
    for number, paragraph in enumerate(paragraphs):
        if number:
            yield "#"
        shown = "".join(sign if sign.isprintable() else " " for sign in paragraph)
        yield from (f"# {line}" for line in wrap(shown, _WIDTH - 6, break_on_hyphens=False))
