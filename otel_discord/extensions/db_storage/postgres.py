"""The database of one owner: its works go in their order, several that wait in one transaction with one commit.

Each owner (a queue, a table) has one, with a lease of its own and a task; connections are shared. What a transaction
is, and how it can fail, is in ``transactor``; here is what to do then.
"""

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, TypeVar

from otel_discord.component.errors import ShutdownError
from otel_discord.component.instruments import StorageInstruments
from otel_discord.extensions.db_storage import leases
from otel_discord.extensions.db_storage.boot_clock import boot_clock_s
from otel_discord.extensions.db_storage.condition import OK, Condition, State
from otel_discord.extensions.db_storage.connections import Connections
from otel_discord.extensions.db_storage.failures import Failure, component_error
from otel_discord.extensions.db_storage.group import StepsFailedError
from otel_discord.extensions.db_storage.leases import Lease
from otel_discord.extensions.db_storage.taking import Ownership, end_silent_transactions, take_lease
from otel_discord.extensions.db_storage.telling import say_change
from otel_discord.extensions.db_storage.transactor import FailedError, InDoubtError, LateError, Transactor
from otel_discord.store.jobs import Ending, Job, hand_back
from otel_discord.store.work import Access, Work

T = TypeVar("T")

MOST_WORKS: Final = 256
"""In one transaction."""
CLOSING_S: Final = 10.0
"""How long closing waits for a server that does not answer."""
_ATTEMPTS: Final = 4
_PROBE_S: Final = 1.0
_FIRST_PAUSE_S: Final = 0.05
_LONGEST_PAUSE_S: Final = 1.0
_AT_ONCE: Final = frozenset({Failure.AWAY, Failure.BUSY, Failure.UNPREPARED, Failure.READ_ONLY})
_STATES: Final = {Failure.FULL: State.FULL, Failure.BUSY: State.OK, Failure.WORK: State.OK}


class PostgresDatabase:
    """A :class:`~otel_discord.store.work.Database` in PostgreSQL.

    ``on_condition`` is called whenever it fails, has no room, is lost to another process, or is well again.
    """

    def __init__(
        self,
        transactor: Transactor,
        connections: Connections,
        ownership: Ownership,
        *,
        logger: logging.Logger,
        instruments: StorageInstruments,
        on_condition: Callable[[Condition], None] = lambda _: None,
    ) -> None:
        self._transactor = transactor
        self._connections = connections
        self._ownership = ownership
        self._logger = logger
        self._instruments = instruments
        self._on_condition = on_condition
        self._waiting: deque[Job] = deque()
        self._in_hand: Sequence[Job] = ()
        self._arrived = asyncio.Event()
        self._closed = True
        self._lease: Lease | None = None
        self._number = 0
        self._renew_at_s = 0.0
        self._certain_until_s = 0.0
        self.condition = OK
        """How it fares."""

    async def run(self, work: Work[T]) -> T:
        """Run a transaction; see :meth:`~otel_discord.store.work.Database.run`.

        Raises:
            RetryableError: the server has no room, is away or fails.
            PermanentError: it cannot run the work's statements.
            ShutdownError: the database is closed, or another process has taken the work over (reason ``late``).
        """
        self.refuse_if_it_must(work.name, work.access)
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append(Job(work, future))
        self._arrived.set()
        return await future

    def refuse_if_it_must(self, work_name: str, access: Access) -> None:
        """Raise what :meth:`run` would raise at once."""
        if self.condition.state is State.LOST:
            raise self._late()
        if self.condition.state is State.ENDED:
            raise component_error(Failure.FAILED, self.condition.why, work_name)
        if self._closed:
            raise ShutdownError("storage is closed")
        if access is Access.ACCEPT and self.condition.state is not State.OK:
            failure = Failure.FULL if self.condition.state is State.FULL else Failure.AWAY
            self._instruments.refused(failure.value)
            raise component_error(failure, self.condition.why, work_name)

    @property
    def certain_s(self) -> float:
        """For how long the lease is certainly this process's still; 0 or less where that is not certain."""
        if self._closed or self.condition.state in (State.LOST, State.ENDED):
            return 0.0
        return self._certain_until_s - boot_clock_s()

    def probe(self) -> None:
        """Say that the server seems to be back: it is tried at once."""
        if self.condition.state is State.AWAY:
            self._renew_at_s = 0.0
            self._arrived.set()

    # ----------------------------------------------------------------------------------------------------- life

    @asynccontextmanager
    async def opened(self, taken: tuple[Lease, float] | None = None) -> AsyncIterator[None]:
        """Hold the lease while the block runs; another process's is waited for as long as one lasts.

        ``taken``: it is held already, asked for at that time of the clock that runs on (``boot_clock_s``).

        Raises:
            StartError: another process holds it and lives, or the server fails.
        """
        self._lease, asked_s = taken or await take_lease(self._transactor, self._ownership, self._logger)
        self._said_alive(asked_s)
        self._closed = False
        serving = asyncio.create_task(self._live(), name=f"db_storage {self._ownership.name}")
        try:
            yield
        finally:
            self._closed = True
            self._arrived.set()
            await asyncio.wait({serving}, timeout=CLOSING_S)
            if not serving.done():
                self._logger.error("the database does not answer; what was not stored is not", extra=self._extra)
                serving.cancel()
                await asyncio.wait({serving})
            self._end([*self._in_hand, *self._waiting], ShutdownError("storage is closed"))
            self._in_hand = ()
            self._waiting.clear()
            with contextlib.suppress(FailedError, LateError):
                await self._transactor.run(leases.release(self._lease))

    # -------------------------------------------------------------------------------------------------- serving

    async def _live(self) -> None:
        try:
            await self._serve_until_closed()
        except Exception as error:
            self._logger.exception("a queue's task has ended", extra=self._extra)
            self._change(Condition(State.ENDED, f"its task has ended: {type(error).__name__}"))
            failed = component_error(Failure.FAILED, self.condition.why, "it")
            self._end([*self._in_hand, *self._waiting], failed)

    async def _serve_until_closed(self) -> None:
        while self.condition.state is not State.LOST:
            if asyncio.get_running_loop().time() >= self._renew_at_s:
                await self._renew()
            elif self._waiting:
                await self._serve([self._waiting.popleft() for _ in range(min(len(self._waiting), MOST_WORKS))])
            elif self._closed:
                return
            else:
                await self._wait()

    async def _wait(self) -> None:
        """Wait for a work, or for the next word that this process lives."""
        self._arrived.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout_at(self._renew_at_s):
                await self._arrived.wait()

    async def _serve(self, jobs: list[Job]) -> None:
        self._in_hand = jobs
        try:
            await self._commit(jobs)
        except LateError:
            await self._lose()
            self._end(self._in_hand, self._late())
            self._end(self._waiting, self._late())
            self._waiting.clear()
        self._in_hand = ()

    async def _commit(self, jobs: list[Job]) -> None:
        """Run works in one transaction, where that fails because of one of them each in one of its own."""
        pause_s = _FIRST_PAUSE_S
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                endings = await self._transact(jobs)
            except StepsFailedError as error:
                if len(jobs) == 1:
                    cause = error.__cause__
                    self._end(jobs, cause if isinstance(cause, Exception) else error)
                    return
                break
            except FailedError as error:
                if error.failure is Failure.UNPREPARED and self._connections.stop_preparing():
                    self._logger.info("somebody between here and the server swaps connections: nothing is prepared")
                if error.had_connection and error.failure is not Failure.BUSY:
                    await self._connections.drop_idle()
                await self._end_silent_transactions(error)
                if error.failure in _AT_ONCE and error.had_connection and attempt < _ATTEMPTS:
                    await asyncio.sleep(pause_s if attempt > 1 else 0)
                    pause_s *= 2
                    continue
                if error.failure is Failure.WORK and len(jobs) > 1:
                    break
                self._fail(jobs, error)
                return
            self._stored(jobs, endings)
            return
        for index, job in enumerate(jobs):
            await self._commit([job])
            self._in_hand = jobs[index + 1 :]

    async def _transact(self, jobs: Sequence[Job]) -> list[Ending]:
        """Run works in one transaction and return the endings of the first of them; a lost answer is asked for."""
        begun_s = time.perf_counter()
        if any(job.work.access is not Access.READ for job in jobs):
            self._number += 1
        try:
            group = await self._transactor.transact(jobs, self._lease, self._number)
        except InDoubtError as error:
            if not await self._resolve(error.why):
                raise FailedError(Failure.AWAY, error.why) from None
            group = error.group
        self._instruments.committed(time.perf_counter() - begun_s, len(group.endings))
        return group.endings

    async def _resolve(self, why: str) -> bool:
        """Find out whether the last commit was stored. Nothing else is done before, however long it takes."""
        assert self._lease is not None  # noqa: S101 - held while works are served
        work, pause_s = leases.was_stored(self._lease, self._number), _FIRST_PAUSE_S
        await self._connections.drop_idle()
        while True:
            try:
                stored = await self._transactor.run(work)
            except FailedError as error:
                self._change(Condition(State.AWAY, error.why or why))
                self._refuse_what_waits(error)
                await self._end_silent_transactions(error)
            else:
                if stored is None:
                    raise LateError
                return stored
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)

    async def _end_silent_transactions(self, error: FailedError) -> None:
        await end_silent_transactions(self._transactor, self._ownership, error, self._logger)

    def _stored(self, jobs: Sequence[Job], endings: Sequence[Ending]) -> None:
        self._change(OK)
        self._waiting.extendleft(reversed(jobs[len(endings) :]))
        hand_back(endings)

    def _fail(self, jobs: Sequence[Job], error: FailedError) -> None:
        state = _STATES.get(error.failure, State.AWAY)
        if state is not State.OK:
            self._change(Condition(state, error.why))
        for job in jobs:
            known = component_error(error.failure, error.why, job.work.name)
            self._instruments.refused(known.reason)
            self._end([job], known)

    def _refuse_what_waits(self, error: FailedError) -> None:
        """Let who brings new work hear that nothing can be stored now, rather than wait for the server."""
        self._fail([job for job in self._waiting if job.work.access is Access.ACCEPT], error)
        self._waiting = deque(job for job in self._waiting if not job.future.done())

    @staticmethod
    def _end(jobs: Sequence[Job] | deque[Job], error: Exception) -> None:
        hand_back(Ending(job, error=error) for job in jobs)

    # ---------------------------------------------------------------------------------------------- the lease

    async def _renew(self) -> None:
        """Say that this process lives, and see whether the server does."""
        assert self._lease is not None  # noqa: S101 - held while works are served
        asked_s = boot_clock_s()
        try:
            still = await self._transactor.run(leases.renew(self._lease, self._ownership.lease_s, self._number))
        except FailedError as error:
            if error.had_connection:
                await self._connections.drop_idle()
            self._change(Condition(_STATES.get(error.failure, State.AWAY), error.why))
            self._renew_at_s = asyncio.get_running_loop().time() + _PROBE_S
            self._refuse_what_waits(error)
            return
        if not still:
            await self._lose()
            self._end(self._waiting, self._late())
            self._waiting.clear()
            return
        self._said_alive(asked_s)
        self._change(OK)

    def _said_alive(self, asked_s: float) -> None:
        self._certain_until_s = asked_s + self._ownership.lease_s
        self._renew_at_s = asyncio.get_running_loop().time() + self._ownership.lease_s / 3

    async def _lose(self) -> None:
        holder = "another process"
        with contextlib.suppress(FailedError):
            found = await self._transactor.run(leases.find_holder(self._ownership.name))
            holder = found.holder if found is not None else holder
        self._instruments.refused("late")
        self._change(
            Condition(
                State.LOST,
                f"{self._ownership.name} was taken over by {holder} while this process gave no sign of life"
                + ("" if self._ownership.is_one_of_many else "; start it again where it is to work on it"),
            )
        )

    def _late(self) -> ShutdownError:
        return ShutdownError(self.condition.why, reason="late")

    # ------------------------------------------------------------------------------------------------- telling

    @property
    def _extra(self) -> dict[str, Any]:
        return {"owner": self._ownership.name}

    def _change(self, condition: Condition) -> None:
        if condition.state is self.condition.state:
            return
        before, self.condition = self.condition, condition
        say_change(before, condition, self._logger, self._extra, is_one_of_many=self._ownership.is_one_of_many)
        if condition.state in (State.FULL, State.AWAY):
            at_s = asyncio.get_running_loop().time() + _PROBE_S
            self._renew_at_s = min(self._renew_at_s, at_s)
        self._on_condition(condition)
