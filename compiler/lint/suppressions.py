"""Comments that say that a finding is known, and why it is left as it is.

``# rulec: ignore[always-false]: reason`` covers what begins on its line, or on
the next one if it stands alone: a key with its value, or a whole item.
``# rulec: ignore-file[always-false]: reason`` covers the file that it is in.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from rulec.lint.model import Finding
from rulec.lint.written import WrittenItem, end_of, parts_of
from rulec.text import File, Span, Text
from rulec.yaml_nodes import Mapping, Scalar

_COMMENT: Final = re.compile(
    r"(?:^|(?<=[ \t]))#[ \t]*rulec:[ \t]*ignore(?P<all>-file)?"
    r"\[(?P<ids>[^\]\n]*)\](?P<reason>[^\r\n]*)",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Suppression:
    """Such a comment: the lints it names, its reason, and the characters that it covers."""

    lints: tuple[str, ...]
    reason: str
    span: Span
    start: int
    end: int

    def covers(self, finding: Finding) -> bool:
        """Return whether a finding is one of those that the comment is about."""
        file, offset = finding.span.origin
        here = file is self.span.origin[0] and self.start <= offset < self.end
        return here and finding.lint in self.lints


def suppressions(files: Iterable[File], items: Iterable[WrittenItem]) -> Iterator[Suppression]:
    """Yield the suppressions in files, in order."""
    by_file: dict[int, list[WrittenItem]] = {}
    for item in items:
        by_file.setdefault(id(item.file), []).append(item)
    for file in files:
        if "rulec:" in file.content:
            yield from _in_file(file, by_file.get(id(file), []))


def _in_file(file: File, items: list[WrittenItem]) -> Iterator[Suppression]:
    texts = sorted(
        (part.at, part.end)
        for item in items
        for part in parts_of(item.mapping)
        if isinstance(part, Scalar)
    )
    of_items, of_keys = _extents(file, items)
    for match in _COMMENT.finditer(file.content):
        index = bisect_right(texts, (match.start(), len(file.content))) - 1
        if index >= 0 and match.start() < texts[index][1]:
            continue  # in a text, where # begins no comment
        line, column = file.position(match.start())
        alone = not file.line(line)[: column - 1].strip()
        covered = line + alone
        start = file.start_of(covered)
        end = max(
            file.start_of(covered + 1),
            of_keys.get(covered, 0),
            of_items.get(covered, 0) if alone else 0,
        )
        if match["all"]:
            start, end = 0, len(file.content) + 1
        names = (name.strip() for name in match["ids"].split(","))
        yield Suppression(
            tuple(dict.fromkeys(filter(None, names))),
            match["reason"].strip().removeprefix(":").strip(),
            Text.verbatim(file, match.start(), match.end()).span(0),
            start,
            end,
        )


def _extents(file: File, items: list[WrittenItem]) -> tuple[dict[int, int], dict[int, int]]:
    """Return where what begins on a line ends: items, and keys with their values.

    The first key of an item is on the line of the item, and stands for no more than itself.
    """
    of_items: dict[int, int] = {}
    of_keys: dict[int, int] = {}
    for item in items:
        of_items[file.position(item.mapping.at)[0]] = item.end
        for part in parts_of(item.mapping):
            if not isinstance(part, Mapping):
                continue
            for key, value in part.pairs:
                line = file.position(key.at)[0]
                of_keys[line] = max(of_keys.get(line, 0), end_of(value))
    return of_items, of_keys
