"""The other end of the socket: one question to a running service, its answer line by line. Synchronous."""

import errno
import http.client
import socket
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import orjson

from otel_discord.service.control.endpoint import socket_path
from otel_discord.service.control.socket_file import address_of

_NOBODY: Final = frozenset({errno.ENOENT, errno.ECONNREFUSED, errno.ENOTDIR, errno.ENOTSOCK, errno.ENAMETOOLONG})
_PROBE_S: Final = 1.0
_READ_BYTES: Final = 1024 * 1024


class NotRunningError(Exception):
    """Nobody listens: no such socket, or one that a dead process left."""


class ControlError(Exception):
    """The service refused, failed or did not answer; the words are for a person."""


def call(
    endpoint: Path | str, name: str, arguments: Mapping[str, Any], *, timeout_s: float
) -> Iterator[dict[str, Any]]:
    """Ask a running service for the command ``name``; return the lines of its answer as they come.

    The question is sent before this returns. ``endpoint`` is a path or ``unix:///path``; ``timeout_s`` is the longest
    silence: before the first line, and between two.

    Raises:
        NotRunningError: nobody listens at the endpoint.
        ControlError: refused, or the service failed; also while the lines are read.
    """
    path = socket_path(endpoint)
    connection = _UnixConnection(path, timeout_s)
    try:
        connection.connect()
    except OSError as error:
        connection.close()
        raise _unreachable(path, error) from None
    try:
        headers = {"Content-Type": "application/json", "Connection": "close"}
        connection.request("POST", f"/v1/{name}", orjson.dumps(dict(arguments)), headers)
        response = connection.getresponse()
    except (OSError, http.client.HTTPException) as error:
        connection.close()
        raise _broken(error, timeout_s) from None
    return _lines(connection, response, timeout_s)


def is_answered(path: Path) -> bool:
    """Return whether somebody listens at the socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(_PROBE_S)
        try:
            with address_of(path) as address:
                probe.connect(address)
        except OSError:
            return False
    return True


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path, timeout_s: float) -> None:
        super().__init__("localhost", timeout=timeout_s)
        self._path = path
        self._timeout_s = timeout_s

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self._timeout_s)
        with address_of(self._path) as address:
            self.sock.connect(address)


def _lines(
    connection: http.client.HTTPConnection, response: http.client.HTTPResponse, timeout_s: float
) -> Iterator[dict[str, Any]]:
    try:
        for raw in _split(response):
            line = orjson.loads(raw)
            if "error" in line and (len(line) == 1 or response.status != HTTPStatus.OK):
                raise ControlError(str(line["error"]))
            yield line
        if response.status != HTTPStatus.OK:
            raise ControlError(f"the service answered {response.status} {response.reason}")
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise _broken(error, timeout_s) from None
    finally:
        response.close()
        connection.close()


def _split(response: http.client.HTTPResponse) -> Iterator[bytes]:
    """Yield lines. Unlike ``readline``, ``read1`` raises where the answer ends before its end."""
    rest = b""
    while piece := response.read1(_READ_BYTES):
        *lines, rest = (rest + piece).split(b"\n")
        yield from lines
    if rest:
        raise http.client.IncompleteRead(rest)


def _unreachable(path: Path, error: OSError) -> Exception:
    if error.errno in _NOBODY:
        return NotRunningError(f"no service listens on {path}")
    if error.errno in {errno.EACCES, errno.EPERM}:
        return ControlError(f"not allowed to use {path}; run this as the user that the service runs as, or as root")
    return ControlError(f"cannot reach the service on {path}: {error.strerror or error}")


def _broken(error: Exception, timeout_s: float) -> ControlError:
    if isinstance(error, TimeoutError):
        return ControlError(f"the service did not answer within {timeout_s:g} s")
    return ControlError("the service ended before it had answered")
