"""What goes first when the queue is full and the user wants the newest (``overflow: drop_oldest``)."""

from collections.abc import Awaitable, Callable

from otel_discord.component import StoredCard, WorkQueue
from otel_discord.exporters.discord.routing import CRITICAL_PRIORITY

_LOOK_CARDS = 256
"""How many cards at a lane's head, critical or on their way, are looked past."""


async def drop_oldest_card(
    queue: WorkQueue, is_on_its_way: Callable[[StoredCard], bool], end: Callable[[StoredCard], Awaitable[StoredCard]]
) -> StoredCard | None:
    """End the oldest card over all lanes that is neither critical nor on its way; return it, None where there is none.

    Args:
        queue: where cards wait.
        is_on_its_way: whether it is too late for a card.
        end: ends a card and returns it with everything that it counts; from its first step on nobody may send it.
    """
    while True:
        firsts = {lane: await _first(queue, lane, is_on_its_way) for lane in await queue.lanes()}
        found = [card for card in firsts.values() if card is not None]
        if not found:
            return None
        oldest = min(found, key=lambda card: card.id)
        # It may have gone while the other lanes were looked at.
        again = await _first(queue, oldest.lane, is_on_its_way) if len(firsts) > 1 else oldest
        if again is not None and again.id == oldest.id:
            return await end(again)


async def _first(queue: WorkQueue, lane: str, is_on_its_way: Callable[[StoredCard], bool]) -> StoredCard | None:
    head = await queue.head(lane, _LOOK_CARDS)
    return next((card for card in head if card.priority < CRITICAL_PRIORITY and not is_on_its_way(card)), None)
