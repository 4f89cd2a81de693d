"""The spool of one exporter in a fleet: what the shared storage cannot take now waits on this machine's disk.

It is a queue in another storage, of this process alone. While something is in it what comes goes behind that, so that
the order stays; ``spool_drain`` puts it into the fleet when that takes it again. Meanwhile less
is let in than goes, and the last of it is waited for, or it would never be empty while requests come.

A put whose end is not known for a while is kept here too, so that nobody waits for it: it is put again only where it
turns out that it was not stored.
"""

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from otel_discord.component.component import ComponentId
from otel_discord.component.errors import QueueFullError, RetryableError, ShutdownError, StartError
from otel_discord.component.factory import Settings
from otel_discord.component.fleet import FLEET_CHANGED, SharesWork
from otel_discord.component.host import Host
from otel_discord.component.instruments import SpoolInstruments
from otel_discord.component.storage import QueueLimits, Sizer, Storage, StoredBatch, WorkQueue
from otel_discord.exporterhelper.config import MIB, SpoolKeys
from otel_discord.signals.batch import Batch, Signal

T = TypeVar("T")

IN_DOUBT_S: Final = 2.0
"""So long the end of a put is waited for; many clients wait for 10 s, some for less."""
NEARLY_EMPTY: Final = 1024
"""Records: the end of so many, when they go, is waited for."""
_LINE: Final = "line"
_ANY_NUMBER: Final = 2**62
_AGAIN_S: Final = 5.0


@dataclass(slots=True, kw_only=True)
class Spool:
    """Of one signal; see :func:`opened_spool`."""

    queue: WorkQueue
    line: str
    """What the fleet knows it by: of this disk, for ever."""
    storage: str
    """The id of the extension that it is in."""
    signal: Signal
    instruments: SpoolInstruments
    logger: logging.Logger
    _doubts: "dict[int, asyncio.Future[Any]]" = field(default_factory=dict, init=False)
    """Puts that may be stored, by the id that they are kept under."""
    _undecided: int = field(default=0, init=False)
    _decided: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    _began_s: float | None = field(default=None, init=False)
    _flows: bool = field(default=False, init=False)
    """Whether the fleet takes what it holds."""
    _credit: float = field(default=0.0, init=False)
    """How many records may be kept while it is being emptied."""
    _news: asyncio.Event = field(default_factory=asyncio.Event, init=False)

    @property
    def holds(self) -> bool:
        """Whether something waits in it."""
        return self.queue.size > 0

    async def is_passed(self, items: int) -> bool:
        """Return whether what comes may go into the fleet; if not, it has to be kept here, behind what is.

        While it is being emptied who brings ``items`` waits a moment: for the end where that is near, else until twice
        as much has gone.
        """
        loop = asyncio.get_running_loop()
        until_s = loop.time() + IN_DOUBT_S
        while self.holds and self._flows and loop.time() < until_s:
            if self._credit > 0 and self.queue.size > NEARLY_EMPTY:
                self._credit -= items
                return False
            with suppress(TimeoutError):
                async with asyncio.timeout_at(until_s):
                    await self._news.wait()
        return not self.holds

    async def keep(self, batch: Batch, accepted_ns: int, why: str = "") -> int:
        """Keep a batch, for good when this returns, and return its id; ``why`` the fleet does not take it.

        Raises:
            RetryableError: it has no room, or its disk has none; nothing was kept.
            ShutdownError: it is closed.
        """
        if not self.holds:
            self._flows = False
            self._say_begin(why)
        try:
            batch_id = await self.queue.put(batch, accepted_ns=accepted_ns)
        except QueueFullError:
            raise RetryableError(
                "the shared storage is away, and the spool is full", retry_after_s=_AGAIN_S, reason="spool_full"
            ) from None
        self.instruments.spooled(self.signal, batch.item_count)
        return batch_id

    async def through(self, putting: Coroutine[Any, Any, T], batch: Batch, accepted_ns: int) -> T | None:
        """Return the result of putting a batch into the fleet, or None where the batch is kept here instead.

        Raises:
            QueueFullError, PermanentError: as putting raised it.
            RetryableError: neither the fleet nor this takes it; nothing was stored.
            ShutdownError: the fleet, or this, is closed.
        """
        task = asyncio.ensure_future(putting)
        try:
            await asyncio.wait({task}, timeout=IN_DOUBT_S)
            if not task.done():
                try:
                    await self._keep_in_doubt(task, batch, accepted_ns)
                except RetryableError:
                    await asyncio.wait({task})
                else:
                    return None
        except BaseException:
            await _cancelled(task)
            raise
        try:
            return task.result()
        except RetryableError as error:
            if not is_away(error):
                raise
            await self.keep(batch, accepted_ns, str(error))
            return None

    async def _keep_in_doubt(self, task: "asyncio.Future[Any]", batch: Batch, accepted_ns: int) -> None:
        self._undecided += 1
        try:
            batch_id = await self.keep(batch, accepted_ns, "it does not answer")
            self._doubts[batch_id] = task
        finally:
            self._undecided -= 1
            self._decided.set()

    async def was_put(self, batch_id: int) -> bool:
        """Wait until it is known whether a batch was stored when it came, and return that; asked again, the same."""
        while self._undecided:
            self._decided.clear()
            await self._decided.wait()
        task = self._doubts.get(batch_id)
        if task is None:
            return False
        await asyncio.wait({task})
        return not task.cancelled() and task.exception() is None

    async def done(self, stored: Sequence[StoredBatch]) -> None:
        """Let go batches that are over."""
        await asyncio.gather(*(self.queue.done(each.id) for each in stored))
        for each in stored:
            self._doubts.pop(each.id, None)
        self._says_flow(sum(each.batch.item_count for each in stored))

    def says_nothing_goes(self) -> None:
        """Hear from who empties it that the fleet takes nothing now."""
        self._says_flow(0)

    def _says_flow(self, items: int) -> None:
        self._flows = items > 0
        self._credit = min(self._credit + items / 2, NEARLY_EMPTY) if items else 0.0
        self._news.set()
        self._news = asyncio.Event()

    async def end(self) -> None:
        """Wait no more for puts in doubt: what is known to be stored is let go, the rest stays."""
        for batch_id, task in self._doubts.items():
            if task.done() and not task.cancelled() and task.exception() is None:
                await self.queue.done(batch_id)
            await _cancelled(task)
        self._doubts.clear()

    # -------------------------------------------------------------------------------------------------- telling

    def _say_begin(self, why: str) -> None:
        if self._began_s is None:
            self._began_s = asyncio.get_running_loop().time()
            self.logger.warning(
                "the shared storage takes nothing in now; what comes waits in the spool %s on this machine's disk: %s",
                self.storage,
                why,
            )

    def say_left(self) -> None:
        """Tell of what an earlier process has left."""
        if self.holds:
            self._began_s = asyncio.get_running_loop().time()
            self.logger.info("%d records wait in the spool %s from before", self.queue.size, self.storage)

    def say_empty(self) -> None:
        """Tell that all of it is in the shared storage."""
        if self._began_s is not None:
            lasted_s = asyncio.get_running_loop().time() - self._began_s
            self._began_s = None
            self.logger.info(
                "the spool %s is empty again after %.0f s: all of it is in the shared storage", self.storage, lasted_s
            )

    def say_stays(self) -> None:
        """Tell of what the next process will find."""
        if self.holds:
            self.logger.warning(
                "%d records stay in the spool %s on this machine's disk; they are sent when this replica runs again",
                self.queue.size,
                self.storage,
            )


def is_away(error: RetryableError) -> bool:
    """Return whether an error of the shared storage is one that a spool helps against: neither a full queue, nor the
    end of this process or of its part in the fleet."""
    if isinstance(error, QueueFullError) or error.reason == FLEET_CHANGED:
        return False
    return not (isinstance(error, ShutdownError) and error.reason == ShutdownError.reason)


def refuse_spool(component: ComponentId, keys: SpoolKeys) -> None:
    """Refuse a spool where no fleet shares the storage.

    Raises:
        StartError: there is one.
    """
    if keys.spool is not None:
        raise StartError(
            f"{component}: `sending_queue::spool: {keys.spool}` is of use only where a fleet shares the storage"
            f" (db_storage with `fleet::enabled`), and `sending_queue::storage: {keys.storage}` is not shared; remove"
            " the spool"
        )


@asynccontextmanager
async def opened_spool(host: Host, settings: Settings, keys: SpoolKeys, signal: Signal) -> AsyncIterator[Spool | None]:
    """Open the spool that the configuration names; None where it names none.

    Raises:
        StartError: the extension is not there, is shared itself, or cannot be used.
    """
    if keys.spool is None:
        yield None
        return
    storage = host.extension(keys.spool, Storage)
    if isinstance(storage, SharesWork) and storage.is_shared:
        raise StartError(
            f"{settings.id}: `sending_queue::spool: {keys.spool}` is shared by a fleet; a spool is on this machine's"
            " disk: name a `file_storage`"
        )
    limits = QueueLimits(size=_ANY_NUMBER, sizer=Sizer.ITEMS, max_bytes=keys.spool_mib * MIB)
    async with storage.open_queue(f"{settings.id}/{signal}/spool", limits) as queue:
        instruments = SpoolInstruments(settings.meter, str(settings.id))
        spool = Spool(
            queue=queue,
            line=await _line_of(queue),
            storage=keys.spool,
            signal=signal,
            instruments=instruments,
            logger=settings.logger,
        )
        spool.say_left()
        with instruments.watch(signal, lambda: queue.size):
            try:
                yield spool
            finally:
                if not host.hands_over:
                    spool.say_stays()


async def _line_of(queue: WorkQueue) -> str:
    known = await queue.get_state(_LINE)
    if known is not None:
        return known.decode()
    line = secrets.token_hex(16)
    await queue.set_state(_LINE, line.encode())
    return line


async def _cancelled(task: "asyncio.Future[Any]") -> None:
    task.cancel()
    await asyncio.wait({task})
    if not task.cancelled():
        task.exception()  # heard
