"""The benchmark of whole runs measures what it says."""

import sys
from pathlib import Path

import pytest
import run_log


def test_a_log_has_as_many_events_as_it_should(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_log, "DIFFERENT", 30)
    run_log.write_log(tmp_path / "audit.jsonl", 100)
    lines = (tmp_path / "audit.jsonl").read_bytes().splitlines()
    assert len(lines) == 100
    assert lines[:30] == lines[30:60]
    assert lines[90:] == lines[:10]


@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="there is no such /proc")
def test_the_table(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["run_log.py", "--events", "300", "--rounds", "1"])
    run_log.main()
    title, *_, one, two = capsys.readouterr().out.splitlines()
    assert title.startswith("300 events, ")
    for jobs, row in (("1", one), ("2", two)):
        cells = row.strip("| ").split(" | ")
        assert cells[0] == jobs
        assert 5 < int(cells[-1]) < 150
