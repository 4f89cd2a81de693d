"""Works handed to a database so that the books stay right: a caller may go away, a disk may fail for a while."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from otel_discord.component.errors import RetryableError, ShutdownError
from otel_discord.store.work import Database, Work

T = TypeVar("T")

_FIRST_PAUSE_S: Final = 0.05
_LONGEST_PAUSE_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class _Stored(Generic[T]):
    result: T


class Transactions:
    """Runs the works of one queue.

    What is booked when a work has been stored is booked also where its caller was cancelled meanwhile: every writing
    work runs in a task of its own, which :meth:`finish` waits for.

    ``is_one_of_many``: a process has many such queues on one server, of which somebody else says how it fares.
    """

    def __init__(self, database: Database, logger: logging.Logger, *, is_one_of_many: bool = False) -> None:
        self._database = database
        self._logger = logger
        self._levels = (logging.DEBUG, logging.DEBUG) if is_one_of_many else (logging.WARNING, logging.INFO)
        self._running: set[asyncio.Task[Any]] = set()
        self._failing = False

    async def read(self, work: Work[T]) -> T:
        """Read, again and again while the database fails.

        Raises:
            ShutdownError: the database is closed.
        """
        return await self._until_it_works(work, lambda: self._database.run(work))

    async def write(self, work: Work[T], book: Callable[[T], None], unbook: Callable[[], None]) -> T:
        """Write once. ``book`` is called when it is stored, ``unbook`` when it is not, whoever still waits for it.

        Raises:
            RetryableError: it is not stored.
            ShutdownError: the database is closed.
        """
        attempt = asyncio.ensure_future(self._attempt(work, book, unbook))
        self._running.add(attempt)
        attempt.add_done_callback(self._running.discard)
        outcome = await asyncio.shield(attempt)
        if isinstance(outcome, _Stored):
            return outcome.result
        raise outcome

    async def insist(self, work: Work[T], book: Callable[[T], None]) -> T:
        """Write, again and again while the database fails: what has happened is stored later rather than never.

        Cancelled, it tries no more.

        Raises:
            ShutdownError: the database is closed; it is not stored.
        """
        return await self._until_it_works(work, lambda: self.write(work, book, unbook_nothing))

    async def _until_it_works(self, work: Work[T], attempt: Callable[[], Awaitable[T]]) -> T:
        pause_s = _FIRST_PAUSE_S
        while True:
            try:
                result = await attempt()
            except ShutdownError:
                raise
            except RetryableError as error:
                self._fails(work, error)
            else:
                self._works()
                return result
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)

    async def finish(self, timeout_s: float) -> None:
        """Wait for the works whose callers went away."""
        if self._running:
            await asyncio.wait(self._running, timeout=timeout_s)

    async def _attempt(
        self, work: Work[T], book: Callable[[T], None], unbook: Callable[[], None]
    ) -> _Stored[T] | Exception:
        """Return an error rather than raise it: there may be nobody left to hear it."""
        try:
            result = await self._database.run(work)
        except Exception as error:  # noqa: BLE001 - handed to the caller as it is
            unbook()
            return error
        book(result)
        return _Stored(result)

    def _fails(self, work: Work[T], error: RetryableError) -> None:
        if not self._failing:
            self._failing = True
            self._logger.log(
                self._levels[0],
                "the stored queue cannot be used now and is tried again until it can: %s",
                error,
                extra={"work": work.name, "reason": error.reason},
            )

    def _works(self) -> None:
        if self._failing:
            self._failing = False
            self._logger.log(self._levels[1], "the stored queue can be used again")


def book_nothing(_result: object) -> None:
    """Nothing in memory changes with it."""


def unbook_nothing() -> None:
    """Nothing was counted before."""
