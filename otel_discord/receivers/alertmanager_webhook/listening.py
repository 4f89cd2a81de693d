"""Sockets that go on listening over a reload: who connects in between waits for the next receiver, unrefused."""

import socket

from otel_discord.component import Host
from otel_discord.component.listening_sockets import listening_sockets

_KEY = "listening"


class Shelf:
    """Where a receiver that closes leaves its sockets for the one that follows; for one endpoint at a time."""

    def __init__(self) -> None:
        self._endpoint = ""
        self._sockets: list[socket.socket] = []

    def put(self, endpoint: str, sockets: list[socket.socket]) -> None:
        """Leave sockets of their own that listen where these do, which their server closes."""
        self.clear()
        self._endpoint, self._sockets = endpoint, [each.dup() for each in sockets]

    def take(self, endpoint: str) -> list[socket.socket]:
        """Return what was left for an endpoint; what was left for another one is closed."""
        if endpoint != self._endpoint:
            self.clear()
        found, self._sockets = self._sockets, []
        return found

    def clear(self) -> None:
        """Close what nobody has taken."""
        for each in self._sockets:
            each.close()
        self._sockets = []

    def __del__(self) -> None:
        self.clear()


def shelf(host: Host) -> Shelf:
    """Return the shelf of a receiver."""
    return host.kept(_KEY, Shelf)


def listen(host: Host, endpoint: str, what: str) -> list[socket.socket]:
    """Return the predecessor's sockets, or new ones.

    Raises:
        StartError: the endpoint is in use or cannot be used.
    """
    return shelf(host).take(endpoint) or listening_sockets(endpoint, what)
