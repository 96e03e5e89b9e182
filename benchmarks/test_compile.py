"""How long compiling takes, and loading what was compiled."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from shipped import RULES

from rulec.api import build, build_files
from rulec.runtime.loading import execute
from rulec.text import File

RULE = """\
- rule: Rule {n}
  desc: One of many rules.
  condition: >
    ka.stage = ResponseComplete and ka.verb in (create, update) and ka.target.resource = thing-{n}
    and not ka.user.name startswith "system:" and ka.req.pod.containers.image intersects (a:{n}, b)
  output: Thing touched (user=%ka.user.name name=%ka.target.name images=%ka.req.pod.containers.image)
  priority: WARNING
  source: k8s_audit
"""


def test_shipped_rules(benchmark: Any) -> None:
    benchmark(lambda: build(RULES))


@pytest.mark.parametrize("count", [50, 200, 800])
def test_many_rules(benchmark: Any, count: int) -> None:
    file = File("many.yaml", "".join(RULE.format(n=n) for n in range(count)))
    benchmark.pedantic(lambda: build_files([file]), rounds=3)


def test_load(benchmark: Any) -> None:
    code = build(RULES).code
    benchmark(lambda: execute(code))


def test_import(benchmark: Any, tmp_path: Path) -> None:
    """A whole process that imports the module: subtract what an empty one takes."""
    (tmp_path / "compiled.py").write_text(build(RULES).code, "utf-8")
    command = [sys.executable, "-c", "import compiled"]
    benchmark.pedantic(lambda: subprocess.run(command, cwd=tmp_path, check=True), rounds=5)
