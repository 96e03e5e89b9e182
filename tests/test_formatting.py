"""How rules files are laid out, as pairs of texts that people can read."""

import random
from textwrap import dedent
from typing import Any

import pytest
from conformance import ROOT
from formatted import assert_formatted, comments, compiled
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from strategies import conditions

from rulec import RulesError
from rulec.canonical import canonical
from rulec.diagnostics import ProblemError
from rulec.documents import READERS
from rulec.formatting import format_text
from rulec.formatting.conditions import laid_out
from rulec.formatting.keys import ORDERS
from rulec.formatting.meaning import Contents, same_rules
from rulec.formatting.sameness import same_meaning
from rulec.nodes import And, Condition, Not, Or
from rulec.parse import parse_condition
from rulec.rule_items import KEYS
from rulec.runtime.sources import SOURCES
from rulec.text import File, Text
from rulec.yaml_reader import read_yaml

# --- conditions -----------------------------------------------------------------------

LAID_OUT = {
    "blanks": ("  a.b=1   and\n(c)or d\t", "a.b = 1 and c or d"),
    "lists and calls": (
        "a.b in(x,'y  z' , w) and join( (a.b,c.d) ,',')= val( e.f )",
        "a.b in (x, 'y  z', w) and join((a.b, c.d), ',') = val(e.f)",
    ),
    "arguments": ('a.b[ x ]="y" or a.b[x]>= 5', None),
    "operators without blanks": ('a.b["x y"]>=5 and c.d!=e', 'a.b["x y"] >= 5 and c.d != e'),
    "a single operand needs no parentheses": ("(a) and not (b.c exists)", "a and not b.c exists"),
    "nor does a chain in one of its kind": ("a and (b and (c and d))", "a and b and c and d"),
    "nor what has two of them": ("((a or b)) and c", "(a or b) and c"),
    "nor everything": ("(a and b)", "a and b"),
    "two negations are not one with two words": ("not (not a)", "not (not a)"),
    "parentheses tell the order": ("(a and b) or c", "(a and b) or c"),
    "to `a or b`, more may be appended": ("(a or b)", "(a or b)"),
    "also behind other operands": ("a or (b or c)", "a or (b or c)"),
    "but not before other operands": ("(a or b) or c", "a or b or c"),
    "words stay apart": ("a.b inside", None),
    "and together": ("a.b=1and c", None),
    "a backspace is a blank": ("a\b and b", None),
    "what is no condition": ("a and # b", None),
    "what is nested too deeply": ("(" * 60 + "a and b" + ")" * 60, None),
    "an open quote": ("a.b =  'x  and  c", None),
    "upper case is no operator": ("a AND b", None),
}


@pytest.mark.parametrize(("text", "expected"), LAID_OUT.values(), ids=LAID_OUT)
def test_conditions(text: str, expected: str | None) -> None:
    assert laid_out(text, 90, 90) == (None if expected is None else [expected])


APPENDED = {
    "with and": ("and  (not (b))", "and not b"),
    "with or": ("or(a and b)or(a or b)", "or (a and b) or (a or b)"),
    "its first operand may belong to another one": ("and (a or b) or c", "and (a or b) or c"),
    "without either": ("(b) or c", None),
    "without anything": ("and", None),
}


@pytest.mark.parametrize(("text", "expected"), APPENDED.values(), ids=APPENDED)
def test_conditions_that_are_appended(text: str, expected: str | None) -> None:
    found = laid_out(text, 90, 90, appended=True)
    assert found == (None if expected is None else [expected])


BROKEN = {
    "each operand has a line": (
        "aaaaaaaaaaaa and bbbbbbbbbbbb and not cccccccccccc",
        """\
        aaaaaaaaaaaa
        and bbbbbbbbbbbb
        and not cccccccccccc
        """,
    ),
    "groups are indented": (
        "aaaaaaaaaaaa and not (bbbbbbbbbbbb or cccccccccccc and dddddddddddd or eeee)",
        """\
        aaaaaaaaaaaa
        and not (
          bbbbbbbbbbbb
          or cccccccccccc and dddddddddddd
          or eeee
        )
        """,
    ),
    "and what binds more tightly, too": (
        "aaaaaaaaaaaa and bbbbbbbbbbbb and cccccccccccc or dddddddddddd and not (e or f)",
        """\
        aaaaaaaaaaaa
          and bbbbbbbbbbbb
          and cccccccccccc
        or dddddddddddd and not (e or f)
        """,
    ),
    "lists are filled": (
        "aaaa and not bbb.ccc in (dddddddd, eeeeeeee, ffffffff, gggggggg, hhhhhhhh)",
        """\
        aaaa
        and not bbb.ccc in (
          dddddddd, eeeeeeee, ffffffff,
          gggggggg, hhhhhhhh
        )
        """,
    ),
    "what is appended begins with its word": (
        "and aaaaaaaaaaaa and bbbbbbbbbbbb or cccccccccccc and dddddddddddddddddd",
        """\
        and aaaaaaaaaaaa
        and bbbbbbbbbbbb
        or cccccccccccc
          and dddddddddddddddddd
        """,
    ),
    "a word that is too long stays whole": ("a.b = " + "x" * 50, "a.b = " + "x" * 50 + "\n"),
}


@pytest.mark.parametrize(("text", "expected"), BROKEN.values(), ids=BROKEN)
def test_conditions_that_are_broken(text: str, expected: str) -> None:
    lines = laid_out(text, 20, 34)
    assert lines == dedent(expected).splitlines()
    assert laid_out("\n".join(lines or ()), 20, 34) == lines


MEANINGS = {
    "blanks": ("a  and\nb", "a and b", True),
    "blanks in quotes": ("a.b = 'x  y'", "a.b = 'x y'", False),
    "parentheses": ("a or (b and c)", "a or b and c", True),
    "needed ones": ("(a or b) and c", "a or b and c", False),
    "needed when something is appended": ("(a or b)", "a or b", False),
    "another order": ("a and b", "b and a", False),
    "quotes": ("a.b = 'x'", 'a.b = "x"', False),
    "words": ("a.b inside", "a.b in side", False),
    "parts": ("and (a and b)", "and a and b", True),
    "other parts": ("and (a or b)", "and a or b", False),
    "deep ones": ("(" * 60 + "a" + ")" * 60, "a", False),
    "open quotes": ("a = 'b  c", "a = 'b c", False),
    "escaped quotes": ("a.b =  'x\\'  y'", "a.b = 'x\\'  y'", True),
    "nonsense": ("a and # b", "a and #  b", True),
    "other nonsense": ("a and # b", "a and", False),
}


@pytest.mark.parametrize(("old", "new", "same"), MEANINGS.values(), ids=MEANINGS)
def test_what_means_the_same(old: str, new: str, same: bool) -> None:
    assert same_meaning(old, new) is same


# --- files ----------------------------------------------------------------------------

TAIL = "x" * 85
FILES = {
    "keys are in order, and items apart": (
        """\
        - rule: R
          tags: [b, a]
          source: k8s_audit
          priority: INFO
          output: "o"
          other: 1
          exceptions:
          - {values: [[a, [b, c]], [d, (e)]], comps: [in, in], name: n, fields: [ka.verb, ka.uri]}
          condition: ka.verb exists
          desc: 'd'
        - {list: l, items: [a, "b", 'c d', "e, f", yes, "yes", "1"]}
        """,
        """\
        - rule: R
          desc: d
          condition: ka.verb exists
          exceptions:
            - name: n
              fields: [ka.verb, ka.uri]
              comps: [in, in]
              values:
                - [a, [b, c]]
                - [d, (e)]
          output: o
          priority: INFO
          tags: [b, a]
          source: k8s_audit
          other: 1

        - list: l
          items: [a, b, c d, "e, f", yes, "yes", "1"]
        """,
    ),
    "comments stay where they were": (
        """\
        # of the file


        #of the list
        - list: a   # behind
          items: [x, # of x
            # of y
            y
            # below
            ] # of the items
          # at the end
        # of the macro

        - macro: m # m
          # of override
          override:
            condition: append
          condition: > # of the condition
            and a.b
              exists
        # the end
        """,
        """\
        # of the file

        #of the list
        - list: a  # behind
          items:  # of the items
            - x  # of x
            # of y
            - y
            # below
          # at the end

        # of the macro

        - macro: m  # m
          condition: and a.b exists  # of the condition
          # of override
          override: {condition: append}

        # the end
        """,
    ),
    "texts are folded if they are too long": (
        f"""\
        - rule: R
          desc: short
          condition: ka.verb = {TAIL} or ka.uri = b
          output: "{TAIL} %ka.verb and more"
          priority: INFO
          source: k8s_audit
        - macro: m
          condition: 'ka.verb = "a: b" or ka.uri contains " #"'
        """,
        f"""\
        - rule: R
          desc: short
          condition: >
            ka.verb = {TAIL}
            or ka.uri = b
          output: >
            {TAIL} %ka.verb
            and more
          priority: INFO
          source: k8s_audit

        - macro: m
          condition: >
            ka.verb = "a: b" or ka.uri contains " #"
        """,
    ),
    "each character of other texts stays": (
        """\
        - rule: R
          desc: >
            one
            line
          output: " %ka.verb "
          condition: |
            ka.verb exists
            # no comment
          priority: INFO
          override: {output: append, desc: append, condition: append}
        - rule: S
          desc: |
            first

              second
          condition: "ka.verb\\texists"
          output: " o\\n"
          priority: "INFO"
        """,
        """\
        - rule: R
          desc: >
            one line
          condition: |
            ka.verb exists
            # no comment
          output: " %ka.verb "
          priority: INFO
          override: {desc: append, output: append, condition: append}
        """.replace(
            "desc: append, output: append, condition: append",
            "output: append, desc: append, condition: append",
        )
        + """\

        - rule: S
          desc: |
            first

              second
          condition: ka.verb exists
          output: o
          priority: INFO
        """,
    ),
    "anchors stay before aliases": (
        """\
        - &item
          items: &items [a, b]
          list: one
        - list: two
          items: *items
        - rule: R
          output: &text  o
          desc: *text
          condition: &c ( a.b  exists )
        """,
        """\
        - &item
          items: &items [a, b]
          list: one

        - list: two
          items: *items

        - rule: R
          output: &text o
          desc: *text
          condition: &c ( a.b  exists )
        """,
    ),
    "documents stay apart": (
        """\
        %YAML 1.1
        --- # first
        - list: a
          items: [x]
        ...
        # second
        ---
        - list: b
          items: !!seq [!!str "y"]
        ---
        """,
        """\
        %YAML 1.1
        ---  # first
        - list: a
          items: [x]

        # second
        ---
        - list: b
          items: !!seq [!!str "y"]

        ---
        """,
    ),
    "equal keys stay in order": (
        """\
        - list: a
          items: [second]
          items: [third]
          list: b
        """,
        """\
        - list: a
          list: b
          items: [second]
          items: [third]
        """,
    ),
    "long lists have an item on each line": (
        f"""\
        - list: a
          items: [{TAIL}, b,
            c]
          override: {{items: append}}
        """,
        f"""\
        - list: a
          items:
            - {TAIL}
            - b
            - c
          override: {{items: append}}
        """,
    ),
    "comments in nothing": (
        """\
        - list: a
          items: [ # behind
            # within
            ]
        """,
        """\
        - list: a
          # within
          items: []  # behind
        """,
    ),
    "comments only": ("\n\n# a\n\n\n# b   \n", "# a\n\n# b\n"),
    "nothing": ("\n", ""),
}


@pytest.mark.parametrize(("text", "expected"), FILES.values(), ids=FILES)
def test_files(text: str, expected: str) -> None:
    text = dedent(text)
    assert assert_formatted(text) == dedent(expected)
    assert comments(dedent(expected)) == comments(text)


def test_line_ends_stay_and_marks_of_encodings_go() -> None:
    assert format_text("\ufeff- list: a\r\n  items: ['b']\r\n") == "- list: a\r\n  items: [b]\r\n"
    assert format_text("- list: a\n  items: ['b']\r\n") == "- list: a\n  items: [b]\n"


def test_every_key_that_means_something_has_a_place() -> None:
    assert set(ORDERS["rule"]) == KEYS
    assert {kind for kind in ORDERS if kind.isalpha()} < set(READERS)
    assert all(order[0] in (kind, "name") for kind, order in ORDERS.items())


# --- what is refused ------------------------------------------------------------------

REFUSED = {
    "no YAML": ("- list: [", "LOAD_ERR_YAML_PARSE"),
    "no list": ("list: a\n", "LOAD_ERR_YAML_VALIDATE"),
    "no items": ("- list: a\n- b\n", "LOAD_ERR_YAML_VALIDATE"),
    "a list as a key": ("- list: a\n  ? [b]\n  : c\n", "RULEC_ERR_FORMAT"),
    "an anchor of a key": ("- &k list: a\n  items: []\n", "RULEC_ERR_FORMAT"),
}


@pytest.mark.parametrize(("text", "code"), REFUSED.values(), ids=REFUSED)
def test_files_that_are_refused(text: str, code: str) -> None:
    with pytest.raises(RulesError) as caught:
        format_text(text, "rules.yaml")
    assert [diagnostic.code for diagnostic in caught.value.diagnostics] == [code]


def test_a_result_that_means_something_else_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rulec.formatting.page_text", lambda _: "- list: a\n  items: [c]\n")
    with pytest.raises(RulesError, match="would change what the file means"):
        format_text("- list: a\n  items: [b]\n")


def test_a_result_that_lacks_a_comment_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rulec.formatting.page_text", lambda _: "- list: a\n  items: [b]\n")
    with pytest.raises(RulesError, match="would change what the file means"):
        format_text("- list: a # why\n  items: [b]\n")


RULE = "- rule: r\n  desc: d\n  condition: a.b = c\n  output: o\n  priority: INFO\n"
DIFFERENT = {
    "a description": (RULE, RULE.replace("desc: d", "desc: e")),
    "a priority": (RULE, RULE.replace("INFO", "DEBUG")),
    "a condition": (RULE, RULE.replace("a.b = c", "not a.b = c")),
    "quotes in a condition": (RULE, RULE.replace("a.b = c", "a.b = 'c'")),
    "null": ("- list: ~\n", '- list: "~"\n'),
    "a key": (RULE, f"{RULE}  enabled: true\n"),
    "an item": (RULE, RULE + RULE),
    "a document": (RULE, f"{RULE}---\n"),
    "blanks of an appended output": (
        "- rule: r\n  output: ' o'\n  override: {output: append}\n",
        "- rule: r\n  output: o\n  override: {output: append}\n",
    ),
    "what a list makes of parentheses": (
        '- list: l\n  items: ["a.b=1)or(c.d=2"]\n- macro: m\n  condition: x and (l and y)\n',
        '- list: l\n  items: ["a.b=1)or(c.d=2"]\n- macro: m\n  condition: x and l and y\n',
    ),
}


@pytest.mark.parametrize(("old", "new"), DIFFERENT.values(), ids=DIFFERENT)
def test_what_is_not_the_same(old: str, new: str) -> None:
    assert same_rules(contents(old), contents(old))
    assert not same_rules(contents(old), contents(new))
    assert not same_rules(contents(new), contents(old))


def contents(text: str) -> Contents:
    file = File("rules.yaml", text)
    return Contents.of(file, read_yaml(file))


# --- anything -------------------------------------------------------------------------

SOME = settings(
    max_examples=40,
    derandomize=True,
    database=None,
    deadline=None,
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
)


class Scribe:
    """Writes down rules in no order, with blanks, parentheses and comments as they come."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.comment = 0

    def rules(self, found: list[Condition]) -> str:
        items = [self.rule(number, condition) for number, condition in enumerate(found)]
        more = {"condition": f"and {self.condition(found[-1])}"}
        appended = self.item({"rule": "rule 0", "append": "true"}, more)
        return "".join([*items, appended, self.remark("")])

    def rule(self, number: int, condition: Condition) -> str:
        values = {"rule": f"rule {number}", "priority": "INFO", "source": "k8s_audit"}
        texts = {
            "condition": self.condition(condition),
            "desc": self.prose(),
            "output": self.prose(),
        }
        return self.item({**values, "tags": ""}, texts)

    def prose(self) -> str:
        words = ("some", "%ka.verb", "longer_word", "a")
        return " ".join(self.chance.choices(words, k=self.chance.randint(1, 20)))

    def item(self, values: dict[str, str], texts: dict[str, str]) -> str:
        lines: list[str] = []
        keys = [*values, *texts]
        self.chance.shuffle(keys)
        for key in keys:
            text = self.text(texts[key]) if key in texts else self.value(values[key])
            remark = self.remark("  ") if lines else self.remark("")
            lines.append(f"{remark}{'  ' if lines else '- '}{key}:{text}")
        return "".join(lines)

    def value(self, value: str) -> str:
        if value:
            return f" {self.chance.choice((value, repr(value)))}{self.behind()}"
        if self.chance.random() < 0.5:
            return f" [b, 'yes']{self.behind()}"
        return self.behind() + "".join(f"{self.remark('  ')}  - {tag}\n" for tag in ("b", "a, c"))

    def text(self, text: str) -> str:
        if self.chance.random() < 0.3:
            quoted = text.replace("'", "''").replace("\n", " ")
            return f" '{quoted}'{self.behind()}"
        header = self.chance.choice((">", "|", ">-", "|-"))
        lines = "".join(f"    {line}\n" for line in text.split("\n"))
        return f" {header}{self.behind()}{lines}"

    def behind(self) -> str:
        remark = self.remark("").strip("\n")
        return f" {remark}\n" if remark else "\n"

    def remark(self, indent: str) -> str:
        if self.chance.random() < 0.7:
            return ""
        self.comment += 1
        return f"{self.chance.choice(('', chr(10)))}{indent}# comment {self.comment}\n"

    def condition(self, node: Condition) -> str:
        match node:
            case And(operands) | Or(operands):
                word = "and" if isinstance(node, And) else "or"
                parts = [f"({self.condition(each)})" for each in operands]
                text = f"{self.blank()}{word}{self.blank()}".join(parts)
            case Not(operand):
                text = f"not{self.blank()}({self.condition(operand)})"
            case _:
                text = canonical(node)
        return f"({text}{self.blank()})" if self.chance.random() < 0.2 else text

    def blank(self) -> str:
        return self.chance.choice((" ", " ", "  ", "\n", "\n  "))


def can_be_written(condition: Condition) -> bool:
    """Return whether a condition is read as it was, when it has been written."""
    text = canonical(condition)
    try:
        return text.isprintable() and canonical(parse_condition(Text.of(text))) == text
    except ProblemError:
        return False


@SOME
@given(
    st.lists(conditions(SOURCES["k8s_audit"]).filter(can_be_written), min_size=1, max_size=3),
    st.randoms(use_true_random=False),
)
def test_random_rules_stay_the_same(found: list[Condition], chance: random.Random) -> None:
    text = Scribe(chance).rules(found)
    new = assert_formatted(text)
    assert "FunctionDef(name='rule_0'" in compiled(new), compiled(new)
    assert comments(new) == comments(text)


# --- our own --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", sorted((ROOT / "rules").glob("*.yaml")), ids=lambda path: path.name
)
def test_the_shipped_rules_are_formatted(path: Any) -> None:
    text = path.read_text("utf-8")
    assert format_text(text, path.name) == text, "run: rulec fmt rules/"
