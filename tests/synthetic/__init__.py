"""The event source ``test`` of the recorded cases: one field of every type.

Its documents are flat: a member for each field, the argument in its name.
"""

from rulec.runtime.sources import BuiltIn

SOURCE = BuiltIn("test", "Events made up for tests.", "synthetic")
