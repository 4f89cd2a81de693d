"""A full queue that takes what is new (``overflow: drop_oldest``): fold first, then the least goes, told once.

A batch more than there is room for is let in and looked at. If all of it is counted on cards that wait, its room is
free again; if not, cards are dropped until the queue is within its bounds.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from google.protobuf.message import DecodeError

from otel_discord.component import RetryableError, Settlement, ShutdownError, StoredCard, WorkQueue
from otel_discord.component.instruments import ExporterInstruments
from otel_discord.component.instruments_discord import DiscordInstruments
from otel_discord.exporters.discord.cards import Card
from otel_discord.exporters.discord.losses import REASON, Losses
from otel_discord.exporters.discord.mutes.held_lanes import destination_of
from otel_discord.exporters.discord.outbox import Outbox
from otel_discord.exporters.discord.pressure import Ranks
from otel_discord.exporters.discord.ranked_queue import rank_what_waits, ranked
from otel_discord.exporters.discord.unrouted import Unrouted
from otel_discord.signals import Signal

_LONGEST_STEP_S: Final = 5.0
"""A routing step that takes longer waits for a storage that fails; then there is no room to be made."""
_LOOK_S: Final = 0.5
_GLANCE_S: Final = 0.05
_IDLE_GLANCES: Final = 3
_LITTLE: Final = 16
_LITTLE_PART: Final = 8


@dataclass(slots=True, kw_only=True)
class Overflow:
    """Of one exporter, for queues with room for one batch beyond their bounds."""

    unrouted: Unrouted
    release_attachments: Callable[[Sequence[Card]], None]
    instruments: ExporterInstruments
    discord_instruments: DiscordInstruments
    losses: Losses
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _outboxes: Mapping[str, Outbox] = field(default_factory=dict)
    _ranks: Ranks = field(default_factory=Ranks)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _owes: asyncio.Event = field(default_factory=asyncio.Event)

    def watched(self, queue: WorkQueue) -> WorkQueue:
        """Return the same queue, of which is remembered what could go."""
        self._ranks = Ranks()
        return ranked(queue, self._ranks)

    def begin(self, lock: asyncio.Lock, outboxes: Mapping[str, Outbox]) -> None:
        """Say who sends the cards, and what routing holds while it counts."""
        self._lock, self._outboxes = lock, outboxes

    async def make_room(self, queue: WorkQueue) -> bool:
        """Bring a queue that refused a batch back within its bounds; False where nothing of it may go."""
        async with self._turn:
            await self._settle_down(queue, lambda _: False)
            return not queue.is_beyond

    async def keep_to_size(self, queue: WorkQueue, batch_id: int) -> None:
        """Bring a queue that has just taken a batch back within its bounds, as far as something of it may go.

        The batch itself is not dropped for what goes before it and is on its way: that has soon arrived, or waits.
        """
        if queue.is_beyond:
            async with self._turn:
                await self._settle_down(queue, lambda card_id: self._ranks.is_newest(card_id, batch_id))

    async def run(self, queue: WorkQueue) -> None:
        """Drop what should have gone and was on its way, if it waits again, until cancelled."""
        while True:
            await self._owes.wait()
            self._owes.clear()
            while queue.is_beyond:
                await asyncio.sleep(_LOOK_S)
                async with self._turn:
                    await self._settle_down(queue, lambda _: True)

    async def keep_what_comes(self, queue: WorkQueue) -> None:
        """Keep a queue within its bounds that others put into, until cancelled. What routing has before it is looked at
        first, since it may only be counted. Newer ones are dropped in the place of what is on its way only where much
        is beyond the bounds."""
        while True:
            await asyncio.sleep(_GLANCE_S)
            if queue.is_beyond:
                await self._looked_at(queue)
                async with self._turn:
                    is_little = queue.size - queue.capacity <= max(_LITTLE, queue.capacity // _LITTLE_PART)
                    await self._settle_down(queue, _each if is_little else _none)

    async def _looked_at(self, queue: WorkQueue) -> None:
        """Return when routing has nothing at hand, or the queue is within its bounds, or it takes too long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_LONGEST_STEP_S):
                idle_glances = 0  # a single one may fall between two batches
                while queue.is_beyond and idle_glances < _IDLE_GLANCES:
                    idle_glances = idle_glances + 1 if self.unrouted.is_idle else 0
                    await asyncio.sleep(_GLANCE_S)

    async def _settle_down(self, queue: WorkQueue, is_spared: Callable[[int], bool]) -> None:
        try:
            async with asyncio.timeout(_LONGEST_STEP_S):
                while queue.is_beyond and self.unrouted:
                    await self.unrouted.fewer()
        except TimeoutError:
            if self._lock.locked():
                return  # the storage refuses what routing brings
        try:
            while queue.is_beyond and await self._drop_one(queue, is_spared):
                pass
        except (RetryableError, ShutdownError):
            return  # the storage cannot end it now: it waits on

    async def _drop_one(self, queue: WorkQueue, is_spared: Callable[[int], bool]) -> bool:
        """End the card that goes first. Meanwhile nothing is counted on it, and nobody else drops it."""
        try:
            async with asyncio.timeout(_LONGEST_STEP_S):
                await self._lock.acquire()
        except TimeoutError:
            return False
        try:
            card = await self._first(queue, is_spared)
            if card is None:
                return False
            ending = asyncio.create_task(self._end(queue, card))
            try:
                await asyncio.shield(ending)
            except asyncio.CancelledError:
                await asyncio.wait([ending], timeout=_LONGEST_STEP_S)  # what the storage has in hand is counted
                raise
        finally:
            self._lock.release()
        return True

    async def _end(self, queue: WorkQueue, card: StoredCard) -> None:
        """End a card, with everything that it counts, unless it has gone meanwhile; from then on nobody sends it."""
        if self._holds(card.lane, card.id):
            return
        outbox = self._outboxes.get(card.lane)
        if outbox is not None:
            card = await outbox.drop(card)
        else:
            await queue.settle([card.id], Settlement.DEAD)
        self._count(card)

    async def _first(self, queue: WorkQueue, is_spared: Callable[[int], bool]) -> StoredCard | None:
        """Return the card to drop; ``is_spared`` says whether a card is left where another should have gone before."""
        if self._ranks.is_behind:
            await rank_what_waits(queue, self._ranks)
        while (card_id := self._ranks.first(self._holds)) is not None:
            if self._ranks.first() != card_id and is_spared(card_id):
                self._owes.set()
                return None
            found = await queue.find([card_id])
            if not found:
                self._ranks.left([card_id])
            else:
                return found[0]
        return None

    def _holds(self, lane: str, card_id: int) -> bool:
        """Return whether a card is on its way or has arrived, so that it is too late to drop it."""
        outbox = self._outboxes.get(lane)
        return outbox is not None and outbox.holds(card_id)

    def _count(self, dropped: StoredCard) -> None:
        destination = destination_of(dropped.lane)
        self.discord_instruments.destination(destination).message_failed(REASON, attempts=0)
        try:
            card = Card.from_bytes(dropped.payload)
        except DecodeError:
            self.instruments.send_failed(Signal.LOGS, 1)
            return
        self.release_attachments([card])
        self.instruments.send_failed(Signal.LOGS, card.count)
        self.losses.note(destination, {card.severity: card.count}, card.first_seen_ns, card.last_seen_ns)


def _each(_: int) -> bool:
    return True


def _none(_: int) -> bool:
    return False
