"""Stage: merges small requests and splits large ones between the queue and the attempts (``sending_queue.batch``)."""

import asyncio
from dataclasses import dataclass, field

from otel_discord.component.consumer import Receipt
from otel_discord.component.errors import PermanentError, RetryableError, ShutdownError
from otel_discord.component.instruments import ExporterInstruments
from otel_discord.component.storage import StoredBatch
from otel_discord.exporterhelper.config import RequestBatchConfig
from otel_discord.exporterhelper.merge_split import merge, split
from otel_discord.exporterhelper.queue_sender import QueueSender
from otel_discord.exporterhelper.sender import Sender
from otel_discord.signals.batch import Batch


@dataclass(slots=True)
class _Original:
    """A request as it was accepted; it ends when all its parts have."""

    stored: StoredBatch
    open_parts: int
    rejected: int = 0
    failed_items: int = 0
    messages: list[str] = field(default_factory=list)
    errors: list[Exception] = field(default_factory=list)

    def result(self) -> Receipt | Exception:
        """Return the end of the whole: of several errors the one that asks for most."""
        for kind in (ShutdownError, RetryableError, PermanentError, Exception):
            for error in self.errors:
                if isinstance(error, kind):
                    return error
        return Receipt(self.rejected, "; ".join(dict.fromkeys(self.messages)))


@dataclass(frozen=True, slots=True)
class _Part:
    original: _Original
    batch: Batch
    size: int


class Forming:
    """The batch that is being put together. Pure but for ``due_s``, which the reader sets."""

    def __init__(self, config: RequestBatchConfig, max_request_bytes: int) -> None:
        self._config = config
        self._max_request_bytes = max_request_bytes
        self._parts: list[_Part] = []
        self._size = 0
        self._size_bytes = 0
        self.due_s: float | None = None

    def add(self, stored: StoredBatch) -> list[list[_Part]]:
        """Add a request and return the batches that are now complete."""
        sizer, max_size = self._config.sizer, self._config.max_size
        if max_size:
            pieces = split(stored.batch, sizer, max_size, max_size - self._size)
        else:
            pieces = split(stored.batch, sizer, 1 << 62)
        empty_first = len(pieces) > 1 and not pieces[0].size
        original = _Original(stored, len(pieces) - empty_first)
        complete: list[list[_Part]] = []
        for index, piece in enumerate(pieces):
            if index:
                complete.append(self.take_all())
            if index or not empty_first:
                complete += self._add_part(_Part(original, piece.batch, piece.size))
        if self._size >= self._config.min_size or (max_size and self._size >= max_size):
            complete.append(self.take_all())
        return [parts for parts in complete if parts]

    def take_all(self) -> list[_Part]:
        """Return what there is and begin anew."""
        parts, self._parts = self._parts, []
        self._size = self._size_bytes = 0
        self.due_s = None
        return parts

    def _add_part(self, part: _Part) -> list[list[_Part]]:
        size_bytes = part.batch.size_bytes if self._max_request_bytes else 0
        # Merging must not make a request too large to be sent of ones that were not.
        too_large = self._parts and self._size_bytes + size_bytes > self._max_request_bytes > 0
        complete = [self.take_all()] if too_large else []
        self._parts.append(part)
        self._size += part.size
        self._size_bytes += size_bytes
        return complete

    def __bool__(self) -> bool:
        return bool(self._parts)


class Batcher:
    """Reads one queue; ``num_consumers`` batches are sent at the same time."""

    def __init__(
        self,
        queue: QueueSender,
        following: Sender,
        config: RequestBatchConfig,
        *,
        num_consumers: int,
        max_request_bytes: int,
        instruments: ExporterInstruments,
    ) -> None:
        self._queue = queue
        self._following = following
        self._flush_timeout_s = config.flush_timeout
        self._forming = Forming(config, max_request_bytes)
        self._free = asyncio.Semaphore(num_consumers)
        self._instruments = instruments

    async def run(self) -> None:
        """Work until the queue is stopped and has nothing more to do, and the last batch has ended."""
        loop = asyncio.get_running_loop()
        async with asyncio.TaskGroup() as group:
            taking: asyncio.Task[StoredBatch | None] | None = None
            while True:
                # One `take` outlives the timeouts, so that none is cancelled with a batch in its hands.
                taking = taking or group.create_task(self._take())
                due_s = self._forming.due_s
                wait_s = None if due_s is None else max(0.0, due_s - loop.time())
                done, _ = await asyncio.wait({taking}, timeout=wait_s)
                if not done:
                    await self._send(group, self._forming.take_all())
                    continue
                stored, taking = taking.result(), None
                if stored is None:
                    break
                for complete in self._forming.add(stored):
                    await self._send(group, complete)
                if self._forming and self._forming.due_s is None:
                    self._forming.due_s = loop.time() + self._flush_timeout_s
            await self._send(group, self._forming.take_all())

    async def _take(self) -> StoredBatch | None:
        try:
            return await self._queue.take()
        except ShutdownError:
            return None

    async def _send(self, group: asyncio.TaskGroup, parts: list[_Part]) -> None:
        if parts:
            await self._free.acquire()
            group.create_task(self._export(parts)).add_done_callback(lambda _: self._free.release())

    async def _export(self, parts: list[_Part]) -> None:
        merged = merge([part.batch for part in parts])
        result: Receipt | Exception
        with self._instruments.in_flight(merged.signal):
            try:
                result = await self._following(merged)
            except Exception as error:  # noqa: BLE001 - as in consume_each
                result = error
        rejected = result.rejected if isinstance(result, Receipt) else 0
        for part in parts:
            rejected -= _settle(part, result, rejected)
            original = part.original
            if not original.open_parts:
                await self._queue.finish(original.stored.id, original.result(), original.failed_items)


def _settle(part: _Part, result: Receipt | Exception, rejected: int) -> int:
    """Note the end of a part and return how many of the rejected items it answers for: nobody knows whose they are."""
    original = part.original
    original.open_parts -= 1
    items = part.batch.item_count
    if isinstance(result, Exception):
        original.errors.append(result)
        original.failed_items += items
        return 0
    share = min(rejected, items)
    original.rejected += share
    if result.message:
        original.messages.append(result.message)
    return share
