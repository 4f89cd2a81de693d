"""When the next message goes that is not critical, so that a channel's minute is not used up in its first seconds.

Whoever comes into a channel that is used up has to wait until the oldest message is a minute old: after a burst nearly
all of that minute. So a tenth of the slots go at once, up to a third in small gaps, in which more cards find their way
into one message; the others are dealt out evenly until slots come back, and never much faster than they do in the long
run: thereby a burst is not repeated each minute.
"""

import math
from collections.abc import Sequence
from typing import Final

SPREAD_FROM: Final = 6
"""A limit below is not spread: there is no third to speak of."""
_AT_ONCE: Final = 10
"""One slot of so many goes at once."""
_SOON: Final = 3
"""One slot of so many goes at once or soon."""
_SMALL: Final = 0.18
"""The small gap in even gaps: 0.4 s of 30 a minute, as long as a webhook's own bucket takes for a slot."""
_HASTE: Final = 0.95
"""Shortest gap in even gaps: a little less than one, so that lost time is made up for."""
_PATIENCE: Final = 1.7
"""Longest gap in even gaps while the last slot is not touched: about 4 s of 30 a minute."""


def goes_in_gaps(counted: int, limit: int) -> bool:
    """Return whether so many messages of a limit are too many for the next one to go at once."""
    return limit >= SPREAD_FROM and counted >= max(1, limit // _AT_ONCE)


def next_at(log: Sequence[float], last_at: float, *, limit: int, kept: int, lasts_s: float) -> float:
    """Return when the next one goes, as far as gaps are concerned; -inf for at once.

    Args:
        log: when the messages were posted that still count, the oldest first.
        last_at: when the last one that is not critical went, -inf where none did.
        limit: messages in a window.
        kept: slots that this one leaves.
        lasts_s: how long a message counts.
    """
    if not goes_in_gaps(len(log), limit) or last_at == -math.inf:
        return -math.inf
    left = limit - kept - len(log)
    even_s = lasts_s / (limit - kept)
    if len(log) < limit // _SOON:
        return last_at + _SMALL * even_s
    gap_s = max(_HASTE * even_s, (log[0] + lasts_s - last_at) / (left + 1) if left > 0 else 0.0)
    return min(last_at + gap_s, log[-(limit // _SOON)] + lasts_s)


def longest_gap_s(limit: int, kept: int, lasts_s: float) -> float:
    """Return after what gap one goes although more slots should be kept, inf where nothing is spread."""
    return _PATIENCE * lasts_s / (limit - kept) if limit >= SPREAD_FROM else math.inf
