"""A mark beside the database while it is open: who finds it at start knows that the last run did not end cleanly."""

import contextlib
import os
from datetime import datetime
from pathlib import Path
from typing import Final

from otel_discord.extensions.file_storage.directory import sync_directory
from otel_discord.extensions.file_storage.wal_file import HEADER_BYTES, PAGE_SIZES, page_offset

_SUFFIX: Final = "-open"
_MOST_BYTES: Final = 64


class OpenMark:
    """The mark of one database file. It is set once the write-ahead log holds something, and taken away before that
    log is removed by a clean close, so that *a mark without a log* means that somebody took the log away."""

    def __init__(self, database: Path) -> None:
        self._path = database.with_name(database.name + _SUFFIX)
        self._log = database.with_name(database.name + "-wal")

    def since(self) -> str | None:
        """Return when the run began that did not end cleanly; None where the last one did."""
        try:
            with self._path.open("rb") as file:
                return file.read(_MOST_BYTES).decode("ascii", "replace").strip() or "unknown"
        except FileNotFoundError:
            return None
        except OSError:
            return "unknown"

    def log_is_missing(self) -> bool:
        """Return whether the write-ahead log that an unclean end leaves is not there, or holds not one whole page."""
        try:
            with self._log.open("rb") as log:
                header = log.read(HEADER_BYTES)
                size = log.seek(0, os.SEEK_END)
        except FileNotFoundError:
            return True
        named = int.from_bytes(header[8:12], "big")
        page_size = named if named in PAGE_SIZES else PAGE_SIZES[0]
        return size < page_offset(1, page_size) + page_size

    def set(self, now: datetime) -> None:
        """Note, lastingly, that the database is open.

        Raises:
            OSError: it cannot be written.
        """
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            os.fchmod(descriptor, 0o600)
            os.write(descriptor, f"{now.isoformat(timespec='seconds')}\n".encode("ascii"))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        sync_directory(self._path.parent)

    def clear(self) -> None:
        """Note, lastingly, that nothing is left to recover."""
        with contextlib.suppress(FileNotFoundError):
            self._path.unlink()
            sync_directory(self._path.parent)
