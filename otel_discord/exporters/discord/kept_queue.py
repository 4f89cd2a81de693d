"""The queue of an exporter without storage: in memory, and handed on to the exporter's successor at a reload."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from otel_discord.component import Host, QueueLimits
from otel_discord.store.memory import MemoryQueue


@asynccontextmanager
async def kept_queue(host: Host, limits: QueueLimits) -> AsyncIterator[MemoryQueue]:
    """Open the queue that this component keeps; where a successor follows, nobody who waits for an end is disturbed."""
    queue = host.kept("queue", lambda: MemoryQueue(limits))
    queue.reopen(limits)
    try:
        yield queue
    finally:
        if not host.hands_over:
            queue.abandon()
