"""Completion of command lines: what is offered, and what a real shell makes of it."""

import os
import pty
import select
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rulec.cli import COMMANDS, main
from rulec.completion import SHELLS, script

RULES = """\
- list: some verbs
  items: [get, list]
- macro: reading
  condition: ka.verb in (get, list)
- rule: Secret Read
  desc: d
  condition: reading and ka.target.resource = secrets
  output: o
  priority: INFO
  source: k8s_audit
- rule: Secret $(touch hacked) * Changed
  desc: d
  condition: ka.verb = patch
  output: o
  priority: INFO
  source: k8s_audit
- rule: Pod
  desc: d
  condition: ka.verb = create
  output: o
  priority: INFO
  source: k8s_audit
"""

OWN = "source: shop\nfields:\n  - {name: shop.a, pointer: /a, description: An a.}\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "a.yaml").write_text(RULES)
    (tmp_path / "broken.yaml").write_text("- rule: [")
    (tmp_path / "own.yaml").write_text(OWN)
    (tmp_path / "module.py").write_text("raise SystemExit('was run')")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def offered(
    line: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> list[str]:
    """Return what bash is offered behind a line: ``type,value``."""
    words = line.split(" ") if "'" not in line else [*shlex.split(line)]
    monkeypatch.setenv("COMP_WORDS", line)
    monkeypatch.setenv("COMP_CWORD", str(len(words) - 1))
    monkeypatch.setenv("_RULEC_COMPLETE", "bash_complete")
    with pytest.raises(SystemExit) as left:
        main([])
    assert left.value.code == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    return printed.out.split("\n")[:-1] if printed.out != "\n" else []


SECRETS = ["plain,Secret Read", "plain,Secret $(touch hacked) * Changed"]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("rulec sc", ["plain,scenario"]),
        ("rulec check --form", ["plain,--format"]),
        ("rulec run --rule-matching ", ["plain,first", "plain,all"]),
        ("rulec fields ", ["plain,k8s_audit", "plain,syscall"]),
        ("rulec fields sys", ["plain,syscall"]),
        ("rulec profile -r rules --rule ", [*SECRETS, "plain,Pod"]),
        ("rulec profile -r rules/a.yaml --rule Sec", SECRETS),
        ("rulec profile --rules=rules --rule P", ["plain,Pod"]),
        ("rulec rules rules --rule 'Secret R'", ["plain,Secret Read"]),
        ("rulec rules rules --macro ", ["plain,reading"]),
        ("rulec rules rules --list ", ["plain,some verbs"]),
        ("rulec rules --rule ", []),
        ("rulec rules broken.yaml --rule ", []),
        ("rulec rules missing.yaml --rule ", []),
        ("rulec run -r module.py --rule ", []),
        ("rulec run -r rules --source ", ["plain,k8s_audit", "plain,syscall"]),
        ("rulec run --source-file own.yaml --source s", ["plain,syscall", "plain,shop"]),
        ("rulec run -r rules aud", ["file,aud"]),
        ("rulec run -r ru", ["file,ru"]),
        ("rulec nonsense ", []),
    ],
)
def test_what_is_offered(
    line: str,
    expected: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert offered(line, monkeypatch, capsys) == expected


def test_all_commands_are_offered(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert offered("rulec ", monkeypatch, capsys) == [f"plain,{name}" for name in COMMANDS]


@pytest.mark.parametrize("instruction", ["tcsh_complete", "bash_nonsense", "x", "bash_"])
def test_odd_questions(
    instruction: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("_RULEC_COMPLETE", instruction)
    with pytest.raises(SystemExit) as left:
        main(["check"])
    assert (left.value.code, capsys.readouterr().out) == (0, "\n")


# --- shells -----------------------------------------------------------------------------------


@pytest.mark.parametrize("shell", SHELLS)
def test_shells_accept_their_scripts(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["completion", shell])
    printed = capsys.readouterr().out
    assert printed == script(shell)
    assert "_RULEC_COMPLETE" in printed
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    done = subprocess.run([shell, "-n"], input=printed, text=True, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_other_shells_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["completion", "tcsh"])
    assert left.value.code == 3
    assert "'tcsh' is not one of 'bash', 'zsh', 'fish'" in capsys.readouterr().err


class Terminal:
    """A bash that somebody types in."""

    def __init__(self, folder: Path) -> None:
        (folder / "bin").mkdir()
        program = folder / "bin" / "rulec"
        program.write_text(f"#!/bin/sh\nexec '{sys.executable}' -m rulec \"$@\"\n")
        program.chmod(0o755)
        (folder / "rc").write_text(
            "PS1='ready> '\nbind 'set enable-bracketed-paste off'\nbind 'set bell-style none'\n"
            'eval "$(rulec completion bash)"\n'
        )
        environment = {
            "PATH": f"{folder / 'bin'}:{os.environ['PATH']}",
            "HOME": str(folder),
            "TERM": "dumb",
            "LC_ALL": "C.UTF-8",
        }
        self.screen = ""
        self.terminal, other = pty.openpty()
        self.process = subprocess.Popen(
            ["bash", "--noprofile", "--rcfile", "rc", "-i"],
            stdin=other,
            stdout=other,
            stderr=other,
            cwd=folder,
            env=environment,
            start_new_session=True,
        )
        os.close(other)
        try:
            self.wait("ready> ")
        except BaseException:
            self.close()
            raise

    def type(self, text: str, until: str) -> str:
        """Type, and return what is on the screen when ``until`` has come."""
        self.screen = ""
        os.write(self.terminal, text.encode())
        return self.wait(until)

    def wait(self, until: str) -> str:
        deadline = time.monotonic() + 60
        while until not in self.screen:
            left = deadline - time.monotonic()
            ready, _, _ = select.select([self.terminal], [], [], max(0, left))
            assert ready, f"{until!r} did not come: {self.screen!r}"
            self.screen += os.read(self.terminal, 4096).decode(errors="replace")
        return self.screen

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.terminal)


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
def test_bash_completes_names_with_blanks(folder: Path) -> None:
    terminal = Terminal(folder)
    try:
        terminal.type("rulec scen\t", "rulec scenario ")
        terminal.type("\x15rulec rules rules/ --rule Po\t", "--rule Pod ")
        terminal.type("\x15rulec rules rules/ --rule Secret\\ R\t", r"--rule Secret\ Read ")
        terminal.type("\x15rulec rules rules/ --rule 'Secret R\t", "--rule 'Secret Read' ")
        # What is completed means just that name, and is no command by itself.
        terminal.type("\x15rulec rules rules/ --rule Secret\\ \\$\t", r"\)\ \*\ Changed ")
        screen = terminal.type(" --format json\n", "ready> ")
        assert '"name":"Secret $(touch hacked) * Changed"' in screen
        terminal.type("rulec rules rules/ --rule 'Secret $\t", "* Changed' ")
        # Between such quotes, the name would be more than a name.
        terminal.type('\x15rulec rules rules/ --rule "Secret \t', '"Secret Read" ')
    finally:
        terminal.close()
    assert not (folder / "hacked").exists()
