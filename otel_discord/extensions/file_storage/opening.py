"""Opens the database file: looks before it touches, makes what is missing, brings the schema up to date.

Everything that can be wrong with a file is met here, also when it is opened again after a failure.
"""

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import apsw

from otel_discord.component.errors import StartError
from otel_discord.component.failpoint import reach
from otel_discord.extensions.file_storage.database_file import APPLICATION_ID
from otel_discord.extensions.file_storage.directory import sync_directory
from otel_discord.extensions.file_storage.failures import Failure, describe, failure_of
from otel_discord.extensions.file_storage.options import DatabaseOptions
from otel_discord.extensions.file_storage.repair import RepairReport, quarantine_and_salvage, repair_if_damaged
from otel_discord.extensions.file_storage.transaction import roll_back, run_steps
from otel_discord.extensions.file_storage.write_ahead_log import WriteAheadLog
from otel_discord.store.dialect import SQLITE
from otel_discord.store.migration import DamagedSchemaError, migrate
from otel_discord.store.rows import is_sound_number
from otel_discord.store.schema import META, SCHEMA_VERSION, VERSION_KEY

_PAGE_SIZE: Final = 8192
_CACHE_KIB: Final = 8192
_MOST_LOG_FILE_BYTES: Final = 16 * 1024 * 1024
_MAGIC: Final = b"SQLite format 3\0"
_HEADER_BYTES: Final = 100
_OURS: Final = frozenset({"batches", "cards", "letters", "meta"})


class DamagedFileError(Exception):
    """The file cannot be used as it is; it is to be set aside and its rows are to be saved."""


@dataclass(frozen=True, slots=True)
class OpenDatabase:
    """A connection that is ready for works, and the log behind it."""

    connection: apsw.Connection
    log: WriteAheadLog


def create_file(path: Path) -> bool:
    """Make an empty file, readable for its owner only, unless there is one; return whether it was made.

    Raises:
        OSError: it cannot be made.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except FileExistsError:
        return False
    try:
        os.fchmod(descriptor, 0o600)  # whatever the umask says; SQLite gives its other files the same
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    sync_directory(path.parent)
    return True


def refuse_newer(path: Path) -> None:
    """Look at the header alone, before anything touches the file.

    Raises:
        StartError: it belongs to a newer version of this program.
    """
    try:
        with path.open("rb") as file:
            header = file.read(_HEADER_BYTES)
    except OSError:
        return  # opening it will say more
    if len(header) == _HEADER_BYTES and header.startswith(_MAGIC):
        _check_version(int.from_bytes(header[60:64], "big"))


def open_database(options: DatabaseOptions) -> OpenDatabase:
    """Open the file, which must be there (maybe empty), and bring it to today's schema.

    Raises:
        StartError: it is not ours, or from a newer version; it is not touched then.
        DamagedFileError: it is damaged.
        apsw.Error: the disk is full or fails, or another program holds the file.
    """
    log = options.path.with_name(options.path.name + "-wal")
    had_log = log.exists()
    connection = apsw.Connection(str(options.path), flags=apsw.SQLITE_OPEN_READWRITE, vfs=options.vfs or None)
    try:
        try:
            # What a handle has seen fail it must not sync again, and a file that is refused stays as it is.
            connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
            connection.pragma("locking_mode", "EXCLUSIVE")  # before the first read: no -shm file, nobody else
            _check_owner(connection)
            return _prepare(connection, options)
        except apsw.Error as error:
            if failure_of(error, connection.system_errno) is Failure.DAMAGED:
                raise DamagedFileError(describe(error)) from error
            raise
        except DamagedSchemaError as error:
            raise DamagedFileError(str(error)) from error
    except BaseException:
        connection.close(True)
        if not had_log and log.exists() and not log.stat().st_size:
            log.unlink()  # SQLite makes one to look into it
        raise


def open_sound_database(
    options: DatabaseOptions, logger: logging.Logger, damaged: Callable[[int], None]
) -> OpenDatabase:
    """Open the file; where it is damaged, set it aside, save its rows into a new one and open that.

    Raises:
        StartError: it is not ours, or from a newer version; it is not touched then.
        DamagedFileError: the new file is damaged too.
        apsw.Error: the disk is full or fails, or another program holds the file.
    """
    _tell(repair_if_damaged(options.path, now=timestamp()), logger, damaged)
    try:
        return open_database(options)
    except DamagedFileError as error:
        set_aside(options, str(error), logger, damaged)
        return open_database(options)


def set_aside(options: DatabaseOptions, why: str, logger: logging.Logger, damaged: Callable[[int], None]) -> None:
    """Set a damaged file aside under a dated name, and put a new one with its sound rows in its place.

    Raises:
        OSError: the files cannot be read or renamed, or there is no room.
        apsw.Error: the new file cannot be written.
    """
    logger.error("the stored queue is damaged", extra={"why": why, "file": str(options.path)})
    _tell(quarantine_and_salvage(options.path, now=timestamp()), logger, damaged)


def _tell(report: RepairReport | None, logger: logging.Logger, damaged: Callable[[int], None]) -> None:
    if report is None:
        return
    damaged(report.rows_lost)
    for line in report.log_lines():
        logger.error(line)


def _prepare(connection: apsw.Connection, options: DatabaseOptions) -> OpenDatabase:
    if not connection.pragma("page_count"):
        connection.pragma("page_size", _PAGE_SIZE)
        connection.pragma("auto_vacuum", "INCREMENTAL")
    mode = connection.pragma("journal_mode", "WAL")
    if mode != "wal":
        raise StartError(f"directory: {options.path.parent} cannot hold a write-ahead log (SQLite chose {mode})")
    connection.pragma("synchronous", "FULL" if options.fsync else "NORMAL")
    for name in ("fullfsync", "checkpoint_fullfsync"):  # macOS; elsewhere they do nothing
        connection.pragma(name, options.fsync)
    connection.pragma("cache_size", -_CACHE_KIB)
    connection.pragma("temp_store", "MEMORY")
    connection.pragma("mmap_size", 0)  # an I/O error is to be an error, not a signal
    connection.pragma("cell_size_check", True)
    connection.pragma("trusted_schema", False)
    connection.pragma("journal_size_limit", _MOST_LOG_FILE_BYTES)
    connection.wal_autocheckpoint(0)
    log = WriteAheadLog(connection, options.path, connection.pragma("page_size"))
    _bring_up_to_date(connection)
    log.confirm()
    return OpenDatabase(connection, log)


def _bring_up_to_date(connection: apsw.Connection) -> None:
    work = migrate(SQLITE)
    connection.execute("BEGIN IMMEDIATE")
    try:
        found, _ = run_steps(connection, work)
        if found != SCHEMA_VERSION or connection.pragma("user_version") != SCHEMA_VERSION:
            connection.pragma("user_version", SCHEMA_VERSION)
        if connection.pragma("application_id") != APPLICATION_ID:
            connection.pragma("application_id", APPLICATION_ID)
        reach(f"{work.name}.before_commit")
        connection.execute("COMMIT")
        reach(f"{work.name}.after_commit")
    except BaseException:
        roll_back(connection)
        raise


def _check_owner(connection: apsw.Connection) -> None:
    _check_version(connection.pragma("user_version"))
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    if META.name in tables:
        for key, value, mirror in connection.execute(
            "SELECT key, value, mirror FROM meta WHERE key = ?", (VERSION_KEY,)
        ):
            if is_sound_number((key, value, mirror)):
                _check_version(value)
    if tables and not tables & _OURS and connection.pragma("application_id") != APPLICATION_ID:
        raise StartError(f"directory: {connection.filename} is a database of another program; name another directory")


def _check_version(version: int) -> None:
    if version > SCHEMA_VERSION:
        raise StartError(
            f"directory: the database there is from a newer version of otel-discord (schema {version}, this one knows "
            f"{SCHEMA_VERSION}); start that version, or name another directory. The files were not touched."
        )


def timestamp() -> datetime:
    """Return the wall time, for names of files and messages."""
    return datetime.now(UTC)
