"""One destination's lane, as its outbox uses it: a step that the storage refuses for now is repeated, not given up.

Repeating is right for every step here: what Discord has is settled later rather than sent again. It is settled while
the next message is made, and that one goes out when both are stored: mostly by one commit.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeVar

from otel_discord.component import (
    Move,
    NewPosted,
    PostedMessage,
    Posting,
    RetryableError,
    Settlement,
    ShutdownError,
    StoredCard,
    WorkQueue,
)

T = TypeVar("T")

_FIRST_PAUSE_S: Final = 0.1
_LONGEST_PAUSE_S: Final = 5.0
_LAST_TRIES_S: Final = 10.0
"""How long who is cancelled goes on settling; what the storage has in hand by then it finishes itself."""


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


@dataclass(slots=True, kw_only=True)
class Lane:
    """The cards of one destination, and its share of the exporter's state."""

    name: str
    queue: WorkQueue
    logger: logging.Logger
    _settling: "asyncio.Task[ShutdownError | None] | None" = None
    _ended: frozenset[int] = frozenset()
    """Cards that Discord has, until the storage knows it too."""
    _leaving: set[int] = field(default_factory=set)
    """Cards that are being dropped."""

    async def head(self, limit: int) -> Sequence[StoredCard]:
        """Return the cards that come next; never one that Discord has, or that is being dropped."""
        most = limit + len(self._ended) + len(self._leaving)
        head = await self._insist(lambda: self.queue.head(self.name, most), "to show what waits")
        return [card for card in head if card.id not in self._ended and card.id not in self._leaving][:limit]

    async def drop(self, card: StoredCard) -> None:
        """End a card that waits, for want of room; from now on it is not shown.

        Raises:
            RetryableError: the storage cannot end it; it waits on.
        """
        self._leaving.add(card.id)
        try:
            await self.queue.settle([card.id], Settlement.DEAD)
        finally:
            self._leaving.discard(card.id)

    def has_ended(self, card_id: int) -> bool:
        """Return whether Discord has a card which the storage may still show."""
        return card_id in self._ended

    async def waiting(self) -> int:
        """Return how many cards the lane holds."""
        return (await self.queue.waiting()).get(self.name, 0)

    async def delivered(self, cards: Sequence[StoredCard], posted: NewPosted | None = None) -> None:
        """Begin to end cards that Discord has; :meth:`settled` waits until they have. Those in ``posted`` are kept."""
        await self.settled()
        self._ended = frozenset(card.id for card in cards)
        self._settling = asyncio.create_task(self._settle([card.id for card in cards], posted))
        await asyncio.sleep(0)  # now the storage has it in hand

    async def mark_sending(self, cards: Sequence[StoredCard]) -> None:
        """Note that a message goes out; it may once this returns.

        Raises:
            RetryableError: it is not noted.
        """
        await self.queue.mark_sending([card.id for card in cards])
        await self.settled()

    async def settled(self) -> None:
        """Return when the storage has the end of everything that was delivered.

        Raises:
            ShutdownError: the storage is closed.
        """
        if self._settling is None:
            return
        closed = await asyncio.shield(self._settling)
        self._settling = None
        if closed is not None:
            raise closed

    async def leave(self) -> None:
        """End, soon: nothing is settled any more but what the storage has in hand."""
        if self._settling is not None:
            try:
                await asyncio.wait({self._settling}, timeout=_LAST_TRIES_S)
            finally:
                self._settling.cancel()

    async def mark_unsent(self, cards: Sequence[StoredCard]) -> None:
        """Note that Discord does not have the message that was begun."""
        ids = [card.id for card in cards]
        await self._insist(lambda: self.queue.mark_unsent(ids), "to note what was not sent")

    async def move(self, moves: Sequence[Move]) -> Sequence[int]:
        """Let cards go on in other lanes; return their new ids in order."""
        return await self._insist(lambda: self.queue.move(moves), "to move cards to another destination")

    async def posted(self) -> Sequence[PostedMessage]:
        """Return the messages that are kept, oldest first."""
        return await self._insist(lambda: self.queue.posted(self.name), "to show what is in Discord")

    async def post(self, posted: NewPosted) -> None:
        """Keep a message that Discord has."""
        await self._insist(lambda: self.queue.post(posted), "to keep what was delivered")

    async def unpost(self, card_ids: Sequence[int]) -> None:
        """Keep posted cards no longer; their messages stay."""
        await self._insist(lambda: self.queue.unpost(card_ids), "to forget posted cards")

    async def mark_shown(self, postings: Sequence[Posting]) -> None:
        """Note what an edit has brought to Discord."""
        await self._insist(lambda: self.queue.mark_shown(postings), "to note an edit")

    async def forget_messages(self, message_ids: Sequence[str]) -> None:
        """Keep messages no longer."""
        await self._insist(lambda: self.queue.forget_messages(self.name, message_ids), "to forget messages")

    async def get_state(self, key: str) -> bytes | None:
        """Return a value of the exporter's state."""
        return await self._insist(lambda: self.queue.get_state(key), "to read its state")

    async def set_state(self, key: str, value: bytes | None) -> None:
        """Store or remove a value of the exporter's state."""
        await self._insist(lambda: self.queue.set_state(key, value), "to store its state")

    async def _settle(self, card_ids: Sequence[int], posted: NewPosted | None) -> ShutdownError | None:
        try:
            if posted is not None:
                await self._insist(lambda: self.queue.post(posted), "to keep what was delivered")
                kept = {each.card_id for each in posted.cards}
                card_ids = [card_id for card_id in card_ids if card_id not in kept]
            if card_ids or posted is None:
                await self._insist(
                    lambda: self.queue.settle(card_ids, Settlement.DELIVERED), "to settle what was delivered"
                )
        except ShutdownError as error:
            return error
        self._ended = frozenset()
        return None

    async def _insist(self, step: Callable[[], Awaitable[T]], what: str) -> T:
        return await patiently(step, self.logger, what)
