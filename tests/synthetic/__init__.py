"""The event source ``test`` of the recorded cases: one field of every type.

Its documents are flat: a member for each field, the argument in its name.
"""

from collections.abc import Mapping
from typing import Any

from rulec.runtime.sources import BuiltIn

SOURCE = BuiltIn("test", "Events made up for tests.", "synthetic")


def document(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document of an event in which fields (with their arguments) have these values."""
    return dict(fields)
