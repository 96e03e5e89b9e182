"""Numbers and conditions as people read them."""

from typing import Final

_UNITS: Final = ((1e9, "s"), (1e6, "ms"), (1e3, "µs"))


def duration(nanoseconds: float) -> str:
    """Return a time with about three digits.

    >>> duration(850), duration(1234), duration(56_700_000)
    ('850 ns', '1.23 µs', '56.7 ms')
    """
    for size, unit in _UNITS:
        if nanoseconds >= size:
            value = nanoseconds / size
            digits = max(0, 3 - len(str(int(value))))
            return f"{value:.{digits}f} {unit}"
    return f"{nanoseconds:.0f} ns"


def percent(share: float) -> str:
    """Return a share from 0 to 1 in percent; what is not nothing does not look like nothing.

    >>> percent(0.123), percent(0.004), percent(1)
    ('12%', '<1%', '100%')
    """
    if 0 < share < 0.01:
        return "<1%"
    # A share is only whole if nothing is missing.
    return f"{min(round(share * 100), 99) if share < 1 else 100}%"


def clipped(text: str, width: int) -> str:
    """Return a text, or as much of it as fits.

    >>> clipped("ka.verb in (get, list)", 15)
    'ka.verb in ...'
    """
    return text if len(text) <= width else f"{text[: width - 4].rstrip()} ..."
