"""Rules that are too large, too deep, too many or no rules at all.

Each file compiles, or is refused with a place and a reason. Nothing else is
raised, nothing crashes, nothing takes for ever. The bounds here are those of
patience; benchmarks tell what is fast.
"""

import random
import sys
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

import pytest
from rule_events import audit_event

from rulec import RulesError, compile_ruleset
from rulec.runtime.ruleset import Ruleset

PATIENCE: Final = 30.0  # seconds; everything here takes a few, even where the machine is busy

EVENT: Final = audit_event(verb="a", user="u")


def rule(condition: str, name: str = "Big", output: str = "verb=%ka.verb", more: str = "") -> str:
    return f"""\
- rule: {name}
  desc: d
  condition: {condition}
  output: "{output}"
  priority: INFO
  source: k8s_audit
{more}"""


def macro(name: str, condition: str) -> str:
    return f"- macro: {name}\n  condition: {condition}\n"


def chain(last: str, step: str, count: int) -> str:
    """Return macros m0 to m<count>, each made from the one before, and a rule with the last."""
    macros = [macro("m0", "ka.verb = a")]
    macros += [macro(f"m{n + 1}", step.format(m=f"m{n}", n=n)) for n in range(count)]
    return "".join(macros) + rule(last)


def nested(depth: int) -> str:
    """Return ``and``, ``or`` and ``not`` inside each other; the event meets it."""
    condition = "ka.verb = a"
    for level in range(depth // 3):
        condition = f"not (not (({condition}) and ka.verb = a) or ka.user.name = u{level})"
    return condition


def many(count: int, entry: str, between: str = "") -> str:
    return between.join(entry.format(n=n) for n in range(count))


WITHIN: Final[dict[str, Callable[[], str]]] = {
    "150 parentheses": lambda: rule("(" * 150 + "ka.verb = a" + ")" * 150),
    "150 levels of and, or and not": lambda: rule(nested(150)),
    "150 levels to the left": lambda: rule(
        many(75, "(ka.user.name = x{n} or (ka.verb = a and ") + "ka.verb = a" + "))" * 75
    ),
    "a not in front of a not, 5,000 times": lambda: rule("not " * 5000 + "ka.verb = a"),
    "150 calls inside each other": lambda: rule("tolower(" * 150 + "ka.verb" + ")" * 150 + " = a"),
    "a list with 100,000 items": lambda: (
        f"- list: long\n  items: [{many(100_000, 'item{n}', ', ')}, a]\n"
        + rule("ka.verb in (long)")
    ),
    "20,000 constants": lambda: rule(f"ka.verb in ({many(20_000, 'item{n}', ', ')}, a)"),
    "2,000 rules": lambda: (
        many(1999, rule("ka.verb = a and ka.user.name = x{n}", "Rule {n}")) + rule("ka.verb = a")
    ),
    "a chain of 2,000 macros": lambda: chain("m2000", "{m}", 2000),
    "a chain of 200 macros, each with a check": lambda: chain(
        "ka.verb = a or m200", "({m}) and ka.user.name != x{n}", 200
    ),
    "a chain of 2,000 macros, made longer by appending": lambda: (
        macro("m", "ka.verb = a")
        + many(
            2000,
            "- macro: m\n  condition: and ka.user.name != x{n}\n"
            "  override: {{condition: append}}\n",
        )
        + rule("m")
    ),
    "macros that double each other 9 times": lambda: chain(
        "ka.verb = a or m9",
        "({m} and ka.user.name = u{n}) or ({m} and ka.user.name = v{n})",
        9,
    ),
    "an output of 1 MB": lambda: rule("ka.verb = a", output="x" * 1_000_000 + "%ka.verb"),
    "an output with 1,000 different fields": lambda: rule(
        "ka.verb = a", output=many(1000, "%jevt.value[/a{n}] ")
    ),
    "10,000 alternatives": lambda: rule(many(10_000, "ka.verb = x{n} or ") + "ka.verb = a"),
    "3,000 alternatives that are no set": lambda: rule(
        many(3000, "ka.verb contains x{n} or ") + "ka.verb = a"
    ),
    "2,000 alternatives about different fields": lambda: rule(
        many(2000, "jevt.value[/a{n}] = x or ") + "ka.verb = a"
    ),
    "1,000 values of an exception": lambda: rule(
        "ka.verb = a",
        more="  exceptions:\n    - name: e\n      fields: [ka.user.name, ka.verb]\n"
        "      values:\n" + many(1000, "        - [x{n}, y{n}]\n"),
    ),
    "a name of 1 MB": lambda: rule("ka.verb = a", name="n" * 1_000_000),
    "a comment of 3 MB": lambda: "# " + "x" * 3_000_000 + "\n" + rule("ka.verb = a"),
    "5,000 unknown keys": lambda: rule("ka.verb = a", more=many(5000, "  key{n}: value\n")),
    "a regular expression that makes others slow": lambda: rule(
        f"ka.verb regex '{'(a*)*' * 40}' or ka.verb = b"
    ),
}

# What is refused, and a part of the reason.
BEYOND: Final[dict[str, tuple[Callable[[], str | bytes], str]]] = {
    "199 parentheses": (
        lambda: rule("(" * 199 + "ka.verb = a" + ")" * 199),
        "nested too deeply",
    ),
    "1,000 parentheses": (
        lambda: rule("(" * 1000 + "ka.verb = a" + ")" * 1000),
        "nested too deeply",
    ),
    "100,000 parentheses": (lambda: rule("(" * 100_000), "nested too deeply"),
    "1,000 levels of and, or and not": (lambda: rule(nested(1000)), "nested too deeply"),
    "20,000 operators without an operand": (
        lambda: rule("(ka.verb = b) or" * 20_000),
        "must follow 'or'",
    ),
    "a cycle of macros": (
        lambda: macro("a", "ka.verb = a") + macro("b", "a") + macro("a", "b") + rule("a"),
        "goes in circles",
    ),
    "a macro in a circle with itself": (
        lambda: macro("a", "ka.verb = a") + macro("a", "a") + rule("a"),
        "goes in circles",
    ),
    "macros that double each other 40 times": (
        lambda: chain("m40", "{m} and {m}", 40),
        "more than 3,000 checks",
    ),
    "2,000 macros that negate each other": (
        lambda: chain("m2000", "not {m}", 2000),
        "levels deep",
    ),
    "2,000 macros, each with a check": (
        lambda: chain("m2000", "({m}) and ka.user.name = u", 2000),
        "levels deep",
    ),
    "lists that multiply each other": (
        lambda: (
            "".join(
                f"- list: l{n}\n  items: [{', '.join([f'l{n + 1}'] * 10)}]\n" for n in range(30)
            )
            + rule("ka.verb in (l0)")
        ),
        "the condition",
    ),
    "an output with 10,000 fields": (
        lambda: rule("ka.verb = a", output="%ka.verb " * 10_000),
        "1,000 values",
    ),
    "1 MB of percent signs": (lambda: rule("ka.verb = a", output="%" * 1_000_000), "'%'"),
    "100,000 brackets": (lambda: "[" * 100_000, "more than 64 levels"),
    "100,000 braces": (lambda: "{a: " * 100_000, "more than 64 levels"),
    "100,000 lists inside each other": (lambda: "- " * 100_000, "more than 64 levels"),
    "100,000 keys inside each other": (lambda: "? " * 100_000, "more than 64 levels"),
    "aliases that multiply each other": (
        lambda: (
            "- &a0 [x]\n"
            + "".join(f"- &a{n + 1} [{', '.join([f'*a{n}'] * 9)}]\n" for n in range(30))
        ),
        "aliases",
    ),
    "20 MB of lists": (lambda: "- list: l\n  items: [a, b]\n" * 720_000, "characters"),
    "a text of 20 MB": (lambda: rule("ka.verb = " + "a" * 20_000_000), "characters"),
    "a file that is no text": (lambda: random.Random(1).randbytes(100_000), "UTF-8"),
    "a program": (lambda: Path(sys.executable).read_bytes()[:1_000_000], "NUL"),
    "2,000 rules with a mistake each": (
        lambda: many(2000, rule("ka.verbs = a", "Rule {n}")),
        "unknown field 'ka.verbs'",
    ),
}


def outcome(path: Path) -> Ruleset | RulesError:
    """Compile rules within reasonable time; anything but a RulesError is passed on."""
    start = time.perf_counter()
    try:
        return compile_ruleset(path)
    except RulesError as error:
        str(error)
        return error
    finally:
        assert time.perf_counter() - start < PATIENCE


def on_a_small_stack(path: Path) -> Ruleset | RulesError:
    """Do the same in a thread with as little stack as a server might have."""
    found: list[Ruleset | RulesError | BaseException] = []

    def work() -> None:
        try:
            found.append(outcome(path))
        except BaseException as error:
            found.append(error)

    before = threading.stack_size(256 * 1024)
    try:
        thread = threading.Thread(target=work)
        thread.start()
    finally:
        threading.stack_size(before)
    thread.join()
    (result,) = found
    if isinstance(result, RulesError | Ruleset):
        return result
    raise result


# Where the depth is what matters, and a small stack would be the first to notice.
DEEP: Final = ("levels", "inside", "parenthes", "chain of 200", "macro", "bra", "not in front")


def with_stacks(names: Iterable[str]) -> list[Any]:
    found = []
    for name in names:
        found.append(pytest.param(name, outcome, id=name))
        if any(word in name for word in DEEP):
            found.append(pytest.param(name, on_a_small_stack, id=f"{name}, on a small stack"))
    return found


@pytest.mark.parametrize(("name", "compiled"), with_stacks(WITHIN))
def test_large_but_fine(
    name: str, compiled: Callable[[Path], Ruleset | RulesError], tmp_path: Path
) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(WITHIN[name](), "utf-8")
    ruleset = compiled(path)
    assert isinstance(ruleset, Ruleset), str(ruleset)[:500]
    assert len(ruleset.match(EVENT, "k8s_audit")) == 1


@pytest.mark.parametrize(("name", "compiled"), with_stacks(BEYOND))
def test_too_large(
    name: str, compiled: Callable[[Path], Ruleset | RulesError], tmp_path: Path
) -> None:
    make, reason = BEYOND[name]
    content = make()
    path = tmp_path / "rules.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    error = compiled(path)
    assert isinstance(error, RulesError)
    first = next(each for each in error.diagnostics if each.severity == "error")
    assert reason in first.message
    assert first.file == str(path)
    assert first.line >= 1
    assert first.column >= 1
    # A line of a report is for people, however long the line in the file is.
    assert max(map(len, str(first).split("\n"))) < 1000
