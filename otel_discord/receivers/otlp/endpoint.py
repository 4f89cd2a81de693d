"""Where a server listens: ``host:port`` for TCP, a path for a unix socket."""

import ipaddress
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A host and port; an empty host is every interface, port 0 a free one."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


def parse_endpoint(text: str) -> Endpoint:
    """Return the endpoint that ``localhost:4317``, ``:4317``, ``0.0.0.0:4317`` or ``[::1]:4317`` names.

    Raises:
        ValueError: no such form; the message says what is expected.
    """
    host, colon, port = text.rpartition(":")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host or "/" in host:
        raise ValueError(f"{text!r} is not host:port (IPv6 addresses go in brackets: [::1]:4317; no http://)")
    if not colon or not (port.isascii() and port.isdigit() and int(port) <= 65_535):
        raise ValueError(f"{text!r} is not host:port with a port from 0 to 65535")
    return Endpoint(host, int(port))
