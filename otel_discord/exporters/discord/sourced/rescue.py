"""Where the cards of a run go that cannot be delivered to it: to the exporter's own destinations, as its telemetry
would go if the run were not known. One card goes to one place, the first that takes it, with a word about why.

What no destination of the exporter takes, by its severity or since there is none, becomes a dead letter. In a fleet the
destination may be another shard's: then the card goes on as what came in, and is taken out here afterwards.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from google.protobuf.message import DecodeError

from otel_discord.component import Move, NewCard, Settlement, StoredCard, WorkQueue
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
from otel_discord.exporters.discord.shelf import Shelf
from otel_discord.exporters.discord.sourced.elsewhere import Elsewhere, Parts
from otel_discord.exporters.discord.sourced.marks import Moved
from otel_discord.exporters.discord.sourced.moving import moved_on
from otel_discord.exporters.discord.statuses.finding import is_status
from otel_discord.ottl import LogItem

ENDED: Final = "which has ended"
NOBODY: Final = Cause(
    reason=Reason.NO_DESTINATION,
    detail="its run has ended, and no destination of the exporter takes records of this severity",
)


@dataclass(slots=True)
class _Sorted:
    """What becomes of some cards."""

    moves: list[Move] = field(default_factory=list)
    away: list[tuple[StoredCard, Parts]] = field(default_factory=list)
    """Those that go to other shards."""
    left: list[StoredCard] = field(default_factory=list)
    """Those that nobody takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rescue:
    """Of one exporter. ``bury`` ends the cards of a lane, ``release_attachments`` lets files go."""

    queue: WorkQueue
    desk: FoldDesk
    router: Router
    outboxes: Mapping[str, Outbox]
    bury: Bury
    shelf: Shelf
    release_attachments: Callable[[Sequence[Card]], None]
    logger: logging.Logger
    elsewhere: Elsewhere | None = None
    """The other shards of a fleet."""
    whole: Router = field(init=False)
    """For all destinations, whoever has them."""

    def __post_init__(self) -> None:
        """Look beyond the destinations that are here."""
        object.__setattr__(self, "whole", self.router.whole())

    @property
    def name(self) -> str:
        """Return where cards go, for words to a person; "" for nowhere."""
        return "the exporter's own destinations" if self.router.destinations else ""

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
                await patiently(lambda left=left: self.bury(lane, left, NOBODY), self.logger, "a dead letter")  # type: ignore[misc]
            if not left and not went:
                return emptied
            emptied += len(left) + went

    async def take_in(self, lane: str, label: str, cards: Sequence[StoredCard]) -> Sequence[StoredCard]:
        """Let cards of a live run whose webhook is gone go elsewhere; return those that nobody takes."""
        async with self.desk.lock:
            gone = await self._move(lane, label, GONE, cards)
        await self._send_away(gone.away)
        return gone.left

    async def _next_page(self, lane: str, label: str) -> tuple[Sequence[StoredCard], int]:
        async with self.desk.lock:
            stored = await patiently(lambda: self.queue.head(lane, PAGE_CARDS), self.logger, "to show what waits")
            gone = await self._move(lane, label, ENDED, stored)
        await self._send_away(gone.away)
        return gone.left, len(stored) - len(gone.left)

    async def _send_away(self, away: Sequence[tuple[StoredCard, Parts]]) -> None:
        """Put cards into the queues of other shards, then take them out here: nothing is counted on them any more."""
        if not away or self.elsewhere is None:
            return
        cards = [Card.from_bytes(stored.payload) for stored, _ in away]
        await self.elsewhere.put([parts for _, parts in away], min(card.accepted_ns for card in cards))
        ids = [stored.id for stored, _ in away]
        await patiently(lambda: self.queue.settle(ids, Settlement.DELIVERED), self.logger, "what others show")
        self.release_attachments(cards)

    async def _move(self, lane: str, label: str, why: str, stored: Sequence[StoredCard]) -> _Sorted:
        """Move what finds a place here, while routing is held back; return the rest with all that is counted on it."""
        book = self.desk.books.get(lane)
        current = [replace(card, payload=book.current(card)) for card in stored] if book is not None else stored
        found = _Sorted()
        for card in current:
            self._sort(card, label, why, found)
        moves = found.moves
        if moves:
            ids = await patiently(lambda: self.queue.move(moves), self.logger, "to move cards to another destination")
            for move, card_id in zip(moves, ids, strict=False):
                know_alert(self.desk.books, card_id, move)
        if book is not None:
            book.ended([card.id for card in current])
        for name in {move.card.lane for move in moves}:
            if name in self.outboxes:
                self.outboxes[name].notify(max(move.card.priority for move in moves if move.card.lane == name))
        return found

    def _sort(self, stored: StoredCard, label: str, why: str, found: _Sorted) -> None:
        """Find out how a card goes on; what cannot be read is left."""
        run, mute_id = destination_of(stored.lane), mute_of(stored.lane)
        try:
            card = Card.from_bytes(stored.payload)
            way = self._way_of(card)
            name = self._place(way)
            if name and self._is_elsewhere(name) and self.elsewhere is not None:
                moved = Moved(to=name, been_to=(run,), notes=(note_of(label, why),))
                found.away.append((stored, self.elsewhere.to(name, moved_on(card, moved, self.shelf))))
                return
        except DecodeError:
            found.left.append(stored)
            return
        if not name:
            found.left.append(stored)
            return
        notes = (*card.notes, note_of(label, why))
        told = replace(card, notes=notes, been_to=(*card.been_to, run), routes=way.routes)
        new = NewCard(held_lane(name, mute_id) if mute_id else name, stored.priority, told.to_bytes())
        found.moves.append(Move(stored.id, new))

    def _is_elsewhere(self, name: str) -> bool:
        only = self.router.only
        return only is not None and name not in only

    def _way_of(self, card: Card) -> Way:
        """Return where the configuration sends what a card shows."""
        resource, scope, record = card.parts()
        item = LogItem(record, scope, resource)
        is_member = member_event(record) is not None
        return self.whole.way(card.severity, item, is_status=is_status(record), is_member=is_member)

    def _place(self, way: Way) -> str:
        """Return the destination that takes a card: one that works, as far as is known; "" where nobody does."""
        names = [each.name for each in way.destinations]
        working = (
            name
            for name in names
            if self._is_elsewhere(name) or (name in self.outboxes and not self.outboxes[name].is_gone)
        )
        return next(working, names[0] if names else "")
