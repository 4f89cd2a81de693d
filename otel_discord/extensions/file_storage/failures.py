"""What an error of SQLite means for the work, and for the file. The one place where they are told apart."""

import errno
from enum import Enum
from typing import Final

import apsw

from otel_discord.component.errors import ComponentError, PermanentError, RetryableError

RETRY_AFTER_S: Final = 1.0
_NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class Failure(Enum):
    """What went wrong."""

    FULL = "full"
    """No room: nothing was stored, the file is as it was, ending work may help."""
    STORAGE = "storage"
    """The disk failed: what this handle says from now on is not to be trusted."""
    DAMAGED = "damaged"
    """The file is not what was written."""
    BUSY = "busy"
    """Somebody else holds the file, or memory is short: later, on the same handle."""
    WORK = "work"
    """The statement itself cannot be run: it would fail again."""


def failure_of(error: apsw.Error, system_errno: int = 0) -> Failure:
    """Return what an error means; ``system_errno`` is ``Connection.system_errno()`` right after it."""
    match error:
        case apsw.FullError():
            return Failure.FULL
        case apsw.IOError() | apsw.CantOpenError() if system_errno in _NO_ROOM:
            return Failure.FULL
        case apsw.CorruptError() | apsw.NotADBError() | apsw.FormatError():
            return Failure.DAMAGED
        case apsw.BusyError() | apsw.LockedError() | apsw.NoMemError() | apsw.InterruptError():
            return Failure.BUSY
        case (
            apsw.IOError()
            | apsw.ReadOnlyError()
            | apsw.CantOpenError()
            | apsw.PermissionsError()
            | apsw.NoLFSError()
            | apsw.ProtocolError()
            | apsw.ConnectionClosedError()
        ):
            return Failure.STORAGE
        case _:
            return Failure.WORK


def disk_full(why: str) -> RetryableError:
    """Return what a caller hears when there is no room."""
    return RetryableError(f"storage has no room: {why}", retry_after_s=RETRY_AFTER_S, reason="disk_full")


def storage_failed(why: str) -> RetryableError:
    """Return what a caller hears when the disk does not do what it should."""
    return RetryableError(f"storage failed: {why}", retry_after_s=RETRY_AFTER_S, reason="storage_failed")


def component_error(failure: Failure, error: apsw.Error, work_name: str) -> ComponentError:
    """Return what the caller of a work hears."""
    if failure is Failure.FULL:
        return disk_full(describe(error))
    if failure is Failure.WORK:
        return PermanentError(f"storage cannot run {work_name}: {describe(error)}", reason="storage_refused")
    return storage_failed(describe(error))


def describe(error: BaseException) -> str:
    """Return an error's words with SQLite's own name for it, for a person."""
    if isinstance(error, apsw.Error):
        name = apsw.mapping_extended_result_codes.get(getattr(error, "extendedresult", 0)) or type(error).__name__
        return f"{error} ({name})"
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
