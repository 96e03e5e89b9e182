"""What runs in CI: the hooks for pre-commit, the GitHub Action, and the workflows in docs/ci.md.

Each of their commands is run as it is written. What this version of rulec does not have yet is
told by its commands and options, and skipped.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from rulec.cli import COMMANDS, cli

ROOT = Path(__file__).resolve().parent.parent
HOOKS = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
ACTION = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
PAGE = (ROOT / "docs" / "ci.md").read_text("utf-8")
BLOCKS = [yaml.safe_load(each) for each in re.findall(r"^```yml\n(.*?)^```", PAGE, re.M | re.S)]
WORKFLOWS = [block for block in BLOCKS if "jobs" in block]

RULES = """\
- rule: Secret Read
  desc: Somebody read a secret.
  condition: ka.verb = get and ka.stage = ResponseComplete and ka.target.resource = secrets
  output: Secret read (user=%ka.user.name secret=%ka.target.name)
  priority: WARNING
  source: k8s_audit
  tags: [k8s]
"""
TESTS = """\
rules: [../rules/secrets.yaml]
source: k8s_audit
tests:
  - name: a secret
    event:
      kind: Event
      auditID: "1"
      stage: ResponseComplete
      stageTimestamp: "2026-03-02T09:30:00Z"
      verb: get
      user: {username: eve}
      objectRef: {resource: secrets, name: db}
    alerts:
      - rule: Secret Read
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a repository with rules and tests, in a folder where ``rulec`` can be called."""
    folder = tmp_path / "project"
    for name, content in {"rules/secrets.yaml": RULES, "tests/secrets_test.yaml": TESTS}.items():
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_text(content)
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "rulec"
    program.write_text(f"#!/bin/sh\nexec '{sys.executable}' -m rulec \"$@\"\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(folder)
    me = ("-c", "user.name=me", "-c", "user.email=me@example.com")
    for arguments in (("init", "-q"), ("add", "-A"), (*me, "commit", "-q", "-m", "Rules")):
        subprocess.run(["git", *arguments], check=True)
    return folder


def parts(script: str) -> Iterator[list[str]]:
    """Yield the calls of rulec in a script, as words without quotes."""
    for call in re.findall(r"\brulec +((?:[^|;&>\n\\]|\\\n)+)", script):
        yield call.replace('"', "").split()


def exists(script: str) -> bool:
    """Return whether this version of rulec has every command and option in a script."""
    for name, *words in parts(script):
        if name not in COMMANDS:
            return False
        command = cli.get_command(click.Context(cli), name)
        assert command is not None
        known = {word for each in command.params for word in (*each.opts, *each.secondary_opts)}
        if not {word.partition("=")[0] for word in words if word.startswith("--")} <= known:
            return False
    return True


def run(script: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-eo", "pipefail", "-c", script],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | environment,
    )


# --- pre-commit -------------------------------------------------------------------------------


def needs(script: str) -> None:
    if not exists(script):
        calls = [" ".join(["rulec", *words]) for words in parts(script)]
        pytest.skip(f"this version does not have all of: {', '.join(calls)}")


def test_hooks_are_described() -> None:
    described = set(re.findall(r"^\| `(rulec-\w+)` \|", PAGE, re.M))
    used = {
        hook["id"] for block in BLOCKS if "repos" in block for hook in block["repos"][0]["hooks"]
    }
    assert {hook["id"] for hook in HOOKS} == described >= used
    assert {hook["language"] for hook in HOOKS} == {"python"}


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook["id"])
def test_hooks(hook: dict[str, Any], project: Path) -> None:
    """As pre-commit calls them: with the arguments, and the files that fit if these are wanted."""
    needs(hook["entry"])
    files = [str(path.relative_to(project)) for path in project.glob("*/*.yaml")]
    fitting = [name for name in files if re.search(hook["files"], name)]
    fitting = [name for name in fitting if not re.search(hook.get("exclude", "^$"), name)]
    assert fitting
    words = [*hook.get("args", ()), *(fitting if hook.get("pass_filenames", True) else ())]
    call = f"{hook['entry']} {' '.join(words)}"
    done = run(call)
    # A lint may have something to say about any rules.
    assert done.returncode in ((0, 1) if "--lint" in call else (0,)), done.stderr
    (project / "rules" / "secrets.yaml").write_text(RULES.replace("ka.verb", "ka.verv"))
    assert (run(call).returncode != 0) is (hook["id"] != "rulec-fmt")


# --- GitHub -----------------------------------------------------------------------------------


def scripts() -> Iterator[Any]:
    """Yield the scripts that call rulec: of the action, and of the workflows in the page."""
    steps = [("action", step) for step in ACTION["runs"]["steps"]]
    for number, workflow in enumerate(WORKFLOWS):
        steps += [(f"workflow {number}", step) for step in workflow["jobs"]["rules"]["steps"]]
    for where, step in steps:
        if "rulec " in step.get("run", "") and not step["run"].startswith("pip"):
            yield pytest.param(step, id=f"{where}: {step.get('name')}")


@pytest.mark.parametrize("step", list(scripts()))
def test_scripts(step: dict[str, Any], project: Path) -> None:
    script = step["run"]
    needs(script)
    values = {
        "${{ inputs.rules }}": "rules/",
        "${{ inputs.tests }}": "tests/",
        "${{ inputs.base }}": "HEAD",
        "${{ github.event.pull_request.base.sha }}": "HEAD",
    }
    environment = {name: values[value] for name, value in step.get("env", {}).items()}
    if "rulec fmt" in script:
        assert run("rulec fmt rules/").returncode == 0
    done = run(script, **environment)
    assert done.returncode in ((0, 1) if "--lint" in script else (0,)), done.stdout + done.stderr
    if "rulec diff" in script:
        summary = Path(os.environ["GITHUB_STEP_SUMMARY"])
        assert "no rule differs" in summary.read_text()
        (project / "rules" / "secrets.yaml").write_text(RULES.replace("= get", "in (get, list)"))
        subprocess.run(["git", "worktree", "remove", "--force", "../base"], check=False)
        assert run(script, **environment).returncode == 0
        assert "condition: wider" in summary.read_text()
    if step.get("name") == "Tell what differs":
        (project / "rules" / "more.yaml").write_text("- rule: broken")
        assert run(script, **environment).returncode == 0
        assert "nothing to compare" in summary.read_text()
    if "rulec check" in script:
        (project / "rules" / "secrets.yaml").write_text(RULES.replace("ka.verb", "ka.verv"))
        tolerant = script.endswith("|| true")
        assert (run(script, **environment).returncode != 0) is not tolerant


def test_some_scripts_are_run() -> None:
    """All that this version has: at least those that check and compare."""
    found = [param.values[0]["run"] for param in scripts()]
    calls = {name for script in found if exists(script) for name, *_ in parts(script)}
    assert calls >= {"check", "diff"}
    named = {name for script in found for name, *_ in parts(script)}
    assert named == {"check", "diff", "fmt", "test"}


def test_nothing_from_outside_is_part_of_a_script() -> None:
    steps = [step for flow in WORKFLOWS for step in flow["jobs"]["rules"]["steps"]]
    for step in (*ACTION["runs"]["steps"], *steps):
        assert "${{" not in step.get("run", "")


def test_the_inputs_of_the_action_are_described() -> None:
    described = set(re.findall(r"^\| `([\w-]+)` \|", PAGE[: PAGE.index("## pre-commit")], re.M))
    assert set(ACTION["inputs"]) == described
    used = set(re.findall(r"inputs\.([\w-]+)", (ROOT / "action.yml").read_text("utf-8")))
    assert used == described
    (step,) = [s for s in WORKFLOWS[0]["jobs"]["rules"]["steps"] if "OWNER/rulec" in s["uses"]]
    assert set(step["with"]) <= described
