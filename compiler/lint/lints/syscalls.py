"""Lints about rules for system calls: calls that are forgotten, values that no event has."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from rulec.diagnostics import ProblemError
from rulec.event_types import EventTypes, event_types
from rulec.lint.model import Finding, Subject
from rulec.lint.presence import has_descriptor
from rulec.lint.requests import NEVER, constants, listed, signed
from rulec.nodes import Condition, Const, Constant, Loaded, Quantifier, Test, rebuild
from rulec.operators import OPERATORS
from rulec.passes.fold import fold
from rulec.places import loaded_by
from rulec.plan import CheckedRule
from rulec.runtime import prepared
from rulec.runtime.encoding import utf8
from rulec.runtime.fields import field_text
from rulec.text import Span

SOURCE: Final = "syscall"
_TYPE: Final = "evt.type"

# Calls, and those that do the same: programs use one or the other.
VARIANTS: Final[Mapping[str, tuple[str, ...]]] = {
    "chmod": ("fchmodat",),
    "chown": ("fchownat",),
    "clone": ("clone3",),
    "dup2": ("dup3",),
    "execve": ("execveat",),
    "init_module": ("finit_module",),
    "link": ("linkat",),
    "mkdir": ("mkdirat",),
    "mknod": ("mknodat",),
    "open": ("openat", "openat2"),
    "openat": ("openat2",),
    "pipe": ("pipe2",),
    "rename": ("renameat", "renameat2"),
    "renameat": ("renameat2",),
    "rmdir": ("unlinkat",),
    "symlink": ("symlinkat",),
    "umount": ("umount2",),
    "unlink": ("unlinkat",),
}

# Of these, calls that are not there on architectures as young as arm64.
_OF_OLD: Final = frozenset(
    {
        *("chmod", "chown", "dup2", "link", "mkdir", "mknod", "open", "pipe", "rename", "rmdir"),
        *("symlink", "umount", "unlink"),
    }
)


def _rules(subject: Subject) -> Iterator[CheckedRule]:
    rules = (rule for rule in subject.analysis.rules if rule.source == SOURCE)
    return (rule for rule in rules if subject.may_match(rule.name))


def _types(subject: Subject, rule: CheckedRule) -> frozenset[str]:
    """Return the types of events that a rule names; none if it is about all but some."""
    try:
        found: EventTypes = event_types(subject.analysis.resolved[rule.name])
    except ProblemError:
        return frozenset()
    return frozenset() if found.all_but else found.names


def call_variants(subject: Subject) -> Iterator[Finding]:
    """Find rules about a call that forget calls which do the same."""
    for rule in _rules(subject):
        types = {name for name in _types(subject, rule) if _of_type(rule.condition, name) != NEVER}
        missing: dict[str, list[str]] = {}
        for name in sorted(types & VARIANTS.keys()):
            for other in VARIANTS[name]:
                if other not in types:
                    missing.setdefault(other, []).append(name)
        if missing:
            names = dict.fromkeys(name for found in missing.values() for name in found)
            message = f"rule {rule.name!r} sees {listed(names)}, but not {listed(missing, 'or')}"
            old = [name for name in names if name in _OF_OLD]
            hint = "programs may use one or the other"
            if old:
                hint = f"on arm64 there is no {listed(old, 'or')} at all"
            yield Finding(message, _span_of_type(subject, rule), hint, rule.name)


def _span_of_type(subject: Subject, rule: CheckedRule) -> Span:
    """Return where a rule asks for the type of events; where it begins, if a macro does that."""
    written = subject.definitions.rules[rule.name].condition
    for test, _ in signed(rule.condition):
        if isinstance(test.value, Loaded) and test.value.field.name == _TYPE:
            file, offset = test.span.origin
            for piece in written.pieces:
                end = piece.offset + len(piece.characters)
                if piece.file == file and piece.verbatim and piece.offset <= offset <= end:
                    return test.span
    return rule.span


def _of_type(condition: Condition, name: str) -> Condition:
    """Return what is left of a condition for events of a type."""
    return _answered(condition, lambda test: _holds_of(test, _TYPE, name))


def _answered(condition: Condition, answer: Callable[[Test], bool | None]) -> Condition:
    def change(node: Condition) -> Condition:
        if not isinstance(node, Test):
            return rebuild(node, change)
        found = answer(node)
        return node if found is None else Const(found)

    return fold(change(condition))


def _holds_of(test: Test, field: str, value: str) -> bool | None:
    """Return whether a test of a field holds if that has this value; None if it is another."""
    match test:
        case Test(Loaded() as loaded, operator, operand, Quantifier.NONE) if (
            loaded.field.name == field
        ):
            if operand is None:
                return True
            if not isinstance(operand, Constant):
                return None
            meaning = OPERATORS[operator].meanings[loaded.field.type.kind]
            return bool(meaning.holds(value, prepared(meaning.prepare, operand.value)))
        case _:
            return None


# --- events that there are not ------------------------------------------------------------


def enter_events(subject: Subject) -> Iterator[Finding]:
    """Find rules about the events with which calls begin."""
    for rule in _rules(subject):
        left = _answered(rule.condition, lambda test: _holds_of(test, "evt.dir", "<"))
        if left == NEVER and fold(rule.condition) != NEVER:
            test = next(test for test, _ in signed(rule.condition) if _is_about(test, "evt.dir"))
            message = f"rule {rule.name!r} never matches: only the ends of calls are events"
            hint = "leave evt.dir out; what a call was given is in its end, too"
            yield Finding(message, test.span, hint, rule.name)


def _is_about(test: Test, *prefixes: str) -> bool:
    return any(loaded.field.name.startswith(prefixes) for loaded in loaded_by(test))


# --- names that are cut off ---------------------------------------------------------------

# Linux keeps that many bytes of the name of a process.
_LONGEST: Final = 15
_NAMES: Final = frozenset({"proc.name", "proc.pname", "proc.aname"})
_WHOLE: Final = frozenset({"=", "!=", "in", "intersects", "startswith", "endswith", "contains"})


def long_name(subject: Subject) -> Iterator[Finding]:
    """Find names of processes that are longer than Linux keeps them."""
    for rule in _rules(subject):
        for test, _ in signed(rule.condition):
            value = test.value
            if not isinstance(value, Loaded) or value.field.name not in _NAMES:
                continue
            if test.operator not in _WHOLE:
                continue
            for text in constants(test):
                if isinstance(text, str) and len(utf8(text)) > _LONGEST:
                    short = utf8(text)[:_LONGEST].decode("utf-8", "ignore")
                    name = field_text(value.field, value.argument)
                    often = "always" if test.operator == "!=" else "never"
                    asked = f"{name} {test.operator} {text!r}"
                    message = f"{asked} {often} holds: it has {_LONGEST} bytes at most"
                    yield Finding(message, test.span, f"write {short!r}", rule.name)


# --- descriptors that calls do not have ------------------------------------------------------


def no_descriptor(subject: Subject) -> Iterator[Finding]:
    """Find rules that ask for the descriptor of calls that have none."""
    for rule in _rules(subject):
        types = sorted(name for name in _types(subject, rule) if not has_descriptor(name))
        lost = [name for name in types if _needs_descriptor(_of_type(rule.condition, name))]
        if lost:
            tests = (test for test, _ in signed(rule.condition))
            test = next(test for test in tests if _asks_descriptor(test))
            message = (
                f"rule {rule.name!r} never matches {listed(lost)}: such events have no descriptor,"
                f" and so no {_descriptor_field(test)}"
            )
            hint = "their paths are arguments: evt.arg.path, evt.arg.name, fs.path.name"
            yield Finding(message, test.span, hint, rule.name)


def _descriptor_field(test: Test) -> str:
    fields = (field_text(one.field, one.argument) for one in loaded_by(test))
    return next(text for text in fields if text.startswith("fd."))


def _asks_descriptor(test: Test) -> bool:
    return _is_about(test, "fd.") and not _is_about(test, "fd.types")


def _needs_descriptor(condition: Condition) -> bool:
    """Return whether a condition may hold with a descriptor, and never without."""
    if condition == NEVER:
        return False
    return _answered(condition, lambda test: False if _asks_descriptor(test) else None) == NEVER
