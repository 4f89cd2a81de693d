"""Empties a spool into the fleet, in its order: as many at once as the fleet takes, one after a failure.

What is put takes turns, so that of several in flight none is stored before its predecessor, and none twice where this
process is killed before it could note that it was stored.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final, Protocol

from otel_discord.component.errors import ComponentError, PermanentError, RetryableError, ShutdownError
from otel_discord.component.fleet import OUT_OF_TURN, Turn
from otel_discord.component.instruments import ExporterInstruments
from otel_discord.component.storage import StoredBatch
from otel_discord.exporterhelper.spool import Spool

MOST_ITEMS: Final = 4096
"""Of several batches in flight; one alone may have more."""
_FIRST_PAUSE_S: Final = 0.1
_LONGEST_PAUSE_S: Final = 1.0
_TRIES: Final = 5
"""For a batch that fails in a way that is nobody's word for "later"."""


class TakesSpooled(Protocol):
    """Puts what comes from a spool into the fleet."""

    async def keep_pace(self) -> None:
        """Return when those who work here have caught up, or after a moment."""
        ...

    async def put_spooled(self, stored: StoredBatch, turn: Turn) -> None:
        """Put one batch; those called one after the other come before the fleet in that order.

        Raises:
            QueueFullError: there is no room now; nothing was stored.
            RetryableError: the storage cannot take it now, or its turn has not come; nothing was stored.
            PermanentError: it will never be taken.
        """
        ...


@asynccontextmanager
async def draining(spool: Spool, outlet: TakesSpooled, instruments: ExporterInstruments) -> AsyncIterator[None]:
    """Empty a spool while the block runs; what is in it at the end stays."""
    drain = _Drain(spool, outlet, instruments)
    task = asyncio.create_task(drain.run(), name=f"spool {spool.storage}")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})
        await spool.end()


@dataclass(slots=True)
class _Drain:
    spool: Spool
    outlet: TakesSpooled
    instruments: ExporterInstruments
    _width: int = 1
    """How many are put at once at most."""
    _pause_s: float = _FIRST_PAUSE_S
    _tries: dict[int, int] = field(default_factory=dict)

    async def run(self) -> None:
        """Work until cancelled."""
        queue = self.spool.queue
        while True:
            try:
                stored = [await queue.take()]
                stored += await queue.take_more(MOST_ITEMS)
                await self._move(stored)
            except ShutdownError:
                return
            except Exception as error:  # whatever it is: what is in a spool that nobody empties is sent by nobody
                unknown = None if isinstance(error, ComponentError) else error
                self.spool.logger.warning("the spool cannot be emptied now: %s", error, exc_info=unknown)
                await asyncio.sleep(_LONGEST_PAUSE_S)
            if not self.spool.holds:
                self.spool.say_empty()

    async def _move(self, stored: Sequence[StoredBatch]) -> None:
        """Put batches into the fleet and let them go; returns when that is done."""
        rest = list(stored)
        try:
            while rest:
                ended = await self._put(rest[: self._width])
                if ended:
                    await self.spool.done(rest[:ended])
                del rest[:ended]
        finally:
            for each in rest:
                await self.spool.queue.release(each.id)

    async def _put(self, batches: Sequence[StoredBatch]) -> int:
        """Put batches; return how many of the first are over. After a failure it was waited for a moment."""
        await self.outlet.keep_pace()
        ahead = [each for each in batches if not await self.spool.was_put(each.id)]
        after = [0, *(each.id for each in ahead)]
        puts = (
            self.outlet.put_spooled(each, Turn(self.spool.line, each.id, before))
            for each, before in zip(ahead, after, strict=False)
        )
        endings = dict(
            zip((each.id for each in ahead), await asyncio.gather(*puts, return_exceptions=True), strict=True)
        )
        for count, each in enumerate(batches):
            ending = endings.get(each.id)
            if isinstance(ending, BaseException) and not self._is_given_up(each, ending):
                await self._failed(ending, count)
                return count
        self._width = min(4 * self._width, MOST_ITEMS)
        self._pause_s = _FIRST_PAUSE_S
        return len(batches)

    def _is_given_up(self, stored: StoredBatch, error: BaseException) -> bool:
        """Return whether a batch is never to be put, and tell of it."""
        if isinstance(error, RetryableError) or not isinstance(error, Exception):
            return False
        tries = self._tries[stored.id] = self._tries.get(stored.id, 0) + 1
        if not isinstance(error, PermanentError) and tries < _TRIES:
            return False
        del self._tries[stored.id]
        self.instruments.enqueue_failed(self.spool.signal, stored.batch.item_count)
        self.spool.logger.error("%d records from the spool are refused: %s", stored.batch.item_count, error)
        return True

    async def _failed(self, error: BaseException, ended: int) -> None:
        if isinstance(error, ShutdownError) and error.reason == ShutdownError.reason:
            raise error
        if ended and isinstance(error, RetryableError) and error.reason == OUT_OF_TURN:
            return  # behind one that was given up
        self._width = 1
        self.spool.says_nothing_goes()
        await asyncio.sleep(self._pause_s)
        self._pause_s = min(2 * self._pause_s, _LONGEST_PAUSE_S)
