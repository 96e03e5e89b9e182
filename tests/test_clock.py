"""Times, as events write them and as alerts show them."""

import time
from collections.abc import Callable, Iterator
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rulec.runtime import clock

EXAMPLE = 1_539_994_708_428_398_000


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2018-10-20T00:18:28.428398Z", EXAMPLE),
        ("2018-10-20T00:18:28Z", 1_539_994_708_000_000_000),
        ("2018-10-20T02:18:28.428398+02:00", EXAMPLE),
        ("2018-10-19T19:48:28.428398-04:30", EXAMPLE),
        ("1970-01-01T00:00:00.1Z", 100_000_000),
        ("1970-01-01T00:00:00.123456789987Z", 123_456_789),
        ("1969-12-31T23:59:59.9Z", -100_000_000),
        ("2024-02-29T00:00:00Z", 1_709_164_800_000_000_000),
        ("0001-01-01T00:00:00Z", -62_135_596_800_000_000_000),
        ("9999-12-31T23:59:59Z", 253_402_300_799_000_000_000),
    ],
)
def test_rfc_3339_text_is_read_to_the_nanosecond(text: str, expected: int) -> None:
    assert clock.nanoseconds(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Z",
        "yesterday",
        "2018-10-20T00:18:28.5",
        "2018-10-20T00:18:28",
        "2018-10-20 00:18:28Z",
        "2018-10-20t00:18:28z",
        "2018-10-20T00:18:28.Z",
        "2018-10-20T00:18:28,5Z",
        "2018-10-20T00:18:28.5 Z",
        "2018-10-20T00:18:28.5ZZ",
        "2018-10-20T00:18:28Z\n",
        "2018-10-20T00:18:28.-5Z",
        "2018-10-20T00:18:28.5_0Z",
        "2018-10-20T00:18:28+0200",
        "2018-10-20T00:18:28+24:00",
        "2018-10-20T00:18:28+02:60",
        "2018-10-20T24:00:00Z",
        "2018-10-20T00:60:00Z",
        "2018-10-20T00:00:60Z",
        "2018-13-20T00:00:00Z",
        "2018-02-29T00:00:00Z",
        "0000-01-01T00:00:00Z",
        "٢٠١٨-10-20T00:18:28Z",
        "2018-10-20T00:18:28.²Z",
    ],
)
def test_anything_else_is_no_time(text: str) -> None:
    assert clock.nanoseconds(text) is None


@given(st.text() | st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]*[Z+-]?[0-9:]*"))
def test_no_text_is_too_strange(text: str) -> None:
    found = clock.nanoseconds(text)
    assert found is None or isinstance(found, int)


@given(st.datetimes(), st.integers(0, 999))
def test_what_is_printed_is_read_back(moment: datetime, rest: int) -> None:
    text = f"{moment.isoformat(timespec='microseconds')}{rest:03}Z"
    found = clock.nanoseconds(text)
    assert found is not None
    assert clock.date_time_utc(found) == text


@pytest.fixture
def los_angeles(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Put the process seven hours west of Greenwich, winter and summer."""
    monkeypatch.setenv("TZ", "LAX7")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("los_angeles")
@pytest.mark.parametrize(
    ("show", "expected"),
    [
        (clock.local_time, "17:18:28.428398000"),
        (clock.local_time_seconds, "17:18:28"),
        (clock.local_date_time, "2018-10-19 17:18:28.428398000"),
        (clock.local_date_time_seconds, "2018-10-19 17:18:28"),
        (clock.utc_time, "2018-10-20T00:18:28.428398000+0000"),
        (clock.date_time_utc, "2018-10-20T00:18:28.428398000Z"),
        (clock.decimal, "1539994708428398000"),
        (clock.seconds, 1_539_994_708),
        (clock.fraction, 428_398_000),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_time_is_shown(show: Callable[[int], object], expected: object) -> None:
    assert show(EXAMPLE) == expected


def test_times_beyond_the_calendar_can_be_shown() -> None:
    assert clock.date_time_utc(2**64) == "2554-07-21T23:34:33.709551616Z"
    assert clock.date_time_utc(-1) == "1969-12-31T23:59:59.999999999Z"
    assert clock.utc_time(253_402_300_800 * clock.SECOND).startswith("10000-01-01T")
