"""A guard for children: no connection to anywhere but this machine, and no look-up of names.

Standard library only.
"""

import os
import sys
from typing import Any, Final

_ALLOWED: Final = frozenset({"127.0.0.1", "::1", "localhost", None})
_CONNECTING: Final = frozenset({"socket.connect", "socket.sendto"})


class ElsewhereError(OSError):
    """Something wanted to leave this machine."""


def guard() -> None:
    """Refuse from now on, for the rest of this process, every address that is not loopback."""
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "*"  # a proxy of the environment would be somewhere else
    sys.addaudithook(refuse_elsewhere)


def refuse_elsewhere(event: str, arguments: tuple[Any, ...]) -> None:
    """Raise where an audit event is about an address elsewhere.

    Raises:
        ElsewhereError: with the address.
    """
    if event in _CONNECTING:
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else None  # a text is a unix socket
    elif event in {"socket.getaddrinfo", "socket.gethostbyname"}:
        host = arguments[0]
    else:
        return
    if isinstance(host, bytes):
        host = host.decode()
    if host not in _ALLOWED:
        raise ElsewhereError(f"not on this machine: {host}")
