"""The languages that rulec reads, as Lark grammars."""

from importlib.resources import files


def grammar(name: str) -> str:
    """Return the text of a grammar: ``condition`` or ``output``."""
    return (files(__name__) / f"{name}.lark").read_text("utf-8")
