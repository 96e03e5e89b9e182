"""How long compiling takes, and loading what was compiled."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from compile_times import bytecode_in
from rule_sets import COPIES, SHIPPED, many

from rulec.api import build, build_files
from rulec.runtime.loading import execute


def test_shipped_rules(benchmark: Any) -> None:
    benchmark(lambda: build(SHIPPED))


@pytest.mark.parametrize("copies", COPIES[1:], ids=lambda copies: f"{48 * copies} rules")
def test_many_rules(benchmark: Any, copies: int) -> None:
    files = many(copies)
    benchmark.pedantic(lambda: build_files(files), rounds=2)


def test_load(benchmark: Any) -> None:
    code = build(SHIPPED).code
    benchmark(lambda: execute(code))


@pytest.mark.parametrize("code", ["pass", "import compiled"])
def test_import(benchmark: Any, tmp_path: Path, code: str) -> None:
    """A whole process, empty or with an import of the module: the difference is the import."""
    (tmp_path / "compiled.py").write_text(build(SHIPPED).code, "utf-8")
    command = [sys.executable, "-c", code]
    environment = bytecode_in(str(tmp_path))
    benchmark.pedantic(
        lambda: subprocess.run(command, cwd=tmp_path, env=environment, check=True),
        rounds=10,
        warmup_rounds=1,
    )
