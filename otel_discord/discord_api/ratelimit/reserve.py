"""Slots of each limit stay free for who is critical, so that nobody critical waits behind others.

In a log of ``limit`` slots each one that is never used costs ``1 / limit`` of the rate; one that comes back soon counts
as free, which gives a part of that back. A request that can wait (a new message of low priority) leaves one slot more:
that which the next normal one needs.
"""

from typing import Final

CRITICAL: Final = 1
"""From this priority on every slot may be used."""
SOON_S: Final = 0.4
"""How long the first of them may have to wait for a slot of the channel: below what a person notices."""
KEPT_MOST: Final = 3
"""So many critical messages in a row find a slot, more of them one every 2 s; each costs a thirtieth of the rate."""
ALL_SOON_S: Final = 2.5
"""How long the last of these may have to wait for a slot of the channel: about as long as for its bucket."""
RESERVE_FROM: Final = 4
"""A channel's budget below keeps nothing: half of the rate, or a third, is too much to pay."""
_SHARE: Final = 6
"""One slot of so many is kept, and never less than one."""


def kept_slots(priority: int, limit: int) -> int:
    """Return how many slots of a channel's budget a request leaves to those before it."""
    if priority >= CRITICAL or limit < RESERVE_FROM:
        return 0
    kept = max(1, min(KEPT_MOST, limit // _SHARE))
    return kept if priority >= 0 else kept + 1


def soon_s(limit: int) -> float:
    """Return within what time the slots that are kept of a channel's budget have to be there to count as free."""
    return SOON_S if kept_slots(0, limit) <= 1 else ALL_SOON_S
