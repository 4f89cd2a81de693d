"""Stage: takes batches in, and accounts for each until its end."""

import asyncio
import logging
from typing import Protocol

from otel_discord.component.consumer import ACCEPTED, Receipt
from otel_discord.component.errors import ComponentError, QueueFullError, ShutdownError
from otel_discord.component.instruments import ExporterInstruments
from otel_discord.component.storage import StoredBatch, WorkQueue
from otel_discord.signals.batch import Batch, Signal


class QueueBehaviour(Protocol):
    """What the stage needs of ``sending_queue``; both kinds of section have it."""

    @property
    def block_on_overflow(self) -> bool:
        """Whether the caller waits for room."""
        ...

    @property
    def wait_for_result(self) -> bool:
        """Whether the caller waits for the end."""
        ...

    @property
    def storage(self) -> str | None:
        """Where the queue is kept, if not in memory."""
        ...


class QueueSender:
    """Both ends of one queue: ``send`` puts in, ``take`` and ``finish`` are for those who work it off."""

    def __init__(
        self,
        queue: WorkQueue,
        behaviour: QueueBehaviour,
        signal: Signal,
        instruments: ExporterInstruments,
        logger: logging.Logger,
    ) -> None:
        self._queue = queue
        self._behaviour = behaviour
        self._signal = signal
        self._instruments = instruments
        self._logger = logger
        self._in_hand: dict[int, StoredBatch] = {}
        self._results: dict[int, asyncio.Future[Receipt]] = {}
        self._stopping = False
        self._hands_over = False
        self._leaves_rest = behaviour.storage is not None

    async def send(self, batch: Batch) -> Receipt:
        """Put the batch into the queue; with ``wait_for_result`` also wait for its end.

        Raises:
            QueueFullError: no room; nothing was taken.
            ShutdownError: the queue is stopped; nothing was taken, or (waiting) it was not sent.
            PermanentError, RetryableError: with ``wait_for_result``, why it was not delivered.
        """
        try:
            batch_id = await self._put(batch)
        except ComponentError:
            self._instruments.enqueue_failed(self._signal, batch.item_count)
            raise
        if not self._behaviour.wait_for_result:
            return ACCEPTED
        result: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        self._results[batch_id] = result
        return await result

    async def take(self) -> StoredBatch:
        """Take the next batch in hand, until ``finish``.

        Raises:
            ShutdownError: there is nothing more to do. What is safe where it is, or the successor's, is not begun.
        """
        if self._stopping and self._leaves_rest:
            raise ShutdownError("sending queue is stopped")
        stored = await self._queue.take()
        self._in_hand[stored.id] = stored
        return stored

    async def finish(self, batch_id: int, result: Receipt | Exception, failed_items: int | None = None) -> None:
        """End a batch in hand: sent, failed (logged; what failed was counted before), or stopped.

        ``failed_items`` says how many of its items an error is about, where it is not all.
        """
        stored = self._in_hand.pop(batch_id)
        if isinstance(result, ShutdownError) and self._leaves_rest:
            self._in_hand[batch_id] = stored  # nobody else gets it in this run; the next run or the successor does
            return
        await self._queue.done(batch_id)
        if isinstance(result, Exception):
            items = stored.batch.item_count if failed_items is None else failed_items
            if isinstance(result, ShutdownError):
                self._instruments.send_failed(self._signal, items)
            self._log_dropped(items, result)
        self._answer(batch_id, result)

    def stop(self, *, leave_rest: bool = False) -> None:
        """Refuse new batches and end waits; a memory queue is still worked off, unless a successor gets the rest."""
        self._stopping = True
        self._hands_over = leave_rest
        self._leaves_rest = self._leaves_rest or leave_rest
        self._queue.close()

    async def account_for_the_rest(self) -> None:
        """Say what was not sent, after the last worker has ended."""
        if self._hands_over:
            for batch_id in list(self._results):  # who still waits was not answered, and asks the successor
                await self._queue.done(batch_id)
                self._answer(batch_id, ShutdownError("stopped before it was sent"))
            return
        if self._durable:
            if self._queue.size:
                self._logger.info("%d left in %s for the next start", self._queue.size, self._behaviour.storage)
            return
        rest = list(self._in_hand.values())
        self._in_hand.clear()
        while True:
            try:
                rest.append(await self._queue.take())
            except ShutdownError:
                break
        items = sum(stored.batch.item_count for stored in rest)
        for stored in rest:
            await self._queue.done(stored.id)
            self._answer(stored.id, ShutdownError("stopped before it was sent"))
        if rest:
            self._instruments.send_failed(self._signal, items)
            self._logger.error(
                "stopped with %d %s in %d batches not sent (reason: shutdown)", items, self._signal, len(rest)
            )

    @property
    def _durable(self) -> bool:
        return self._behaviour.storage is not None

    async def _put(self, batch: Batch) -> int:
        if not self._behaviour.block_on_overflow:
            return await self._queue.put(batch)
        while True:
            await self._queue.wait_for_room(batch)
            try:
                return await self._queue.put(batch)
            except QueueFullError:
                continue  # a storage that could not hold the room for us

    def _answer(self, batch_id: int, result: Receipt | Exception) -> None:
        waiter = self._results.pop(batch_id, None)
        if waiter is None or waiter.done():
            return
        if isinstance(result, Exception):
            waiter.set_exception(result)
        else:
            waiter.set_result(result)

    def _log_dropped(self, items: int, error: Exception) -> None:
        reason = error.reason if isinstance(error, ComponentError) else "error"
        self._logger.error(
            "%d %s dropped (reason: %s): %s",
            items,
            self._signal,
            reason,
            error,
            exc_info=None if isinstance(error, ComponentError) else error,
        )
