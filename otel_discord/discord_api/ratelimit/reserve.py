"""One slot of each limit stays free for who is critical, so that nobody critical waits behind others.

A normal request leaves one slot unused; one that can wait (an edit, a deletion) leaves two: the reserve, and the slot
that the next normal one needs. In a log of ``limit`` slots one that is never used would cost ``1 / limit`` of the rate;
one that comes back within :data:`SOON_S` counts as free, which gives a part of that back.
"""

from typing import Final

CRITICAL: Final = 1
"""From this priority on every slot may be used."""
SOON_S: Final = 0.4
"""How long somebody critical may have to wait for a slot of the channel: below what a person notices."""
RESERVE_FROM: Final = 4
"""A channel's budget below keeps nothing: half of the rate, or a third, is too much to pay."""


def kept_slots(priority: int, limit: int) -> int:
    """Return how many slots of a channel's budget a request leaves to those before it."""
    if priority >= CRITICAL or limit < RESERVE_FROM:
        return 0
    return 1 if priority >= 0 else 2
