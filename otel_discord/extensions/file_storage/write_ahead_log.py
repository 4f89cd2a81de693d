"""The write-ahead log between commits: how long it is, when it goes into the main file, what of it is certain.

Only this connection checkpoints (https://sqlite.org/wal.html): in small steps of our choosing, after answers went out.
"""

import os
from pathlib import Path
from typing import Final

import apsw

from otel_discord.component.failpoint import reach
from otel_discord.extensions.file_storage.log_tail import LogTail

_HEADER_BYTES: Final = 32
_FRAME_HEADER_BYTES: Final = 24


class WriteAheadLog:
    """Follows the log of one connection. ``frames`` is its length at the last commit that is certain, in pages; None
    until it was looked at."""

    def __init__(self, connection: apsw.Connection, database: Path, page_size: int) -> None:
        self._connection = connection
        self._path = database.with_name(database.name + "-wal")
        self._page_size = page_size
        self._tail = LogTail(database)
        self.frames: int | None = None
        self.found = 0
        """How many pages the last checkpoint found in the log."""
        self._reported: int | None = None
        self._wrote = False
        connection.set_wal_hook(self._after_commit)

    def _after_commit(self, _: apsw.Connection, __: str, frames: int) -> int:
        self._reported, self._wrote = frames, True
        return apsw.SQLITE_OK

    def confirm(self) -> bool:
        """Note that the last commit came back without an error; return whether it wrote anything."""
        wrote, self._wrote = self._wrote, False
        if wrote and self._reported is not None:
            self.frames = self._reported
            self._tail.note(self.frames)
        return wrote

    @property
    def size_bytes(self) -> int:
        """How much of the log is in use."""
        return _size(self.frames or 0, self._page_size)

    def checkpoint(self, *, truncate: bool = False) -> bool:
        """Write the log into the main file; with ``truncate`` also cut it to nothing. Return whether all of it went.

        Raises:
            apsw.Error: the disk is full or fails; what is in the log stays there.
        """
        mode = apsw.SQLITE_CHECKPOINT_TRUNCATE if truncate else apsw.SQLITE_CHECKPOINT_PASSIVE
        reach("checkpoint.before")
        in_log, written = self._connection.wal_checkpoint(mode=mode)
        reach("checkpoint.after")
        self.found = in_log
        # All of it written: the next commit begins at the front, and all before it is in the main file.
        self.frames = self._reported = 0 if in_log == written else in_log
        return in_log == written

    def close(self) -> None:
        """Let go of the files; the connection is closed by its owner."""
        self._tail.close()

    def discard_unconfirmed(self) -> None:
        """Cut off what a failed commit may have left behind the last certain one; the connection is closed.

        After an fsync that failed nobody knows what the disk has: the page cache may show a commit that a power cut
        takes away. Its caller was told that nothing was stored, so that is made true.

        Raises:
            OSError: it cannot be cut.
        """
        if self.frames is not None:
            discard_behind(self._path, self.frames, self._page_size)


def discard_behind(log: Path, frames: int, page_size: int) -> None:
    """Cut a log to its first frames, durably; 0: to nothing. A log that is shorter, or not there, stays as it is."""
    try:
        descriptor = os.open(log, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        size = _size(frames, page_size)
        if os.fstat(descriptor).st_size > size:
            os.ftruncate(descriptor, size)
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _size(frames: int, page_size: int) -> int:
    return _HEADER_BYTES + frames * (_FRAME_HEADER_BYTES + page_size) if frames else 0
