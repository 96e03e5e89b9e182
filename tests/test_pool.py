"""Processes that work: what comes of a task, and how they end."""

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from multiprocessing.process import BaseProcess
from queue import SimpleQueue
from typing import NoReturn

import pytest
from pooled import answering, breaking_off, interrupting, inverting, nothing, sleeping

from rulec.runtime.pool import WorkerError, pool

ENDED = "a process that read a part of the inputs was ended"


@pytest.fixture(autouse=True)
def none_is_left() -> Iterator[None]:
    yield
    assert not multiprocessing.active_children()


def test_answers() -> None:
    sizes = [5, 300_000, 0, 7, 2_000_000, 1]
    with pool(2, answering, ValueError, nothing) as submit:
        futures = [submit(size) for size in sizes]
        answers = [future.result() for future in futures]
    assert [len(content) for _, content in answers] == sizes
    processes = {process for process, _ in answers}
    assert len(processes) == 2
    assert os.getpid() not in processes


def test_what_the_work_raises() -> None:
    with pool(1, inverting, OSError, nothing) as submit:
        futures = [submit(number) for number in (1, -2, 4)]
        assert (futures[0].result(), futures[2].result()) == (1, 0.25)
        with pytest.raises(FileNotFoundError, match="nowhere"):
            futures[1].result()


def test_what_it_should_not_raise(capfd: pytest.CaptureFixture[str]) -> None:
    with pool(2, inverting, OSError, nothing) as submit:
        with pytest.raises(WorkerError, match=ENDED):
            submit(0).result()
        assert submit(1).result() == 1  # by the other one
    assert "ZeroDivisionError" in capfd.readouterr().err


def test_a_process_that_ends_in_the_middle_of_an_answer() -> None:
    with pool(2, breaking_off, OSError, nothing) as submit, pytest.raises(WorkerError, match=ENDED):
        submit(0).result()


def test_whoever_has_enough_does_not_wait() -> None:
    begun = time.monotonic()
    futures: list[Future[None]] = []

    def give_up() -> NoReturn:
        raise KeyError

    with pytest.raises(KeyError), pool(2, sleeping, OSError, nothing) as submit:  # noqa: PT012
        futures += [submit(seconds) for seconds in (60, 60, 60)]
        give_up()
    assert time.monotonic() - begun < 30
    assert futures[2].cancelled()
    for future in futures[:2]:
        with pytest.raises(WorkerError, match=ENDED):
            future.result()


def test_whoever_leaves_early_gets_all_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    class Waking(SimpleQueue[object]):
        def put(self, item: object, block: bool = True, timeout: float | None = None) -> None:
            super().put(item)
            time.sleep(0.01)  # it is the turn of whoever waits

    monkeypatch.setattr("rulec.runtime.pool.SimpleQueue", Waking)
    with pool(1, inverting, OSError, nothing) as submit:
        futures = [submit(number) for number in (1, 2, 4)]
    assert [future.result(0) for future in futures] == [1, 0.5, 0.25]


def test_a_process_that_has_ended_before_it_is_told_to() -> None:
    with pool(2, answering, OSError, nothing) as submit:
        process, _ = submit(0).result()
        os.kill(process, signal.SIGKILL)
        while any(child.pid == process for child in multiprocessing.active_children()):
            time.sleep(0.01)


def test_one_of_the_processes_cannot_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    start, started = BaseProcess.start, list[BaseProcess]()

    def one_only(process: BaseProcess) -> None:
        if started:
            raise BlockingIOError(11, "no more processes")
        start(process)
        started.append(process)

    monkeypatch.setattr(BaseProcess, "start", one_only)
    begun = pool(2, answering, OSError, nothing)
    with pytest.raises(WorkerError, match="cannot start a process: no more processes"):
        begun.__enter__()
    assert started[0].exitcode == -signal.SIGKILL


def test_with_other_threads_nothing_is_copied() -> None:
    """What they hold would be held for ever in a copy."""
    end = threading.Event()
    thread = threading.Thread(target=end.wait)
    thread.start()
    try:
        with pool(1, inverting, OSError, nothing) as submit:
            assert submit(10).result() == 0.1
    finally:
        end.set()
        thread.join()


def test_ctrl_c_is_not_for_them() -> None:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    with pool(1, interrupting, OSError, nothing) as submit:
        assert submit(0).result() is None
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == before
