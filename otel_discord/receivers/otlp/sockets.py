"""Sockets to listen on, with an error that names the key where that is not possible."""

import errno
import os
import socket
import stat
from collections.abc import Sequence
from pathlib import Path

from otel_discord.component import StartError
from otel_discord.receivers.otlp.endpoint import Endpoint

_FAMILIES = {"tcp": socket.AF_UNSPEC, "tcp4": socket.AF_INET, "tcp6": socket.AF_INET6}
_BACKLOG = 1024


def listen_tcp(endpoint: Endpoint, transport: str, key_path: str) -> list[socket.socket]:
    """Return one listening socket for each address of the endpoint, all on the same port.

    Raises:
        StartError: the host is unknown, or an address is taken or not ours.
    """
    sockets: list[socket.socket] = []
    port = endpoint.port
    unusable: OSError | None = None
    try:
        addresses = _addresses(endpoint, transport, key_path)
        has_ipv4 = any(family == socket.AF_INET for family, _ in addresses)
        for family, address in addresses:
            try:
                sockets.append(_listen(family, address, port, v6_only=has_ipv4))
            except OSError as error:
                if error.errno not in {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}:  # one IP version may be missing
                    raise _cannot_listen(endpoint, key_path, error) from None
                unusable = error
            else:
                port = sockets[0].getsockname()[1]
        if not sockets:
            raise _cannot_listen(endpoint, key_path, unusable or OSError(errno.EADDRNOTAVAIL, "no address"))
    except BaseException:
        close_all(sockets)
        raise
    return sockets


def listen_unix(path: str, key_path: str) -> socket.socket:
    """Return a socket listening at a path; a file that a dead process left there is removed.

    Raises:
        StartError: the path is in use, too long, or cannot be written.
    """
    free_unix_path(path, key_path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listener.bind(path)
        listener.listen(_BACKLOG)
        listener.setblocking(False)
    except OSError as error:
        listener.close()
        raise StartError(f"{key_path}: cannot listen on {path}: {error.strerror or error}") from None
    return listener


def free_unix_path(path: str, key_path: str) -> None:
    """Remove a socket that nobody listens on any more.

    Raises:
        StartError: somebody listens, or the file is no socket.
    """
    try:
        mode = Path(path).stat().st_mode
    except FileNotFoundError:
        return
    except OSError as error:
        raise StartError(f"{key_path}: cannot use {path}: {error.strerror}") from None
    if not stat.S_ISSOCK(mode):
        raise StartError(f"{key_path}: {path} exists and is not a socket")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(path)
        except (ConnectionRefusedError, FileNotFoundError):
            Path(path).unlink(missing_ok=True)
            return
        except OSError:
            pass
    raise StartError(f"{key_path}: cannot listen on {path}: address already in use")


def remove_unix_path(path: str) -> None:
    """Remove a socket that was ours."""
    Path(path).unlink(missing_ok=True)


def close_all(sockets: Sequence[socket.socket]) -> None:
    """Close sockets that are not wanted after all."""
    for one in sockets:
        one.close()


def _addresses(endpoint: Endpoint, transport: str, key_path: str) -> list[tuple[socket.AddressFamily, str]]:
    try:
        found = socket.getaddrinfo(
            endpoint.host or None, 0, family=_FAMILIES[transport], type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
    except OSError as error:
        raise StartError(f"{key_path}: cannot resolve {endpoint.host!r}: {error.strerror}") from None
    return list(dict.fromkeys((family, str(address[0])) for family, _, _, _, address in found))


def _listen(family: socket.AddressFamily, address: str, port: int, *, v6_only: bool) -> socket.socket:
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name == "posix":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(v6_only))
        listener.bind((address, port))
        listener.listen(_BACKLOG)
        listener.setblocking(False)
    except BaseException:
        listener.close()
        raise
    return listener


def _cannot_listen(endpoint: Endpoint, key_path: str, error: OSError) -> StartError:
    why = os.strerror(error.errno) if error.errno else str(error)
    hint = "; another process has this port, or set another endpoint" if error.errno == errno.EADDRINUSE else ""
    return StartError(f"{key_path}: cannot listen on {endpoint}: {why}{hint}")


def printed_address(bound: socket.socket) -> str:
    """Return ``127.0.0.1:4317`` or ``[::1]:4317``."""
    host, port = bound.getsockname()[:2]
    return str(Endpoint(str(host), int(port)))
