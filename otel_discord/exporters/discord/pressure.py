"""What goes first when the queue is full and the user wants the newest (``overflow: drop_oldest``)."""

from otel_discord.component import Settlement, StoredCard, WorkQueue
from otel_discord.exporters.discord.routing import CRITICAL_PRIORITY

_LOOK_CARDS = 256
"""How many critical cards at a lane's head are looked past."""


async def drop_oldest_card(queue: WorkQueue) -> StoredCard | None:
    """End the oldest card that is not critical, over all lanes, and return it; None where there is none."""
    oldest: StoredCard | None = None
    for lane in await queue.lanes():
        head = await queue.head(lane, _LOOK_CARDS)
        first = next((card for card in head if card.priority < CRITICAL_PRIORITY), None)
        if first is not None and (oldest is None or first.id < oldest.id):
            oldest = first
    if oldest is not None:
        await queue.settle([oldest.id], Settlement.DEAD)
    return oldest
