"""A VFS of SQLite over the real one: counts writes and syncs, and fails, delays or refuses them when told to."""

import errno
import os
import time
from collections.abc import Callable
from itertools import count
from typing import Any

import apsw

Fault = Callable[[], None]


def full() -> None:
    raise apsw.FullError("injected: disk is full")


def io_error() -> None:
    raise apsw.IOError("injected: input/output error")


def read_only() -> None:
    raise apsw.ReadOnlyError("injected: read-only file system")


def corrupt() -> None:
    raise apsw.CorruptError("injected: malformed")


def slow(duration_s: float) -> Fault:
    return lambda: time.sleep(duration_s)


class FaultyDisk(apsw.VFS):
    """``on_write`` and ``on_sync`` are called before the real thing, for files whose name ends with ``only``."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.on_write: Fault | None = None
        self.on_sync: Fault | None = None
        self.on_open: Fault | None = None
        self.on_read: Fault | None = None
        self.only = ""
        self.writes = 0
        self.syncs = 0
        self.log: list[tuple[str, str, int]] = []
        """What was done, for a look at the order: (``write``, ``sync`` or ``open``; suffix; handle)."""
        super().__init__(name, "")

    def excepthook(self, *_: Any) -> None:
        """Faults are meant; SQLite gets them as results."""

    def xOpen(self, name: Any, flags: list[int]) -> "FaultyFile":  # noqa: N802
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        if self.on_open and path and str(path).endswith(self.only):
            self.on_open()
        return FaultyFile(self, name, str(path), flags)


_HANDLES = count(1)


class FaultyFile(apsw.VFSFile):
    def __init__(self, disk: FaultyDisk, name: Any, path: str, flags: list[int]) -> None:
        self._disk = disk
        self._path = path
        self._suffix = "-wal" if path.endswith("-wal") else ""
        super().__init__("", name, flags)
        self._handle = next(_HANDLES)
        disk.log.append(("open", self._suffix, self._handle))

    def excepthook(self, *_: Any) -> None:
        """As above."""

    def _meet(self, fault: Fault | None) -> None:
        if fault is not None and self._path.endswith(self._disk.only):
            fault()

    def xRead(self, amount: int, offset: int) -> bytes:  # noqa: N802
        self._meet(self._disk.on_read)
        return super().xRead(amount, offset)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        self._disk.writes += 1
        self._meet(self._disk.on_write)
        super().xWrite(data, offset)

    def xSync(self, flags: int) -> None:  # noqa: N802
        self._disk.syncs += 1
        self._disk.log.append(("sync", self._suffix, self._handle))
        self._meet(self._disk.on_sync)
        super().xSync(flags)


def no_space() -> OSError:
    return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
