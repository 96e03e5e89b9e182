"""How long compiling takes, and importing what was compiled."""

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from rule_sets import COPIES, EIGHT, SHIPPED, THOUSAND, many

from rulec.api import build, build_files
from rulec.runtime.loading import execute
from rulec.runtime.ruleset import Ruleset


@dataclass(frozen=True)
class Compiling:
    """The seconds of CPU time that compiling took, by the number of rules; and the import."""

    seconds: dict[int, float]
    import_seconds: float


def compile_all() -> tuple[dict[int, Ruleset], Compiling]:
    """Compile the rule sets that are to be matched, and measure that and the import."""
    build(EIGHT)  # The first time, grammars are read.
    rulesets: dict[int, Ruleset] = {}
    seconds: dict[int, float] = {}
    for copies in sorted((*COPIES, THOUSAND)):
        files = many(copies)
        start = time.process_time()
        built = build_files(files)
        seconds[built.rules] = time.process_time() - start
        if copies in COPIES:
            rulesets[built.rules] = execute(built.code)
    return rulesets, Compiling(seconds, import_seconds())


def import_seconds(rounds: int = 9) -> float:
    """Return what the import of a module of the shipped rules adds to a process."""
    with TemporaryDirectory() as folder:
        Path(folder, "compiled.py").write_text(build(SHIPPED).code, "utf-8")
        _process("import compiled", folder)  # leaves the bytecode
        return median(
            _process("import compiled", folder) - _process("pass", folder) for _ in range(rounds)
        )


def bytecode_in(folder: str) -> dict[str, str]:
    """Return an environment for Python processes that keep bytecode, as an installation has it."""
    return {**os.environ, "PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": folder}


def _process(code: str, folder: str) -> float:
    """Return the CPU time of a Python process."""
    command = [sys.executable, "-c", code]
    process = subprocess.Popen(command, cwd=folder, env=bytecode_in(folder))
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"python -c {code!r} ended with {process.returncode}")
    return usage.ru_utime + usage.ru_stime
