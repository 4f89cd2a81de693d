"""From a pick to its end: composed when the permit comes, sent, settled."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import Final

from google.protobuf.message import DecodeError

from otel_discord.component import StoredCard
from otel_discord.component.instruments_discord import DestinationInstruments
from otel_discord.exporters.discord.arrivals import Arrivals
from otel_discord.exporters.discord.compose import Composed
from otel_discord.exporters.discord.doubt import NO_DOUBT, Group
from otel_discord.exporters.discord.evidence.desk import EvidenceDesk
from otel_discord.exporters.discord.folding.kinds import Kind
from otel_discord.exporters.discord.folding.lane_fold import LaneFold
from otel_discord.exporters.discord.lane_state import LaneState
from otel_discord.exporters.discord.picking import LOOK_AHEAD_CARDS, Pick, Picker
from otel_discord.exporters.discord.routing import CRITICAL_PRIORITY
from otel_discord.exporters.discord.sender import Ended, Errand, Sender
from otel_discord.exporters.discord.settling import Settling

MAX_DIGEST_CARDS: Final = 5_000
DIGEST_REST_S: Final = 10.0
"""After a digest, so that a storm of ever new problems is not a storm of digests; unless the next one is full."""
ALERTS_BY_THEMSELVES: Final = 5
"""If no more alerts wait, each gets a message of its own; else they share messages."""
_LOOKS_FOR_EVIDENCE: Final = 3
"""Other alerts may have come to the head while evidence was gathered; so often it is looked whether they need some."""
FAIR_ABOVE_CARDS: Final = 10
"""Fewer go in one message anyway."""


@dataclass(slots=True, kw_only=True)
class Dispatch:
    """Of one lane."""

    sender: Sender
    picker: Picker
    settling: Settling
    state: LaneState
    arrivals: Arrivals
    instruments: DestinationInstruments
    fold: LaneFold | None = None
    evidence: EvidenceDesk | None = None
    digest_above: int = 0
    """More waiting cards than that are merged into a digest."""
    digest_at_s: float = -inf
    """When the last digest went (loop time)."""
    in_hand: frozenset[int] = frozenset()
    """Cards of the message that is being sent."""

    async def send(self, pick: Pick, *, once: bool = False) -> Ended | None:
        """Send what was picked and settle it; None where it was gone by the time that the permit came."""
        group = pick.group
        bounded = self.sender.policy.max_attempts > 0
        suspected = group is not None and group.alone and bounded and self.sender.circuit.is_closed
        self._takes_in_hand(group.cards if group else ())
        errand = Errand(
            compose=lambda: self._compose(group),
            priority=pick.priority,
            doubt=group.doubt if group else NO_DOUBT,
            once=once,
            is_evidence=not (suspected or once),
        )
        try:
            ended = await self.sender.send(errand)
            if ended is not None:
                await self.settling.conclude(pick, ended)
                self.sender.unfinished = None
            return ended
        finally:
            self.settling.keep(pick, self.sender.unfinished)
            self.sender.finished()
            self._takes_in_hand(())

    async def _compose(self, group: Group | None) -> Composed | None:
        is_crowd = group is None and await self._is_crowd()
        head = group.cards if group else await self._head(is_crowd=is_crowd)
        if not head:
            return None
        try:
            repeated = bool(group and group.doubt.exists)
            if is_crowd or (group is not None and self._merges and len(head) > FAIR_ABOVE_CARDS):
                composed = self.sender.composer.compose_digest(head, repeated=repeated)
                self.digest_at_s = asyncio.get_running_loop().time()
            else:
                composed = self.sender.composer.compose(head, repeated=repeated)
        except DecodeError:
            self.picker.sees_damage = True
            return None
        self._takes_in_hand(group.cards if group else composed.stored)
        composed = await self._pictured(composed, repeated=repeated)
        self._takes_in_hand(group.cards if group else composed.stored)
        await self.state.goes_out(composed, self.sender.wall_clock())
        self.instruments.batch_flushed()
        if group is None:
            self.arrivals.taken(some_left=len(head) > len(composed.stored))
            if self.fold is not None and self._merges and len(head) > len(composed.stored):
                self.fold.shares.taken([self.fold.service_of(card) for card in composed.stored])
        return composed

    @property
    def _merges(self) -> bool:
        """Whether many records may be one message that lists them."""
        return self.fold is not None and self.fold.folds_records

    async def _head(self, *, is_crowd: bool) -> Sequence[StoredCard]:
        """Return what goes next; nothing else happens between the last look at it and the return."""
        for _ in range(_LOOKS_FOR_EVIDENCE if self.evidence is not None else 0):
            head = self._of_one_kind(await self._next(is_crowd=is_crowd))
            most = self.sender.composer.max_embeds
            if self.evidence is None or not await self.evidence.give(self.picker.lane.name, head[:most]):
                return head
        return self._of_one_kind(await self._next(is_crowd=is_crowd))

    async def _pictured(self, composed: Composed, *, repeated: bool) -> Composed:
        """Return a message with the charts of its alerts, which are in hand while these are drawn."""
        composer = self.sender.composer
        if composed.note.is_digest or not await composer.pictures.prepare(composed.cards):
            return composed
        return composer.compose(composed.stored, repeated=repeated)

    def _takes_in_hand(self, cards: Sequence[StoredCard]) -> None:
        self.in_hand = frozenset(card.id for card in cards)
        if self.fold is not None:
            self.fold.book.in_hand = self.in_hand

    def _of_one_kind(self, head: Sequence[StoredCard]) -> Sequence[StoredCard]:
        """Return the cards at the head that share a message: each alert has its own, unless many wait."""
        if self.fold is None or not head:
            return head
        kinds = [self.fold.kind(card) for card in head]
        alike = [card for card, kind in zip(head, kinds, strict=True) if kind is kinds[0]]
        match kinds[0]:
            case Kind.ALERT:
                return alike if len(alike) > ALERTS_BY_THEMSELVES else alike[:1]
            case Kind.REPLY:
                return alike[:FAIR_ABOVE_CARDS]
            case Kind.STATUS:
                return alike[:1]
        return alike

    async def rests_until_s(self, pick: Pick) -> float:
        """Return the loop time before which nothing but critical cards goes, since a digest has just gone."""
        rests = pick.group is None and pick.priority < CRITICAL_PRIORITY
        until_s = self.digest_at_s + DIGEST_REST_S if rests else -inf
        if until_s <= asyncio.get_running_loop().time() or await self.picker.lane.waiting() >= MAX_DIGEST_CARDS:
            return -inf
        return until_s

    async def _is_crowd(self) -> bool:
        """Return whether so many cards wait that the last one would wait too long, and none of them is critical."""
        if self.fold is None or not self._merges or await self.picker.lane.waiting() <= self.digest_above:
            return False
        first = await self.picker.fresh(1)
        return bool(first) and first[0].priority < CRITICAL_PRIORITY and self.fold.kind(first[0]) is Kind.RECORD

    async def _next(self, *, is_crowd: bool) -> Sequence[StoredCard]:
        """Return what stands at the head; where that is more than a message, the services take turns."""
        if is_crowd:
            return await self.picker.fresh(MAX_DIGEST_CARDS)
        if self.fold is None or not self._merges or await self.picker.lane.waiting() <= FAIR_ABOVE_CARDS:
            return await self.picker.fresh(LOOK_AHEAD_CARDS)
        head = await self.picker.fresh(self.digest_above)
        return self.fold.shares.order(head, self.fold.service_of)[:LOOK_AHEAD_CARDS]
