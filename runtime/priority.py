"""How severe a rule is."""

from enum import IntEnum


class Priority(IntEnum):
    """The severities of rules, the most severe first.

    >>> Priority.WARNING < Priority.DEBUG, Priority.WARNING.text
    (True, 'Warning')
    """

    EMERGENCY = 0
    ALERT = 1
    CRITICAL = 2
    ERROR = 3
    WARNING = 4
    NOTICE = 5
    INFORMATIONAL = 6
    DEBUG = 7

    @property
    def text(self) -> str:
        """The spelling that alerts use."""
        return self.name.capitalize()


def parse_priority(text: str) -> Priority | None:
    """Return the priority that ``text`` names in whatever case, or nothing.

    >>> parse_priority("Info"), parse_priority("warn")
    (<Priority.INFORMATIONAL: 6>, None)
    """
    name = "INFORMATIONAL" if text.upper() == "INFO" else text.upper()
    return Priority.__members__.get(name)
