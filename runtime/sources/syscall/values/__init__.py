"""Every field of the events of a capture: the function that works its value out.

A function is given the event and the argument of the field (None if it has none), and returns
a value of the field's type, a tuple of them where the field stands for several, or None for no
value. It never raises for what the event holds.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from rulec.runtime.sources.syscall.values.calls import CALL_VALUES
from rulec.runtime.sources.syscall.values.containers import CONTAINER_VALUES
from rulec.runtime.sources.syscall.values.descriptors import DESCRIPTOR_VALUES
from rulec.runtime.sources.syscall.values.moments import MOMENT_VALUES
from rulec.runtime.sources.syscall.values.paths import PATH_VALUES
from rulec.runtime.sources.syscall.values.processes import PROCESS_VALUES
from rulec.runtime.sources.syscall.values.totals import TOTAL_VALUES
from rulec.runtime.sources.syscall.values.users import USER_VALUES
from rulec.runtime.sources.syscall.values.working import Work

if TYPE_CHECKING:
    from rulec.runtime.sources.syscall.capture.event import CaptureEvent

VALUES: Final[Mapping[str, Work]] = {
    **MOMENT_VALUES,
    **CALL_VALUES,
    **TOTAL_VALUES,
    **PROCESS_VALUES,
    **DESCRIPTOR_VALUES,
    **PATH_VALUES,
    **USER_VALUES,
    **CONTAINER_VALUES,
}


def _nothing(event: "CaptureEvent", argument: str | None) -> None:
    return None


class Works(dict[str, tuple[Work, str | None]]):
    """The function for what a rule writes, and the argument in it, by that text.

    >>> Works()["proc.aname[2]"][1], Works()["evt.arg.flags"][1], Works()["evt.num"][1]
    ('2', 'flags', None)
    """

    def __missing__(self, text: str) -> tuple[Work, str | None]:
        if len(self) >= _REMEMBERED:
            self.clear()
        found = self[text] = _worked_out(text)
        return found


# Rules ask for so many fields at most, or what they ask for is found out again.
_REMEMBERED: Final = 4096


def _worked_out(text: str) -> tuple[Work, str | None]:
    name, bracket, argument = text.partition("[")
    if bracket and argument.endswith("]"):
        return VALUES.get(name, _nothing), argument[:-1]
    if text in VALUES:
        return VALUES[text], None
    name = text
    while name:
        name = name.rpartition(".")[0]
        if name in VALUES:
            return VALUES[name], text[len(name) + 1 :]
    return _nothing, None
