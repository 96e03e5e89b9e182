"""Texts put together from texts, as Falco puts conditions together."""

from collections.abc import Iterable

from rulec.text import Span, Text

WHITE = " \t\n\v\f\r"


def joined(parts: Iterable[Text]) -> Text:
    """Return the texts as one, in time proportional to its length."""
    return Text(tuple(piece for part in parts for piece in part.pieces if piece.characters))


def spaced(text: Text, more: Text) -> Text:
    """Return two texts with a blank between them, or the only one that is not empty.

    >>> str(spaced(Text.of("a"), Text.of("b"))), str(spaced(Text.of("a"), Text()))
    ('a b', 'a')
    """
    if not (len(text) and len(more)):
        return text if len(text) else more
    return joined((text, Text.standing_for(" ", text.span(len(text))), more))


def trimmed(text: Text) -> Text:
    """Return the text without white space around it."""
    characters = str(text)
    start = len(characters) - len(characters.lstrip(WHITE))
    end = len(characters.rstrip(WHITE))
    return text if (start, end) == (0, len(characters)) else text[start : max(start, end)]


def needs_quotes(characters: str) -> bool:
    """Return whether Falco puts quotes around an item or a value.

    >>> needs_quotes("a b"), needs_quotes("'a b'"), needs_quotes("(a)")
    (True, False, False)
    """
    return " " in characters and not characters.startswith(('"', "'"))


def quoted(text: Text) -> Text:
    """Return the text as an item or a value stands in a condition."""
    if not needs_quotes(str(text)):
        return text
    start, end = text.span(0), text.span(len(text))
    return joined((Text.standing_for('"', start), text, Text.standing_for('"', end)))


def parenthesised(items: Iterable[Text], place: Span) -> Text:
    """Return ``(a, b)``; the parentheses are reported at ``place``."""
    parts = [Text.standing_for("(", place)]
    for item in items:
        if len(parts) > 1:
            parts.append(Text.standing_for(", ", item.span(0)))
        parts.append(item)
    parts.append(Text.standing_for(")", place))
    return joined(parts)
