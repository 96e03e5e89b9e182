"""What an editor can set, as it comes in ``initializationOptions`` or as its configuration."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Settings:
    """How rules are looked at. The names are those of the settings, in Python's spelling.

    * ``paths``: files and directories of rules that are loaded together, in load order.
      Without any, the rules files of each directory are.
    * ``sources``: the event sources whose fields are offered; without any, all.
    * ``source_files``: descriptions of event sources of the user's own.
    * ``strict``: take what Falco's k8saudit plugin refuses as errors.
    * ``lint``: look for what is doubtful, too.
    * ``delay``: milliseconds from a key press until rules are checked.
    * ``documentation``: where the pages about rules are: a folder or a URL.
    """

    paths: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    source_files: tuple[str, ...] = ()
    strict: bool = False
    lint: bool = True
    delay: int = 200
    documentation: str = ""


LONGEST_DELAY: Final = 10_000

# What editors keep in the same section for themselves.
OF_THE_EDITOR: Final = frozenset({"command", "trace"})

_SPELLINGS: Final = {"source_files": "sourceFiles"}

# Every setting as editors spell it.
NAMES: Final[Mapping[str, str]] = {
    _SPELLINGS.get(field.name, field.name): field.name for field in fields(Settings)
}


def read_settings(given: object, before: Settings | None = None) -> tuple[Settings, list[str]]:
    """Return settings, and what is wrong with those that were given, which are left out.

    >>> read_settings({"paths": "rules", "delay": -1})
    (Settings(paths=('rules',), sources=(), source_files=(), strict=False, lint=True, \
delay=200, documentation=''), ["'delay' is no number from 0 to 10000"])
    """
    settings, complaints = before or Settings(), list[str]()
    if given is None:
        return settings, complaints
    if not isinstance(given, Mapping):
        return settings, ["the settings are no mapping"]
    for spelling, value in given.items():
        if value is None or spelling in OF_THE_EDITOR:
            continue
        name = NAMES.get(str(spelling))
        if name is None:
            known = ", ".join(NAMES)
            complaints.append(f"unknown setting {str(spelling)!r}; there are: {known}")
            continue
        found, kind = _READERS[type(getattr(Settings(), name))](value)
        if found is None:
            complaints.append(f"{spelling!r} is no {kind}")
        else:
            settings = replace(settings, **{name: found})
    return settings, complaints


def _texts(value: Any) -> tuple[tuple[str, ...] | None, str]:
    texts = (value,) if isinstance(value, str) else value
    right = isinstance(texts, list | tuple) and all(isinstance(text, str) for text in texts)
    return (tuple(texts) if right else None), "list of texts"


def _boolean(value: Any) -> tuple[bool | None, str]:
    return (value if isinstance(value, bool) else None), "truth value"


def _number(value: Any) -> tuple[int | None, str]:
    # JSON knows no integers, and some editors write 200.0.
    right = isinstance(value, int | float) and not isinstance(value, bool)
    number = int(value) if right and 0 <= value <= LONGEST_DELAY else None
    return number, f"number from 0 to {LONGEST_DELAY}"


def _text(value: Any) -> tuple[str | None, str]:
    return (value if isinstance(value, str) else None), "text"


_READERS: Final[Mapping[type, Any]] = {
    tuple: _texts,
    bool: _boolean,
    int: _number,
    str: _text,
}
