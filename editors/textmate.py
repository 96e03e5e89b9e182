"""Write the TextMate grammar of rules files.

    python editors/textmate.py

What the language knows (operators, modifiers, transformers, keys, priorities)
comes from the tables of rulec. A test fails if the grammar is not what this writes.
"""

import json
from pathlib import Path
from typing import Any

from rulec.lsp.scanning import SYMBOLS, WORD_OPERATORS
from rulec.lsp.words import KEYS, PRIORITIES
from rulec.operators import MODIFIERS, OPERATORS, Takes
from rulec.transformers import TRANSFORMERS

GRAMMAR = Path(__file__).parent / "vscode" / "syntaxes" / "falco-rules.tmLanguage.json"

SCOPE = "source.falco-rules"

Rule = dict[str, Any]


def words(names: Any) -> str:
    """Return a pattern for one of these words, the longest first."""
    return "|".join(sorted(names, key=lambda name: (-len(name), name)))


TRANSFORMER = words([*TRANSFORMERS, "val"])
SYMBOL = words(SYMBOLS)
LISTS = words(n for n in WORD_OPERATORS if OPERATORS[n].takes is Takes.MANY)
SCALARS = words(n for n in WORD_OPERATORS if OPERATORS[n].takes is Takes.ONE)
CHECKS = words(n for n in WORD_OPERATORS if OPERATORS[n].takes is Takes.NOTHING)
MODIFIER = words(MODIFIERS)
PRIORITY = words([*PRIORITIES, "INFORMATIONAL"])
FIELD = r"[a-zA-Z]\w*(?:\.[a-zA-Z]\w*)+"
BARE = r"""[^\s()"'=,]+"""

# A word is not a part of a longer one, of a path or of a name with a dot.
BEFORE, BEHIND = r"(?<![\w./:-])", r"(?![\w./:-])"


def include(*names: str) -> list[Rule]:
    """Return rules of the repository, by name."""
    return [{"include": f"#{name}"} for name in names]


def captures(*scopes: str | None) -> dict[str, Rule]:
    """Return the names of the groups of a pattern, the first first."""
    return {str(n): {"name": scope} for n, scope in enumerate(scopes, 1) if scope}


def scoped(scope: str) -> str:
    """Return the name of a scope of this language."""
    return f"{scope}.falco-rules"


KEYWORD = scoped("keyword.operator.word")
VALUE = scoped("string.unquoted")


def expression() -> dict[str, Rule]:
    """Return the rules for conditions."""
    value = {"name": VALUE, "patterns": include("number")}
    not_a_value = rf"""(?=["'(]|(?:{TRANSFORMER})\()|(?={MODIFIER})"""
    return {
        "condition": {
            "patterns": include(
                "connective", "list", "comparison", "check", "call", "text", "field", "macro"
            )
        },
        "connective": {
            "match": rf"{BEFORE}(?:and|or|not){BEHIND}",
            "name": scoped("keyword.control"),
        },
        "list": {
            "begin": rf"{BEFORE}(?:({LISTS})|({MODIFIER}))\s*(\()(?!\s*(?:{TRANSFORMER})\()",
            "beginCaptures": captures(KEYWORD, KEYWORD, scoped("punctuation.section.parens")),
            "end": r"\)|(?=^\S)",
            "endCaptures": {"0": {"name": scoped("punctuation.section.parens")}},
            "patterns": [*include("text"), {"match": BARE, **value}],
        },
        "comparison": {
            "match": rf"(?:({SYMBOL})|{BEFORE}({SCALARS})(?=\s))"
            rf"(?:\s*(?:{not_a_value})|\s*({BARE}))?",
            "captures": {
                "1": {"name": scoped("keyword.operator.comparison")},
                "2": {"name": KEYWORD},
                "3": value,
            },
        },
        "check": {
            "match": rf"{BEFORE}(?:{CHECKS}|{LISTS}|{MODIFIER}){BEHIND}",
            "name": KEYWORD,
        },
        "call": {"match": rf"\b(?:{TRANSFORMER})(?=\()", "name": scoped("support.function")},
        "text": {
            "patterns": [
                {
                    "begin": quote,
                    "end": quote,
                    "name": scoped(f"string.quoted.{kind}"),
                    "patterns": [{"match": r"\\.", "name": scoped("constant.character.escape")}],
                }
                for quote, kind in (('"', "double"), ("'", "single"))
            ]
        },
        "field": {
            "match": rf"({FIELD})(?:(\[)([^\]\s]*)(\]))?",
            "captures": captures(
                scoped("variable.other.property"),
                scoped("punctuation.section.brackets"),
                scoped("string.unquoted.argument"),
                scoped("punctuation.section.brackets"),
            ),
        },
        "macro": {
            "match": rf"(?<![\w./:%-])[a-zA-Z]\w*{BEHIND}",
            "name": scoped("entity.name.function.macro"),
        },
        "slot": {
            "begin": r"(%)([0-9]*)(?=[a-zA-Z])",
            "beginCaptures": captures(
                scoped("punctuation.definition.placeholder"), scoped("constant.numeric.width")
            ),
            # A value ends with its name, its brackets or its parenthesis.
            "end": r"(?<=[\w)\]])(?![\w.\[(])|(?<=\()(?!.*\))|$",
            "patterns": [
                {
                    "begin": rf"\b({TRANSFORMER})(\()",
                    "beginCaptures": captures(scoped("support.function")),
                    "end": r"\)|$",
                    "patterns": include("call", "text", "field", "number"),
                },
                *include("field"),
            ],
        },
        "number": {
            "match": r"(?<![\w./:-])(?:0[xX][0-9a-fA-F]+|[+-]?[0-9]+(?:\.[0-9]+)?)(?![\w./:-])",
            "name": scoped("constant.numeric"),
        },
    }


KEY = scoped("entity.name.tag")
COLON = scoped("punctuation.separator.key-value")
HEADER = scoped("keyword.control.flow.block-scalar")


def under(key: str, patterns: list[Rule], content: str) -> list[Rule]:
    """Return the rules for what stands behind a key, and deeper below it.

    The key may be the first of an item, behind its dash.
    """
    rules = []
    for dash, deeper in ((r"^([ ]*)(-)([ ]+)", r"\1 \3"), (r"^([ ]*)()()", r"\1")):
        rules.append(
            {
                "begin": rf"{dash}({key})[ ]*(:)(?=\s|$)[ ]*([>|][-+0-9]*[ ]*(?:#.*)?$)?",
                "beginCaptures": captures(
                    None, scoped("punctuation.definition.item"), None, KEY, COLON, HEADER
                ),
                "while": rf"^(?:{deeper}[ ]+(?=\S)|[ \t]*$)",
                "contentName": scoped(content),
                "patterns": patterns,
            }
        )
    return rules


def quoted(key: str, patterns: list[Rule], content: str) -> list[Rule]:
    """Return the rules for a text behind a key that is in quotes as a whole."""
    return [
        {
            "begin": rf"^[ ]*(-)?[ ]*({key})[ ]*(:)[ ]+({quote})",
            "beginCaptures": captures(
                scoped("punctuation.definition.item"), KEY, COLON, scoped("punctuation.quote")
            ),
            "end": rf"(?<!\\){quote}",
            "endCaptures": {"0": {"name": scoped("punctuation.quote")}},
            "contentName": scoped(content),
            "patterns": patterns,
        }
        for quote in ('"', "'")
    ]


def document() -> dict[str, Rule]:
    """Return the rules for what a file consists of."""
    keys = sorted({key for table in KEYS.values() for key in table})
    condition = [*include("comment", "condition")]
    operation = {
        "match": rf"{BEFORE}(?:append|replace){BEHIND}",
        "name": scoped("constant.language"),
    }
    names = (("rule", "class"), ("macro", "function.macro"), ("list", "enum"))
    return {
        "item": {
            "patterns": [
                {
                    "match": rf"^([ ]*)(-)[ ]+({kind})[ ]*(:)[ ]+(.*?)[ ]*(?=[ ]#|$)",
                    "captures": captures(
                        None,
                        scoped("punctuation.definition.item"),
                        scoped(f"storage.type.{kind}"),
                        COLON,
                        scoped(f"entity.name.{scope}"),
                    ),
                }
                for kind, scope in names
            ]
        },
        "conditions": {
            "patterns": [
                *quoted("condition", include("condition"), "meta.condition"),
                *under("condition", condition, "meta.condition"),
            ]
        },
        "outputs": {"patterns": under("output", include("slot"), "string.unquoted.output")},
        "descriptions": {"patterns": under("desc", [], "string.unquoted.description")},
        "overrides": {
            "patterns": under("override", [*include("comment", "key"), operation], "meta.override")
        },
        "exceptions": {
            "patterns": under(
                "exceptions",
                [
                    {
                        "begin": r"\b(fields)[ ]*(:)",
                        "beginCaptures": captures(KEY, COLON),
                        "end": "$",
                        "patterns": include("comment", "field", "punctuation"),
                    },
                    {
                        "begin": r"\b(comps)[ ]*(:)",
                        "beginCaptures": captures(KEY, COLON),
                        "end": "$",
                        "patterns": [
                            {
                                "match": rf"{SYMBOL}|\b(?:{SCALARS}|{LISTS}|{MODIFIER})\b",
                                "name": scoped("keyword.operator"),
                            },
                            *include("comment", "punctuation"),
                        ],
                    },
                    *include("yaml"),
                ],
                "meta.exceptions",
            )
        },
        "priority": {
            "match": rf"^([ ]*)(priority)[ ]*(:)[ ]+(?i:({PRIORITY}))\b",
            "captures": captures(None, KEY, COLON, scoped("constant.language.priority")),
        },
        "yaml": {
            "patterns": include("comment", "key", "text", "constant", "number", "punctuation")
        },
        "key": {
            "patterns": [
                {
                    "match": rf"(?<![\w.-])({words(keys)})[ ]*(:)(?=\s|$)",
                    "captures": captures(KEY, COLON),
                },
                {
                    "match": r"^([ ]*)(-)(?=[ ]|$)",
                    "captures": captures(None, scoped("punctuation.definition.item")),
                },
            ]
        },
        "comment": {"match": r"(?:^|(?<=[ \t]))#.*$", "name": scoped("comment.line.number-sign")},
        "constant": {
            "match": rf"{BEFORE}(?:true|false|yes|no|on|off|null|~){BEHIND}",
            "name": scoped("constant.language"),
        },
        "punctuation": {"match": r"[\[\]{},]", "name": scoped("punctuation.separator")},
    }


def grammar() -> dict[str, Any]:
    """Return the whole grammar."""
    return {
        "information_for_contributors": ["Written by editors/textmate.py: change that instead."],
        "name": "Falco rules",
        "scopeName": SCOPE,
        "patterns": include(
            "conditions",
            "outputs",
            "descriptions",
            "overrides",
            "exceptions",
            "item",
            "priority",
            "yaml",
        ),
        "repository": {**document(), **expression()},
    }


def text() -> str:
    """Return the grammar as it is in its file."""
    return json.dumps(grammar(), indent=2) + "\n"


if __name__ == "__main__":
    GRAMMAR.write_text(text(), "utf-8")
