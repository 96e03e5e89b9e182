"""All recorded rules files are formatted, and are the same rules afterwards."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from conformance import folder, report
from formatted import assert_formatted, comments

from rulec import RulesError
from rulec.files import decode

pytestmark = pytest.mark.conformance


def rules_files() -> Iterator[tuple[str, str]]:
    """Yield the YAML files of the folder that hold rules, or what could be some."""
    for path in sorted(folder().rglob("*.y*ml")):
        yield str(path.relative_to(folder())), decode(path.read_bytes())


def recorded_texts() -> Iterator[tuple[str, str]]:
    """Yield every text of the recorded cases that looks like rules."""
    for path in sorted(folder().rglob("*.jsonl")):
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            for text in texts_in(json.loads(line) if line.strip() else None):
                yield f"{path.relative_to(folder())}:{number}", text


def texts_in(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        if "\n" in value and any(f"{kind}:" in value for kind in ("rule", "macro", "list")):
            yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from texts_in(each)


@pytest.mark.parametrize(
    ("name", "texts"),
    [("formatting: rules files", rules_files), ("formatting: recorded cases", recorded_texts)],
    ids=["files", "cases"],
)
def test_recorded_rules_stay_the_same(name: str, texts: Any) -> None:
    different = {text: where for where, text in texts()}
    verdicts = {where: verdict for text, where in different.items() if (verdict := try_out(text))}
    print({where: verdict for where, verdict in verdicts.items() if verdict != "formatted"})
    report(name, list(verdicts.values()).count("formatted"), len(verdicts))


def try_out(text: str) -> str:
    """Return that a text was formatted, or why not; nothing if it does not consist of items."""
    try:
        new = assert_formatted(text)
        assert comments(new) == comments(text), "other comments"
    except RulesError as error:
        code = error.diagnostics[0].code
        return "" if code.startswith("LOAD_ERR_YAML") else code
    except AssertionError as error:
        return str(error)
    return "formatted"
