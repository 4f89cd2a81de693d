"""Whether the files that are open are still those under their names, and what to do where somebody took them away.

Linux lets a file be used after it was removed, as if nothing had happened; what is written to it goes with the process.
"""

import contextlib
from pathlib import Path
from typing import Final

import apsw

from otel_discord.extensions.file_storage.directory import sync_directory
from otel_discord.extensions.file_storage.opening import create_file
from otel_discord.extensions.file_storage.write_ahead_log import WriteAheadLog

_ANEW_SUFFIX: Final = "-anew"
_PAGES_A_STEP: Final = 4096


class FilesTakenError(Exception):
    """The open files are not under their names any more, and they cannot be written there anew by themselves."""


class Presence:
    """Knows the files of one open database by their numbers on the volume, not by their names alone."""

    def __init__(self, database: Path) -> None:
        self._database = database
        self._log = database.with_name(database.name + "-wal")
        self._known: dict[Path, tuple[int, int]] = {}
        self._volume: int | None = None

    def note(self) -> None:
        """Remember what is there now, right after opening. What cannot be looked at is not watched."""
        self._known = {path: number for path in (self._database, self._log) if (number := _number(path)) is not None}
        directory = _number(self._database.parent)
        self._volume = directory[0] if directory else None

    def missing(self) -> str:
        """Return what happened to the files, for a person; "" where they are where they should be."""
        for path, known in self._known.items():
            number = _number(path)
            if number is None:
                return f"{path} was removed while it was in use"
            if number != known:
                return f"{path} was replaced while it was in use"
        return ""

    def write_anew(self, connection: apsw.Connection, log: WriteAheadLog) -> None:
        """Give the files back their names: what the database holds is written to where it was removed.

        The connection is to be closed after it, and the file opened again.

        Raises:
            FilesTakenError: the directory is gone or on another volume now, or another database lies there.
            OSError: the new file cannot be written.
            apsw.Error: the old one cannot be read, or there is no room.
        """
        directory = _number(self._database.parent)
        if directory is None or directory[0] != self._volume:
            raise FilesTakenError(f"{self._database.parent} was removed or is another volume now")
        found = _number(self._database)
        if found not in (None, self._known.get(self._database)):
            raise FilesTakenError(f"another database lies at {self._database}")
        # First of all: a log that stayed behind must not be applied to the new file.
        if not log.checkpoint(truncate=True):
            raise FilesTakenError(f"the write-ahead log of {self._database} cannot be emptied")
        if found is None:
            self._copy(connection)

    def _copy(self, connection: apsw.Connection) -> None:
        unfinished = self._database.with_name(self._database.name + _ANEW_SUFFIX)
        with contextlib.suppress(FileNotFoundError):
            unfinished.unlink()
        try:
            create_file(unfinished)
            with contextlib.closing(apsw.Connection(str(unfinished), flags=apsw.SQLITE_OPEN_READWRITE)) as copy:
                copy.pragma("synchronous", "FULL")
                with copy.backup("main", connection, "main") as backup:
                    while not backup.done:
                        backup.step(_PAGES_A_STEP)
            unfinished.rename(self._database)
        except BaseException:
            with contextlib.suppress(OSError):
                unfinished.unlink()
            raise
        sync_directory(self._database.parent)


def _number(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
