"""Every lint has a page, and the examples on it are true."""

import re

import pytest
from lint_pages import FOLDER, INDEX, examples, page, table, table_in_index

from rulec.lint import LINTS, lint
from rulec.text import File


def findings(lint_id: str, content: str) -> list[str]:
    """Return what a lint finds in rules that are fine otherwise."""
    report = lint([File("rules.yaml", content)], without=set(LINTS) - {lint_id} - _NEEDED)
    assert not report.broken, report.findings
    return [str(each) for each in report.findings if each.lint == lint_id]


# The examples about comments have such findings in them.
_NEEDED = {"duplicate-item"}


@pytest.mark.parametrize("lint_id", LINTS)
def test_the_page_of_a_lint_has_its_name_and_examples(lint_id: str) -> None:
    assert page(lint_id).read_text("utf-8").startswith(f"# {lint_id}\n\n")
    words = [example.word for example in examples(lint_id) if example.language == "yaml"]
    assert {"fires", "quiet"} == set(words)


@pytest.mark.parametrize("lint_id", LINTS)
def test_the_examples_of_a_lint_fire_or_do_not(lint_id: str) -> None:
    for example in examples(lint_id):
        if example.language == "yaml":
            found = findings(lint_id, example.content)
            assert bool(found) is (example.word == "fires"), (example.content, found)


def test_the_table_is_made_from_the_catalogue() -> None:
    assert table_in_index() == table(), "run python tests/lint_pages.py"


def test_there_are_no_other_pages() -> None:
    assert {each.stem for each in FOLDER.glob("*.md")} == {INDEX.stem, *LINTS}


def test_ids_are_words_with_hyphens_and_their_own_keys() -> None:
    for name, entry in LINTS.items():
        assert name == entry.id
        assert name.replace("-", "").isalpha()
        assert name.islower()


@pytest.mark.parametrize("lint_id", [INDEX.stem, *LINTS])
def test_links_of_pages_lead_somewhere(lint_id: str) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", page(lint_id).read_text("utf-8")):
        target, _, anchor = link.partition("#")
        found = (FOLDER / target).resolve() if target else page(lint_id)
        assert found.exists(), link
        headings = re.findall(r"^#+ (.*)$", found.read_text("utf-8"), re.MULTILINE)
        anchors = {re.sub(r"[^\w -]", "", each.lower()).replace(" ", "-") for each in headings}
        assert not anchor or anchor in anchors, link
