"""Cut a stream into JSON documents: one a line, or each over several lines.

Nothing is decoded here, and no more than one document is held at a time. A
line that is cut short costs that line, not what comes behind it.
"""

from collections import deque
from collections.abc import Callable, Iterator
from functools import partial
from typing import Final, Literal, Protocol, TypeVar

from rulec.runtime.brackets import balanced, outside_strings, unclosed
from rulec.runtime.events import EventError

# The largest document, in bytes: as large as the largest request that
# kube-apiserver makes.
DOCUMENT_LIMIT: Final = 12 * 1024 * 1024

_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


class ByteStream(Protocol):
    """What is read from: a file opened in binary mode, or anything like it."""

    def readline(self, size: int, /) -> bytes:
        """Return the next line with its end, or only its first ``size`` bytes."""
        ...


Numbered = tuple[int, bytes | EventError]
Taken = TypeVar("Taken")


def documents(
    stream: ByteStream,
    limit: int = DOCUMENT_LIMIT,
    accept: Callable[[bytes], Taken | Literal[True] | None] | None = None,
) -> Iterator[tuple[int, bytes | EventError | Taken]]:
    """Yield each document with the number of its first line, counted from 1.

    What cannot be a document is yielded as an error in its place. The
    documents are not checked any further. A line (with its end) of which
    ``accept`` makes something is a document, and that is yielded in its place,
    or nothing if it is True.

    A stream that has a method ``inside`` is told when what follows belongs to a
    document that begins with a line of some number, and with None that it ends.
    """
    lines = _Lines(stream, limit)
    inside = getattr(stream, "inside", _nobody)
    while True:
        if accept is not None and (told := lines.read_on(accept)) is not None:
            yield told
            continue
        number, line = next(lines, (0, b""))
        if isinstance(line, EventError):
            yield number, line
        elif not number:
            return
        elif is_whole(text := line.lstrip()):
            yield number, text
        elif text[0] in b"{[" and text[-1] in b"{[,:}]":
            inside(number)
            block = _Block(lines, limit).read(text)
            inside(None)
            yield number, block
        else:
            # A document that goes on in the next line breaks after such characters only.
            yield number, EventError("the line is no JSON document", "not_json")


def _nobody(number: int | None) -> None:
    pass


def is_whole(line: bytes) -> bool:
    """Return whether a line is a document by itself, as far as its brackets tell."""
    return line[0] in b"{[" and line[-1] in b"}]" and balanced(line)


class _Block:
    """A document over several lines, while it is read."""

    def __init__(self, lines: "_Lines", limit: int) -> None:
        self._lines = lines
        self._limit = limit
        self._held: list[Numbered] = []

    def read(self, first: bytes) -> bytes | EventError:
        """Return the document that begins with a line, or what is wrong with it."""
        parts = [first]
        size = len(first)
        nested = unclosed(outside_strings(first))
        while nested:
            number, line = next(self._lines, (0, b""))
            if not number:
                return self._broken("the document has no end", "not_json")
            self._held.append((number, line))
            if isinstance(line, EventError) or nested.translate(None, b"{["):
                return self._broken("the document is broken", "not_json")
            if not _continues(parts[-1], nested[-1], line.lstrip()):
                return self._broken("the document breaks off", "not_json")
            parts.append(line)
            size += len(line) + 1
            if size > self._limit:
                return self._broken(f"the document is larger than {self._limit} bytes", "too_large")
            nested = unclosed(nested + outside_strings(line))
        return b"\n".join(parts)

    def _broken(self, message: str, reason: str) -> EventError:
        # From the first line that may be a document of its own, as in a file
        # of JSON lines one of which was cut short.
        for position, (_, line) in enumerate(self._held):
            if isinstance(line, EventError) or line[0] in b"{[":
                self._lines.put_back(self._held[position:])
                break
        return EventError(message, reason)


def _continues(previous: bytes, innermost: int, following: bytes) -> bool:
    """Return whether one line of JSON may follow another inside a pair of brackets."""
    last, first = previous[-1:], following[:1]
    if last in (b"{", b"["):
        # Where the brackets differ, the line ends inside a string.
        return last[0] == innermost and (last == b"[" or first in (b'"', b"}"))
    if last == b",":
        return first == b'"' or innermost == ord("[")
    return last == b":" or first in (b",", b":", b"]", b"}")


class _Lines:
    """The lines of a stream that are not blank, with their numbers; they can be put back."""

    def __init__(self, stream: ByteStream, limit: int) -> None:
        self._stream = stream
        self._limit = limit
        self._raw = iter(partial(stream.readline, limit + 1), b"")
        self._number = 0
        self._waiting: deque[Numbered] = deque()

    def __iter__(self) -> Iterator[Numbered]:
        return self

    def __next__(self) -> Numbered:
        if self._waiting:
            return self._waiting.popleft()
        for line in self._raw:
            self._number += 1
            if cleaned := self._cleaned(line):
                return self._number, cleaned
        raise StopIteration

    def read_on(
        self, accept: Callable[[bytes], Taken | Literal[True] | None]
    ) -> tuple[int, Taken] | None:
        """Read until ``accept`` makes something to tell of a line, and return that.

        None says that the next line, if there is one, has to be looked at otherwise.
        """
        if self._waiting:
            return None
        number = before = self._number
        limit = self._limit
        # Most lines of most streams get no further than this.
        for number, line in enumerate(self._raw, before + 1):
            taken = accept(line) if len(line) <= limit else None
            if taken is True:
                continue
            self._number = number
            if taken is not None:
                return number, taken
            if cleaned := self._cleaned(line):
                self._waiting.append((number, cleaned))
                return None
        self._number = number
        return None

    def _cleaned(self, line: bytes) -> bytes | EventError:
        """Return the line that was just read without what does not count, or what is wrong."""
        if len(line) > self._limit and not line.endswith(b"\n"):
            self._skip_rest_of_line()
            return EventError(f"line is longer than {self._limit} bytes", "too_large")
        if self._number == 1:
            line = line.removeprefix(_BYTE_ORDER_MARK)
        return line.rstrip()

    def _skip_rest_of_line(self) -> None:
        while (piece := self._stream.readline(self._limit + 1)) and not piece.endswith(b"\n"):
            pass

    def put_back(self, lines: list[Numbered]) -> None:
        """Let these lines come next."""
        self._waiting.extendleft(reversed(lines))
