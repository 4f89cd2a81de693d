"""A file that grows by whole chunks and is set aside when it is full. Blocking: for one thread, not for the loop."""

import contextlib
import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final

_MODE: Final = 0o600


class RotatingFile:
    """An open file. ``max_bytes`` and ``max_backups``: 0 is no bound. ``clock`` names what is set aside."""

    def __init__(
        self, path: Path, *, append: bool, max_bytes: int, max_backups: int, clock: Callable[[], datetime]
    ) -> None:
        self._path = path
        self._max_bytes = max_bytes
        self._max_backups = max_backups
        self._clock = clock
        self._descriptor = _open(path, append=append)
        self._size = os.fstat(self._descriptor).st_size

    def write(self, chunk: bytes, *, fsync: bool) -> None:
        """Append a chunk, whole or not at all.

        Raises:
            OSError: it is not in the file (as far as the disk lets go of what it took).
        """
        if self._max_bytes and self._size and self._size + len(chunk) > self._max_bytes:
            self._rotate()
        try:
            rest = memoryview(chunk)
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
            if fsync:
                os.fsync(self._descriptor)
        except OSError:
            with contextlib.suppress(OSError):  # half a line would spoil the next one
                os.ftruncate(self._descriptor, self._size)
            raise
        self._size += len(chunk)

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)

    def _rotate(self) -> None:
        self._path.rename(self._backup_path())
        fresh = _open(self._path, append=True)
        os.close(self._descriptor)
        self._descriptor, self._size = fresh, 0
        if self._max_backups:
            for old in self._backups()[: -self._max_backups]:
                with contextlib.suppress(OSError):
                    old.unlink()

    def _backup_path(self) -> Path:
        stamp = self._clock().strftime("%Y-%m-%dT%H-%M-%S.%f")
        path = self._path.with_name(f"{self._path.stem}-{stamp}{self._path.suffix}")
        number = 1
        while path.exists():
            path = self._path.with_name(f"{self._path.stem}-{stamp}.{number:03}{self._path.suffix}")
            number += 1
        return path

    def _backups(self) -> list[Path]:
        """Return what was set aside, oldest first: the names sort by time."""
        prefix, suffix = f"{self._path.stem}-", self._path.suffix
        return sorted(
            path
            for path in self._path.parent.iterdir()
            if path.name.startswith(prefix) and path.name.endswith(suffix) and _is_stamp(path.name[len(prefix) :])
        )


def _open(path: Path, *, append: bool) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | (0 if append else os.O_TRUNC), _MODE)


def _is_stamp(rest: str) -> bool:
    """Return whether a name goes on as those of backups do: nothing else in the directory is ever removed."""
    try:
        datetime.strptime(rest[:26], "%Y-%m-%dT%H-%M-%S.%f")  # noqa: DTZ007 - only its form is of interest
    except ValueError:
        return False
    return True
