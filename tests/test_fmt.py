"""``rulec fmt``: which files are written, what is told, and the exit status."""

import os
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from rulec.cli import BAD_INPUT, BAD_RULES, BAD_USAGE, FOUND, main
from rulec.commands.fmt import command

UGLY = '- {list: a, items: ["b", c]} # d\n'
NEAT = "# d\n- list: a\n  items: [b, c]\n"
WRONG = "list: a\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in {"neat.yaml": NEAT, "ugly.yml": UGLY, "wrong.yaml": WRONG}.items():
        (tmp_path / name).write_bytes(text.encode())
    (tmp_path / "other.txt").write_text(UGLY)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def fmt(*arguments: str, given: str | bytes = "") -> Result:
    return CliRunner().invoke(command, arguments, input=given)


def test_files_are_formatted_in_place(folder: Path) -> None:
    result = fmt("neat.yaml", "ugly.yml")
    assert (result.exit_code, result.stdout) == (0, "ugly.yml\n")
    assert result.stderr == "1 file formatted, 1 left as it is\n"
    assert (folder / "ugly.yml").read_bytes() == NEAT.encode()
    assert fmt("neat.yaml", "ugly.yml").stderr == "0 files formatted, 2 left as they are\n"


def test_what_is_no_rules_file_is_reported_and_the_others_are_formatted(folder: Path) -> None:
    result = fmt(".", "missing.yaml")
    assert (result.exit_code, result.stdout) == (BAD_RULES, "ugly.yml\n")
    assert "wrong.yaml:1:1: LOAD_ERR_YAML_VALIDATE: the rules are not a list" in result.stderr
    assert "missing.yaml:1:1: LOAD_ERR_FILE_READ: cannot read the file" in result.stderr
    assert result.stderr.endswith("1 file formatted, 1 left as it is, 2 refused\n")
    assert (folder / "wrong.yaml").read_text() == WRONG
    assert (folder / "other.txt").read_text() == UGLY


@pytest.mark.parametrize(
    ("option", "shown"),
    [
        ("--check", "ugly.yml\n"),
        ("--diff", f"--- ugly.yml\n+++ ugly.yml (formatted)\n@@ -1 +1,3 @@\n-{UGLY}"),
    ],
)
def test_nothing_is_written_when_asked_for_what_would_be(
    folder: Path, option: str, shown: str
) -> None:
    result = fmt(option, "neat.yaml", "ugly.yml")
    assert result.exit_code == FOUND
    assert result.stdout.startswith(shown)
    assert result.stderr == "1 file to format, 1 left as it is\n"
    assert (folder / "ugly.yml").read_text() == UGLY
    assert (fmt(option, "neat.yaml").exit_code, fmt(option, "neat.yaml").stdout) == (0, "")


def test_the_difference_tells_of_a_line_without_an_end(folder: Path) -> None:
    (folder / "ugly.yml").write_text(NEAT.removesuffix("\n"))
    assert fmt("--diff", "-q", "ugly.yml").stdout.splitlines()[-3:] == [
        "-  items: [b, c]",
        "\\ No newline at end of file",
        "+  items: [b, c]",
    ]


def test_standard_input(folder: Path) -> None:
    result = fmt("-", given=UGLY)
    assert (result.exit_code, result.stdout, result.stderr) == (0, NEAT, "")
    assert fmt("--check", "-", "--stdin-filename", "x.yaml", given=UGLY).stdout == "x.yaml\n"
    assert fmt("--check", "-", given=NEAT).exit_code == 0
    result = fmt("-", "--stdin-filename", "x.yaml", given=WRONG)
    assert (result.exit_code, result.stdout) == (BAD_RULES, "")
    assert result.stderr.startswith("x.yaml:1:1: LOAD_ERR_YAML_VALIDATE")
    assert fmt("-", given=b"- list: \xff\n").exit_code == BAD_RULES


def test_standard_input_is_the_only_path(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["fmt", "-", "rules"])
    assert caught.value.code == BAD_USAGE
    assert capsys.readouterr().err.startswith("rulec fmt: - stands for standard input")


def test_an_empty_folder(tmp_path: Path) -> None:
    result = fmt(str(tmp_path))
    assert (result.exit_code, result.stderr) == (0, f"no .yaml or .yml files in {tmp_path}\n")
    assert fmt("-q", str(tmp_path)).stderr == ""


def test_links_and_modes_stay(folder: Path) -> None:
    (folder / "real").mkdir()
    real = folder / "real" / "rules.yaml"
    real.write_text(UGLY)
    real.chmod(0o640)
    (folder / "link.yaml").symlink_to(real)
    assert fmt("link.yaml").exit_code == 0
    assert (folder / "link.yaml").is_symlink()
    assert (real.read_text(), real.stat().st_mode & 0o777) == (NEAT, 0o640)
    assert list(real.parent.iterdir()) == [real]


def test_a_file_that_cannot_be_written(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", refuse)
    before = sorted(folder.iterdir())
    result = fmt("ugly.yml", "neat.yaml")
    assert (result.exit_code, result.stdout) == (BAD_INPUT, "")
    assert "rulec fmt: cannot write ugly.yml: No space left on device\n" in result.stderr
    assert (folder / "ugly.yml").read_text() == UGLY
    assert sorted(folder.iterdir()) == before


def test_a_file_that_must_not_be_written(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda _, mode: mode != os.W_OK)
    result = fmt("ugly.yml")
    assert result.exit_code == BAD_INPUT
    assert "cannot write ugly.yml: Permission denied" in result.stderr
    assert (folder / "ugly.yml").read_text() == UGLY


def test_line_ends_stay(folder: Path) -> None:
    (folder / "ugly.yml").write_bytes(UGLY.replace("\n", "\r\n").encode())
    assert fmt("ugly.yml").exit_code == 0
    assert (folder / "ugly.yml").read_bytes() == NEAT.replace("\n", "\r\n").encode()
    assert fmt("--check", "ugly.yml").exit_code == 0
