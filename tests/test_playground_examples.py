"""The examples of the playground: their events are those of the samples, and they show something."""

import json
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from rulec.playground.answering import answer
from rulec.playground.examples import EXAMPLES, Example, preset_of
from rulec.playground.given import taken_down
from rulec.playground.model import Question
from rulec.text import File

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ROOT / "docs/samples"
FOLDER = ROOT / "compiler/playground/samples"

# Which events of the sample audit log, of the capture and of CloudTrail are in each example:
# the number of the line or the event, from 1.
EVENTS = {
    "pods": (42, 51, 21),
    "secrets": (38, 41, 18),
    "roles": (76, 79),
    "reverse-shell": (19, 22, 15),
    "terminal": (53, 15),
    "cloudtrail": (4, 6, 11, 5),
}


def events(example: Example) -> Iterator[Any]:
    """Yield the events of an example, out of the sample that its rules are for."""
    if example.source_file:
        lines = (SAMPLES / "cloudtrail/events.jsonl").read_text().splitlines()
    elif example.file == "syscall.yaml":
        rules = File("rules.yaml", preset_of(example).files[0].content)
        lines = taken_down((SAMPLES / "attack.scap").read_bytes(), [rules]).splitlines()
    else:
        lines = (SAMPLES / "audit.jsonl").read_text().splitlines()
    return (json.loads(lines[number - 1]) for number in EVENTS[example.name])


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_the_events_are_those_of_the_samples(
    example: Example, request: pytest.FixtureRequest
) -> None:
    text = "\n".join(json.dumps(event, indent=2, ensure_ascii=False) for event in events(example))
    if request.config.getoption("--accept"):
        (FOLDER / example.event).write_text(f"{text}\n")
    assert (FOLDER / example.event).read_text() == f"{text}\n", "if so it is to be: pytest --accept"


def test_the_source_of_ones_own_is_that_of_the_samples() -> None:
    for name in ("rules.yaml", "source.yaml"):
        content = (FOLDER / f"cloudtrail_{name}").read_text()
        assert content == (SAMPLES / "cloudtrail" / name).read_text()


def test_no_file_is_left_over() -> None:
    used = chain.from_iterable(
        (each.event, each.source_file, *([] if each.rules else [each.file])) for each in EXAMPLES
    )
    files = {path.name for path in FOLDER.iterdir() if path.suffix in (".json", ".yaml")}
    assert files == set(filter(None, used))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_the_first_event_alerts_and_the_last_does_not(example: Example) -> None:
    preset = preset_of(example)
    found = json.loads(answer(Question(preset.files, preset.event)))
    assert not found["diagnostics"]
    assert not found["mistakes"]
    assert len(found["events"]) == len(EVENTS[example.name])
    assert found["events"][0]["alerts"]
    assert not found["events"][-1]["alerts"]
    fired = {alert["rule"] for alert in found["alerts"]}
    assert fired, "an example shows an alert"
