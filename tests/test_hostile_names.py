"""Whatever rules are called and say, the module that they become does nothing but match.

Names and values are put into every place of a rules file. The syntax of the
module that comes out is compared with that of the same rules with harmless
words in them, and the module has to raise the right alert.
"""

import ast
import builtins
import keyword
import os
import pickle
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rule_events import audit_event

from rulec import RulesError, Source, compile_ruleset
from rulec.places import declarable
from rulec.runtime import EXPORTS
from rulec.runtime.alert import Alert
from rulec.runtime.ruleset import Ruleset
from rulec.runtime.views import View

HARMLESS = "harmless"

# Words that mean something to Python, to built modules or to conditions.
WORDS = sorted(
    {
        *keyword.kwlist,
        *keyword.softkwlist,
        *(name for name in dir(builtins) if name[0] != "_"),
        *EXPORTS,
        *(name.lower() for name in EXPORTS),
        *("rule", "rules", "ruleset", "manifest", "event", "item", "items", "value", "found"),
        *("part", "load_ka_verb", "ka_verb", "ka_user_name", "load_jevt_value_a", "step_1"),
        *("harmless_output", "ip_address", "ip_network", "main", "sys", "os", "exists", "alert"),
    }
)

ODDITIES = [
    *("'", '"', '"""', "'''", '""" + __import__("os") + """', "''' x '''", "\\", "\\\\", "a\\"),
    *("\\'", '\\"', '\\"""', "\\n", "\\x41", "\\N{DASH}", "\\u0041", "\\0", "\n", "\r", "\r\n"),
    *("a\nimport os\n", "a\r\nb", "\tb", "a\vb", "a\fb", "a\0b", "a\x1bb", "a\x7fb", "a\x85b"),
    *("a\u2028b", "a\u2029b", "\ufeffa", "a\u200bb", "\u202ea\u202c", "\u2066a\u2069", "a\u061cb"),
    *("# x", "a # b", "a#b", "#", "{x}", "{{x}}", "{0}", "{x!r}", "f'{x}'", "${x}", "$x", "`x`"),
    *("%s", "%(x)s", "%%", "%", "%d %s", "__import__('os')", "__import__('os').system('x')"),
    *("eval(x)", "x); import os; (x", "x, y", "lambda: 0", "x = 1", ") or True or (", "(", ")"),
    *("[", "]", "a[0]", "{", "}", ":", "a: b", "- a", "*a", "&a", "!a", "|", ">", "~", "null"),
    *("@x", "^", "é", "e\u0301", "日本語", "😀", "\U000e0041", "ｉｍｐｏｒｔ", "ﬁ", "ı", "K", "ſ"),
    *("1", "1st", "_", "__", "__name__", "a__b", "-", "--", "/", "//", "/etc/passwd", "../x"),
    *("a b", "a  b", "A b", "a/b", "a-b", "a_b", "a.b", "A_B", "<NA>", "None", "True", "nan"),
    *("and", "or", "not", "in", "a and b", "ka.verb", "ka.verb = x", "val(ka.verb)", "tolower(x)"),
    *("x" * 79, "x" * 81, "x" * 254, "x" * 10_000, "é" * 127, "'" * 200, "\\" * 100, "(" * 100),
]

# The builtins that generated code calls.
BUILTINS = frozenset(
    {"all", "any", "dict", "frozenset", "isinstance", "list", "str", "tuple", "type"}
)
# Where the members of an event are looked for: not all can be declared in a view.
EVENT = {"data", "audit", "document", "get"}
# What it takes to get at those that cannot.
OPENED = {"MISSING", "Raw", "Simple", "opened"}
# What the declarations of views take from Python.
TYPES = frozenset({"typing.Any", "typing.Literal"})

PIECES = [*ODDITIES[:-8], "a", "b", " ", "0", "x" * 30]
TEXTS = st.lists(
    st.sampled_from(PIECES) | st.characters(exclude_categories=["Cs"]), min_size=1, max_size=6
).map("".join)


# --- rules with a text in one place ---------------------------------------------------


def yaml(text: str) -> str:
    """Write YAML with as few escapes as there can be."""
    return '"' + "".join(_YAML.get(c, c) for c in text) + '"'


_YAML = {
    **{c: f"\\U{ord(c):08x}" for c in "\0\t\n\r\v\f\x85\u2028\u2029\ufeff"},
    '"': '\\"',
    "\\": "\\\\",
}


def quoted(text: str) -> str:
    """Write a quoted string of a condition."""
    special = {'"': r"\x22", "\\": r"\x5c", "\0": r"\x00"}
    return f'"{"".join(special.get(c, c) for c in text)}"'


def in_bytes(text: str) -> str:
    """Write a quoted string of a condition as escaped bytes."""
    escapes = [rf"\x{byte:02x}" for byte in text.encode("utf-8", "surrogateescape")]
    return f'"{"".join(escapes)}"'


def pointer(text: str) -> str:
    return "/" + text.replace("~", "~0").replace("/", "~1")


RULES = """\
- list: {list}
  items: [{item}, b, c, d, e, f, g, h]
- macro: {macro}
  condition: ka.user.name exists
- rule: {rule}
  desc: {desc}
  condition: {condition}
  output: {output}
  priority: INFO
  source: k8s_audit
  tags: [{tag}]
  exceptions:
    - name: {exception}
      fields: [ka.user.name, ka.verb]
      comps: [=, =]
      values: [[{value}, never]]
"""

DEFAULTS = {
    "list": "names",
    "item": "a",
    "macro": "named",
    "rule": "A rule",
    "desc": "d",
    "condition": "ka.verb in (names) and named",
    "output": '"verb=%ka.verb"',
    "tag": "t",
    "exception": "e",
    "value": "nobody",
}


@dataclass(frozen=True)
class Place:
    """A place of a rules file.

    ``rules`` makes what replaces the defaults for a text, ``event`` makes an
    event that the rule with it matches. ``literal`` tells whether the text
    stands for itself there, so that it cannot be refused and must give the
    same module as ``like``, and an alert that is ``expected``. Lists and
    macros stand for parts of conditions; other texts there may be refused or
    mean something else, but only what a condition can mean.
    """

    rules: Callable[[str], dict[str, str]]
    event: Callable[[str], dict[str, Any]] = lambda text: audit_event(verb="a")
    literal: Callable[[str], bool] = lambda text: True
    expected: Callable[[str, Alert], bool] = lambda text, alert: alert.message == "verb=a"
    like: Callable[[str], str] = lambda text: HARMLESS


def user(text: str) -> dict[str, Any]:
    return audit_event(verb="a", user=text)


def is_constant(text: str) -> bool:
    """Return whether a condition may have a text as a constant; ``<NA>`` is no text to Falco."""
    return len(text.encode()) <= 255 and "\0" not in text and text != "<NA>"


def is_word(text: str) -> bool:
    """Return whether a text stands for itself in a condition, without quotes."""
    return (
        re.fullmatch("[A-Za-z][A-Za-z0-9_]*", text) is not None
        and len(text) <= 255
        and text not in ("and", "or", "not", "in", "exists", "names", "named")
    )


def is_argument(text: str) -> bool:
    return len(text) <= 255


def digit_or_word(text: str) -> str:
    """Return a text to compare an argument with: a number may be the index of an element."""
    return "1" if text.isdigit() else HARMLESS


PLACES: dict[str, Place] = {
    "rule": Place(
        lambda text: {"rule": yaml(text)}, expected=lambda text, alert: alert.rule == text
    ),
    "desc": Place(lambda text: {"desc": yaml(text)}),
    "output": Place(
        lambda text: {"output": yaml(f"x{text}y %ka.verb")},
        literal=lambda text: "%" not in text,
        expected=lambda text, alert: alert.message == f"x{text}y a",
    ),
    "tag": Place(
        lambda text: {"tag": yaml(text)}, expected=lambda text, alert: alert.tags == (text,)
    ),
    "macro": Place(
        lambda text: {"macro": yaml(text), "condition": yaml(f"ka.verb = a and {text}")},
        literal=is_word,
    ),
    "name of a macro that is not used": Place(
        lambda text: {"macro": yaml(text), "condition": "ka.verb in (names)"}
    ),
    "list": Place(
        lambda text: {"list": yaml(text), "condition": yaml(f"ka.verb in ({text})")},
        literal=is_word,
    ),
    "name of a list that is not used": Place(
        lambda text: {"list": yaml(text), "condition": "ka.user.name exists"},
        literal=lambda text: is_word(text) or "'" in text,
    ),
    "item": Place(
        lambda text: {"item": yaml(text), "condition": "ka.user.name in (names)"},
        user,
        literal=is_word,
    ),
    "quoted item": Place(
        lambda text: {"item": yaml(quoted(text)), "condition": "ka.user.name in (names)"},
        user,
        literal=is_constant,
    ),
    "constant": Place(
        lambda text: {"condition": yaml(f"ka.user.name = {quoted(text)} and ka.verb in (names)")},
        user,
        literal=is_constant,
    ),
    "constant in bytes": Place(
        lambda text: {"condition": yaml(f"ka.user.name in ({in_bytes(text)}, never)")},
        user,
        literal=is_constant,
    ),
    "part of a value": Place(
        lambda text: {
            "condition": yaml(
                f"ka.user.name contains {quoted(text)} and ka.user.name startswith {quoted(text)}"
                f" and ka.user.name endswith {quoted(text)}"
            )
        },
        user,
        literal=is_constant,
    ),
    "argument": Place(
        lambda text: {"condition": yaml(f"jevt.value[{quoted(pointer(text))}] = v")},
        lambda text: audit_event(verb="a", **{text: "v"}),
        literal=is_argument,
        like=digit_or_word,
    ),
    "argument in an output": Place(
        lambda text: {"output": yaml(f"%jevt.value[{in_bytes(pointer(text))}]!")},
        lambda text: audit_event(verb="a", **{text: "v"}),
        literal=is_argument,
        expected=lambda text, alert: alert.message == "v!",
        like=digit_or_word,
    ),
    "name of an exception": Place(lambda text: {"exception": yaml(text)}),
    "value of an exception": Place(
        lambda text: {"value": yaml(quoted(text))}, user, literal=is_constant
    ),
}


def write(folder: Path, rules: str, name: str = "rules.yaml") -> Path:
    path = folder / name
    path.write_text(rules, "utf-8")
    return path


def build(folder: Path, place: Place, text: str) -> Ruleset | None:
    """Return the ruleset with a text in a place; None if the compiler refuses it properly."""
    path = write(folder, RULES.format(**{**DEFAULTS, **place.rules(text)}))
    try:
        return compile_ruleset(path)
    except RulesError as error:
        diagnostics, shown = error.diagnostics, str(error)
    assert shown
    assert all(each.line >= 1 and each.file == str(path) for each in diagnostics)
    return None


# --- what a module consists of --------------------------------------------------------


@dataclass(frozen=True)
class Substance:
    """What a module can do: its kinds of syntax, what it imports, the names from outside."""

    syntax: frozenset[str]
    imports: frozenset[str]
    names: frozenset[str]
    attributes: frozenset[str]


def imported_names(nodes: Iterable[ast.AST]) -> set[str]:
    aliases = [node for node in nodes if isinstance(node, ast.alias)]
    return {alias.asname or alias.name for alias in aliases}


def substance(code: str) -> Substance:
    """Return what a module consists of, after checking that it reads as it should."""
    assert all(c == "\n" or c.isprintable() for c in code), "something in it cannot be seen"
    tree = ast.parse(code)
    nodes = list(ast.walk(tree))
    used = {node.id for node in nodes if isinstance(node, ast.Name)}
    defined = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    defined |= {node.arg for node in nodes if isinstance(node, ast.arg)}
    functions = [node.name for node in nodes if isinstance(node, ast.FunctionDef)]
    # Views have the members that rules read, which rules may name.
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    functions += [declared.name for declared in classes]
    members = {
        statement.target.id
        for declared in classes
        for statement in declared.body
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name)
    }
    assert not members & {*functions, *imported_names(nodes), *dir(builtins), *dir(View)}
    imported = imported_names(nodes)
    top = [n.id for s in tree.body if isinstance(s, ast.Assign) for n in s.targets]  # type: ignore[attr-defined]
    assert len(set(top)) == len(top), "something is defined twice"
    assert len(set(functions)) == len(functions), "a function is defined twice"
    outside = used - defined - set(functions)
    assert not (defined | set(functions)) & imported, "an import is hidden"
    inside = {
        node.id
        for statement in tree.body
        if isinstance(statement, ast.FunctionDef)
        for node in ast.walk(statement)
        if isinstance(node, ast.Name)
    }
    called = inside & set(dir(builtins))
    assert not called & {*top, *functions}, "a builtin is hidden"
    assert all(name.isascii() and name.isidentifier() for name in used | defined | {*functions})
    return Substance(
        frozenset(type(node).__name__ for node in nodes),
        frozenset(
            f"{node.module}.{alias.name}"
            for node in nodes
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
            if alias.name not in OPENED
        ),
        frozenset(outside - OPENED),
        frozenset(node.attr for node in nodes if isinstance(node, ast.Attribute))
        - (members | EVENT),
    )


def examine(folder: Path, name: str, text: str, harmless: "Harmless") -> bool:
    """Check rules with a text in a place; return whether they could be compiled."""
    place = PLACES[name]
    ruleset = build(folder, place, text)
    if ruleset is None:
        assert not place.literal(text), "there is nothing wrong with it"
        return False
    assert ruleset.code is not None
    found = substance(ruleset.code)
    alerts = ruleset.match(place.event(text), "k8s_audit")
    if place.literal(text):
        assert found == harmless(name, place.like(text))
        (alert,) = alerts
        assert place.expected(text, alert), alert
    else:
        assert found.imports <= {f"rulec.runtime.{each}" for each in EXPORTS} | TYPES
        assert found.names <= {*EXPORTS, *BUILTINS, "Any", "Literal"}
    for alert in alerts:
        assert len(alert.text().splitlines()) == 1
        assert len(alert.json().split("\n")) == 1
    return True


Harmless = Callable[[str, str], Substance]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("hostile")


@pytest.fixture(scope="module")
def harmless(folder: Path) -> Harmless:
    """Return what the module consists of with a harmless word in a place."""

    @cache
    def consists_of(name: str, word: str) -> Substance:
        ruleset = build(folder, PLACES[name], word)
        assert ruleset is not None
        assert ruleset.code is not None
        return substance(ruleset.code)

    return consists_of


@pytest.mark.parametrize("name", PLACES)
def test_no_text_is_more_than_text(name: str, folder: Path, harmless: Harmless) -> None:
    compiled = [examine(folder, name, text, harmless) for text in ODDITIES]
    assert any(compiled)


@pytest.mark.parametrize("name", ["rule", "list", "macro", "item", "constant"])
def test_words_of_python_and_of_the_runtime_are_names_like_others(
    name: str, folder: Path, harmless: Harmless
) -> None:
    for word in WORDS:
        examine(folder, name, word, harmless)


@pytest.mark.parametrize("name", PLACES)
def test_made_up_texts_are_no_more_than_text(name: str, folder: Path, harmless: Harmless) -> None:
    @given(TEXTS)
    @settings(max_examples=40, deadline=None, database=None)
    def check(text: str) -> None:
        examine(folder, name, text, harmless)

    check()


@pytest.mark.parametrize("text", [*ODDITIES, "\udcff", "\udce9é"])
def test_file_names(text: str, folder: Path) -> None:
    name = f"{text}.yaml"
    if not set(text).isdisjoint("/\0") or len(os.fsencode(name)) > 255:
        pytest.skip("there can be no such file")
    ruleset = compile_ruleset(write(folder, RULES.format(**DEFAULTS), name))
    (plain,) = compile_ruleset(write(folder, RULES.format(**DEFAULTS))).rules
    assert ruleset.code is not None
    substance(ruleset.code)
    shown = os.fsencode(name).decode("utf-8", "replace")
    assert [file for file, _ in ruleset.manifest.inputs] == [shown]
    (rule,) = ruleset.rules
    assert rule.where == f"{shown}:{plain.where.rpartition(':')[2]}"
    assert rule.condition.__name__ == plain.condition.__name__
    assert len(ruleset.match(audit_event(verb="a"), "k8s_audit")) == 1


# --- many names in one module ---------------------------------------------------------


def one_each(names: Iterable[str], entry: str) -> str:
    """Write an entry for each name; ``{name}`` is the name, ``{n}`` its number."""
    return "\n".join(entry.format(n=n, name=yaml(name)) for n, name in enumerate(names))


RULE = """\
- rule: {name}
  desc: d
  condition: ka.user.name = user{n}
  output: rule {n} by %ka.user.name
  priority: INFO
  source: k8s_audit
"""


def test_all_names_in_one_module(folder: Path) -> None:
    names = [*dict.fromkeys([*ODDITIES, *WORDS])]
    path = write(folder, one_each(names, RULE))
    ruleset = compile_ruleset(path, rule_matching="all")
    assert ruleset.code is not None
    substance(ruleset.code)
    assert [rule.name for rule in ruleset.rules] == names
    for n, name in enumerate(names):
        (alert,) = ruleset.match(user(f"user{n}"), "k8s_audit")
        assert (alert.rule, alert.message) == (name, f"rule {n} by user{n}")


@pytest.mark.parametrize(
    "names",
    [
        ["a b", "a/b", "a-b", "A B", "a  b", "a_b", "a_b_2", "a b 2", "a-b-3", "a_b_2_2"],
        ["a", "a output", "a_output", "a output output", "A", "a_2", "a output 2", "a 2 output"],
        ["日本", "中国", "!", "?", "rule", "rule_2", "Rule", "rule 2", "...", "rule_rule"],
        ["1", "rule 1", "Rule_1", "01", "1!", "rule_1_2", "١"],
        ["class", "rule class", "CLASS", "Class", "cl\u00adass", "class_", "_class"],
        ["x" * 80, "x" * 81, "x" * 1000, "X" * 80, "x" * 80 + "_2", "x" * 78 + "_2"],
        ["load ka.user.name", "load_ka_user_name", "load_ka_user_name_2", "ka_user_name"],
    ],
    ids=lambda names: f"{names[0][:10]} and its likes",
)
def test_names_that_look_alike_stay_apart(names: list[str], folder: Path) -> None:
    ruleset = compile_ruleset(write(folder, one_each(names, RULE)), rule_matching="all")
    assert ruleset.code is not None
    substance(ruleset.code)
    found = [ruleset.match(user(f"user{n}"), "k8s_audit") for n, _ in enumerate(names)]
    assert [[alert.rule for alert in alerts] for alerts in found] == [[name] for name in names]


LIST = """\
- list: {name}
  items: [user{n}, 1{n}, 2{n}, 3{n}, 4{n}, 5{n}, 6{n}, 7{n}]
"""
PATTERNS = """\
- list: {name}
  items: [/user{n}/*, /b, /c, /d, /e, /f, /g]
"""


@pytest.mark.parametrize(
    ("entry", "condition"),
    [(LIST, "ka.user.name in ({name})"), (PATTERNS, "ka.user.name pmatch ({name})")],
)
def test_lists_may_be_called_like_anything(entry: str, condition: str, folder: Path) -> None:
    names = [word for word in WORDS if is_word(word)]
    rules = one_each(names, entry) + "".join(
        RULE.format(n=n, name=yaml(name)).replace(
            f"ka.user.name = user{n}", condition.format(name=name)
        )
        for n, name in enumerate(names)
    )
    ruleset = compile_ruleset(write(folder, rules), rule_matching="all")
    assert ruleset.code is not None
    substance(ruleset.code)
    path = "/user{}/x" if "pmatch" in condition else "user{}"
    for n, name in enumerate(names):
        (alert,) = ruleset.match(user(path.format(n)), "k8s_audit")
        assert alert.rule == name
    # Nothing is true of a user who is not there.
    event = audit_event()
    del event["user"]
    assert ruleset.match(event, "k8s_audit") == []


def test_arguments_that_look_alike_stay_apart(folder: Path) -> None:
    arguments = ["a b", "a-b", "a_b", "A_b", "a/b", "a~b", "日本", "中国", "", "0", "00", "class"]
    condition = " and ".join(
        f"jevt.value[{quoted(pointer(text))}] = v{n}" for n, text in enumerate(arguments)
    )
    ruleset = compile_ruleset(
        write(folder, RULES.format(**{**DEFAULTS, "condition": yaml(condition)}))
    )
    assert ruleset.code is not None
    substance(ruleset.code)
    members = {text: f"v{n}" for n, text in enumerate(arguments)}
    assert len(ruleset.match(audit_event(verb="a", **members), "k8s_audit")) == 1
    for text in arguments:
        changed = {**members, text: "other"}
        assert ruleset.match(audit_event(verb="a", **changed), "k8s_audit") == []


# --- what else comes from users -------------------------------------------------------

SOURCE = """\
source: {source}
description: {doc}
time: {time}
fields:
  - name: my.field
    pointer: {pointer}
    description: {doc}
  - name: my.list
    pointer: {pointer}
    list: true
    description: {doc}
"""
OWN_RULES = """\
- rule: r
  desc: d
  condition: my.field = v or my.list intersects (w)
  output: "%my.field"
  priority: INFO
  source: {source}
"""


def own(folder: Path, **texts: str) -> Ruleset:
    """Compile rules for an event source with some texts in its description."""
    texts = {"source": "own", "doc": "d", "time": "/at", "pointer": "/a", **texts}
    written = {name: yaml(text) for name, text in texts.items()}
    source = Source.from_yaml(write(folder, SOURCE.format(**written), "source.yaml"))
    return compile_ruleset(write(folder, OWN_RULES.format(**written)), sources=[source])


def test_descriptions_of_event_sources(folder: Path) -> None:
    for text in ODDITIES:
        ruleset = own(folder, doc=text, time=pointer(text), pointer=f"/m{pointer(text)}/x")
        # A view cannot declare every name: such a one is compared with another of its kind.
        like = HARMLESS if declarable((text,)) else f'"{HARMLESS}'
        plain = own(folder, time=pointer(like), pointer=f"/m{pointer(like)}/x").code
        assert ruleset.code is not None
        assert plain is not None
        assert substance(ruleset.code) == substance(plain)
        event = {text: 1, "m": {text: {"x": "v"}}}
        (alert,) = ruleset.match(event, source="own")
        assert (alert.message, alert.time) == ("v", 10**9)
        assert pickle.loads(pickle.dumps(ruleset)).match(event, source="own") == [alert]


@pytest.mark.parametrize("name", ["sources", "Rule", "JsonSource", "import", "None", "k8s-audit"])
def test_names_of_event_sources(name: str, folder: Path) -> None:
    ruleset = own(folder, source=name)
    assert ruleset.code is not None
    substance(ruleset.code)
    (alert,) = ruleset.match({"a": "v", "at": 1}, source=name)
    assert alert.source == name


def test_texts_of_a_configuration(folder: Path) -> None:
    def configured(word: str) -> Ruleset:
        return compile_ruleset(
            write(folder, RULES.format(**DEFAULTS)),
            static_fields={"mine": word},
            append_output=[
                {
                    "extra_output": "%static.mine" + word.replace("%", "x"),
                    "extra_fields": ["static.mine", {word: "%static.mine"}],
                }
            ],
        )

    plain = configured(HARMLESS).code
    assert plain is not None
    for text in ODDITIES:
        ruleset = configured(text)
        assert ruleset.code is not None
        assert substance(ruleset.code) == substance(plain)
        (alert,) = ruleset.match(audit_event(verb="a"), "k8s_audit")
        assert alert.message == f"verb=a {text}{text.replace('%', 'x')}"
        assert alert.output_fields["static.mine"] == text
