"""How long an editor waits for completion: from a key press to what ``rulec lsp`` offers.

Each round is a real one: the whole text goes to the server as it is after the
key press, then the request, and the answer comes back over its standard output.
"""

import shutil
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
from lsp_client import Editor, editing, marked
from rule_sets import SHIPPED

RULES = "rules.yaml"
TYPED = "\n- rule: New\n  source: k8s_audit\n  condition: >\n    kevt and "


@pytest.fixture(scope="module")
def editor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Editor]:
    folder = tmp_path_factory.mktemp("rules")
    shutil.copy(SHIPPED, folder / RULES)
    with editing(folder, {"delay": 200, "lint": True}) as editor:
        editor.open(RULES)
        assert editor.diagnostics(RULES) == []
        yield editor


@pytest.mark.parametrize(
    "typed", ["¦", "ka.ve¦", "ka.verb in (¦"], ids=["everything", "a field", "values"]
)
def test_completion_behind_a_key_press(benchmark: Any, editor: Editor, typed: str) -> None:
    """Rules are checked meanwhile, whenever no key has been pressed for 200 ms."""
    plain = (editor.folder / RULES).read_text("utf-8")
    texts = cycle([marked(plain + TYPED + typed), marked(plain + " " + TYPED + typed)])

    def press_and_ask() -> None:
        text, line, column = next(texts)
        editor.change(RULES, text)
        assert editor.at("completion", RULES, line, column)["items"]

    benchmark.pedantic(press_and_ask, rounds=200, warmup_rounds=5)


def test_completion_while_rules_are_checked(benchmark: Any, tmp_path: Path) -> None:
    """The worst case: a check begins with every key press."""
    shutil.copy(SHIPPED, tmp_path / RULES)
    with editing(tmp_path, {"delay": 0, "lint": True}) as editor:
        editor.open(RULES)
        editor.diagnostics(RULES)
        plain = (tmp_path / RULES).read_text("utf-8")
        texts = cycle(marked(plain + " " * blanks + TYPED + "ka.ve¦") for blanks in range(1, 50))

        def press_and_ask() -> None:
            text, line, column = next(texts)
            editor.change(RULES, text)
            assert editor.at("completion", RULES, line, column)["items"]

        benchmark.pedantic(press_and_ask, rounds=200, warmup_rounds=5)
