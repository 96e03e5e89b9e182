"""The process that compiles and matches what the page sends, one question after the other.

It reads questions from standard input and writes answers to standard output, each with its
size before it. If it takes too long, or too much memory, it is ended, and nothing else is.
"""

import os
import resource
import signal
import struct
import sys
import traceback
from contextlib import suppress
from typing import IO, Final

import msgspec

from rulec.commands.options import allow_deep_conditions

# Before each message stands its size in bytes.
SIZE: Final = struct.Struct(">I")

# How large the process may become, in bytes of address space: much of it is never used.
_MEMORY: Final = 2 * 1024**3


def main(seconds: int) -> None:
    """Answer questions until there are no more; give up on one after so many seconds."""
    # Whoever started it does the same: this is for when that process is not there any more.
    _limit(resource.RLIMIT_AS, _MEMORY)
    _limit(resource.RLIMIT_CORE, 0)
    allow_deep_conditions()
    questions, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever is printed is no answer
    from rulec.playground.answering import answer
    from rulec.playground.model import question

    send(answers, b"")  # from now on, the time counts
    while (document := received(questions)) is not None:
        signal.alarm(seconds + 1)
        try:
            found = answer(question(document))
        except msgspec.MsgspecError as error:
            found = _failure(f"this is no question: {error}")
        except RecursionError:
            found = _failure("the rules are nested too deeply to be explained")
        except MemoryError:
            found = _failure("that takes more memory than there is for it")
        except Exception as error:
            traceback.print_exc()
            found = _failure(f"rulec failed, which is a mistake in it: {type(error).__name__}")
        signal.alarm(0)
        send(answers, found)


def received(stream: IO[bytes]) -> bytes | None:
    """Return the next message, or None if there is none."""
    head = stream.read(SIZE.size)
    if len(head) < SIZE.size:
        return None
    (size,) = SIZE.unpack(head)
    document = stream.read(size)
    return document if len(document) == size else None


def send(stream: IO[bytes], document: bytes) -> None:
    """Write a message."""
    stream.write(SIZE.pack(len(document)))
    stream.write(document)
    stream.flush()


def _failure(message: str) -> bytes:
    return msgspec.json.encode({"failure": message})


def _limit(what: int, most: int) -> None:
    _, hard = resource.getrlimit(what)
    with suppress(OSError, ValueError):
        resource.setrlimit(what, (most if hard < 0 else min(most, hard), hard))


if __name__ == "__main__":
    main(int(sys.argv[1]))
