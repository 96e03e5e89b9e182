"""The processes that compile what is in the page: what takes too much is ended, and nothing else."""

import json
import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from threading import Thread

import pytest
from playground_process import EVENT, LONG, RULES

from rulec.playground.workers import BusyError, UnansweredError, Workers


@pytest.fixture
def workers() -> Iterator[Workers]:
    found = Workers(2, count=1)
    yield found
    found.close()


def question(rules: str = RULES, event: str = json.dumps(EVENT)) -> bytes:
    return json.dumps({"files": [{"name": "r.yaml", "content": rules}], "event": event}).encode()


def alerts(workers: Workers) -> int:
    return len(json.loads(workers.ask(question()))["alerts"])


def bomb(count: int) -> str:
    """Return rules that are as large as rules may be, and small to write."""
    macros = ["- macro: m0\n  condition: ka.verb = a\n"]
    for number in range(1, 10):
        parts = " or ".join(f"(m{number - 1} and ka.uri = {x}{number})" for x in "xy")
        macros.append(f"- macro: m{number}\n  condition: {parts}\n")
    rule = "  desc: d\n  output: x\n  priority: INFO\n  source: k8s_audit\n"
    rules = (f"- rule: r{n}\n  condition: m9 and ka.uri = z{n}\n{rule}" for n in range(count))
    return "".join([*macros, *rules])


def test_what_takes_too_long_is_ended(workers: Workers) -> None:
    with pytest.raises(UnansweredError, match="that takes more than 2 seconds: it was ended"):
        workers.ask(question(bomb(400)))
    assert alerts(workers) == 1


def test_a_process_that_does_not_read_is_ended(workers: Workers) -> None:
    assert alerts(workers) == 1
    (child,) = children()
    os.kill(child, signal.SIGSTOP)
    larger_than_a_pipe = question(f"{RULES}# {'x' * 2**20}\n")
    found: list[object] = []
    asking = Thread(target=lambda: found.append(outcome(workers, larger_than_a_pipe)), daemon=True)
    asking.start()
    asking.join(LONG / 4)
    with suppress(ProcessLookupError):  # it is there only if it was not ended
        os.kill(child, signal.SIGKILL)
    assert found == [UnansweredError]
    assert len(json.loads(workers.ask(larger_than_a_pipe))["alerts"]) == 1


def outcome(workers: Workers, asked: bytes) -> object:
    """Return how many alerts are answered, or why there is no answer."""
    try:
        return len(json.loads(workers.ask(asked))["alerts"])
    except (BusyError, UnansweredError) as error:
        return type(error)


def test_the_next_question_waits_for_its_turn(workers: Workers) -> None:
    found: list[object] = []

    def ask(rules: str) -> None:
        found.append(outcome(workers, question(rules)))

    threads = [Thread(target=ask, args=(rules,)) for rules in (bomb(400), RULES)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, found)) in ([str(1), str(UnansweredError)],)


def test_what_nobody_waits_for_is_not_worked_on(workers: Workers) -> None:
    with pytest.raises(UnansweredError, match="nobody waits for the answer"):
        workers.ask(question(bomb(400)), lambda: True)
    assert alerts(workers) == 1


def test_a_process_that_died_is_started_again(workers: Workers) -> None:
    assert alerts(workers) == 1
    (child,) = children()
    os.kill(child, signal.SIGKILL)
    os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
    assert alerts(workers) == 1
    assert children() != [child]


def test_the_processes_end_with_the_workers(workers: Workers) -> None:
    assert alerts(workers) == 1
    assert len(children()) == 1
    workers.close()
    assert not children()


def test_who_still_asks_is_told_that_the_workers_ended(workers: Workers) -> None:
    assert alerts(workers) == 1
    found: list[object] = []

    def ask() -> None:
        try:
            found.append(outcome(workers, question(bomb(400))))
        except Exception as error:
            found.append(error)

    threads = [Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    workers.close()
    for thread in threads:
        thread.join(LONG)
    assert found == [UnansweredError] * 4
    assert not children()


def children() -> list[int]:
    """Return the processes that this thread has started."""
    text = Path(f"/proc/self/task/{os.getpid()}/children").read_text()
    found = (int(word) for word in text.split())
    return [each for each in found if b"rulec.playground.worker" in command(each)]


def command(process: int) -> bytes:
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return b""


def test_a_process_has_limits(workers: Workers) -> None:
    assert alerts(workers) == 1
    (child,) = children()
    limits = Path(f"/proc/{child}/limits").read_text()
    (memory,) = (line.split()[3] for line in limits.splitlines() if "address space" in line)
    assert memory == str(2 * 1024**3)


MACROS = "".join(f"- macro: m{n + 1}\n  condition: not m{n}\n" for n in range(240))

HOSTILE = [
    (
        f"- macro: m0\n  condition: ka.verb = create\n{MACROS}{RULES.replace('created and', 'm240 and')}",
        json.dumps(EVENT),
        "pod web by mia",
    ),
    (
        RULES.replace("created and", "not (" * 190 + "created" + ")" * 190 + " and"),
        json.dumps(EVENT),
        "pod web by mia",
    ),
    (f"- list: a\n  items: [{'[' * 30_000}", "", "the YAML is nested more than 64 levels deep"),
    (f"- macro: a\n  condition: {'(' * 5000}", "", "nested"),
    (RULES, "[" * 100_000, "nested too deeply"),
    (RULES, '{"a":' * 50_000, "nested too deeply"),
    (RULES, json.dumps(EVENT | {"x": "\ud800"}), "alerts"),
    ("- rule: \\ud800\x00", "", "diagnostics"),
]


@pytest.fixture(scope="module")
def patient() -> Iterator[Workers]:
    found = Workers(int(LONG), count=1)
    yield found
    found.close()


@pytest.mark.parametrize(("rules", "event", "said"), HOSTILE)
def test_hostile_questions_are_answered(
    patient: Workers, rules: str, event: str, said: str
) -> None:
    answer = patient.ask(question(rules, event)).decode()
    assert answer.startswith('{"sources":')
    assert said in answer
    assert alerts(patient) == 1
