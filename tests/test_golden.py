"""The generated module, whole, so that a change to it shows up in review.

A new case is a new file in ``golden``; ``pytest --accept`` writes what is
generated for it. Few and small: the other tests prove that the code is right.
"""

from pathlib import Path

import pytest

from rulec.api import build

CASES = sorted(Path(__file__).parent.glob("golden/*.yaml"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_generated_module(
    case: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rulec.api.version", lambda: "VERSION")
    code = build(case).code
    golden = case.with_suffix(".py.txt")
    if request.config.getoption("--accept"):
        golden.write_text(code, "utf-8")
    assert code == golden.read_text("utf-8"), "if this is what you meant: pytest --accept"


def test_every_golden_file_has_a_case() -> None:
    golden = {path.name for path in (Path(__file__).parent / "golden").iterdir()}
    named = {name for case in CASES for name in (case.name, f"{case.stem}.py.txt")}
    assert golden == named
