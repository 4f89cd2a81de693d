"""Where cards go that their own destination cannot take: to its fallback's lane, once, with a word about why.

A card remembers the destinations that it came from, so that mutual fallbacks do not play ping-pong, and those that
got the record anyway, so that nobody reads it twice.
"""

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import Final

from otel_discord.component import Move, NewCard, StoredCard
from otel_discord.exporters.discord.cards import Card
from otel_discord.exporters.discord.detours import GONE, UNREACHABLE, Haven, note_of
from otel_discord.exporters.discord.folding.lane_fold import LaneFold
from otel_discord.exporters.discord.lane import Lane
from otel_discord.exporters.discord.routing import CRITICAL_PRIORITY

PAGE_CARDS: Final = 40


def redirected(card: Card, lane: str, why: str) -> Card:
    """Return the card as it goes on elsewhere; ``lane`` is where it could not be delivered."""
    return replace(card, notes=(*card.notes, note_of(lane, why)), been_to=(*card.been_to, lane))


def takes(haven: Haven | None, been_to: Sequence[str]) -> bool:
    """Return whether a card that was in these lanes can end in a fallback, or in the fallback of that one."""
    seen = set(been_to)
    while haven is not None and haven.name not in seen:
        if not haven.is_gone:
            return True
        seen.add(haven.name)
        haven = haven.haven
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Fallback:
    """Moves cards from one lane to that of its haven."""

    lane: Lane
    haven: Haven
    release_attachments: Callable[[Sequence[Card]], None]
    fold: LaneFold | None = None
    """Of the lane that cards leave."""

    @property
    def name(self) -> str:
        """Where cards go, for words to a person."""
        return self.haven.name

    async def relieve(self, may_move: Callable[[StoredCard], bool]) -> set[int]:
        """Move what is critical while the breaker is open, nothing where the haven cannot be reached either.

        Returns the ids of the cards that went.
        """
        moved, limit = set[int](), PAGE_CARDS
        while not (self.haven.is_gone or self.haven.is_open):
            head = await self.lane.head(limit)
            critical = [card for card in head if card.priority >= CRITICAL_PRIORITY]
            went = await self._move([card for card in critical if may_move(card)], UNREACHABLE)
            if went:
                moved |= went
            elif len(critical) == limit:
                limit *= 2  # those that must stay stand before others
            else:
                break
        return moved

    async def take_in(self, cards: Sequence[StoredCard]) -> Sequence[StoredCard]:
        """Move the cards of a destination that is gone; return those that the haven cannot take.

        Where the haven got the record itself when it was routed, there is nothing left to bring.
        """
        read = [(stored, Card.from_bytes(stored.payload)) for stored in cards]
        there = [(stored, card) for stored, card in read if self._got(card)]
        if there:
            await self.lane.delivered([stored for stored, _ in there])
            if self.fold is not None:
                self.fold.ended([stored for stored, _ in there])
            self.release_attachments([card for _, card in there])
        ended = {stored.id for stored, _ in there}
        ended |= await self._move([card for card in cards if card.id not in ended], GONE)
        return [card for card in cards if card.id not in ended]

    def _moves(self, cards: Sequence[StoredCard], why: str) -> list[Move]:
        moves = []
        for stored in cards:
            card = Card.from_bytes(stored.payload)
            if takes(self.haven, (*card.been_to, self.lane.name)) and not self._got(card):
                payload = redirected(card, self.lane.name, why).to_bytes()
                moves.append(Move(stored.id, NewCard(self.haven.name, stored.priority, payload)))
        return moves

    def _got(self, card: Card) -> bool:
        return self.haven.name in card.routed_to

    async def _move(self, cards: Sequence[StoredCard], why: str) -> set[int]:
        """Move those cards that the haven takes; return their ids."""
        async with self.fold.steady() if self.fold is not None else nullcontext():
            moves = self._moves(self.fold.current(cards) if self.fold is not None else cards, why)
            ids = {move.card_id for move in moves}
            if moves:
                new_ids = await self.lane.move(moves)
                if self.fold is not None:
                    self.fold.ended([card for card in cards if card.id in ids])
                    self.fold.moved(moves, new_ids)
        if moves:
            self.haven.notify(max(move.card.priority for move in moves))
        return ids
