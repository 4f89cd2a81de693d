"""What a component offers that listens: the addresses it is bound to, for the line "Everything is ready."."""

from collections.abc import Mapping
from typing import Protocol, runtime_checkable


@runtime_checkable
class Listening(Protocol):
    """Listens on addresses that are known once it is open (port 0 has become a real one)."""

    @property
    def endpoints(self) -> Mapping[str, str]:
        """Bound addresses by protocol, as in ``{"grpc": "127.0.0.1:4317"}``; empty before it is open."""
        ...
