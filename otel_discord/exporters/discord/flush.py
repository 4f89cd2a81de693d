"""Waits until what was accepted has ended: it is in Discord, or it is known why not."""

import asyncio
from collections.abc import Collection, Sized
from typing import Final

from otel_discord.component import RetryableError, WorkQueue
from otel_discord.exporters.discord.mutes.held_lanes import is_held
from otel_discord.exporters.discord.outbox import Outbox

_FIRST_LOOK_S: Final = 0.01
_LONGEST_BETWEEN_S: Final = 0.25


async def ended(queue: WorkQueue, unrouted: Sized, outboxes: Collection[Outbox]) -> None:
    """Return when no batch is to be looked at, no card waits and no message is in flight.

    Edits that bring counts up to date are not waited for, nor what a mute holds. Who waits has the deadline.
    """
    pause_s = _FIRST_LOOK_S
    while (unrouted and queue.size) or await _waits(queue) or any(outbox.is_busy for outbox in outboxes):
        await asyncio.sleep(pause_s)
        pause_s = min(1.5 * pause_s, _LONGEST_BETWEEN_S)


async def _waits(queue: WorkQueue) -> bool:
    try:
        return any(cards for lane, cards in (await queue.waiting()).items() if not is_held(lane))
    except RetryableError:
        return True
