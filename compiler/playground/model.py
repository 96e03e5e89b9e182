"""What the page asks: rules, an event, and which of both it looks at."""

from typing import Final, Literal

import msgspec

# The largest request, in bytes: rules files and events that one edits by hand are far smaller.
MOST_BYTES: Final = 4 * 1024 * 1024


class GivenFile(msgspec.Struct, frozen=True):
    """A file in the editor: rules, or the description of an event source."""

    name: str
    content: str
    kind: Literal["rules", "source"] = "rules"


class Question(msgspec.Struct, frozen=True):
    """What the page wants to know.

    ``source`` is the event source of the event; if it is empty, it is found out.
    ``event`` is the text of the event's pane: documents, one after the other. Of the events in
    it, the one numbered ``at`` (from 0) is explained; None: the first that raises an alert.
    Of the rules, ``rule`` is explained and shown as code; the playground chooses if it is empty.
    ``whole`` asks for the code of all rules.
    """

    files: tuple[GivenFile, ...]
    event: str = ""
    source: str = ""
    rule_matching: Literal["first", "all"] = "first"
    at: int | None = None
    rule: str = ""
    whole: bool = False


def question(document: bytes) -> Question:
    """Return what a request asks.

    :raises msgspec.MsgspecError: if it is no question.
    """
    return msgspec.json.decode(document, type=Question)


class Preset(msgspec.Struct, frozen=True):
    """What the editors begin with: an example, or what was given on the command line."""

    files: tuple[GivenFile, ...]
    event: str = ""
    rule_matching: Literal["first", "all"] = "first"
