"""The stored queue of an exporter of whole requests that a fleet shares: put here, sent by who has the seat.

A replica puts what it takes in where it has the seat itself, so that it sends what it accepted. When it goes away, who
takes its seats sends the rest.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Final, TypeAlias

from otel_discord.component.consumer import ACCEPTED, Receipt
from otel_discord.component.errors import ComponentError, QueueFullError, ShutdownError, StartError
from otel_discord.component.factory import Settings
from otel_discord.component.fleet import Fleet, Part, Seat, Turn
from otel_discord.component.instruments import ExporterInstruments
from otel_discord.component.storage import StoredBatch, WorkQueue
from otel_discord.exporterhelper.config import CollectorSendingQueueConfig
from otel_discord.exporterhelper.queue_sender import QueueSender
from otel_discord.exporterhelper.sender import Sender
from otel_discord.exporterhelper.spool import Spool
from otel_discord.signals.batch import Batch, Signal

_GIVING_UP_A_SEAT_S: Final = 5.0
"""For requests in hand to end when another replica is to have the seat."""
_AGAIN_S: Final = 1.0

Workers: TypeAlias = Callable[[QueueSender], Iterator[Coroutine[Any, Any, None]]]


class SharedQueue:
    """One signal's part in the fleet, on this replica."""

    def __init__(
        self,
        fleet: Fleet,
        config: CollectorSendingQueueConfig,
        signal: Signal,
        instruments: ExporterInstruments,
        settings: Settings,
        spool: Spool | None = None,
    ) -> None:
        self._fleet = fleet
        self._config = config
        self._signal = signal
        self._instruments = instruments
        self._settings = settings
        self._spool = spool
        self._held: dict[int, WorkQueue] = {}
        self._closed = False

    async def send(self, batch: Batch) -> Receipt:
        """Put the batch where this replica, or else some other one, works.

        Raises:
            QueueFullError: no room; nothing was taken.
            RetryableError: the storage cannot store now; nothing was taken.
            ShutdownError: it is closed.
        """
        if self._closed:
            raise ShutdownError("sending queue is stopped")
        try:
            if self._spool is not None and not await self._spool.is_passed(batch.item_count):
                await self._spool.keep(batch, 0)
            else:
                await self._put(batch)
        except ComponentError:
            self._instruments.enqueue_failed(self._signal, batch.item_count)
            raise
        return ACCEPTED

    def close(self) -> None:
        """Take nothing in any more."""
        self._closed = True

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Show how full the queues are that this replica works on."""
        with self._instruments.watch_queue(
            self._signal,
            lambda: sum(queue.size for queue in self._held.values()),
            lambda: sum(queue.capacity for queue in self._held.values()) or self._config.queue_size,
        ):
            yield

    async def work(self, workers: Workers, deadline_s: Callable[[], float]) -> None:
        """Work off one seat after the other until cancelled; a task for each shard runs this.

        ``deadline_s`` says until when (loop time) requests in hand may end once this is cancelled.
        """
        while True:
            try:
                async with self._fleet.next_seat() as seat:
                    await self._sit(seat, workers, deadline_s)
            except Exception as error:  # whatever it is: a seat that nobody sits in is sent by nobody
                first = _first_of(error)
                if self._closed:
                    return  # maybe it was cancelled, and an error came out in the place of that
                if not isinstance(first, ShutdownError):
                    is_known = isinstance(first, ComponentError | StartError)
                    self._settings.logger.warning(
                        "a part of the shared queue cannot be worked on now: %s",
                        first,
                        exc_info=None if is_known else first,
                    )
            await asyncio.sleep(_AGAIN_S)

    async def _sit(self, seat: Seat, workers: Workers, deadline_s: Callable[[], float]) -> None:
        async with seat.open_queue(self._config.limits()) as queue:
            self._held[seat.shard] = queue
            sender = QueueSender(queue, self._config, self._signal, self._instruments, self._settings.logger)
            try:
                async with _running(workers(sender), sender, seat, deadline_s):
                    await seat.ended()
            finally:
                del self._held[seat.shard]

    async def keep_pace(self) -> None:
        """Return: who sends takes one request at a time."""

    async def put_spooled(self, stored: StoredBatch, turn: Turn) -> None:
        """Put a batch that has waited in the spool.

        Raises:
            RetryableError: it is not taken now, or its turn has not come.
        """
        await self._fleet.put(self._parts(stored.batch), turn)

    def _parts(self, batch: Batch) -> dict[int, Part]:
        return {min(self._held, default=0): Part(batch)}

    async def _put(self, batch: Batch) -> None:
        parts = self._parts(batch)
        while True:
            try:
                putting = self._fleet.put(parts)
                await (putting if self._spool is None else self._spool.through(putting, batch, 0))
            except QueueFullError:
                if not self._config.block_on_overflow:
                    raise
                await self._fleet.wait_for_room(parts)
                continue
            return


@asynccontextmanager
async def _running(
    works: Iterator[Coroutine[Any, Any, None]], sender: QueueSender, seat: Seat, deadline_s: Callable[[], float]
) -> AsyncIterator[None]:
    """Run workers while the block does; what they have in hand may end, unless the seat is lost."""
    loop = asyncio.get_running_loop()
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(work) for work in works]
        is_giving_way = False
        try:
            yield
            is_giving_way = True
        finally:
            sender.stop()
            until_s = loop.time() + _GIVING_UP_A_SEAT_S if is_giving_way else deadline_s()
            left_s = 0.0 if seat.is_lost else max(0.0, until_s - loop.time())
            _, late = await asyncio.wait(tasks, timeout=left_s)
            for task in late:
                task.cancel()


def _first_of(error: Exception) -> Exception:
    """Return what went wrong first, out of its groups."""
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return error


def limited(following: Sender, most: int) -> Sender:
    """Return a sender of which ``most`` calls run at the same time, whichever seats they are for."""
    turns = asyncio.Semaphore(most)

    async def send(batch: Batch) -> Receipt:
        async with turns:
            return await following(batch)

    return send
