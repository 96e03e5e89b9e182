"""Processes of our own: modules of this package, started with an argument."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

_FOLDER: Final = Path(__file__).resolve().parent.parent

# How long to wait for one that should end, in seconds.
_PATIENCE: Final = 300.0


class Child:
    """A process that prints lines, the last of which is its result."""

    def __init__(self, module: str, *arguments: str) -> None:
        path = os.pathsep.join([str(_FOLDER), *filter(None, [os.environ.get("PYTHONPATH")])])
        self._module = module
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": path},
            text=True,
        )

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid

    def line(self) -> str:
        """Return the next line that it prints.

        :raises RuntimeError: if it ends instead.
        """
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            status = self._process.wait(_PATIENCE)
            raise RuntimeError(f"{self._module} ended with {status}")
        return line.rstrip("\n")

    def ask(self, signal: int) -> None:
        """Send it a signal."""
        self._process.send_signal(signal)

    def result(self, seconds: float = 0.0) -> str:
        """Wait for the end, and return what it printed that was not read before.

        It may take so many seconds, and then as long as anything else.

        :raises RuntimeError: if it did not end well.
        """
        output, _ = self._process.communicate(timeout=seconds + _PATIENCE)
        if self._process.returncode != 0:
            raise RuntimeError(f"{self._module} ended with {self._process.returncode}")
        return output

    def end(self) -> None:
        """End it, whatever it does."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait(_PATIENCE)
        if self._process.stdout is not None:
            self._process.stdout.close()
