"""The queue of an exporter without storage: in memory, and handed on to the exporter's successor at a reload."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from otel_discord.component.host import Host
from otel_discord.component.storage import QueueLimits
from otel_discord.store.memory import MemoryQueue


@asynccontextmanager
async def kept_queue(host: Host, limits: QueueLimits, key: str = "queue") -> AsyncIterator[MemoryQueue]:
    """Open a queue that this component keeps; where a successor follows, nobody who waits for an end is disturbed."""
    queue = host.kept(key, lambda: MemoryQueue(limits))
    queue.reopen(limits)
    try:
        yield queue
    finally:
        if not host.hands_over:
            queue.abandon()
