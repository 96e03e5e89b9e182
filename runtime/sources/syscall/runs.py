"""What the events of the syscall source have in common while inputs are read."""

from rulec.runtime.events import Run


class SyscallRun(Run):
    """A run of the syscall source.

    ``memory`` is what the reader of one input remembers for that of the next.
    """

    __slots__ = ("memory",)

    def __init__(self, source: str | None) -> None:
        super().__init__(source)
        self.memory: object = None
