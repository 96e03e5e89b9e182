"""Which version of rulec this is."""

from functools import cache


@cache
def version() -> str:
    """Return the version of the installed package, like ``0.1.0``."""
    from importlib.metadata import version as installed

    return installed("rulec")
