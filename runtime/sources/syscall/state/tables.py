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
    """The addresses of the machine that a capture was made on.

    ``near`` is asked for many connections, so it looks nothing up but networks: for each
    length of a mask, the first interface with that network.
    """

    def __init__(self, found: Sequence[Interface] = ()) -> None:
        self._found: list[Interface] = []
        self.addresses: set[Ip] = set()
        # By version and mask, and then by network: the place of an interface in the list.
        self._networks: dict[tuple[int, int], dict[int, int]] = {}
        self._outer: dict[int, Ip] = {}
        self.add(found)

    def __iter__(self) -> Iterator[Interface]:
        return iter(self._found)

    def add(self, found: Sequence[Interface]) -> None:
        """Add more of them."""
        for one in found[: INTERFACES_LIMIT - len(self._found)]:
            address, mask, place = one.address, one.mask, len(self._found)
            self._found.append(one)
            self.addresses.add(address)
            if _is_prefix(mask, address.max_prefixlen):
                networks = self._networks.setdefault((address.version, mask), {})
                networks.setdefault(int(address) & mask, place)
            if not address.is_loopback:
                self._outer.setdefault(address.version, address)

    def near(self, other: Ip) -> Ip | None:
        """Return the address that the machine would speak to another from."""
        if other in self.addresses:
            return other
        number, version = int(other), other.version
        places = [
            networks[number & mask]
            for (of, mask), networks in self._networks.items()
            if of == version and number & mask in networks
        ]
        return self._found[min(places)].address if places else self._outer.get(version)


def _is_prefix(mask: int, bits: int) -> bool:
    """Return whether a mask has ones in front, at least one, and nothing but zeros behind them."""
    rest = ((1 << bits) - 1) ^ mask
    return mask > 0 and rest & (rest + 1) == 0


UNSPECIFIED: Final = frozenset({IPv4Address(0), IPv6Address(0)})
