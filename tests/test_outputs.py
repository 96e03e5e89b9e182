"""Several sinks side by side: order, back-pressure, what is safe when, failures, the end."""

import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from threading import Condition, Thread
from time import sleep
from typing import Any

import pytest
from alerts import deliveries, delivery
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from rulec.runtime.engine import OutputError
from rulec.runtime.sinks import SINKS, Counters, Delivery, Outputs, Settings, Sink, sink
from rulec.runtime.sinks.attempts import Attempts, Backoff
from rulec.runtime.sinks.sending import Sending
from rulec.runtime.sinks.sink import GoneError, RefusedError

LONG = 20.0  # seconds: what never takes as long
QUICK = Backoff(first=0.001, most=0.002)


class Gated(Sink):
    """A sink that takes as many alerts, and flushes as often, as it is allowed to."""

    def __init__(self, name: str = "gated", writes: int = 0, flushes: int | None = None) -> None:
        super().__init__(name)
        self.written: list[Delivery] = []
        self.safe: list[Delivery] = []
        self.reopened = self.closed = 0
        self._changed = Condition()
        self._writes = writes
        self._flushes = flushes

    def allow(self, writes: int = 0, flushes: int = 0) -> None:
        with self._changed:
            self._writes += writes
            if self._flushes is not None:
                self._flushes += flushes
            self._changed.notify_all()

    def write(self, delivery: Delivery) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: self._writes > 0, LONG)
            self._writes -= 1
            self.written.append(delivery)
            self._changed.notify_all()

    def flush(self) -> None:
        with self._changed:
            if self._flushes is not None:
                assert self._changed.wait_for(lambda: bool(self._flushes), LONG)
                self._flushes -= 1
            self.safe = list(self.written)
            self._changed.notify_all()

    def await_written(self, count: int) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.written) >= count, LONG)

    def reopen(self) -> None:
        with self._changed:
            self.reopened += 1
            self._changed.notify_all()

    def await_reopened(self) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: self.reopened > 0, LONG)

    def close(self, timeout: float) -> bool:
        self.closed += 1
        return True


class Free(Gated):
    """A sink that takes everything."""

    def __init__(self, name: str = "free") -> None:
        super().__init__(name, writes=10**9)


@dataclass
class Failing(Sink):
    """A sink that raises these errors, one after the other, before it takes an alert."""

    errors: list[Exception]
    name: str = "failing"
    taken: list[Delivery] = field(default_factory=list)

    def write(self, delivery: Delivery) -> None:
        if self.errors:
            raise self.errors.pop(0)
        self.taken.append(delivery)


def quiet(_: str) -> None:
    pass


@contextmanager
def sending(outputs: Outputs, sent: list[Delivery], mark: int) -> Iterator[Thread]:
    """Send in another thread, which may have to wait."""
    thread = Thread(target=outputs.send, args=(sent, mark), daemon=True)
    thread.start()
    yield thread
    thread.join(LONG)
    assert not thread.is_alive()


# --- sending ------------------------------------------------------------------------------


def test_every_sink_gets_everything_in_order() -> None:
    sinks = [Free("one"), Free("two")]
    sent = deliveries(3000)
    with Outputs(sinks, quiet, queue=10) as outputs:
        for number in range(0, 3000, 7):
            outputs.send(sent[number : number + 7], number + 7)
        assert outputs.wait(3003, LONG)
        assert outputs.close(LONG)
    assert sinks[0].written == sinks[1].written == sent
    assert [each.closed for each in sinks] == [1, 1]


def test_a_full_queue_lets_the_sender_wait() -> None:
    slow = Gated()
    with Outputs([Free(), slow], quiet, queue=2) as outputs:
        outputs.send(deliveries(2), 1)
        with sending(outputs, deliveries(2, start=2), 2) as sender:
            slow.allow(writes=1)
            slow.await_written(1)
            assert sender.is_alive(), "one was written, but is not safe yet"
            assert outputs.counters()["gated"].waiting == 2
            slow.allow(writes=3)
        assert outputs.wait(2, LONG)
        assert outputs.close(LONG)
    assert slow.written == deliveries(4)


def test_more_alerts_at_once_than_a_queue_holds() -> None:
    with Outputs([one := Free()], quiet, queue=3) as outputs:
        outputs.send(deliveries(50), 1)
        assert outputs.close(LONG)
        assert outputs.settled == 1
    assert one.written == deliveries(50)


def test_marks_are_safe_when_all_before_them_is_flushed_everywhere() -> None:
    slow = Gated(writes=10**9, flushes=0)
    with Outputs([Free(), slow], quiet) as outputs:
        assert outputs.settled == 0
        outputs.send([], 5)
        assert outputs.settled == 5, "there is nothing that could not be safe"
        outputs.send(deliveries(1), 7)
        slow.await_written(1)
        outputs.send([], 9)
        assert outputs.settled == 5, "written, but not flushed"
        assert not outputs.wait(7, 0)
        slow.allow(flushes=1)
        assert outputs.wait(9, LONG)
        assert outputs.settled == 9
        slow.allow(flushes=1)
        assert outputs.close(LONG)


def test_marks_without_alerts_take_no_memory() -> None:
    slow = Gated()
    many = 10_000
    with Outputs([slow], quiet) as outputs:
        handing = Sending(outputs, identify=False, live=True, timeout=LONG)
        tracemalloc.start()
        try:
            handing.take(delivery(1))
            for mark in range(1, many):
                handing.mark(mark)
                outputs.send([], mark)
            used, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert used < 100_000
        assert handing.settled == 0
        slow.allow(1)
        assert handing.wait(many - 1, LONG)
        assert handing.settled == outputs.settled == many - 1


def test_marks_never_go_back() -> None:
    with Outputs([Free()], quiet) as outputs:
        outputs.send([], 5)
        outputs.send([], 5)
        with pytest.raises(ValueError, match="4 is behind 5"):
            outputs.send([], 4)


def test_no_sinks_at_all() -> None:
    with Outputs([], quiet) as outputs:
        outputs.send(deliveries(2), 3)
        assert outputs.settled == 3
        assert outputs.close(0)


# --- failures -----------------------------------------------------------------------------


def test_what_fails_is_tried_again_and_told_once() -> None:
    told: list[str] = []
    one = Failing([OSError(28, "No space left on device")] * 3)
    with Outputs([one], told.append, backoff=QUICK) as outputs:
        outputs.send(deliveries(2), 1)
        assert outputs.wait(1, LONG)
        assert outputs.counters() == {"failing": Counters(delivered=2, failed=3)}
        assert outputs.errors() == {}
    assert one.taken == deliveries(2)
    assert told == [
        "failing: No space left on device; trying again",
        "failing: works again after 3 failures",
    ]


@pytest.mark.parametrize("error", [BrokenPipeError(32, "Broken pipe"), ValueError("closed file")])
def test_what_fails_is_tried_again_also_if_that_cannot_be_told(error: Exception) -> None:
    def fails(_: str) -> None:
        raise error

    failing = Failing([OSError(28, "disk full"), RefusedError("too large")])
    with Outputs([failing], fails, backoff=QUICK) as outputs:
        outputs.send(deliveries(2), mark=1)
        assert outputs.wait(1, LONG)
    assert failing.taken == deliveries(1, start=1)


def test_trouble_that_comes_and_goes_is_told_less_and_less() -> None:
    told: list[str] = []
    full = OSError(28, "No space left on device")

    def write() -> None:
        if (failure := next(answers)) is not None:
            raise failure

    attempts = Attempts("disk", told.append, QUICK)
    answers = iter([full, None] * 20 + [OSError(5, "I/O error"), None, full, None])
    for _ in range(22):
        assert attempts.until_done(write)
        assert attempts.error == ""
    again = "disk: works again after 1 failure"
    full_again = "disk: No space left on device (the {}th time); trying again"
    first = "disk: No space left on device; trying again"
    assert told == [
        *(first, again, first, again),
        *(line for times in (4, 8, 16) for line in (full_again.format(times), again)),
        *("disk: I/O error; trying again", again, first, again),
    ]


def test_what_is_refused_is_counted_and_the_others_go_on() -> None:
    told: list[str] = []
    one = Failing([RefusedError("answered 400")])
    with Outputs([one], told.append) as outputs:
        outputs.send(deliveries(3), 1)
        assert outputs.wait(1, LONG)
        assert outputs.counters() == {"failing": Counters(delivered=2, dropped=1)}
    assert one.taken == deliveries(2, start=1)
    assert told == ["failing: 1 alert dropped so far: answered 400"]


def test_numbers_of_alerts_never_go_back() -> None:
    class Refusing(Gated):
        def write(self, delivery: Delivery) -> None:
            super().write(delivery)
            raise RefusedError("too large")

    slow = Refusing(writes=1)
    with Outputs([slow], quiet) as outputs:
        outputs.send(deliveries(2), 1)
        slow.await_written(1)
        while not outputs.counters()["gated"].dropped:
            sleep(0.001)
        assert outputs.counters()["gated"].delivered == 0
        slow.allow(1)
        assert outputs.close(LONG)
        assert outputs.counters()["gated"] == Counters(dropped=2)


def test_many_refusals_are_told_less_and_less() -> None:
    told: list[str] = []
    one = Failing([RefusedError("no")] * 100)
    with Outputs([one], told.append) as outputs:
        outputs.send(deliveries(100), 1)
        assert outputs.wait(1, LONG)
        assert outputs.counters()["failing"].dropped == 100
    assert [int(line.split()[1]) for line in told] == [*range(1, 11), 16, 32, 64]


@pytest.mark.parametrize("error", [GoneError("closed"), KeyError("a mistake of ours")])
def test_a_sink_that_is_gone_ends_the_sending(error: Exception) -> None:
    other = Free()
    with Outputs([Failing([error]), other], quiet, queue=1) as outputs:
        outputs.send(deliveries(1), 1)
        assert not outputs.wait(1, LONG)
        with pytest.raises(OutputError, match=r"failing: .*(closed|a mistake of ours)"):
            outputs.send(deliveries(1, start=1), 2)
        assert not outputs.close(LONG)
        assert outputs.settled == 0
    assert other.written == deliveries(1)


def test_whoever_has_no_more_alerts_learns_that_a_sink_is_gone() -> None:
    with Outputs([Failing([GoneError("it is broken")])], quiet) as outputs:
        handing = Sending(outputs, identify=False, live=True, timeout=LONG)
        handing.take(delivery(1))
        handing.pause()
        assert not outputs.wait(1, LONG)
        for learn in (handing.pause, lambda: handing.mark(1)):
            with pytest.raises(OutputError, match="it is broken"):
                learn()


def test_whoever_waits_learns_that_a_sink_is_gone() -> None:
    gate = Gated()
    caught: list[str] = []
    outputs = Outputs([gate, Failing([GoneError("closed")])], quiet, queue=1)

    def send() -> None:
        try:
            outputs.send(deliveries(2), 1)
            outputs.send(deliveries(2), 2)
        except OutputError as error:
            caught.append(str(error))

    thread = Thread(target=send, daemon=True)
    thread.start()
    gate.allow(writes=2)
    thread.join(LONG)
    assert caught == ["failing: closed"]
    gate.allow(writes=10)
    outputs.close(LONG)


def test_patience_ends_while_nothing_is_taken() -> None:
    with Outputs(
        [Failing([OSError("the disk is full")] * 10**5)], quiet, queue=1, patience=0.5
    ) as outputs:
        with pytest.raises(OutputError, match=r"nothing was taken for 0.5 s \(the disk is full\)"):
            outputs.send(deliveries(2), 1)
        assert not outputs.close(0)
        assert outputs.counters()["failing"].waiting == 1


def test_what_cannot_be_opened_is_told_and_the_others_are_closed() -> None:
    class Missing(Free):
        def open(self) -> None:
            raise FileNotFoundError(2, "No such file or directory")

    with pytest.raises(OutputError, match=r"^gone: No such file or directory$"):
        Outputs([one := Free(), Missing("gone")], quiet)
    assert one.closed == 1


# --- the end ------------------------------------------------------------------------------


def test_closing_hands_on_what_is_waiting() -> None:
    slow = Gated()
    outputs = Outputs([slow], quiet)
    outputs.send(deliveries(5), 1)
    closed: list[bool] = []
    thread = Thread(target=lambda: closed.append(outputs.close(LONG)), daemon=True)
    thread.start()
    slow.allow(writes=5)
    thread.join(LONG)
    assert closed == [True]
    assert slow.written == deliveries(5)
    with pytest.raises(OutputError, match="closed"):
        outputs.send(deliveries(1), 2)


def test_closing_does_not_wait_for_ever() -> None:
    one = Failing([OSError("unreachable")] * 10**6)
    outputs = Outputs([one, other := Free()], quiet)
    outputs.send(deliveries(4), 1)
    assert not outputs.close(0.5)
    assert outputs.counters()["failing"].waiting == 4
    assert outputs.errors() == {"failing": "unreachable"}
    assert outputs.settled == 0
    assert other.written == deliveries(4)


def test_closing_makes_another_attempt_at_once() -> None:
    one = Failing([OSError("unreachable")])
    outputs = Outputs([one], quiet, backoff=Backoff(first=10**6, most=10**6))
    outputs.send(deliveries(1), 1)
    assert outputs.close(LONG)
    assert one.taken == deliveries(1)


def test_files_are_opened_again_by_the_thread_that_writes_them() -> None:
    with Outputs([one := Free(), two := Free("two")], quiet) as outputs:
        outputs.reopen()
        one.await_reopened()
        two.await_reopened()
        outputs.send(deliveries(1), 1)
        assert outputs.close(LONG)
    assert one.written == deliveries(1)


# --- for any order of things --------------------------------------------------------------


class Settling(RuleBasedStateMachine):
    """Sends, writes and flushes in any order: what is said to be safe is, and nothing is lost."""

    @initialize(count=st.integers(1, 3))
    def begin(self, count: int) -> None:
        self.sinks = [Gated(f"gated {n}", flushes=0) for n in range(count)]
        self.outputs = Outputs(self.sinks, quiet, queue=10**6)
        self.sent: list[Delivery] = []
        self.marks: list[tuple[int, int]] = [(0, 0)]  # a mark, and how many were sent before

    @rule(count=st.integers(0, 4), step=st.integers(1, 5))
    def send(self, count: int, step: int) -> None:
        found = deliveries(count, start=len(self.sent))
        self.sent += found
        mark = self.marks[-1][0] + step
        self.outputs.send(found, mark)
        self.marks.append((mark, len(self.sent)))

    @precondition(lambda self: self.sent)
    @rule(data=st.data(), writes=st.integers(0, 5), flushes=st.integers(0, 2))
    def allow(self, data: st.DataObject, writes: int, flushes: int) -> None:
        data.draw(st.sampled_from(self.sinks)).allow(writes, flushes)

    @invariant()
    def what_is_settled_is_safe_everywhere(self) -> None:
        if not hasattr(self, "outputs"):
            return
        settled = self.outputs.settled
        before = max(count for mark, count in self.marks if mark <= settled)
        for each in self.sinks:
            assert each.safe[:before] == self.sent[:before]
            assert each.written == self.sent[: len(each.written)]

    def teardown(self) -> None:
        if not hasattr(self, "outputs"):
            return
        for each in self.sinks:
            each.allow(10**6, 10**6)
        assert self.outputs.close(LONG)
        assert self.outputs.settled == self.marks[-1][0]
        assert all(each.safe == self.sent for each in self.sinks)
        assert {c.delivered for c in self.outputs.counters().values()} == {len(self.sent)}


Settling.TestCase.settings = settings(max_examples=50, stateful_step_count=20, deadline=None)
TestSettling: Any = Settling.TestCase


@settings(deadline=None, max_examples=30)
@given(
    errors=st.lists(
        st.sampled_from([OSError("again"), RefusedError("no"), TimeoutError("late")]), max_size=8
    ),
    count=st.integers(0, 8),
)
def test_whatever_fails_nothing_is_lost_unseen(errors: list[Exception], count: int) -> None:
    one = Failing(list(errors))
    with Outputs([one], quiet, backoff=QUICK) as outputs:
        outputs.send(deliveries(count), 1)
        assert outputs.wait(1, LONG)
        counters = outputs.counters()["failing"]
    assert counters.delivered + counters.dropped == count
    assert counters.delivered == len(one.taken)
    assert one.taken == sorted(one.taken, key=lambda each: each.alert.time)


# --- the table ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("mail:root", "'mail' is none of: stdout, file, syslog, http, program"),
        ("", "'' is none of"),
        ("stdout:2", "takes no argument"),
        ("file", "name a file"),
        ("file:", "name a file"),
        ("syslog:nowhere", "'nowhere' is no facility"),
        ("syslog:tcp://host", "write syslog, "),
        ("syslog:udp://", "write syslog, "),
        ("syslog:udp://host?facility=x", "'x' is no facility"),
        ("syslog:udp://host?colour=red", "write syslog, "),
        ("syslog:udp://host/path", "write syslog, "),
        ("syslog:unix://host/path", "write syslog, "),
        ("http", "name a server"),
        ("http:localhost:2801", "name a server"),
        ("http:ftp://host/", "name a server"),
        ("http:http://", "name a server"),
        ("http:http://me:secret@host/", "no place for a password"),
        ("http:http://host/a b", "no blanks"),
        ("http:http://host/\xe9", "no blanks"),
        ("http:http://host:port/", "port"),
        ("program", "name a program"),
        ("program:", "name a program"),
        ("program:[]", "name a program"),
        ("program:[1]", "are strings"),
        ('program:["a', "no JSON"),
        ("program:'a", "quotation"),
        ('program:["a\\u0000"]', "name a program"),
    ],
)
def test_what_cannot_be_understood(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        sink(text, Settings())


@pytest.mark.parametrize(
    "text",
    [
        "stdout",
        "file:alerts.log",
        "file:with:colon",
        "syslog",
        "syslog:local3",
        "syslog:udp://[::1]:5514?facility=auth",
        "syslog:unix:///run/log",
        "http:http://localhost",
        "http:https://sidekick.example:2801/path?x=1",
        "program:notify --x",
    ],
)
def test_every_form_makes_a_sink(text: str) -> None:
    made = sink(text, Settings())
    assert made.name == text
    assert text.split(":")[0] in SINKS
    assert made.identifies == text.startswith("http:")


def test_pauses_grow_and_are_left_to_chance() -> None:
    pauses = list(islice(Backoff(first=1, most=8).pauses(), 50))
    for pause, most in zip(pauses, [1, 2, 4, *[8] * 47], strict=True):
        assert most / 2 <= pause <= most
    assert len(set(pauses[3:])) > 1


def test_names_of_alerts() -> None:
    one, other = delivery(1), delivery(2)
    assert one.id == delivery(1).id != other.id
    assert len(one.id) == 36
    assert one.id[14] == "8", "version 8 of UUIDs"
    assert one.id[19] in "89ab"
