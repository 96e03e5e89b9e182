"""Events of system calls from an audit log, as rules see them."""

from functools import cached_property, lru_cache
from typing import Any, Final

from rulec.runtime.events import NO_RUN, Run
from rulec.runtime.sources.syscall.auditd.arguments import Argument, Value
from rulec.runtime.sources.syscall.auditd.descriptors import Descriptor, descriptor
from rulec.runtime.sources.syscall.auditd.facts import Facts
from rulec.runtime.sources.syscall.auditd.signatures import SIGNATURES
from rulec.runtime.sources.syscall.auditd.values import VALUES
from rulec.runtime.sources.syscall.auditd.work import Work
from rulec.runtime.sources.syscall.events import SyscallEvent


class AuditEvent(SyscallEvent):
    """One system call: what rules ask of it is worked out from its ``facts``.

    What the log does not tell is None.
    """

    facts: Facts

    def __init__(self, facts: Facts, run: Run = NO_RUN) -> None:
        super().__init__(facts.time, facts.number, run)
        self.facts = facts

    def __missing__(self, field: str) -> Any:
        way = _way(field)
        value = None if way is None else way[0](self, way[1])
        self[field] = value
        return value

    @property
    def document(self) -> Any:
        """The machine, the time and the serial number, which are those of one event alone."""
        node, stamp = self.facts.group.event
        return {"node": node, "event": stamp, "call": self.facts.call.name}

    def anew(self) -> "AuditEvent":
        """Return the event as it was before anybody asked for something."""
        return AuditEvent(self.facts, self.run)

    @cached_property
    def descriptor(self) -> Descriptor:
        """The descriptor that the call is about."""
        return descriptor(self.facts)

    @cached_property
    def arguments(self) -> tuple[Argument, ...]:
        """The arguments of the call, in Falco's order."""
        return SIGNATURES.get(self.facts.call.name, ())

    def argument(self, name: str | None) -> Value | None:
        """Return an argument by its name or its place."""
        if name is None:
            return None
        if name.isdecimal():
            found = self.arguments[int(name) :][:1] if len(name) < 4 else ()
        else:
            found = tuple(argument for argument in self.arguments if argument.name == name)[:1]
        return found[0].value(self.facts, self.descriptor) if found else None


# Fields whose argument follows a dot.
_DOTTED: Final = frozenset({"evt.abspath", "evt.arg", "evt.rawarg", "evt.type.is"})


@lru_cache(maxsize=4096)
def _way(field: str) -> tuple[Work, str | None] | None:
    """Return what works a field out, and the argument to give it; None if nothing does."""
    if (found := VALUES.get(field)) is not None:
        return found, None
    name, bracket, rest = field.partition("[")
    if bracket:
        argument = rest.removesuffix("]")
    else:
        name, _, argument = field.rpartition(".")
        if name not in _DOTTED:
            return None
    found = VALUES.get(name)
    return None if found is None else (found, argument)
