"""Every lint has a page, and the examples on it are true."""

import re

import pytest
from lint_pages import FOLDER, INDEX, Example, examples, page, table, table_in_index

from rulec.cluster.audit_policy_reader import read_policy
from rulec.lint import LINTS, lint
from rulec.text import File


def findings(lint_id: str, content: str) -> list[str]:
    """Return what a lint finds in rules that are fine otherwise, with the policy of its page."""
    policies = [each.content for each in examples(lint_id) if each.word == "policy"]
    policy = read_policy(File("policy.yaml", policies[0])) if policies else None
    without = set(LINTS) - {lint_id} - _NEEDED
    report = lint([File("rules.yaml", content)], without=without, policy=policy)
    assert not report.broken, report.findings
    return [str(each) for each in report.findings if each.lint == lint_id]


# The examples about comments have such findings in them.
_NEEDED = {"duplicate-item"}


def rules_of(lint_id: str) -> list[Example]:
    """Return the examples of rules on the page of a lint."""
    return [each for each in examples(lint_id) if each.language == "yaml" and each.word != "policy"]


@pytest.mark.parametrize("lint_id", LINTS)
def test_the_page_of_a_lint_has_its_name_and_examples(lint_id: str) -> None:
    assert page(lint_id).read_text("utf-8").startswith(f"# {lint_id}\n\n")
    words = {example.word for example in rules_of(lint_id)}
    assert words == {"fires", "quiet"}


@pytest.mark.parametrize("lint_id", LINTS)
def test_the_examples_of_a_lint_fire_or_do_not(lint_id: str) -> None:
    for example in rules_of(lint_id):
        found = findings(lint_id, example.content)
        assert bool(found) is (example.word == "fires"), (example.content, found)


def test_the_table_is_made_from_the_catalogue() -> None:
    assert table_in_index() == table(), "run python tests/lint_pages.py"


def test_there_are_no_other_pages() -> None:
    assert {each.stem for each in FOLDER.glob("*.md")} == {INDEX.stem, *LINTS}


def test_ids_are_words_with_hyphens_and_their_own_keys() -> None:
    for name, entry in LINTS.items():
        assert name == entry.id
        assert name.replace("-", "").isalnum()
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
