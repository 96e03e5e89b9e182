"""Where that is kept which was no event, for somebody to look at."""

import os
from contextlib import suppress
from pathlib import Path
from time import time_ns
from typing import Final

import msgspec

from rulec.runtime.clock import date_time_utc
from rulec.server.evaluation import Refused

# How long a file gets, in bytes; there is one more beside it.
_SIZE: Final = 16 * 1024 * 1024

# How much is kept of something, in bytes.
_MOST: Final = 64 * 1024


class Quarantine:
    """A file of JSON lines, ``quarantine.jsonl``, and the one before it.

    Keeping what is broken is a service: a full disk does not stop anything.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / "quarantine.jsonl"
        self._before = folder / "quarantine.1.jsonl"

    def add(self, refused: Refused) -> None:
        """Keep something that was refused, as far as there is room for it."""
        content = refused.content[:_MOST]
        line = msgspec.json.encode(
            {
                "time": date_time_utc(time_ns()),
                "reason": refused.reason,
                "detail": refused.detail,
                "bytes": len(refused.content),
                "content": content.decode("utf-8", "backslashreplace"),
            }
        )
        with suppress(OSError):
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
            descriptor = os.open(self._path, flags, 0o600)
            try:
                before = os.fstat(descriptor).st_size
                if os.write(descriptor, line + b"\n") <= len(line):
                    os.ftruncate(descriptor, before)  # a part of a line would spoil the next one
                size = os.fstat(descriptor).st_size
            finally:
                os.close(descriptor)
            if size > _SIZE:
                self._path.replace(self._before)
