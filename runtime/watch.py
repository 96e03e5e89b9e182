"""Which files an input that is followed stands for: found, renamed, cut, gone.

A name is looked at again and again. The file that it stands for may be renamed
and another put in its place, or be copied and then cut to nothing. Whatever
was written before comes before what is written then.
"""

import os
import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from rulec.runtime.checkpoint import Place
from rulec.runtime.engine import Notice
from rulec.runtime.folders import files_in, has, head_of, is_named_after
from rulec.runtime.tail import ANCHOR, Identity, Mark, Tail, identity_of, is_regular

# How long a file is read on after another has taken its name, in seconds: whoever writes may
# notice late.
GRACE: Final = 10.0

# So many files of a folder stay open, and so many of those that were left are known.
_OPEN: Final = 64
_LEFT: Final = 64

_COMPRESSED: Final = (".gz", ".bz2", ".xz", ".zst", ".lz4")

# How files begin that have no lines, and what they are.
_WITHOUT_LINES: Final = {
    b"\n\r\r\n": "is a capture (a pipe of it can be read as it grows)",
    b"\x1f\x8b": "is compressed",
}

Found = dict[Identity, tuple[Path, os.stat_result]]


class Watch:
    """An input that is followed: a file, which need not be there yet, or the files of a folder.

    ``tails`` are the files that are read, in order. ``places`` says how far
    they were read in an earlier run; if it is None there was none, and reading
    begins at the ends of files, or ``from_start``. Files that are ``ignored``
    are not read.
    """

    def __init__(
        self,
        name: str,
        places: Iterable[Place] | None,
        notice: Notice,
        *,
        from_start: bool = False,
        ignored: Iterable[Path] = (),
        grace: float = GRACE,
    ) -> None:
        self.name = name
        self.tails: list[Tail] = []
        self.unreadable = False
        self._path = Path(name)
        self._places = places
        self._from_start = from_start
        self._notice = notice
        self._ignored = {path.absolute() for path in ignored}
        self._grace = grace
        self._has_begun = False
        # Files that are read on for a while, and until when.
        self._leaving: dict[Tail, float] = {}
        # Files of a folder that are not read: what is in them was read of another.
        self._copies: set[Identity] = set()
        # Where files were left last.
        self._left: deque[tuple[Identity, Mark]] = deque(maxlen=_LEFT)
        self._told: set[str] = set()

    # --- what becomes of the files ----------------------------------------------------

    def look(self) -> None:
        """Find out what has become of the files."""
        self.unreadable = False
        found = self._found()
        if found is None:
            return
        if not self._has_begun:
            self._begin(found)
        self._has_begun = True
        for tail in list(self.tails):
            self._look_after(tail, found)
        self._copies &= found.keys()
        known = self._copies | {tail.identity for tail in self.tails}
        for identity, (path, _) in found.items():
            if identity not in known and not self._is_copy(path, identity):
                self._add(path, identity, Mark())

    def has_lines(self, tail: Tail) -> bool:
        """Return whether a file has lines, as far as its first bytes tell.

        In the middle of anything else nobody can begin to read, so it is not followed.
        """
        head = _head_of(tail)
        for begin, what in _WITHOUT_LINES.items():
            if head.startswith(begin):
                self._tell(f"{tail.path}: {what}, and is not followed")
                return False
        return True

    def is_final(self, tail: Tail) -> bool:
        """Return whether nothing more is awaited of a file."""
        return tail in self._leaving and time.monotonic() >= self._leaving[tail]

    def leave(self, tail: Tail) -> None:
        """Read a file no more."""
        tail.close()
        self.tails.remove(tail)
        del self._leaving[tail]
        self._left.append((tail.identity, tail.mark))
        with suppress(OSError):
            if identity_of(tail.path.stat()) == tail.identity:
                self._copies.add(tail.identity)

    def fail(self, name: str, error: OSError) -> None:
        """Tell, once, that something cannot be read."""
        self.unreadable = True
        self._tell(f"{name}: cannot be read: {error.strerror or error}")

    def _found(self) -> Found | None:
        """Return the files that the name stands for, the oldest first; None if nobody can tell."""
        try:
            if not self._path.is_dir():
                found = [(self._path.stat(), self._path)]
            else:
                found = [each for each in files_in(self._path) if each[1].name[0] != "."]
        except FileNotFoundError:
            if not self._has_begun:
                self._tell(f"{self.name}: is not there yet")
                return {}
            # If it was renamed, it may still be written to.
            for tail in self.tails:
                tail.has_more = True
            return None
        except OSError as error:
            self.fail(self.name, error)
            return None
        found.sort(key=lambda each: (each[0].st_mtime_ns, each[1].name))
        return {
            identity_of(status): (path, status)
            for status, path in found
            if self._can_be_followed(path, status)
        }

    def _can_be_followed(self, path: Path, status: os.stat_result) -> bool:
        if path.absolute() in self._ignored:
            return False
        if not is_regular(status):
            self._tell(f"{path}: only files can be followed")
            return False
        if path.name.endswith(_COMPRESSED):
            self._tell(f"{path}: is compressed, and is not followed")
            return False
        return True

    def _look_after(self, tail: Tail, found: Found) -> None:
        """Take note of what has become of a file that is read."""
        if tail in self._leaving:
            tail.has_more = True
        elif tail.identity not in found and not tail.is_open:
            self.tails.remove(tail)  # nobody has written to it for long
        elif tail.identity not in found:
            self._look_whether_cut(tail)
            self._release(tail)
            self._add_later_ones(found)
        else:
            tail.path, status = found[tail.identity]
            if tail.has_changed(status):
                tail.has_more = True
                self._look_whether_cut(tail)

    def _look_whether_cut(self, tail: Tail) -> None:
        try:
            if tail.was_cut():
                self._begin_again(tail)
        except OSError as error:
            self.fail(str(tail.path), error)
        self.close_some()

    def _begin_again(self, tail: Tail) -> None:
        """Read a file that was cut from its start, after the rest of what it was copied to."""
        before, tail.mark = tail.mark, Mark()
        self._notice(f"{tail.path}: has been cut, and is read from its start")
        read = {other.identity for other in self.tails}
        for identity, path in self._beside(tail.path):
            if identity not in read and has(path, before):
                rest = Tail(path, identity, before, self.name)
                self.tails.insert(self.tails.index(tail), rest)
                self._release(rest)
                return

    def _release(self, tail: Tail) -> None:
        self._leaving[tail] = time.monotonic() + self._grace
        tail.has_more = True

    def _add(self, path: Path, identity: Identity, mark: Mark) -> Tail:
        tail = Tail(path, identity, mark, self.name)
        self.tails.append(tail)
        try:
            tail.opened()  # from now on it can be read, whatever becomes of its name
        except OSError as error:
            self.fail(str(path), error)
        self.close_some()
        return tail

    def _is_copy(self, path: Path, identity: Identity) -> bool:
        """Return whether a new file of a folder has what was read of another.

        Of the beginning of a copy nobody can tell: then it is too early to read it.
        """
        if not self._path.is_dir():
            return False
        try:
            head = head_of(path)
        except OSError as error:
            self.fail(str(path), error)
            return True
        for tail in self.tails:
            if tail.mark.offset and (other := _head_of(tail)).startswith(head):
                if head and head == other:
                    self._tell(f"{path}: begins as {tail.path} does, and is taken for a copy of it")
                    self._copies.add(identity)
                return True
        return not head

    def close_some(self) -> None:
        """Close files of a folder: first those that nobody has written to for the longest time."""
        opened = [tail for tail in self.tails if tail.is_open and tail not in self._leaving]
        for tail in sorted(opened, key=lambda tail: (tail.has_more, tail.last_change))[:-_OPEN]:
            tail.close()

    # --- where to begin ---------------------------------------------------------------

    def _begin(self, found: Found) -> None:
        """Find where to read on: where an earlier run ended, or at the ends of the files."""
        for place in self._places or ():
            self._go_on(place, found)
        if self._leaving and not any(tail.identity in found for tail in self.tails):
            self._add_later_ones(found)
        known = {tail.identity for tail in self.tails}
        for identity, (path, _) in found.items():
            if identity in known or (self._places and self._is_copy(path, identity)):
                continue
            tail = self._add(path, identity, Mark())
            if self._places is None and not self._from_start:
                try:
                    tail.mark = Mark.end_of(tail.opened())
                except OSError as error:
                    self.fail(str(path), error)

    def _go_on(self, place: Place, found: Found) -> None:
        """Go on with a file where an earlier run ended; it may have another name now."""
        former = (place.device, place.inode)
        known = {tail.identity for tail in self.tails}
        around = [*self._beside(Path(place.path)), *((i, path) for i, (path, _) in found.items())]
        # The same file first, then one that has the same in it: a copy.
        around.sort(key=lambda each: each[0] != former)
        for identity, path in around:
            if identity in known or (not place.tail and identity != former):
                continue
            try:
                mark = place.mark_in(path)
            except OSError:
                continue
            if mark is not None:
                tail = self._add(path, identity, mark)
                if identity not in found:
                    self._release(tail)
                return
        if place.offset:
            self._notice(f"{place.path}: what was read of it is gone, and so may be some events")

    def _add_later_ones(self, found: Found) -> None:
        """Read the files that came after those that were read, but before the one that is there."""
        if self._path.is_dir():
            return
        known = found.keys() | {tail.identity for tail in self.tails}
        try:
            since = max(os.fstat(tail.opened().fileno()).st_mtime_ns for tail in self.tails)
            later = sorted(
                (status.st_mtime_ns, path, identity)
                for identity, path in self._beside(self._path)
                if identity not in known
                and is_named_after(path.name, self._path.name)
                and (status := path.stat()).st_mtime_ns >= since
                and self._can_be_followed(path, status)
                and not self._was_read(path, identity)
            )
        except OSError as error:
            self.fail(self.name, error)
            return
        for _, path, identity in later:
            self._release(self._add(path, identity, Mark()))

    def _was_read(self, path: Path, identity: Identity) -> bool:
        """Return whether a file was read before, or is a copy of one that was."""
        left = (mark for each, mark in self._left if each == identity)
        return any(has(path, mark) for mark in (*left, *(tail.mark for tail in self.tails)))

    def _beside(self, path: Path) -> Iterator[tuple[Identity, Path]]:
        """Yield the files in the folder of a file."""
        with suppress(OSError):
            for status, each in files_in(path.parent):
                if each.absolute() not in self._ignored:
                    yield identity_of(status), each

    def _tell(self, line: str) -> None:
        if line not in self._told:
            self._told.add(line)
            self._notice(line)


def _head_of(tail: Tail) -> bytes:
    was_open = tail.is_open
    try:
        return os.pread(tail.opened().fileno(), ANCHOR, 0)
    except OSError:
        return b""
    finally:
        if not was_open:
            tail.close()
