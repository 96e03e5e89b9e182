"""Outlines: the parts of conditions as they are written, and where each comes from."""

from textwrap import dedent

import pytest

from rulec import RulesError
from rulec.explain import Explainer, Origin, OutlinePart
from rulec.text import File

BASE = """\
- list: tools
  items: [cat, less]
- list: readers
  items: [tools, tail]
- macro: opens
  condition: evt.type in (open, openat)
- macro: reads
  condition: opens and proc.name in (readers)
- rule: r
  desc: d
  condition: >
    reads and (fd.name startswith /etc
    or not user.uid != 0)
  output: o
  priority: INFO
  exceptions:
    - name: known
      fields: [proc.pname, fd.name]
      comps: [=, startswith]
      values:
        - [sshd, /etc/ssh]
"""

MORE = """\
- list: tools
  items: [head]
  override: {items: append}
- macro: opens
  condition: or evt.type = open_by_handle_at
  override: {condition: append}
- rule: r
  condition: and container.id = host
  exceptions:
    - name: known
      values:
        - [cron, /etc/cron]
  override: {condition: append, exceptions: append}
"""


def explainer(*contents: str, **options: object) -> Explainer:
    files = [File(f"{number}.yaml", dedent(content)) for number, content in enumerate(contents)]
    return Explainer.of(files, **options)  # type: ignore[arg-type]


def root(*contents: str) -> OutlinePart:
    return explainer(*contents).outlines["r"].root


def lines(part: OutlinePart, level: int = 0) -> list[str]:
    own = f"{'  ' * level}{part.kind}: {part.text}"
    return [own, *(line for inner in part.parts for line in lines(inner, level + 1))]


def told(origin: tuple[Origin, ...]) -> list[str]:
    return [f"{o.kind} {o.name} {o.span.file}:{o.span.position[0]}" for o in origin]


def test_a_tree_is_of_the_condition_as_it_is_written() -> None:
    assert lines(root(BASE)) == [
        (
            "and: ((reads and (fd.name startswith /etc or not user.uid != 0))"
            " and not (proc.pname = sshd and fd.name startswith /etc/ssh))"
        ),
        "  and: (reads and (fd.name startswith /etc or not user.uid != 0))",
        "    macro: reads",
        "      and: (opens and proc.name in (cat, less, tail))",
        "        macro: opens",
        "          test: evt.type in (open, openat)",
        "        test: proc.name in (cat, less, tail)",
        "    or: (fd.name startswith /etc or not user.uid != 0)",
        "      test: fd.name startswith /etc",
        "      not: not user.uid != 0",
        "        test: user.uid != 0",
        "  not: not (proc.pname = sshd and fd.name startswith /etc/ssh)",
        "    and: (proc.pname = sshd and fd.name startswith /etc/ssh)",
        "      test: proc.pname = sshd",
        "      test: fd.name startswith /etc/ssh",
    ]


def test_parts_are_numbered_in_the_order_of_writing() -> None:
    assert [part.id for part in root(BASE).walk()] == list(range(15))
    assert [part.text for part in root(BASE).leaves()][:2] == [
        "evt.type in (open, openat)",
        "proc.name in (cat, less, tail)",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("fd.name startswith /etc", ["rule r 0.yaml:9"]),
        ("reads", ["rule r 0.yaml:9"]),
        ("opens", ["rule r 0.yaml:9", "macro reads 0.yaml:7"]),
        ("evt.type in (open, openat)",
         ["rule r 0.yaml:9", "macro reads 0.yaml:7", "macro opens 0.yaml:5"]),
        ("evt.type = open_by_handle_at",
         ["rule r 0.yaml:9", "macro reads 0.yaml:7", "macro opens 0.yaml:5",
          "append opens 1.yaml:4"]),
        ("proc.name in (cat, less, head, tail)",
         ["rule r 0.yaml:9", "macro reads 0.yaml:7", "list readers 0.yaml:3",
          "list tools 0.yaml:1", "append tools 1.yaml:1"]),
        ("container.id = host", ["rule r 0.yaml:9", "append r 1.yaml:7"]),
        ("proc.pname = sshd", ["rule r 0.yaml:9", "exception known 0.yaml:17"]),
        ("proc.pname = cron",
         ["rule r 0.yaml:9", "exception known 0.yaml:17", "append r 1.yaml:7"]),
    ],
)  # fmt: skip
def test_each_part_tells_where_it_comes_from(text: str, expected: list[str]) -> None:
    (part,) = (part for part in root(BASE, MORE).walk() if part.text == text)
    assert told(part.origin) == expected


def test_what_takes_the_place_of_a_condition_is_an_override() -> None:
    override = """\
    - rule: r
      condition: evt.type = open and fd.name = /x
      override: {condition: replace}
    """
    found = root(BASE, override)
    assert told(found.parts[0].origin) == ["rule r 0.yaml:9", "override r 1.yaml:1"]
    assert told(next(found.leaves()).origin) == ["rule r 0.yaml:9", "override r 1.yaml:1"]


def test_a_part_is_where_it_was_written() -> None:
    places = {p.text: (p.span.file, *p.span.position) for p in root(BASE, MORE).walk()}
    assert places["evt.type = open_by_handle_at"] == ("1.yaml", 5, 17)
    assert places["reads"] == ("0.yaml", 12, 5)
    assert places["user.uid != 0"] == ("0.yaml", 13, 12)


def test_comparisons_that_are_spelled_out_stay_one_test() -> None:
    rule = """\
    - rule: r
      desc: d
      condition: ka.verb in (<NA>, get) and ka.uri startswith oneof (/a, /b) and ka.verb = anyof ()
      output: o
      priority: INFO
      source: k8s_audit
    """
    assert [(part.kind, part.text) for part in root(rule).parts] == [
        ("test", "ka.verb in (<NA>, get)"),
        ("test", "ka.uri startswith oneof (/a, /b)"),
        ("const", "ka.verb = anyof ()"),
    ]


def test_wrong_rules_are_refused() -> None:
    with pytest.raises(RulesError):
        explainer("- macro: m\n  condition: a and\n")
