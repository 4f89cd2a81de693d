"""What goes first when the queue is full and the newest is wanted."""

import pytest

from otel_discord.component import NewCard, QueueLimits, Settlement, Sizer
from otel_discord.exporters.discord.pressure import drop_oldest_card
from otel_discord.store.memory import MemoryQueue
from otel_discord.testing.otlp import logs_batch

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
    card = await drop_oldest_card(queue, lambda card: card.id in held)
    assert (card and card.id) == dropped
    if dropped is not None:
        assert await queue.settled(dropped) is Settlement.DEAD
    assert queue.size == len(cards) - (dropped is not None)
