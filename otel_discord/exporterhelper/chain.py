"""The stages around an exporter's ``push``: queue → batch → observe → retry → timeout → push.

The Collector's exporterhelper, with its order and its keys. So the time in the queue is not charged to the retries,
each attempt has a timeout of its own, and a batch is counted once.
"""

import asyncio
import math
import random
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Any, Final

from otel_discord.component.consumer import Receipt
from otel_discord.component.errors import ShutdownError
from otel_discord.component.factory import Settings
from otel_discord.component.fleet import SharesWork
from otel_discord.component.host import Host
from otel_discord.component.instruments import ExporterInstruments
from otel_discord.component.storage import Storage, WorkQueue
from otel_discord.exporterhelper.batcher import Batcher
from otel_discord.exporterhelper.config import CollectorSendingQueueConfig, RetryConfig
from otel_discord.exporterhelper.kept_queue import kept_queue
from otel_discord.exporterhelper.observe_sender import ObserveSender
from otel_discord.exporterhelper.queue_consumer import consume_each
from otel_discord.exporterhelper.queue_sender import QueueSender
from otel_discord.exporterhelper.retry_sender import RetrySender
from otel_discord.exporterhelper.sender import Sender
from otel_discord.exporterhelper.shared_queue import SharedQueue, limited
from otel_discord.exporterhelper.spool import opened_spool, refuse_spool
from otel_discord.exporterhelper.spool_drain import draining
from otel_discord.exporterhelper.timeout_sender import TimeoutSender
from otel_discord.signals.batch import Batch, Signal

_DRAIN_S: Final = 10.0  # where the host names no deadline


class ExporterChain:
    """What an exporter of whole requests delegates ``consume`` and ``lifespan`` to. One queue for each signal."""

    def __init__(
        self,
        settings: Settings,
        push: Sender,
        *,
        sending_queue: CollectorSendingQueueConfig,
        retry_on_failure: RetryConfig,
        timeout_s: float,
        signals: Iterable[Signal] = Signal,
        max_request_bytes: int = 0,
        dice: Callable[[], float] = random.random,
    ) -> None:
        self._settings = settings
        self._push = push
        self._sending_queue = sending_queue
        self._retry_on_failure = retry_on_failure
        self._timeout_s = timeout_s
        self._signals = tuple(signals)
        self._max_request_bytes = max_request_bytes
        self._dice = dice
        self._instruments = ExporterInstruments(settings.meter, str(settings.id))
        self._entries: Mapping[Signal, Sender] = {}

    async def consume(self, batch: Batch) -> Receipt:
        """Send the batch, or put it into the queue.

        Raises:
            PermanentError, RetryableError: it was not taken; see :class:`QueueSender`.
            ShutdownError: the chain is not open.
        """
        entry = self._entries.get(batch.signal)
        if entry is None:
            raise ShutdownError(f"exporter {self._settings.id} is not running")
        return await entry(batch)

    @asynccontextmanager
    async def lifespan(self, host: Host) -> AsyncIterator[None]:
        """Open the queues and their workers; on leaving, stop waits, drain until the host's deadline, and account.

        Where a successor takes over, what is not yet begun is left to it.

        Raises:
            StartError: the storage is not there.
        """
        stopping = asyncio.Event()
        attempts = self._attempts(stopping)
        try:
            if self._sending_queue.enabled:
                async with self._queues(host, attempts, stopping) as self._entries:
                    yield
            else:
                self._entries = dict.fromkeys(self._signals, attempts)
                yield
        finally:
            self._entries = {}
            stopping.set()

    def _attempts(self, stopping: asyncio.Event) -> Sender:
        settings = self._settings
        timed = TimeoutSender(self._push, self._timeout_s)
        policy = self._retry_on_failure.policy()
        retried = RetrySender(timed.send, policy, stopping, dice=self._dice, logger=settings.logger)
        observed = ObserveSender(retried.send, settings.id, self._instruments, settings.tracer, settings.logger)
        return observed.send

    @asynccontextmanager
    async def _queues(
        self, host: Host, attempts: Sender, stopping: asyncio.Event
    ) -> AsyncIterator[Mapping[Signal, Sender]]:
        storage = self._storage(host)
        if isinstance(storage, SharesWork) and storage.is_shared:
            async with self._shared_queues(host, storage, attempts, stopping) as entries:
                yield entries
            return
        refuse_spool(self._settings.id, self._sending_queue)
        async with AsyncExitStack() as stack:
            queues = {signal: await self._open(stack, host, storage, signal) for signal in self._signals}
            try:
                async with asyncio.TaskGroup() as group:
                    workers = [
                        group.create_task(work) for queue in queues.values() for work in self._workers(queue, attempts)
                    ]
                    try:
                        yield {signal: queue.send for signal, queue in queues.items()}
                    finally:
                        stopping.set()
                        for queue in queues.values():
                            queue.stop(leave_rest=host.hands_over)
                        await _drain(workers, host.drain_deadline_s)
            finally:
                for queue in queues.values():
                    await queue.account_for_the_rest()

    @asynccontextmanager
    async def _shared_queues(
        self, host: Host, storage: SharesWork, attempts: Sender, stopping: asyncio.Event
    ) -> AsyncIterator[Mapping[Signal, Sender]]:
        """Take part in a fleet's queues; what is left when this ends is sent by who takes the seats."""
        loop, config = asyncio.get_running_loop(), self._sending_queue
        ends_s = math.inf

        def deadline_s() -> float:
            return min(ends_s, math.inf if host.drain_deadline_s is None else host.drain_deadline_s)

        async with AsyncExitStack() as stack:
            queues: dict[Signal, SharedQueue] = {}
            seats: list[Coroutine[Any, Any, None]] = []
            for signal in self._signals:
                spool = await stack.enter_async_context(opened_spool(host, self._settings, config, signal))
                fleet = await stack.enter_async_context(storage.join(f"{self._settings.id}/{signal}", config.limits()))
                queue = SharedQueue(fleet, config, signal, self._instruments, self._settings, spool)
                stack.enter_context(queue.watched())
                if spool is not None:
                    await stack.enter_async_context(draining(spool, queue, self._instruments))
                sends = partial(self._workers, attempts=limited(attempts, config.num_consumers))
                seats += [queue.work(sends, deadline_s) for _ in range(fleet.shards)]
                queues[signal] = queue
            async with asyncio.TaskGroup() as group:
                working = [group.create_task(work) for work in seats]
                try:
                    yield {signal: queue.send for signal, queue in queues.items()}
                finally:
                    ends_s = loop.time() + _DRAIN_S
                    stopping.set()
                    for queue in queues.values():
                        queue.close()
                    for task in working:
                        task.cancel()

    def has_queue_of(self, other: "ExporterChain") -> bool:
        """Return whether both keep their queues in the same place, and both have some."""
        ours, theirs = self._sending_queue, other._sending_queue  # noqa: SLF001
        return ours.enabled and theirs.enabled and ours.storage == theirs.storage

    def _storage(self, host: Host) -> Storage | None:
        wanted = self._sending_queue.storage
        return None if wanted is None else host.extension(wanted, Storage)

    async def _open(self, stack: AsyncExitStack, host: Host, storage: Storage | None, signal: Signal) -> QueueSender:
        limits = self._sending_queue.limits()
        opening: AbstractAsyncContextManager[WorkQueue] = (
            kept_queue(host, limits, f"queue/{signal}")
            if storage is None
            else storage.open_queue(f"{self._settings.id}/{signal}", limits)
        )
        queue = await stack.enter_async_context(opening)
        stack.enter_context(self._instruments.watch_queue(signal, lambda: queue.size, lambda: queue.capacity))
        return QueueSender(queue, self._sending_queue, signal, self._instruments, self._settings.logger)

    def _workers(self, queue: QueueSender, attempts: Sender) -> Iterator[Coroutine[Any, Any, None]]:
        batch, num_consumers = self._sending_queue.active_batch(), self._sending_queue.num_consumers
        if batch is None:
            for _ in range(num_consumers):
                yield consume_each(queue, attempts, self._instruments)
            return
        batcher = Batcher(
            queue,
            attempts,
            batch,
            num_consumers=num_consumers,
            max_request_bytes=self._max_request_bytes,
            instruments=self._instruments,
        )
        yield batcher.run()


async def _drain(workers: Iterable[asyncio.Task[None]], deadline_s: float | None) -> None:
    """Let the workers finish until the deadline (loop time); who has not by then is cancelled."""
    remaining_s = _DRAIN_S if deadline_s is None else max(0.0, deadline_s - asyncio.get_running_loop().time())
    _, late = await asyncio.wait(workers, timeout=remaining_s)
    for worker in late:
        worker.cancel()
