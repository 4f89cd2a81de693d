"""Unix sockets to listen on, with an error that names the key where that is not possible."""

import socket
import stat
from pathlib import Path

from otel_discord.component import StartError

_BACKLOG = 1024


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
