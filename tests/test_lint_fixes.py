"""Fixes: what is written, what is not, and that the rules mean the same afterwards."""

import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from rulec.api import check_files
from rulec.files import collect
from rulec.lint import Edit, Finding, Fix, lint
from rulec.lint.fixing import ChangedError, Fixed, fix, write
from rulec.lint.meaning import meaning
from rulec.text import File, Text

RULE = """\
- rule: r
  desc: d
  condition: >
    CONDITION
  output: o
  priority: INFO
  source: k8s_audit
  tags: [t]
"""


def fixed(content: str) -> Fixed:
    files = [File("rules.yaml", content)]
    return fix(files, lint(files).findings)


def after(content: str) -> str:
    return fixed(content).files[0].content


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ("ka.uri regex '/a.*'", "ka.uri startswith /a"),
        ("ka.uri  regex\t'.*/a b'", "ka.uri endswith '/a b'"),
        ("ka.uri regex .*a.* and ka.verb regex (get|list)", None),
        ('ka.uri regex ".*a.*" and ka.verb regex "(get|l.st)"', None),
        ("ka.uri regex '.*'", "ka.uri exists"),
        ("ka.uri regex '(and|b)'", "ka.uri in ('and', b)"),
        ("not (ka.uri regex 'a' or ka.uri regex 'b')", "not (ka.uri = a or ka.uri = b)"),
        ("ka.uri regex '[a]'", "ka.uri regex '[a]'"),
    ],
)
def test_regular_expressions_are_replaced(before: str, expected: str | None) -> None:
    if expected is None:
        before, expected = (
            'ka.uri regex ".*a.*" and ka.verb = x',
            "ka.uri contains a and ka.verb = x",
        )
    assert after(RULE.replace("CONDITION", before)) == RULE.replace("CONDITION", expected)


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ("- list: l\n  items: [b]\n  append: true\n", "  override: {items: append}\n"),
        ("- list: l\n  append: yes # x\n  items: [b]\n", "  override: {items: append} # x\n"),
        ("- macro: m\n  condition: or ka.uri = b\n  append: true\n", "{condition: append}"),
        ("- rule: r\n  condition: and ka.uri = b\n  append: true\n", "{condition: append}"),
        (
            "- rule: r\n  append: true\n  exceptions: [{name: e, fields: ka.uri, values: [x]}]\n",
            "override: {exceptions: append}",
        ),
    ],
)
def test_append_becomes_override(item: str, expected: str) -> None:
    content = (
        "- list: l\n  items: [a]\n- macro: m\n  condition: ka.verb = a\n"
        + RULE.replace("CONDITION", "m or ka.uri in (l)")
        + item
    )
    found = fixed(content)
    assert len(found.applied) == 1
    assert expected in found.files[0].content
    assert "append:" not in found.files[0].content
    assert not fixed(found.files[0].content).changed


def test_the_meaning_stays() -> None:
    content = RULE.replace("CONDITION", "ka.uri regex '/a.*' and ka.verb regex 'get|list'")
    one, other = File("f", content), File("f", after(content))
    assert one.content != other.content
    assert meaning(*check_files([one])[:2]) == meaning(*check_files([other])[:2])


def finding(file: File, old: str, new: str) -> Finding:
    start = file.content.index(old)
    edits = (Edit(file, start, start + len(old), new),)
    return Finding(
        "m", Text.verbatim(file, start, start + 1).span(0), fix=Fix("f", edits), lint=new
    )


def test_what_would_change_the_meaning_is_left_out() -> None:
    file = File("f", RULE.replace("CONDITION", "ka.uri regex '/a.*' and ka.verb = get"))
    good = finding(file, "regex '/a.*'", "startswith /a")
    for bad in ("ka.verb = list", "ka.verb = ", "ka.verb = get or ka.verb = x", "]["):
        wrong = finding(file, "ka.verb = get", bad)
        found = fix([file], [wrong, good])
        assert (found.applied, found.refused) == ((good,), (wrong,))
        assert "startswith /a and ka.verb = get" in found.files[0].content
    for old, new in (("priority: INFO", "priority: DEBUG"), ("desc: d", "desc: e"), ("[t]", "[u]")):
        assert fix([file], [finding(file, old, new)]).changed == ()


def test_fixes_do_not_overlap() -> None:
    file = File("f", RULE.replace("CONDITION", "ka.uri = a"))
    first, second = finding(file, "ka.uri = a", "ka.uri  = a"), finding(file, "= a", "=  a")
    found = fix([file], [first, second])
    assert (found.applied, found.refused) == ((first,), ())
    assert fix([file], [first]).files == found.files


def test_nothing_is_mended_in_broken_rules() -> None:
    assert fixed("- list: l\n  items: [a]\n  append: true\n").changed == ()


def test_the_difference_is_a_patch(tmp_path: Path) -> None:
    content = RULE.replace("CONDITION", "ka.uri regex '/a.*'").rstrip("\n")
    content = content.replace("desc: d", "desc: d\u2028e # \x85\r")
    path = tmp_path / "rules.yaml"
    path.write_bytes(content.encode())
    files = [File("rules.yaml", content)]
    found = fix(files, lint(files).findings)
    patch = found.diff()
    assert patch.startswith("--- rules.yaml\n+++ rules.yaml\n@@ ")
    done = subprocess.run(["git", "apply", "-p0", "-"], input=patch.encode(), cwd=tmp_path)
    assert done.returncode == 0
    assert path.read_bytes() == found.files[0].content.encode()


# --- files ------------------------------------------------------------------------------


def on_disk(path: Path, data: bytes) -> Fixed:
    path.write_bytes(data)
    files = collect(path)
    return fix(files, lint(files).findings)


def test_bytes_around_an_edit_stay(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    content = RULE.replace("CONDITION", "ka.uri regex 'é.*a' or ka.uri regex '/a.*'")
    data = b"\xef\xbb\xbf" + content.replace("\n", "\r\n").encode()
    write(on_disk(path, data).changed)
    assert path.read_bytes() == data.replace(b"regex '/a.*'", b"startswith /a")


def test_mode_and_links_of_a_file_stay(tmp_path: Path) -> None:
    path, link = tmp_path / "rules.yaml", tmp_path / "link.yaml"
    path.write_bytes(b"")
    path.chmod(0o640)
    link.symlink_to(path)
    write(on_disk(link, RULE.replace("CONDITION", "ka.uri regex '/a.*'").encode()).changed)
    assert link.is_symlink()
    assert path.stat().st_mode & 0o777 == 0o640
    assert "startswith" in path.read_text("utf-8")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["link.yaml", "rules.yaml"]


def test_a_file_that_was_changed_meanwhile_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    found = on_disk(path, RULE.replace("CONDITION", "ka.uri regex '/a.*'").encode())
    path.write_bytes(b"# new\n")
    with pytest.raises(ChangedError):
        write(found.changed)
    assert path.read_bytes() == b"# new\n"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_to(tmp_path: Path) -> None:
    found = on_disk(
        tmp_path / "rules.yaml", RULE.replace("CONDITION", "ka.uri regex '/a.*'").encode()
    )
    tmp_path.chmod(0o500)
    with pytest.raises(OSError, match="ermission"):
        write(found.changed)
    tmp_path.chmod(0o700)


def test_several_files_at_once() -> None:
    one = File("1", RULE.replace("CONDITION", "ka.uri regex '/a.*'"))
    two = File("2", "- rule: r\n  condition: and ka.verb regex 'get'\n  append: true\n")
    found = fix([one, two], lint([one, two]).findings)
    assert [new.name for _, new in found.changed] == ["1", "2"]
    assert found.files[1].content.endswith("override: {condition: append}\n")
    assert not replace(found, changed=()).diff()
