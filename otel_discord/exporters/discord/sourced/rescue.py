"""Where the cards of a run go that cannot be delivered to it: to the exporter's own destinations, as its telemetry
would go if the run were not known. One card goes to one place, the first that takes it, with a word about why.

What no destination of the exporter takes, by its severity or since there is none, becomes a dead letter.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from google.protobuf.message import DecodeError

from otel_discord.component import Move, NewCard, StoredCard, WorkQueue
from otel_discord.discord_api.outcome_types import Reason
from otel_discord.exporters.discord.cards import Card
from otel_discord.exporters.discord.cause import Cause
from otel_discord.exporters.discord.dead_letters.desk import Bury
from otel_discord.exporters.discord.detours import GONE, note_of
from otel_discord.exporters.discord.fallback import PAGE_CARDS
from otel_discord.exporters.discord.folding.desk import FoldDesk
from otel_discord.exporters.discord.folding.lane_fold import know_alert
from otel_discord.exporters.discord.lane import patiently
from otel_discord.exporters.discord.members.events import member_event
from otel_discord.exporters.discord.mutes.held_lanes import destination_of, held_lane, mute_of
from otel_discord.exporters.discord.outbox import Outbox
from otel_discord.exporters.discord.routing import Router, Way
from otel_discord.exporters.discord.statuses.finding import is_status
from otel_discord.ottl import LogItem

ENDED: Final = "which has ended"
_NOBODY: Final = Cause(
    reason=Reason.NO_DESTINATION,
    detail="its run has ended, and no destination of the exporter takes records of this severity",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rescue:
    """Of one exporter. ``bury`` ends the cards of a lane."""

    queue: WorkQueue
    desk: FoldDesk
    router: Router
    outboxes: Mapping[str, Outbox]
    bury: Bury
    logger: logging.Logger

    async def empty(self, lane: str, label: str) -> int:
        """Let everything of a run's lane that waits go elsewhere; return how many cards that were.

        Args:
            lane: of the run, or what a mute holds of it; what is held stays held.
            label: what people call the run.
        """
        emptied = 0
        while True:
            left, went = await self._next_page(lane, label)
            if left:
                await patiently(lambda left=left: self.bury(lane, left, _NOBODY), self.logger, "a dead letter")  # type: ignore[misc]
            if not left and not went:
                return emptied
            emptied += len(left) + went

    async def take_in(self, lane: str, label: str, cards: Sequence[StoredCard]) -> Sequence[StoredCard]:
        """Let cards of a live run whose webhook is gone go elsewhere; return those that nobody takes."""
        async with self.desk.lock:
            return await self._move(lane, label, GONE, cards)

    async def _next_page(self, lane: str, label: str) -> tuple[Sequence[StoredCard], int]:
        async with self.desk.lock:
            stored = await patiently(lambda: self.queue.head(lane, PAGE_CARDS), self.logger, "to show what waits")
            left = await self._move(lane, label, ENDED, stored)
            return left, len(stored) - len(left)

    async def _move(self, lane: str, label: str, why: str, stored: Sequence[StoredCard]) -> Sequence[StoredCard]:
        """Move what finds a place, while routing is held back; return the rest with all that is counted on it."""
        book = self.desk.books.get(lane)
        current = [replace(card, payload=book.current(card)) for card in stored] if book is not None else stored
        moves: list[Move] = []
        left: list[StoredCard] = []
        for card in current:
            new = self._moved(card, label, why)
            if new is None:
                left.append(card)
            else:
                moves.append(Move(card.id, new))
        if moves:
            ids = await patiently(lambda: self.queue.move(moves), self.logger, "to move cards to another destination")
            for move, card_id in zip(moves, ids, strict=False):
                know_alert(self.desk.books, card_id, move)
        if book is not None:
            book.ended([card.id for card in current])
        for name in {move.card.lane for move in moves}:
            if name in self.outboxes:
                self.outboxes[name].notify(max(move.card.priority for move in moves if move.card.lane == name))
        return left

    def _moved(self, stored: StoredCard, label: str, why: str) -> NewCard | None:
        """Return the card as it goes on; None where nobody takes it, or it cannot be read."""
        try:
            card = Card.from_bytes(stored.payload)
            way = self._way_of(card)
        except DecodeError:
            return None
        name = self._place(way)
        if not name:
            return None
        run, mute_id = destination_of(stored.lane), mute_of(stored.lane)
        notes = (*card.notes, note_of(label, why))
        told = replace(card, notes=notes, been_to=(*card.been_to, run), routes=way.routes)
        return NewCard(held_lane(name, mute_id) if mute_id else name, stored.priority, told.to_bytes())

    def _way_of(self, card: Card) -> Way:
        """Return where the configuration sends what a card shows."""
        resource, scope, record = card.parts()
        item = LogItem(record, scope, resource)
        is_member = member_event(record) is not None
        return self.router.way(card.severity, item, is_status=is_status(record), is_member=is_member)

    def _place(self, way: Way) -> str:
        """Return the destination that takes a card: one that works, where there is one; "" where nobody does."""
        names = [each.name for each in way.destinations]
        working = (name for name in names if name in self.outboxes and not self.outboxes[name].is_gone)
        return next(working, names[0] if names else "")
