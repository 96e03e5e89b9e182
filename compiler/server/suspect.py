"""Documents that end the process: how often one was tried is known after a crash.

Nothing in a document should be able to do that. If one does (a defect in a decoder, or
in how much memory something takes), it must not do so for ever, each time that the
server is started again.
"""

import os
from mmap import mmap
from pathlib import Path
from struct import Struct
from typing import Final

# How often a document is tried that ends the process.
MOST: Final = 3

# A position and one, so that zero is none, and how often evaluation began there.
_STATE: Final = Struct("=QQ")


class Suspect:
    """Keeps in a small file which document is being evaluated, and for the how-many-th time.

    It is mapped into memory: to note something costs nothing, and what was noted
    survives the process, if not the machine. That is all it is for.

    :raises OSError: if there can be no such file.
    """

    def __init__(self, folder: Path) -> None:
        descriptor = os.open(folder / "attempt", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.ftruncate(descriptor, _STATE.size)
            self._state = mmap(descriptor, _STATE.size)
        finally:
            os.close(descriptor)
        self._left_off = _STATE.unpack_from(self._state)

    def begin(self, position: int) -> bool:
        """Note that a document is evaluated now; return whether it should be, after all."""
        before, count = self._left_off
        count = count + 1 if before == position + 1 else 1
        if count > MOST:
            return False
        _STATE.pack_into(self._state, 0, position + 1, count)
        return True

    def end(self) -> None:
        """Note that the document was evaluated, or that nothing is any more."""
        _STATE.pack_into(self._state, 0, 0, 0)

    def close(self) -> None:
        """Close the file."""
        self._state.close()
