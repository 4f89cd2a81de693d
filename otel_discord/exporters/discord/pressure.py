"""What goes first when the queue is full and the user wants the newest (``overflow: drop_oldest``)."""

from collections.abc import Callable

from otel_discord.component import Settlement, StoredCard, WorkQueue
from otel_discord.exporters.discord.routing import CRITICAL_PRIORITY

_LOOK_CARDS = 256
"""How many cards at a lane's head, critical or on their way, are looked past."""


async def drop_oldest_card(queue: WorkQueue, is_on_its_way: Callable[[StoredCard], bool]) -> StoredCard | None:
    """End the oldest card over all lanes that is neither critical nor on its way, and return it; None without one."""
    oldest: StoredCard | None = None
    for lane in await queue.lanes():
        head = await queue.head(lane, _LOOK_CARDS)
        first = next((card for card in head if card.priority < CRITICAL_PRIORITY and not is_on_its_way(card)), None)
        if first is not None and (oldest is None or first.id < oldest.id):
            oldest = first
    if oldest is not None:
        await queue.settle([oldest.id], Settlement.DEAD)
    return oldest
