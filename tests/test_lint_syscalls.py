"""Lints about rules for system calls: what they tell of, and what they leave alone."""

from collections.abc import Sequence

import pytest

from rulec.lint import LINTS, lint
from rulec.lint.lints.syscalls import VARIANTS
from rulec.runtime.sources.syscall.event_types import EVENT_TYPES
from rulec.text import File


def rule(condition: str) -> str:
    item = f"- rule: r\n  desc: d\n  condition: >-\n    {condition}\n"
    return f"{item}  output: '%proc.cmdline'\n  priority: INFO\n  tags: [t]\n"


def told(condition: str, before: str = "") -> dict[str, list[str]]:
    """Return the messages about a rule by lint, of the lints about system calls."""
    report = lint([File("rules.yaml", before + rule(condition))])
    assert not report.broken, report.findings
    found: dict[str, list[str]] = {}
    for finding in report.findings:
        if finding.lint.startswith("syscall-"):
            found.setdefault(finding.lint, []).append(finding.message)
    return found


# Conditions, and whether the lint tells of them.
TELLS: Sequence[tuple[str, str, bool]] = [
    ("syscall-variants", "evt.type = unlink and proc.name = a", True),
    ("syscall-variants", "evt.type in (unlink, unlinkat) and proc.name = a", False),
    ("syscall-variants", "evt.type = unlinkat and proc.name = a", False),
    ("syscall-variants", "evt.type = openat and proc.name = a", True),
    ("syscall-variants", "evt.type != open and proc.name = a", False),
    ("syscall-variants", "evt.type in (open, openat, openat2) and evt.type != openat2", True),
    ("syscall-variants", "evt.type = execve and evt.num = 0", False),
    ("syscall-variants", "evt.type = execve and proc.name = a and proc.name = b", False),
    ("syscall-variants", "(evt.type = mkdir or evt.type = mkdirat) and proc.name = a", False),
    ("syscall-enter-events", 'evt.type = dup and evt.dir = ">"', True),
    ("syscall-enter-events", "evt.type = dup and evt.dir = <", False),
    ("syscall-enter-events", "evt.type = dup and evt.dir != <", True),
    ("syscall-enter-events", 'evt.type = dup and (evt.dir = ">" or fd.num = 1)', False),
    ("syscall-enter-events", 'evt.type = dup and evt.dir = ">" and evt.num = 0', False),
    (
        "syscall-long-name",
        "evt.type in (execve, execveat) and proc.pname = kube-controller-manager",
        True,
    ),
    ("syscall-long-name", "evt.type in (execve, execveat) and proc.name = fifteen_letters", False),
    ("syscall-long-name", "evt.type in (execve, execveat) and proc.name = sixteen__letters", True),
    (
        "syscall-long-name",
        "evt.type in (execve, execveat) and proc.name in (a, sixteen__letters)",
        True,
    ),
    ("syscall-long-name", "evt.type in (execve, execveat) and proc.name = ÄÖÜäöüßé", True),
    (
        "syscall-long-name",
        "evt.type in (execve, execveat) and proc.aname[2] = sixteen__letters",
        True,
    ),
    ("syscall-long-name", "evt.type in (execve, execveat) and proc.exe = sixteen__letters", False),
    (
        "syscall-long-name",
        "evt.type in (execve, execveat) and proc.name glob fourteen_letters*",
        False,
    ),
    ("syscall-no-descriptor", "evt.type in (unlink, unlinkat) and fd.name = /a", True),
    ("syscall-no-descriptor", "evt.type = unlinkat and fd.name = /a", False),
    ("syscall-no-descriptor", "evt.type in (chmod, fchmodat) and not fd.name = /a", False),
    ("syscall-no-descriptor", "evt.type in (execve, execveat) and fd.num = 1", True),
    (
        "syscall-no-descriptor",
        "evt.type in (execve, execveat) and fd.types intersects (file)",
        False,
    ),
    (
        "syscall-no-descriptor",
        "evt.type in (mkdir, mkdirat) and (fd.name = /a or evt.arg.path = /a)",
        False,
    ),
    (
        "syscall-no-descriptor",
        "evt.type = close and fd.name = /a or evt.type in (mkdir, mkdirat) and evt.arg.path = /a",
        False,
    ),
]


@pytest.mark.parametrize(("name", "condition", "tells"), TELLS)
def test_what_a_lint_tells_of(name: str, condition: str, tells: bool) -> None:
    assert (name in told(condition)) is tells


def test_every_lint_is_tried() -> None:
    tried = {name for name, _, tells in TELLS if tells}
    assert tried == {name for name in LINTS if name.startswith("syscall-")}


def test_what_is_missing_is_named_with_what_is_there() -> None:
    (message,) = told("evt.type in (open, openat, rename) and proc.name = a")["syscall-variants"]
    seen = "open, openat and rename, but not openat2, renameat or renameat2"
    assert message == f"rule 'r' sees {seen}"


def test_a_name_in_a_macro_is_told_of_there() -> None:
    macro = "- macro: m\n  condition: proc.name = sixteen__letters\n"
    report = lint([File("rules.yaml", macro + rule("evt.type = kill and m"))])
    (finding,) = (each for each in report.findings if each.lint == "syscall-long-name")
    assert finding.position == (2, 14)
    assert finding.hint == "write 'sixteen__letter'"


def test_the_names_of_variants_are_types_of_events() -> None:
    assert {*VARIANTS, *(name for names in VARIANTS.values() for name in names)} <= EVENT_TYPES
