"""The file of a unix socket: bound for its owner alone, freed of a dead process, reached however long its path is."""

import errno
import os
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from otel_discord.component import StartError

MODE: Final = 0o600
_BACKLOG: Final = 64
_LONGEST_ADDRESS_BYTES: Final = 103
"""What every platform takes: 104 with the closing zero on BSD and macOS, 108 on Linux."""
_DESCRIPTORS: Final = Path("/proc/self/fd")
_DEAD: Final = (ConnectionRefusedError, FileNotFoundError)


@contextmanager
def address_of(path: Path) -> Iterator[str]:
    """Yield what ``bind`` and ``connect`` take for a path.

    A path that is too long for them is named through a descriptor of its directory, which Linux allows.

    Raises:
        OSError: too long and no such way, or the directory cannot be opened.
    """
    if len(os.fsencode(path)) <= _LONGEST_ADDRESS_BYTES:
        yield str(path)
        return
    descriptor = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        short = _DESCRIPTORS / str(descriptor) / path.name
        if len(os.fsencode(short)) > _LONGEST_ADDRESS_BYTES or not short.parent.exists():
            raise OSError(errno.ENAMETOOLONG, f"the path is longer than the {_LONGEST_ADDRESS_BYTES} bytes of a socket")
        yield str(short)
    finally:
        os.close(descriptor)


def listen(path: Path, key_path: str) -> socket.socket:
    """Return a socket that listens at ``path`` with mode 0600; what a dead process left there is replaced.

    Raises:
        StartError: somebody listens there, the file is no socket, others may write to the directory, or the system
            refuses; ``key_path`` names what to change.
    """
    try:
        _check_directory(path.parent, key_path)
        with address_of(path) as address:
            _remove_dead(path, address, key_path)
            return _bound(path, address)
    except OSError as error:
        raise StartError(f"{key_path}: cannot listen on {path}: {error.strerror or error}") from None


def remove(path: Path, identity: tuple[int, int]) -> None:
    """Remove the socket's file if it is still the one that we bound (:func:`identity_of`)."""
    with suppress(OSError):
        if identity_of(path) == identity:
            path.unlink()


def identity_of(path: Path) -> tuple[int, int]:
    """Return what tells a file from another one that takes its name."""
    found = path.lstat()
    return found.st_dev, found.st_ino


def _check_directory(directory: Path, key_path: str) -> None:
    mode = directory.stat().st_mode
    if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
        raise StartError(
            f"{key_path}: everybody may write to {directory} and so replace the socket in it; "
            "take the right away (chmod o-w) or choose another directory"
        )


def _remove_dead(path: Path, address: str, key_path: str) -> None:
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise StartError(f"{key_path}: {path} exists and is not a socket; move it away or choose another path")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(address)
        except _DEAD:
            path.unlink(missing_ok=True)
            return
        except OSError:
            pass  # a full backlog, a stopped process: somebody has it
    raise StartError(
        f"{key_path}: another service is running and listens on {path}; stop it, or give this one another path "
        "(and another storage)"
    )


def _bound(path: Path, address: str) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with suppress(OSError):  # Linux creates the file with the descriptor's mode: never open to others
            os.fchmod(listener.fileno(), MODE)
        listener.bind(address)
        path.chmod(MODE)
        listener.listen(_BACKLOG)
        listener.setblocking(False)
    except BaseException:
        listener.close()
        raise
    return listener
