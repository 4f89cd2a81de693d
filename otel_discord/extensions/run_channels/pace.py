"""How many requests a minute: counted over the last sixty seconds, per name. Pure: ``now_s`` is an argument."""

import ipaddress
from collections import OrderedDict, deque
from dataclasses import dataclass, field
from typing import Final

WINDOW_S: Final = 60.0
MOST_NAMES: Final = 4096


@dataclass(frozen=True, slots=True)
class TooMany:
    """No more for now. ``is_first``: since a request was let through none was refused."""

    retry_after_s: float
    is_first: bool


@dataclass(slots=True)
class _Window:
    at_s: deque[float] = field(default_factory=deque)
    is_refusing: bool = False


@dataclass(slots=True)
class Pace:
    """Lets ``most`` requests of a name through in any sixty seconds; those refused do not count.

    The names that were not heard of for longest are forgotten beyond 4096, so that nobody fills the memory with them.
    """

    _windows: OrderedDict[str, _Window] = field(default_factory=OrderedDict)

    def take(self, name: str, most: int, now_s: float) -> TooMany | None:
        """Count a request; return None where it may go on. ``now_s`` never goes back."""
        window = self._windows.setdefault(name, _Window())
        self._windows.move_to_end(name)
        if len(self._windows) > MOST_NAMES:
            self._windows.popitem(last=False)
        times_s = window.at_s
        while times_s and times_s[0] <= now_s - WINDOW_S:
            times_s.popleft()
        if len(times_s) < most:
            times_s.append(now_s)
            window.is_refusing = False
            return None
        refused = TooMany(times_s[len(times_s) - most] - now_s + WINDOW_S, not window.is_refusing)
        window.is_refusing = True
        return refused


def network_of(peer: str) -> str:
    """Return the name under which an address is counted: of IPv6 its /64, which is one customer's."""
    try:
        address = ipaddress.ip_address(peer.partition("%")[0])
    except ValueError:
        return peer[:64]
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((int(address) >> 64 << 64, 64)))
    return str(address)
