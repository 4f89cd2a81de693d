"""One process a directory: a lock of the kernel's, which ends with its process whatever way that ends."""

import contextlib
import fcntl
import os
from pathlib import Path
from typing import Final

from otel_discord.component.errors import StartError

LOCK_NAME: Final = "file_storage.lock"
_MOST_BYTES: Final = 32


class DirectoryLock:
    """Holds a directory. The file with the holder's process id stays; only the kernel's lock on it counts."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @classmethod
    def acquire(cls, directory: Path) -> "DirectoryLock":
        """Take the lock, or fail at once.

        Raises:
            StartError: another process has it, or the file cannot be opened.
        """
        path = directory / LOCK_NAME
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise StartError(f"directory: cannot open {path}: {error.strerror}") from None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.pread(descriptor, _MOST_BYTES, 0).decode("ascii", "replace").strip()
            os.close(descriptor)
            if not isinstance(error, BlockingIOError):
                raise StartError(f"directory: cannot lock {path}: {error.strerror}") from None
            raise StartError(
                f"directory: {directory} is in use by process {holder or 'unknown'}; "
                "give each service a directory of its own, or stop that process"
            ) from None
        with contextlib.suppress(OSError):  # a full disk: the lock holds without the number
            os.fchmod(descriptor, 0o600)
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()}\n".encode("ascii"), 0)
        return cls(descriptor)

    def release(self) -> None:
        """Let others have the directory; once is enough."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
