"""Places in files, as formats for programs say them: lines and columns from 1."""

from dataclasses import dataclass

from rulec.text import File, Span


@dataclass(frozen=True, slots=True)
class Region:
    """A part of a file; the end is behind its last character."""

    line: int
    column: int
    end_line: int
    end_column: int

    @classmethod
    def of(cls, span: Span) -> "Region":
        """Return where a span is; of several lines, the first."""
        file, offset = span.origin
        return cls.between(file, offset, min(offset + span.width, len(file.content)))

    @classmethod
    def between(cls, file: File, start: int, end: int) -> "Region":
        """Return what is between two characters of a file."""
        return cls(*file.position(start), *file.position(max(start, end)))
