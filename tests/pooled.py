"""What processes of a pool do in tests. It is found by name where nothing can be copied."""

import os
import signal
import struct
import time
from functools import partial
from multiprocessing.connection import Connection

Process = int
Content = bytes


def answer(size: int) -> tuple[Process, Content]:
    """Say which process this is, with so many bytes."""
    time.sleep(0.01)
    return os.getpid(), bytes(size)


def inverse(number: int) -> float:
    """Raise one of several errors, for some numbers."""
    if number < 0:
        raise FileNotFoundError(number, "nowhere")
    return 1 / number


def half_an_answer(_: object) -> None:
    """End in the middle of sending an answer."""

    def half(pipe: Connection, _: object) -> None:
        os.write(pipe.fileno(), struct.pack("!i", 1000) + b"x")
        os._exit(9)

    Connection.send = half  # type: ignore[assignment,method-assign]


def interrupted(_: object) -> None:
    """Do what Ctrl-C does, which reaches all processes at a terminal."""
    os.kill(os.getpid(), signal.SIGINT)


def nothing() -> None:
    """Leave everything as it is."""


# What makes the work, in the process.
answering = partial(partial, answer)
inverting = partial(partial, inverse)
breaking_off = partial(partial, half_an_answer)
sleeping = partial(partial, time.sleep)
interrupting = partial(partial, interrupted)
