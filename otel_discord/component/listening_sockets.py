"""Sockets for components that listen on ``host:port``, bound the same way everywhere and refused in clear words."""

import errno
import socket
from contextlib import ExitStack

from otel_discord.component.errors import StartError
from otel_discord.config.host_port import parse_host_port


def listening_sockets(endpoint: str, what: str) -> list[socket.socket]:
    """Bind and listen on each address of ``endpoint``; port 0 takes one free port for all of them.

    An address family that this machine lacks is left out (``localhost`` without IPv6). ``what`` names the listener in
    the error.

    Raises:
        StartError: nothing to bind to, the port is taken, or it is not allowed; the text says what to do.
    """
    host, port = parse_host_port(endpoint)
    try:
        found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or "not the name of a host"
        raise StartError(f"{what}: cannot find the address of {endpoint}: {why}") from error
    with ExitStack() as undo:
        sockets: list[socket.socket] = []
        missing: OSError | None = None
        for family, address in dict.fromkeys((family, address) for family, _, _, _, address in found):
            bound = (address[0], port or (sockets[0].getsockname()[1] if sockets else 0), *address[2:])
            try:
                sockets.append(undo.enter_context(_listen(family, bound)))
            except OSError as error:
                if error.errno in {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}:
                    missing = error
                    continue
                raise StartError(f"{what}: cannot listen on {endpoint}: {_advice(error)}") from error
        if not sockets:
            raise StartError(f"{what}: cannot listen on {endpoint}: this machine has no such address") from missing
        undo.pop_all()
        return sockets


def _listen(family: int, address: tuple[object, ...]) -> socket.socket:
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind(address)
        listener.listen(128)
        listener.setblocking(False)
    except BaseException:
        listener.close()
        raise
    return listener


def _advice(error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return "the port is taken; stop what uses it, or choose another port"
    if error.errno in {errno.EACCES, errno.EPERM}:
        return "not allowed; ports below 1024 need rights that this user lacks"
    return error.strerror or str(error)
