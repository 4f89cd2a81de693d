"""What a lane sends next: groups first, each for itself, then what stands at its head and nobody has sent yet.

On the way, what has waited too long or must not be repeated ends as a dead letter: its turn has come.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Final

from google.protobuf.message import DecodeError

from otel_discord.component import StoredCard
from otel_discord.discord_api.outcome_types import Reason
from otel_discord.exporters.discord.burial import Burial
from otel_discord.exporters.discord.cards import Card
from otel_discord.exporters.discord.cause import Cause
from otel_discord.exporters.discord.doubt import LOST, Group, in_doubt_first, up_to_doubt
from otel_discord.exporters.discord.lane import Lane, patiently
from otel_discord.exporters.discord.lane_memory import LaneMemory
from otel_discord.exporters.discord.lateness import expired
from otel_discord.exporters.discord.trials.judge import POISON, Judge

LOOK_AHEAD_CARDS: Final = 40
"""`plain` takes more than ten short lines into one message."""
_LOOK_BACK_CARDS: Final = 256
"""How far from the head an earlier run's message in flight is looked for: critical cards may stand before it by now."""


@dataclass(frozen=True, slots=True)
class Pick:
    """What is to be sent: a group at its place, or (None) whatever stands at the head when the permit comes."""

    place: int
    group: Group | None
    priority: int


@dataclass(slots=True, kw_only=True)
class Picker:
    """Chooses for one lane; ``resends`` says whether what is in doubt may be sent again."""

    lane: Lane
    memory: LaneMemory
    burial: Burial
    resends: bool
    max_age_s: float
    wall_clock: Callable[[], float]
    gathering: Callable[[], Collection[int]] = tuple
    """Cards that wait for more of their kind."""
    is_gathering: Callable[[StoredCard], bool] = lambda _: False
    """Whether a card does that has only just come, and is not among them yet."""
    judge: Judge | None = None
    """Knows cards that nobody outlives who shows them."""
    sees_damage: bool = False
    """A card could not be read; the next pick looks for it."""

    async def collect_doubt(self) -> int:
        """Make a group of what an earlier run left in doubt; return how many cards that are."""
        grouped = self.memory.grouped_ids
        head = await self.lane.head(_LOOK_BACK_CARDS)
        lost = tuple(card for card in head if card.in_doubt and card.id not in grouped)
        if lost:
            self.memory.groups.append(Group(lost, LOST))
        return len(lost)

    async def pick(self, *, behind: int = 0) -> Pick | None:
        """Return what comes next, after the first ``behind`` groups; None where nothing does."""
        groups = self.memory.groups
        while True:
            if len(groups) > behind:
                group = groups[behind]
                if group.doubt.exists and not self.resends:
                    await self._bury(group.cards, Cause(reason=Reason.AMBIGUOUS, detail="it may be in Discord"))
                elif deadly := await self._deadly(group.cards):
                    await self._bury(deadly, POISON)
                elif not await self._ended_before_its_turn(group.cards):
                    return Pick(behind, group, group.cards[0].priority)
                continue
            head = await self._ungrouped(LOOK_AHEAD_CARDS if self.max_age_s or self.sees_damage else 1)
            if not head:
                return None
            if head[0].in_doubt:
                groups.append(Group(in_doubt_first(await self._ungrouped(LOOK_AHEAD_CARDS)), LOST))
            elif not await self._ended_before_its_turn(head):
                return Pick(behind, None, head[0].priority)

    async def fresh(self, limit: int) -> Sequence[StoredCard]:
        """Return up to ``limit`` cards from the head that stand in no group and are in no doubt."""
        while True:
            cards = up_to_doubt(await self._ungrouped(limit))
            deadly = await self._deadly(cards)
            if not deadly:
                return cards
            await self._bury(deadly, POISON)

    async def _deadly(self, cards: Sequence[StoredCard]) -> Sequence[StoredCard]:
        return await self.judge.cards(self.lane.name, cards) if self.judge is not None else ()

    async def _ungrouped(self, limit: int) -> Sequence[StoredCard]:
        passed_over = self.memory.grouped_ids.union(self.gathering())
        head = await self.lane.head(limit + len(passed_over))
        return [card for card in head if card.id not in passed_over and not self.is_gathering(card)][:limit]

    async def _ended_before_its_turn(self, cards: Sequence[StoredCard]) -> bool:
        """Bury what is too old or cannot be read; return whether there was any."""
        damaged = [card for card in cards if not _is_readable(card)] if self.sees_damage else []
        self.sees_damage = False
        if damaged:
            await self._bury(damaged, Cause(reason="unreadable", detail="the stored card cannot be read"))
            return True
        old = expired(cards, self.max_age_s, self.wall_clock())
        if old:
            await self._bury(old, Cause(reason=Reason.EXPIRED, detail="it waited longer than max_age"))
        return bool(old)

    async def _bury(self, cards: Sequence[StoredCard], cause: Cause) -> None:
        await patiently(lambda: self.burial.bury(cards, cause), self.lane.logger, "a dead letter")
        self.memory.forget_cards({card.id for card in cards})


def _is_readable(card: StoredCard) -> bool:
    try:
        Card.from_bytes(card.payload)
    except DecodeError:
        return False
    return True
