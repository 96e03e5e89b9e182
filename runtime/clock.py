"""Times: nanoseconds since the epoch, and the texts that stand for them."""

import re
import time
from datetime import date
from functools import lru_cache
from typing import Any, Final

SECOND: Final = 1_000_000_000  # in nanoseconds
_DAY: Final = 24 * 60 * 60  # in seconds

_WHOLE_SECOND: Final = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([01][0-9]|2[0-3]):([0-5][0-9]):([0-5][0-9])"
)
_ZONE: Final = re.compile(r"([+-])([01][0-9]|2[0-3]):([0-5][0-9])")
_EPOCH: Final = date(1970, 1, 1).toordinal()


def nanoseconds(text: str) -> int | None:
    """Return the time that an RFC 3339 text means, or None if it is none.

    The zone is required and honoured. A fraction may have any length; what
    is shorter than a nanosecond is cut off.

    >>> nanoseconds("1970-01-01T02:00:01.5+02:00"), nanoseconds("1970-01-01T00:00:01")
    (1500000000, None)
    """
    # The part up to the second is remembered: events come in the order of time.
    if len(text) == 27 and text[26] == "Z":  # as kube-apiserver writes it
        start, digits = _start(text[:20]), text[20:26]
        if start is not None and digits.isdecimal() and digits.isascii():
            return start + int(digits) * 1000
    if not text.isascii() or (second := _second(text[:19])) is None:
        return None
    if text[-1] == "Z":
        fraction = text[19:-1]
    elif (offset := _offset(text[-6:])) is not None:
        second -= offset
        fraction = text[19:-6]
    else:
        return None
    if not fraction:
        return second * SECOND
    digits = fraction[1:]
    if fraction[0] != "." or not digits.isdigit():
        return None
    return second * SECOND + int(digits[:9].ljust(9, "0"))


def day(text: Any) -> str | None:
    """Return the day of a time as RFC 3339 has it, in the zone of the time.

    >>> day("2026-03-02T23:30:00-05:00")
    '2026-03-02'
    """
    return text[:10] if type(text) is str else None


@lru_cache(maxsize=4096)
def _start(text: str) -> int | None:
    """Return the nanoseconds of a time whose fraction comes next: ``YYYY-MM-DDTHH:MM:SS.``."""
    second = _second(text[:19]) if text[19] == "." else None
    return None if second is None else second * SECOND


@lru_cache(maxsize=4096)
def _second(text: str) -> int | None:
    """Return the seconds since the epoch of ``YYYY-MM-DDTHH:MM:SS``, taken as UTC."""
    match = _WHOLE_SECOND.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second = map(int, match.groups())
    try:
        days = date(year, month, day).toordinal() - _EPOCH
    except ValueError:  # no such day
        return None
    return days * _DAY + hour * 3600 + minute * 60 + second


@lru_cache(maxsize=256)
def _offset(zone: str) -> int | None:
    """Return how many seconds a zone (``+hh:mm``) is ahead of UTC."""
    match = _ZONE.fullmatch(zone)
    if match is None:
        return None
    sign, hours, minutes = match.groups()
    seconds = int(hours) * 3600 + int(minutes) * 60
    return -seconds if sign == "-" else seconds


def decimal(nanoseconds: int) -> str:
    """Return a time as decimal digits."""
    return str(nanoseconds)


def seconds(nanoseconds: int) -> int:
    """Return the whole seconds of a time."""
    return nanoseconds // SECOND


def fraction(nanoseconds: int) -> int:
    """Return the nanoseconds of a time beyond its whole seconds."""
    return nanoseconds % SECOND


def milliseconds_from(nanoseconds: int, moment: str) -> int:
    """Return how far a time is from another one (in digits), in milliseconds, rounded up.

    >>> milliseconds_from(5_000_001, "0"), milliseconds_from(0, "5000000")
    (6, 5)
    """
    return -(-abs(nanoseconds - int(moment)) // 1_000_000)


def local_time(nanoseconds: int) -> str:
    """Return ``HH:MM:SS.nnnnnnnnn`` in the local zone."""
    return f"{_time_of_day(_local(nanoseconds))}.{nanoseconds % SECOND:09}"


def local_time_seconds(nanoseconds: int) -> str:
    """Return ``HH:MM:SS`` in the local zone."""
    return _time_of_day(_local(nanoseconds))


def local_date_time(nanoseconds: int) -> str:
    """Return ``YYYY-MM-DD HH:MM:SS.nnnnnnnnn`` in the local zone."""
    return f"{local_date_time_seconds(nanoseconds)}.{nanoseconds % SECOND:09}"


def local_date_time_seconds(nanoseconds: int) -> str:
    """Return ``YYYY-MM-DD HH:MM:SS`` in the local zone."""
    second = _local(nanoseconds)
    return f"{_day(second)} {_time_of_day(second)}"


def utc_time(nanoseconds: int) -> str:
    """Return ``YYYY-MM-DDTHH:MM:SS.nnnnnnnnn+0000``."""
    return f"{_utc(nanoseconds)}+0000"


def date_time_utc(nanoseconds: int) -> str:
    """Return ``YYYY-MM-DDTHH:MM:SS.nnnnnnnnnZ``."""
    return f"{_utc(nanoseconds)}Z"


def _utc(nanoseconds: int) -> str:
    second, fraction = divmod(nanoseconds, SECOND)
    return f"{_day(second)}T{_time_of_day(second)}.{fraction:09}"


def _local(nanoseconds: int) -> int:
    # As in Falco, the offset of now holds for all times, in summer and winter.
    return nanoseconds // SECOND + _offset_at(int(time.time()), time.tzname)


@lru_cache(maxsize=1)
def _offset_at(second: int, zone: tuple[str, str]) -> int:
    """Return how many seconds the local zone is ahead of UTC, which is asked for often."""
    return time.localtime(second).tm_gmtoff


# Events come in the order of time, so the same second is shown again and again.
@lru_cache(maxsize=256)
def _time_of_day(second: int) -> str:
    second %= _DAY
    return f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"


def _day(second: int) -> str:
    # Unlike a date, gmtime knows years beyond 9999.
    day = time.gmtime(second)
    return f"{day.tm_year:04}-{day.tm_mon:02}-{day.tm_mday:02}"
