"""One transaction from its begin to its end, and what can become of it told apart. Errors of the driver end here."""

import asyncio
import struct
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import psycopg

from otel_discord.component.failpoint import reach
from otel_discord.extensions.db_storage.connections import Connections, NoConnectionError, within
from otel_discord.extensions.db_storage.conversation import Conversation, NoAnswerError
from otel_discord.extensions.db_storage.failures import Failure, Words, failure_of
from otel_discord.extensions.db_storage.group import Group, StepsFailedError, run_group
from otel_discord.extensions.db_storage.leases import Lease, note_of_commit
from otel_discord.extensions.db_storage.marks import literal, quoted
from otel_discord.store.jobs import Job
from otel_discord.store.work import Access, Query, Work

T = TypeVar("T")

_BAD_VALUES: Final = (ValueError, TypeError, ArithmeticError, struct.error)
"""What the driver says of values that PostgreSQL has no place for, such as text that is not Unicode."""
_PLANNING: Final = {"plan_cache_mode": "force_custom_plan", "enable_seqscan": "off", "jit": "off"}
"""Tables are empty at one moment and have a hundred thousand rows at the next: a plan that was made for an empty one,
and kept, would read all of a full one, or all of an index. For every question there is an index."""
_WHOLE: Final = 3
"""A transaction has so many times as long as a statement."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How long things may take on the server, and in which schema they are."""

    schema: str
    statement_timeout_s: float
    lock_timeout_s: float
    idle_timeout_s: float
    """How long a transaction whose process says nothing may hold its locks: others wait for them."""

    @property
    def transaction_timeout_s(self) -> float:
        """After it who waits gives up."""
        return _WHOLE * self.statement_timeout_s

    def opening(self, *, reads: bool) -> Sequence[Query]:
        """Return how a transaction begins. Nothing of it is left when the transaction has ended.

        ``reads``: it is one that nobody begins or commits (see :class:`Conversation`).
        """
        values = {
            "search_path": quoted(self.schema),
            "statement_timeout": str(int(self.statement_timeout_s * 1000)),
            "lock_timeout": str(int(self.lock_timeout_s * 1000)),
            "idle_in_transaction_session_timeout": str(int(self.idle_timeout_s * 1000)),
            **_PLANNING,
            **({"transaction_read_only": "on"} if reads else {}),
        }
        settings = ", ".join(f"set_config('{name}', {literal(value)}, true)" for name, value in values.items())
        set_all = Query(f"SELECT {settings}")
        return [set_all] if reads else [Query("BEGIN"), set_all]


class LateError(Exception):
    """The lease is somebody else's now; nothing was stored."""


class FailedError(Exception):
    """The transaction is not stored."""

    def __init__(self, failure: Failure, why: str, *, had_connection: bool = True) -> None:
        super().__init__(why)
        self.failure = failure
        self.why = why
        self.had_connection = had_connection


class InDoubtError(Exception):
    """The commit was sent and its answer did not come. ``endings`` are true if it was stored."""

    def __init__(self, group: Group, why: str) -> None:
        super().__init__(why)
        self.group = group
        self.why = why


class Transactor:
    """Runs works on connections, one transaction at a time and caller."""

    def __init__(self, connections: Connections, limits: Limits, words: Words) -> None:
        self._connections = connections
        self._limits = limits
        self._words = words

    async def run(self, work: Work[T]) -> T:
        """Run a work in a transaction of its own, without a lease, and return its result.

        Raises:
            FailedError: it is not stored; or, where the commit's answer was lost, that is not known: for works that may
                be repeated.
        """
        job = Job(work, asyncio.get_running_loop().create_future())
        try:
            group = await self._prepared_or_not(job)
        except InDoubtError as error:
            raise FailedError(Failure.AWAY, error.why) from None
        except StepsFailedError as error:
            raise error.__cause__ or error from None
        ending = group.endings[0]
        if ending.error is not None:
            raise ending.error
        result: T = ending.result
        return result

    async def _prepared_or_not(self, job: Job) -> Group:
        """Run a job; where somebody between here and the server swaps connections, without preparing statements."""
        try:
            return await self.transact([job])
        except FailedError as error:
            if error.failure is not Failure.UNPREPARED:
                raise
        self._connections.stop_preparing()
        await self._connections.drop_idle()
        return await self.transact([job])

    async def transact(self, jobs: Sequence[Job], lease: Lease | None = None, number: int = 0) -> Group:
        """Run works in one transaction, under a lease as its commit of that number.

        Raises:
            FailedError: nothing is stored.
            InDoubtError: it is stored or not.
            LateError: nothing is stored, nor will be.
            StepsFailedError: nothing is stored, because of one of the works.
        """
        try:
            async with self._connections.one() as connection:
                attempt = _Attempt(connection, self._limits, jobs, lease, number)
                try:
                    return await within(connection, self._limits.transaction_timeout_s, attempt.go())
                except (psycopg.Error, OSError, TimeoutError) as error:
                    raise self._translated(error, attempt) from error
                except NoAnswerError:
                    raise LateError from None
                except _BAD_VALUES as error:
                    raise FailedError(Failure.WORK, self._words.of(error)) from error
                finally:
                    await attempt.leave()
        except NoConnectionError as error:
            cause = error.__cause__ or error
            failure = failure_of(cause) if isinstance(cause, psycopg.Error) else Failure.AWAY
            raise FailedError(failure, self._words.of(cause), had_connection=False) from None

    def _translated(self, error: Exception, attempt: "_Attempt") -> FailedError | InDoubtError:
        why = self._words.of(error)
        if attempt.group is not None:
            return InDoubtError(attempt.group, why)
        failure = failure_of(error) if isinstance(error, psycopg.Error) else Failure.AWAY
        if failure is Failure.WORK and attempt.is_broken:
            failure = Failure.AWAY
        return FailedError(failure, why)


class _Attempt:
    """A transaction on its way. ``group`` is set once its commit has been begun."""

    def __init__(
        self,
        connection: psycopg.AsyncConnection[Any],
        limits: Limits,
        jobs: Sequence[Job],
        lease: Lease | None,
        number: int,
    ) -> None:
        self._connection = connection
        self._jobs = jobs
        reads = all(job.work.access is Access.READ for job in jobs)
        opening: list[Query] = [*limits.opening(reads=reads)]
        if lease is not None and not reads:
            opening.append(note_of_commit(lease, number))
        must_answer = lease is not None and not reads
        self._talk = Conversation(connection, opening, must_answer=must_answer, only_reads=reads)
        self._began_s = time.monotonic()
        self.group: Group | None = None

    @property
    def is_broken(self) -> bool:
        return self._connection.closed or self._connection.broken

    async def go(self) -> Group:
        group = await run_group(self._talk, self._jobs)
        if not self._talk.is_to_commit:
            return group
        for ending in group.endings:
            reach(f"{ending.job.work.name}.before_commit")
        self.group = group
        if not await self._talk.commit():
            self.group = None
            raise psycopg.errors.InFailedSqlTransaction("the server rolled the transaction back")
        for ending in group.endings:
            reach(f"{ending.job.work.name}.after_commit")
        return group

    async def leave(self) -> None:
        """Let the connection be used again where it can be."""
        status = self._connection.pgconn.transaction_status
        if status in (psycopg.pq.TransactionStatus.INTRANS, psycopg.pq.TransactionStatus.INERROR):
            try:
                await within(self._connection, 1.0, self._connection.execute("ROLLBACK"))
            except (psycopg.Error, OSError, TimeoutError):
                return  # the connection is not IDLE, so nobody gets it
