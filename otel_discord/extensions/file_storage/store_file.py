"""The database file over its life in one process: opened, given up when the disk fails, opened again, closed.

Belongs to the storage's thread and knows nothing of those who wait.
"""

import contextlib
import logging
import os
from collections.abc import Callable
from typing import Final

import apsw

from otel_discord.component.errors import StartError
from otel_discord.component.failpoint import reach
from otel_discord.extensions.file_storage.failures import Failure, describe, failure_of
from otel_discord.extensions.file_storage.log_tail import forget_tail
from otel_discord.extensions.file_storage.open_mark import OpenMark
from otel_discord.extensions.file_storage.opening import (
    OpenDatabase,
    create_file,
    open_sound_database,
    refuse_newer,
    set_aside,
    timestamp,
)
from otel_discord.extensions.file_storage.options import DatabaseOptions
from otel_discord.extensions.file_storage.write_ahead_log import WriteAheadLog

_FIRST_BACKOFF_S: Final = 0.1
_LONGEST_BACKOFF_S: Final = 5.0


class StoreFile:
    """One database file. ``give_room`` is asked for space when opening finds the disk full, and says whether it gave
    any; ``damaged`` hears how many rows were lost, whenever a file was set aside."""

    def __init__(
        self,
        options: DatabaseOptions,
        logger: logging.Logger,
        *,
        give_room: Callable[[], bool],
        damaged: Callable[[int], None],
    ) -> None:
        self._options = options
        self._logger = logger
        self._give_room = give_room
        self._damaged = damaged
        self._mark = OpenMark(options.path)
        self._open: OpenDatabase | None = None
        self._doubtful: WriteAheadLog | None = None
        self._damage = ""
        self._backoff_s = 0.0
        self._retry_at_s = 0.0

    # ---------------------------------------------------------------------------------------------------- at start

    def open_first(self) -> None:
        """Open at start: what an earlier run left is recovered, what is damaged is set aside and salvaged.

        Raises:
            StartError: the file cannot be used; the message says why and what to do.
        """
        path = self._options.path
        try:
            if path.exists() and not path.is_file():  # a pipe would keep us waiting
                raise StartError(f"directory: {path} is not a file; remove it, or name another directory")
            refuse_newer(path)
            if not create_file(path):
                if not os.access(path, os.R_OK | os.W_OK):
                    raise StartError(f"directory: {path} is not readable and writable for user {os.geteuid()}")
                self._say_how_it_ended()
            self._connect_or_make_room()
            with contextlib.suppress(OSError):  # on a full disk: the next start then knows less
                self._mark.set(timestamp())
        except OSError as error:
            raise StartError(f"directory: {path.parent} cannot be written: {error.strerror}") from None
        except apsw.BusyError:
            raise StartError(f"directory: {path} is in use by another program; stop it") from None
        except apsw.Error as error:
            raise StartError(f"directory: {path} cannot be used: {describe(error)}") from None

    def _connect_or_make_room(self) -> None:
        try:
            self._connect()
        except apsw.FullError:
            if not self._give_room():
                raise
            self._connect()
        try:
            self.log.checkpoint()
            if self._options.vacuum_at_start:
                self.connection.execute("VACUUM")
                self.log.checkpoint(truncate=True)
            self.prove()  # from now on the log holds something
        except apsw.Error as error:
            if failure_of(error, self.system_errno) is not Failure.FULL:
                raise
            self._logger.warning("the disk is full already", extra={"why": describe(error)})

    def _say_how_it_ended(self) -> None:
        since = self._mark.since()
        if since is None:
            return
        if self._mark.log_is_missing():
            self._logger.error(
                "the last run did not end cleanly, and its write-ahead log is gone: somebody removed it, and what was "
                "accepted last may be lost",
                extra={"run_began": since, "file": str(self._options.path)},
            )
        else:
            self._logger.info("the last run did not end cleanly; it is recovered", extra={"run_began": since})

    def _connect(self) -> None:
        self._open = open_sound_database(self._options, self._logger, self._damaged)

    # -------------------------------------------------------------------------------------------------- in service

    @property
    def is_open(self) -> bool:
        """Whether there is a connection."""
        return self._open is not None

    @property
    def connection(self) -> apsw.Connection:
        """The one connection; only while it is open."""
        return self._opened.connection

    @property
    def log(self) -> WriteAheadLog:
        """The log behind it; only while it is open."""
        return self._opened.log

    @property
    def _opened(self) -> OpenDatabase:
        if self._open is None:
            raise apsw.ConnectionClosedError("the database is closed")
        return self._open

    @property
    def system_errno(self) -> int:
        """The operating system's word about the last error."""
        return self._open.connection.system_errno if self._open else 0

    def prove(self) -> None:
        """Commit a write that changes nothing, as durably as any other.

        Raises:
            apsw.Error: the disk is still full, or fails.
        """
        connection = self.connection
        connection.execute("BEGIN IMMEDIATE")
        connection.pragma("user_version", connection.pragma("user_version"))
        connection.execute("COMMIT")
        self.committed()

    def committed(self) -> bool:
        """Note that a transaction is stored; return whether it wrote anything."""
        wrote = self.log.confirm()
        if wrote:
            self._backoff_s = 0.0
        return wrote

    # ------------------------------------------------------------------------------------------------ after errors

    def abandon(self, now_s: float, *, damage: str = "") -> None:
        """Close a connection that failed, without another word to the disk, and set the time for the next try.

        ``damage`` says that the file is to be set aside first, and why.
        """
        opened, self._open = self._open, None
        if opened is not None:
            self._doubtful = opened.log
            opened.log.close()
            with contextlib.suppress(apsw.Error):
                opened.connection.close(True)
        self._damage = self._damage or damage
        self._retry_at_s = now_s + self._backoff_s
        self._backoff_s = min(max(2 * self._backoff_s, _FIRST_BACKOFF_S), _LONGEST_BACKOFF_S)

    def reopen_if_due(self, now_s: float) -> bool:
        """Open again, unless it is too early; return whether there is a connection now.

        What a failed commit left in the log is cut off before: its caller was told that nothing was stored.

        Raises:
            Exception: it cannot be opened; the next try is later.
        """
        if self._open is not None:
            return True
        if now_s < self._retry_at_s:
            return False
        try:
            self._reopen()
        except Exception:
            self.abandon(now_s)
            raise
        return True

    def _reopen(self) -> None:
        if not self._options.path.exists():
            raise StartError(f"{self._options.path} was removed while it was in use")
        certain = self._doubtful.frames if self._doubtful else None
        if self._doubtful is not None:
            self._doubtful.discard_unconfirmed()
        if self._damage:
            set_aside(self._options, self._damage, self._logger, self._damaged)
            self._damage = ""
            certain = None
        self._connect()
        self._doubtful = None
        self.log.checkpoint()
        found = self.log.found
        if certain is not None and found < certain:
            self._logger.error(
                "commits that were safe are not in the log any more: the disk has lost them",
                extra={"pages_expected": certain, "pages_found": found},
            )
        self.prove()
        self._logger.warning("the database was opened again after a failure", extra={"file": str(self._options.path)})

    def close_cleanly(self) -> None:
        """Close so that nothing is left to recover; where the disk does not allow that, the next start recovers."""
        if self._open is None:
            return
        opened, self._open = self._open, None
        try:
            reach("close.before_checkpoint")
            opened.connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_FULL)
            reach("close.before_mark")
            self._mark.clear()  # before the log is emptied: a mark without a log is an alarm
            reach("close.after_mark")
            opened.connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
            reach("close.after_checkpoint")
            forget_tail(self._options.path)
            opened.connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0)
        except (apsw.Error, OSError) as error:
            self._logger.warning(
                "storage was not closed cleanly; the next start recovers it", extra={"why": describe(error)}
            )
        finally:
            opened.log.close()
            with contextlib.suppress(apsw.Error):
                opened.connection.close(True)
