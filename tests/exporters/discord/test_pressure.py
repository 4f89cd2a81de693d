"""What goes first when the queue is full and the newest is wanted."""

import asyncio
from collections.abc import Sequence

import pytest

from otel_discord.component import NewCard, QueueFullError, QueueLimits, Settlement, Sizer, StoredCard
from otel_discord.exporters.discord.pressure import drop_oldest_card
from otel_discord.signals import LogsBatch
from otel_discord.store.memory import MemoryQueue
from otel_discord.testing.fake_discord import FakeDiscord
from otel_discord.testing.otlp import logs_batch
from tests.exporters.discord.counting import counts
from tests.exporters.discord.disk import STORED, Disk, DiskQueue, host_with
from tests.exporters.discord.rig import Rig, running

CRITICAL = 1


async def queue_with(*cards: tuple[str, int]) -> MemoryQueue:
    queue = MemoryQueue(QueueLimits(100, Sizer.REQUESTS, 1 << 20))
    for lane, priority in cards:
        await queue.route(await queue.put(logs_batch()), [NewCard(lane, priority, b"")])
    return queue


@pytest.mark.parametrize(
    ("cards", "held", "dropped"),
    [
        ([], set(), None),
        ([("a", 0), ("b", 0), ("a", 0)], set(), 1),
        ([("b", CRITICAL), ("b", 0), ("a", 0)], set(), 2),
        ([("b", 0), ("a", 0), ("a", 0)], {1}, 2),
        ([("a", 0), ("b", 0)], {1, 2}, None),
        ([("a", CRITICAL)], set(), None),
        ([("a", CRITICAL)] * 20 + [("a", 0)], set(), 21),
    ],
)
async def test_the_oldest_that_is_neither_critical_nor_on_its_way(
    cards: list[tuple[str, int]], held: set[int], dropped: int | None
) -> None:
    queue = await queue_with(*cards)

    async def end(card: StoredCard) -> StoredCard:
        await queue.settle([card.id], Settlement.DEAD)
        return card

    card = await drop_oldest_card(queue, lambda card: card.id in held, end)
    assert (card and card.id) == dropped
    if dropped is not None:
        assert await queue.settled(dropped) is Settlement.DEAD
    assert queue.size == len(cards) - (dropped is not None)


async def test_what_goes_while_other_lanes_are_looked_at_is_not_dropped() -> None:
    queue, on_its_way = await queue_with(("a", 0), ("b", 0), ("b", 0)), set[int]()

    def starts(card: StoredCard) -> bool:
        if card.lane == "b":
            on_its_way.add(1)
        return card.id in on_its_way

    ended: list[int] = []

    async def end(card: StoredCard) -> StoredCard:
        ended.append(card.id)
        return card

    card = await drop_oldest_card(queue, starts, end)
    assert card is not None
    assert ended == [card.id] == [2]


class SlowQueue(DiskQueue):
    """Dropping takes as long as a message does."""

    async def settle(self, card_ids: Sequence[int], settlement: Settlement) -> None:
        if settlement is Settlement.DEAD:
            await asyncio.sleep(0.3)
        await super().settle(card_ids, settlement)


async def accepted(rig: Rig, batch: LogsBatch) -> bool:
    """Offer a batch; it is refused while everything that waits is on its way."""
    try:
        await rig.exporter.consume(batch)
    except QueueFullError:
        return False
    return True


@pytest.mark.looptime(idle_timeout=600)
@pytest.mark.parametrize("folds", [False, True])
async def test_every_record_is_shown_or_dropped_and_none_is_both(folds: bool) -> None:
    fake, disk = FakeDiscord(channel_limit=None), Disk()
    disk.queues["discord/logs"] = SlowQueue(QueueLimits(1, Sizer.ITEMS, 1 << 20))
    queue = {**STORED, "sizer": "items", "queue_size": 6, "overflow": "drop_oldest"}
    config = {"sending_queue": queue, "fold": {"enabled": folds, "window": "0s"}, "shutdown_timeout": "1h"}
    async with running(fake, host=host_with(disk), **config) as rig:

        async def feed(first: int) -> None:
            for number in range(60):
                batch = logs_batch(1 + number % 3, first=first + 3 * number)
                while not await accepted(rig, batch):
                    await asyncio.sleep(0.1)
                await asyncio.sleep(0.02)

        async with asyncio.TaskGroup() as clients:
            clients.create_task(feed(0))
            clients.create_task(feed(1_000))
        await asyncio.sleep(60)
    dropped = rig.telemetry.value("otelcol_exporter_send_failed_log_records")
    assert sum(counts(fake.messages)) + dropped == 240
