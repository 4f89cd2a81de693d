"""One destination's lane, as its outbox uses it: a step that the storage refuses for now is repeated, not given up.

Repeating is right for every step here: what Discord has is settled later rather than sent again.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from otel_discord.component import Move, RetryableError, Settlement, ShutdownError, StoredCard, WorkQueue

T = TypeVar("T")

_FIRST_PAUSE_S: Final = 0.1
_LONGEST_PAUSE_S: Final = 5.0


async def patiently(step: Callable[[], Awaitable[T]], logger: logging.Logger, what: str) -> T:
    """Repeat a step until the storage takes it; who cancels ends it.

    Raises:
        ShutdownError: the storage is closed.
    """
    pause_s = _FIRST_PAUSE_S
    while True:
        try:
            return await step()
        except ShutdownError:
            raise
        except RetryableError as error:
            if pause_s == _FIRST_PAUSE_S:
                logger.warning("the storage refuses %s for now; trying again: %s", what, error)
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """The cards of one destination, and its share of the exporter's state."""

    name: str
    queue: WorkQueue
    logger: logging.Logger

    async def head(self, limit: int) -> Sequence[StoredCard]:
        """Return the cards that come next."""
        return await self._insist(lambda: self.queue.head(self.name, limit), "to show what waits")

    async def waiting(self) -> int:
        """Return how many cards the lane holds."""
        return (await self.queue.waiting()).get(self.name, 0)

    async def delivered(self, cards: Sequence[StoredCard]) -> None:
        """End cards that Discord has."""
        ids = [card.id for card in cards]
        await self._insist(lambda: self.queue.settle(ids, Settlement.DELIVERED), "to settle what was delivered")

    async def mark_unsent(self, cards: Sequence[StoredCard]) -> None:
        """Note that Discord does not have the message that was begun."""
        ids = [card.id for card in cards]
        await self._insist(lambda: self.queue.mark_unsent(ids), "to note what was not sent")

    async def move(self, moves: Sequence[Move]) -> None:
        """Let cards go on in other lanes."""
        await self._insist(lambda: self.queue.move(moves), "to move cards to another destination")

    async def get_state(self, key: str) -> bytes | None:
        """Return a value of the exporter's state."""
        return await self._insist(lambda: self.queue.get_state(key), "to read its state")

    async def set_state(self, key: str, value: bytes | None) -> None:
        """Store or remove a value of the exporter's state."""
        await self._insist(lambda: self.queue.set_state(key, value), "to store its state")

    async def _insist(self, step: Callable[[], Awaitable[T]], what: str) -> T:
        return await patiently(step, self.logger, what)
