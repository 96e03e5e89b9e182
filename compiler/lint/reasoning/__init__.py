"""What conditions say together: whether one can hold, and what it says about another.

Everything said here is true of every event; what is too much to work out is left open.
"""

from rulec.lint.reasoning.space import Space

__all__ = ["Space"]
