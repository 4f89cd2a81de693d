"""What the exporter does with a stored queue, and nothing else: put, take and route, mark and settle."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from benchmarks.payload import logs_request
from otel_discord.component.storage import NewCard, NewPosted, Posting, Settlement, WorkQueue
from otel_discord.signals import Severity
from otel_discord.signals.batch import LogsBatch

PRIORITY: Final = 17
_AT_ONCE: Final = 512
"""Requests on their way at a time."""
_RECORDS_AT_A_TIME: Final = 256
"""As the exporter routes."""
_CARD: Final = b"c" * 600
_HEAD_CARDS: Final = 11


@dataclass(slots=True)
class Shard:
    """A queue and the lanes whose cards it holds."""

    queue: WorkQueue
    lanes: Sequence[str]
    arrived: dict[str, asyncio.Event] = field(default_factory=dict)
    next: int = 0
    unrouted: int = 0
    """Batches that wait to be routed."""

    def cards(self, count: int) -> list[NewCard]:
        """Return so many cards, for the lanes in turn."""
        made = []
        for _ in range(count):
            made.append(NewCard(self.lanes[self.next % len(self.lanes)], PRIORITY, _CARD))
            self.next += 1
        return made


async def fill(shards: Sequence[Shard], batches: int, records: int = 1) -> None:
    """Put so many batches, evenly."""
    batch = LogsBatch(logs_request(records, severity=Severity.ERROR))
    numbers = iter(range(batches))

    async def put() -> None:
        for number in numbers:
            shard = shards[number % len(shards)]
            await shard.queue.put(batch, priority=PRIORITY, accepted_ns=1)
            shard.unrouted += 1

    async with asyncio.TaskGroup() as tasks:
        for _ in range(_AT_ONCE):
            tasks.create_task(put())


async def route(shard: Shard) -> int:
    """Take what comes next and route it in one step, as the exporter does; return how many batches it was."""
    stored = await shard.queue.take()
    batches = [stored, *await shard.queue.take_more(_RECORDS_AT_A_TIME - stored.batch.item_count)]
    cards = {each.id: shard.cards(each.batch.item_count) for each in batches}
    await shard.queue.route_all(cards)
    shard.unrouted -= len(batches)
    for lane in {card.lane for of_batch in cards.values() for card in of_batch}:
        if lane in shard.arrived:
            shard.arrived[lane].set()
    return len(batches)


async def drain_all(shards: Sequence[Shard], seconds: float, *, kept: bool = False) -> int:
    """Let every lane send a message of one card at a time; return how many were sent. ``kept``: as posted."""
    loop = asyncio.get_running_loop()
    until_s = loop.time() + seconds
    sent = 0

    async def drain(shard: Shard, lane: str) -> None:
        nonlocal sent
        arrived = shard.arrived.setdefault(lane, asyncio.Event())
        while loop.time() < until_s:
            arrived.clear()
            head = await shard.queue.head(lane, _HEAD_CARDS)
            if not head:
                with suppress(TimeoutError):
                    async with asyncio.timeout_at(until_s):
                        await arrived.wait()
                continue
            card = head[0]
            await shard.queue.mark_sending([card.id])
            if kept:
                await shard.queue.post(NewPosted(lane, f"{lane}-{card.id}", 1, b"", [Posting(card.id, 1)]))
            else:
                await shard.queue.settle([card.id], Settlement.DELIVERED)
            sent += 1

    async with asyncio.TaskGroup() as tasks:
        for shard in shards:
            for lane in shard.lanes:
                tasks.create_task(drain(shard, lane))
    return sent


async def route_for(shards: Sequence[Shard], seconds: float) -> int:
    """Route on all shards for some time, or until nothing is left; return how many batches were routed."""
    loop = asyncio.get_running_loop()
    until_s = loop.time() + seconds
    routed = 0

    async def work(shard: Shard) -> None:
        nonlocal routed
        while shard.unrouted and loop.time() < until_s:
            count = await route(shard)
            routed += count

    async with asyncio.TaskGroup() as tasks:
        for shard in shards:
            tasks.create_task(work(shard))
    return routed
