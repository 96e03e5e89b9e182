"""Processes that do pieces of work, and can be ended in the middle of one.

Each has a pipe of its own. Where all share one, as in ``concurrent.futures``, whoever reads
it waits for ever for the rest of an answer if the process that wrote it was ended.
"""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection
from multiprocessing.context import ForkContext, SpawnContext
from multiprocessing.process import BaseProcess
from queue import SimpleQueue
from typing import Any, Final, NoReturn, TypeVar, cast

Task = TypeVar("Task")
Answer = TypeVar("Answer")

# What a process does: a function that is made there, by one that can be sent to it.
Begin = Callable[[], Callable[[Task], Answer]]

# What a process does if the one that started it was killed.
Tidy = Callable[[], object]


class WorkerError(Exception):
    """A process could not be started, or has ended before it should; the message says which."""


@contextmanager
def pool(
    count: int, begin: Begin[Task, Answer], errors: type[Exception], tidy: Tidy
) -> Iterator[Callable[[Task], Future[Answer]]]:
    """Start so many processes, and yield the function that gives one of them something to do.

    Each works on one task at a time. Tasks, answers, ``begin`` and ``tidy`` are pickled. The
    futures raise what the work raised if it is one of ``errors``, and ``WorkerError`` if the
    process has ended. All processes have ended when the context is left, at once if by an
    exception. If this process is killed, the others end, and call ``tidy`` before that.

    :raises WorkerError: if a process cannot be started.
    """
    idle: SimpleQueue[Connection] = SimpleQueue()
    processes: list[BaseProcess] = []
    pipes: list[Connection] = []

    def ask(task: Task) -> Answer:
        pipe = idle.get()
        answer: Answer | Exception | None = None
        has_ended = False
        try:
            pipe.send(task)
            answer = pipe.recv()
        except (EOFError, OSError):
            has_ended = True
        finally:
            idle.put(pipe)
        # Not raised above: it would keep what was being sent, for as long as it is kept itself.
        if has_ended:
            raise WorkerError("a process that read a part of the inputs was ended")
        if isinstance(answer, Exception):
            raise answer
        return cast(Answer, answer)

    # The threads come after the processes: a copy of this process is to have none.
    threads = ThreadPoolExecutor(count, "rulec worker")
    try:
        for process, pipe in _started(count, begin, errors, tidy):
            processes.append(process)
            pipes.append(pipe)
            idle.put(pipe)
        yield lambda task: threads.submit(ask, task)
        threads.shutdown()  # before the end, which would keep a process from whoever waits for one
        for pipe in pipes:
            with suppress(OSError):  # it has ended already
                pipe.send(None)
    except BaseException:
        for process in processes:
            process.kill()
        raise
    finally:
        threads.shutdown(cancel_futures=True)
        for process in processes:
            process.join()
        for pipe in pipes:
            pipe.close()


def _started(
    count: int, begin: Begin[Task, Answer], errors: type[Exception], tidy: Tidy
) -> Iterator[tuple[BaseProcess, Connection]]:
    """Yield processes that have been started, and the pipes to them."""
    # A copy of this process is there at once, and what was compiled is in it. But it has none of
    # the other threads, and whatever these were in the middle of would never end there.
    is_alone = threading.active_count() == 1
    context: ForkContext | SpawnContext = get_context("fork") if is_alone else get_context("spawn")
    if sys.stdout is not None:
        sys.stdout.flush()  # a copy of this process must have nothing to write
    # Ctrl-C and service managers signal all processes at once. That concerns this one, which ends
    # the others, or is missed by them, and they tidy up. They inherit what is blocked.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        for _ in range(count):
            ours, theirs = context.Pipe()
            # Its end of the pipe is nowhere else, so that the pipe ends with the process.
            with theirs:
                given = (theirs, begin, errors, tidy)
                process = context.Process(target=_serve, args=given, daemon=True)
                process.start()
            yield process, ours
    except OSError as error:
        raise WorkerError(f"cannot start a process: {error.strerror}") from None
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _serve(
    pipe: Connection, begin: Begin[Task, Answer], errors: type[Exception], tidy: Tidy
) -> None:
    """Work on what comes, until nothing does."""
    threading.Thread(target=_end_with_parent, args=(tidy,), daemon=True).start()
    work = begin()
    while (task := _unless_alone(pipe.recv, tidy)) is not None:
        answer: Answer | Exception
        try:
            answer = work(task)
        except errors as error:
            answer = error
        _unless_alone(partial(pipe.send, answer), tidy)


def _unless_alone(call: Callable[[], Any], tidy: Tidy) -> Any:
    """Read from the pipe or write to it, while somebody is at its other end."""
    try:
        return call()
    except (EOFError, OSError):
        _end_with_parent(tidy)


_ending: Final = threading.Lock()


def _end_with_parent(tidy: Tidy) -> NoReturn:
    """Wait for the parent to end. If it is killed, it neither tells its workers nor tidies up."""
    parent = parent_process()
    assert parent is not None, "this is a worker"
    parent.join()
    with _ending:  # one thread may have noticed by the pipe, and one by the process
        tidy()
        os._exit(1)
