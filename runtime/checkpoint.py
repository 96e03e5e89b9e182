"""How far files were read, on disk: a run goes on where the last one ended, however it did."""

import os
from pathlib import Path
from typing import Annotated, Final

import msgspec

from rulec.runtime.tail import Mark, Tail

_VERSION: Final = 1

_Count = Annotated[int, msgspec.Meta(ge=0)]


class Place(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How far a file was read.

    ``name`` is the input that it belongs to, as it was given. What was there
    before the place is known by a digest of its last ``tail`` bytes.
    """

    name: str
    path: str
    device: int
    inode: int
    offset: _Count
    lines: _Count
    tail: _Count
    digest: str

    @classmethod
    def of(cls, tail: Tail) -> "Place":
        """Return how far a file was read."""
        mark = tail.mark
        return cls(
            tail.name,
            str(tail.path),
            *tail.identity,
            mark.offset,
            mark.lines,
            len(mark.anchor),
            mark.digest,
        )

    def mark_in(self, path: Path) -> Mark | None:
        """Return the place in a file; None if the file has something else before it.

        :raises OSError: if the file cannot be read.
        """
        with path.open("rb", buffering=0) as file:
            found = os.pread(file.fileno(), self.tail, self.offset - self.tail)
        mark = Mark(self.offset, self.lines, found)
        return mark if len(found) == self.tail and mark.digest == self.digest else None


class Numbers(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many events of a source there were, and the time of the first one in nanoseconds."""

    count: _Count
    start: int | None = None


class State(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is to be known to go on with a run: ``names`` are its inputs, as they were given."""

    names: tuple[str, ...]
    places: tuple[Place, ...]
    events: dict[str, Numbers]
    version: int = _VERSION


class CheckpointError(Exception):
    """A checkpoint cannot be read or written; the message says why."""


class Checkpoint:
    """A file with the state of a run. It holds one state or the next one, never half of it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def names(self) -> tuple[Path, Path]:
        """The files that this needs."""
        return self.path, self.path.with_name(self.path.name + ".new")

    def load(self) -> State | None:
        """Return the state that was saved last; None if there is none.

        :raises CheckpointError: if it cannot be read.
        """
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise CheckpointError(f"cannot read {self.path}: {error.strerror}") from None
        try:
            state = msgspec.json.decode(content, type=State)
        except (msgspec.DecodeError, UnicodeError) as error:
            raise CheckpointError(f"{self.path} is no checkpoint: {error}") from None
        if state.version != _VERSION:
            raise CheckpointError(f"{self.path} is of another version of rulec")
        return state

    def save(self, state: State) -> None:
        """Put a state in the place of the one before.

        :raises CheckpointError: if it cannot be written.
        """
        path, new = self.names
        try:
            with new.open("wb") as file:
                file.write(msgspec.json.format(msgspec.json.encode(state)) + b"\n")
                file.flush()
                os.fsync(file.fileno())
            new.replace(path)
            folder = os.open(path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except (OSError, UnicodeError) as error:
            reason = getattr(error, "strerror", None) or error
            raise CheckpointError(f"cannot write {path}: {reason}") from None
