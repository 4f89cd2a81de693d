"""Works that may be repeated, without a lease: tried a few times, their errors in the house's words."""

import asyncio
import contextlib
from typing import Final, TypeVar

from otel_discord.extensions.db_storage.connections import Connections
from otel_discord.extensions.db_storage.failures import Failure, component_error
from otel_discord.extensions.db_storage.transactor import FailedError, Transactor
from otel_discord.store.work import Work

T = TypeVar("T")

_ATTEMPTS: Final = 4
_FIRST_PAUSE_S: Final = 0.05
_AT_ONCE: Final = frozenset({Failure.AWAY, Failure.BUSY, Failure.UNPREPARED, Failure.READ_ONLY})


class Repeating:
    """Runs works whose being stored twice is as good as once."""

    def __init__(self, transactor: Transactor, connections: Connections) -> None:
        self._transactor = transactor
        self._connections = connections

    async def run(self, work: Work[T], *, attempts: int = _ATTEMPTS) -> T:
        """Run a work.

        Raises:
            RetryableError: the server is away or fails; a writing work may be stored or not.
            PermanentError: the server cannot run the work's statements.
        """
        attempt = 0
        while True:
            attempt += 1
            try:
                return await self.once(work)
            except FailedError as error:
                if attempt >= attempts or not error.had_connection or error.failure not in _AT_ONCE:
                    raise component_error(error.failure, error.why, work.name) from error
            await asyncio.sleep(_FIRST_PAUSE_S * (attempt - 1))

    async def once(self, work: Work[T]) -> T:
        """Run a work once.

        Raises:
            FailedError: it is not stored, or that is not known.
        """
        try:
            return await self._transactor.run(work)
        except FailedError as error:
            if error.failure is Failure.UNPREPARED:
                self._connections.stop_preparing()
            if error.had_connection and error.failure is not Failure.BUSY:
                await self._connections.drop_idle()
            raise

    async def last_word(self, work: Work[T], timeout_s: float) -> None:
        """Run a work if the server is there: a parting word, without which things go on later."""
        with contextlib.suppress(FailedError, TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self.once(work)
