"""Users, groups and network interfaces of a machine."""

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address, IPv6Address
from typing import Final, NamedTuple

from rulec.runtime.sources.syscall.capture.decoders import Ip


class User(NamedTuple):
    """A user of a machine."""

    uid: int
    gid: int
    name: str
    home: str
    shell: str


class Interface(NamedTuple):
    """An address of the machine, with the bits that its network shares."""

    name: str
    address: Ip
    mask: int


# More addresses than that no machine has.
INTERFACES_LIMIT: Final = 4096


class Interfaces:
    """The addresses of the machine that a capture was made on."""

    def __init__(self, found: Sequence[Interface] = ()) -> None:
        self._found = list(found)
        self.addresses: frozenset[Ip] = frozenset(one.address for one in self._found)

    def __iter__(self) -> Iterator[Interface]:
        return iter(self._found)

    def add(self, found: Sequence[Interface]) -> None:
        """Add more of them."""
        self._found.extend(found[: INTERFACES_LIMIT - len(self._found)])
        self.addresses = frozenset(one.address for one in self._found)

    def near(self, other: Ip) -> Ip | None:
        """Return the address that the machine would speak to another from."""
        if other in self.addresses:
            return other
        same = [one for one in self._found if one.address.version == other.version]
        for one in same:
            if int(one.address) & one.mask == int(other) & one.mask and one.mask:
                return one.address
        outer = [one.address for one in same if not one.address.is_loopback]
        return outer[0] if outer else None


UNSPECIFIED: Final = frozenset({IPv4Address(0), IPv6Address(0)})
