"""What an error of PostgreSQL means for the work, and for the connection. The one place where they are told apart."""

from dataclasses import dataclass
from enum import Enum
from typing import Final

import psycopg

from otel_discord.component.errors import ComponentError, PermanentError, RetryableError

RETRY_AFTER_S: Final = 1.0
NO_RIGHT: Final = "42501"
GRANTS: Final = (
    "the role needs USAGE on the schema, SELECT, INSERT, UPDATE and DELETE on its tables, and USAGE and SELECT on its "
    "sequences, and to make the schema once CREATE on the database (docs/reference/db-storage.md)"
)
AWAY: Final = "the storage is away"


class Failure(Enum):
    """What went wrong; the value is the reason that a caller hears."""

    AWAY = "storage_away"
    """No connection, or it broke: another one may do."""
    CROWDED = "too_many_connections"
    """The server has no connection left for us."""
    FULL = "disk_full"
    """The server has no room."""
    READ_ONLY = "storage_read_only"
    """The server takes no writes, as a standby does: a new connection may find the one that does."""
    BUSY = "storage_busy"
    """Somebody else was in the way: a lock, a deadlock, a statement that took too long."""
    FAILED = "storage_failed"
    """The server failed, or has something damaged."""
    UNPREPARED = "storage_unprepared"
    """A prepared statement is not there: somebody between us and the server swaps connections."""
    WORK = "storage_refused"
    """The statement itself cannot be run: it would fail again."""


_BY_CODE: Final = {
    "53100": Failure.FULL,
    "53300": Failure.CROWDED,
    "25006": Failure.READ_ONLY,
    "25P03": Failure.AWAY,  # idle in a transaction for too long: the process was paused
    "26000": Failure.UNPREPARED,
    "42P05": Failure.UNPREPARED,
    NO_RIGHT: Failure.FAILED,  # a right that was taken away and may come back
    "3D000": Failure.FAILED,
    "55P03": Failure.BUSY,
    "57014": Failure.BUSY,
}
_BY_CLASS: Final = {
    "08": Failure.AWAY,
    "28": Failure.FAILED,
    "40": Failure.BUSY,
    "53": Failure.FAILED,
    "55": Failure.BUSY,
    "57": Failure.AWAY,
    "58": Failure.FAILED,
    "XX": Failure.FAILED,
}


_REFUSALS: Final = (
    "authentication failed",
    "no password supplied",
    "does not exist",
    "no pg_hba.conf entry",
    "not permitted to log in",
    "certificate",
    "does not support SSL",
    "root.crt",
    "invalid connection option",
    "invalid sslmode",
)
"""What a server says, or the driver of it, that waiting alone does not mend."""


def failure_of(error: Exception) -> Failure:
    """Return what an error of the driver means."""
    if not isinstance(error, psycopg.Error):
        return Failure.WORK
    code = error.sqlstate or ""
    known = _BY_CODE.get(code) or _BY_CLASS.get(code[:2])
    if known is not None:
        return known
    if code:
        return Failure.WORK
    if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
        return _without_code(str(error))
    return Failure.WORK


def _without_code(words: str) -> Failure:
    """Before a connection is made the server's code does not come along, only its words."""
    if "too many clients" in words or "too many connections" in words or "remaining connection slots" in words:
        return Failure.CROWDED
    if any(each in words for each in _REFUSALS):
        return Failure.FAILED
    return Failure.AWAY


@dataclass(frozen=True, slots=True)
class Words:
    """How errors are told to people: in one line, without what is secret; of a missing right, those that are needed."""

    secrets: tuple[str, ...] = ()

    def of(self, error: BaseException) -> str:
        """Return an error's words, and its code where it has one."""
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        text = "; ".join(lines[:2]) or type(error).__name__
        for secret in self.secrets:
            text = text.replace(secret, "…")
        code = getattr(error, "sqlstate", None)
        told = f"{text} ({code})" if code else text
        return f"{told}; {GRANTS}" if code == NO_RIGHT else told


_OUTSIDE: Final = {
    Failure.AWAY: AWAY,
    Failure.CROWDED: AWAY,
    Failure.READ_ONLY: AWAY,
    Failure.FULL: "the storage has no room",
    Failure.BUSY: "the storage is busy",
}
"""What clients of ours read of it: nothing of the server's address or words, which the log has."""


def component_error(failure: Failure, why: str, work_name: str) -> ComponentError:
    """Return what the caller of a work hears."""
    outside = _OUTSIDE.get(failure, "the storage failed")
    if failure is Failure.WORK:
        return PermanentError(f"storage cannot run {work_name}: {why}", reason=failure.value)
    words = outside if outside in (AWAY, _OUTSIDE[Failure.FULL]) else "storage failed"
    return RetryableError(f"{words}: {why}", retry_after_s=RETRY_AFTER_S, reason=failure.value, outside=outside)
