"""The rules in force, and how others take their place while the server runs."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import partial
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from time import monotonic
from typing import Final

from rulec.files import rules_files
from rulec.runtime.loading import load
from rulec.runtime.rendering import counted
from rulec.runtime.ruleset import Ruleset
from rulec.runtime.views import forget_shapes
from rulec.server.evaluation import ActiveRules

# How long rules may take to compile, in seconds.
_PATIENCE: Final = 120

# How often it is looked whether somebody still wants them, in seconds.
_GLANCE: Final = 0.1

# How far the process that compiles them stands back behind others.
_NICE: Final = 10

# How long files have to be left alone before they are read again, in milliseconds.
_QUIET: Final = 300

# How often they are looked at in any case, in milliseconds: nobody says when the folder itself
# has been replaced, or a file system is that of another machine.
_LOOK_EVERY: Final = 2000

# How often they are read in a row while they change.
_MOST_ATTEMPTS: Final = 5

# How many lines of what is wrong with rules are told.
_MOST_LINES: Final = 20


class RefusedRulesError(Exception):
    """Rules were not taken; the message says why, in lines."""


def compiled_apart(arguments: Sequence[str], ended: Event) -> Ruleset:
    """Compile rules in a process of its own, with arguments for ``rulec build``.

    The server goes on meanwhile: that process gets what time is left, and makes
    bytecode, which is loaded in an instant. ``ended`` says that nobody wants them any more.

    :raises RefusedRulesError: if they are refused, or take too long, or nobody wants them.
    """
    deadline = monotonic() + _PATIENCE
    with TemporaryDirectory(prefix="rulec-rules-") as folder:
        module = Path(folder) / "rules.pyc"
        # Nothing is imported from the folder that the server happens to run in (-P).
        command = [sys.executable, "-P", "-m", "rulec", "build", "-o", str(module), *arguments]
        with subprocess.Popen(  # noqa: S603 - a list, and no shell
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        ) as process:
            with suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, process.pid, _NICE)
            said: bytes | None = None
            while said is None:
                try:
                    _, said = process.communicate(timeout=_GLANCE)
                except subprocess.TimeoutExpired:
                    if ended.is_set() or monotonic() >= deadline:
                        process.kill()
                        late = f"they took more than {_PATIENCE} seconds to compile"
                        raise RefusedRulesError(
                            "the server ends" if ended.is_set() else late
                        ) from None
        if process.returncode != 0:
            told = said.decode("utf-8", "replace").strip()
            raise RefusedRulesError(told or f"rulec build ended with status {process.returncode}")
        return load(module)


class Rulebook:
    """Holds the rules in force; ``current`` is replaced as a whole.

    ``identify`` says that alerts get names. ``load`` makes the ruleset from ``paths``,
    or raises ``RefusedRulesError``; ``tried`` is their fingerprint from before the first one
    was made. ``told`` hears what came of each attempt to load it
    anew, and ``notice`` the same in words.
    """

    def __init__(
        self,
        ruleset: Ruleset,
        source: str,
        identify: bool,
        load: Callable[[], Ruleset],
        paths: Iterable[Path],
        tried: bytes,
        told: Callable[[bool], object],
        notice: Callable[[str], object],
    ) -> None:
        self._active = partial(ActiveRules.of, source=source, identify=identify)
        self.current = self._active(ruleset)
        self._source = source
        self._load = load
        self._paths = tuple(paths)
        self._told = told
        self._notice = notice
        self._one_at_a_time = asyncio.Lock()
        self._tried = tried

    async def reload(self, *, changed_only: bool = False) -> bool:
        """Load the rules anew, and put them in force if they are good; tell whether they are.

        With ``changed_only``, files that have been tried before are left alone.
        """
        async with self._one_at_a_time:
            tried = await asyncio.to_thread(fingerprint, self._paths)
            if changed_only and tried == self._tried:
                return True
            for _ in range(_MOST_ATTEMPTS):
                made = await self._attempt()
                after = await asyncio.to_thread(fingerprint, self._paths)
                if after == tried:
                    break
                tried = after  # they changed meanwhile: what was read may be a mixture
            else:
                made, tried = "their files change all the time", b""  # so the next look finds them
            self._tried = tried
            if isinstance(made, str):
                self._refuse(made)
            else:
                self.current = made
                forget_shapes()
                self._told(True)
                rules = counted(len(made.matcher.rules), "rule")
                self._notice(f"loaded the rules anew: {rules}")
            return not isinstance(made, str)

    def _refuse(self, why: str) -> None:
        self._told(False)
        lines = why.splitlines()
        if len(lines) > _MOST_LINES:
            lines[_MOST_LINES:] = [f"... {len(lines) - _MOST_LINES} more lines"]
        self._notice("refused new rules, the old ones stay:\n" + "\n".join(lines))

    async def _attempt(self) -> ActiveRules | str:
        """Load the rules and return them, or why they are refused."""
        try:
            ruleset = await asyncio.to_thread(self._load)
            rules = await asyncio.to_thread(self._active, ruleset)
        except RefusedRulesError as error:
            return str(error)
        except Exception as error:  # a built module can be anything
            return f"{type(error).__name__}: {error}"
        if not rules.matcher.rules:
            return f"there are no rules for {self._source}"
        return rules

    async def watch(self) -> None:
        """Load the rules anew whenever their files change, until cancelled."""
        told = ""
        while True:
            try:
                await self.reload(changed_only=True)
                await self._follow()
            except Exception as error:  # a folder is gone, or there are as many watchers as may be
                if told != (told := str(error)):
                    self._notice(f"changed rules are not noticed at once: {error}")
            await asyncio.sleep(_LOOK_EVERY / 1000)

    async def _follow(self) -> None:
        """Do so as long as the system tells of changes."""
        from watchfiles import awatch

        folders = {path if path.is_dir() else path.parent for path in self._paths}
        async for _ in awatch(
            *folders,
            watch_filter=None,  # the usual one has no eye for bytecode
            debounce=_QUIET,
            step=50,
            recursive=False,
            rust_timeout=_LOOK_EVERY,
            yield_on_timeout=True,
        ):
            await self.reload(changed_only=True)


def fingerprint(paths: Iterable[Path]) -> bytes:
    """Return what changes when the files do that rules are read from."""
    digest = sha256()
    for path in paths:
        try:
            for file in rules_files(path):
                digest.update(os.fsencode(file) + b"\0")
                # A pipe would be waited for.
                digest.update(sha256(file.read_bytes()).digest() if file.is_file() else b"none")
        except OSError:
            digest.update(b"unreadable")
    return digest.digest()
