"""A destination whose webhook is gone: remembered, told once, and its records go elsewhere. Not one more request."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from otel_discord.component import StoredCard
from otel_discord.discord_api.models import Embed, Message
from otel_discord.discord_api.outcome_types import Gone
from otel_discord.exporters.discord.burial import Burial
from otel_discord.exporters.discord.cause import Cause
from otel_discord.exporters.discord.fallback import PAGE_CARDS, Fallback
from otel_discord.exporters.discord.health import Health
from otel_discord.exporters.discord.lane import Lane, patiently
from otel_discord.exporters.discord.lane_memory import LaneMemory
from otel_discord.exporters.discord.last_words import ADVICE
from otel_discord.exporters.discord.tombstones import Tombstone, is_lasting, state_key

_RED: Final = 0xE74C3C
_HOW_TO_LIFT: Final = (
    "Another URL under the same name is used at once; for the same URL, `otel-discord validate --online` looks again."
)
_OF_EXTENSION: Final = (
    "It is none of the configuration's, and somebody has deleted it, or its channel. Its extension is told: "
    "the run gets another webhook, or is over where its channel is gone."
)


class Refuge(Protocol):
    """Takes the cards of a destination whose webhook is gone."""

    @property
    def name(self) -> str:
        """Where they go, for words to a person; "" for nowhere."""
        ...

    async def take_in(self, cards: Sequence[StoredCard]) -> Sequence[StoredCard]:
        """Let cards go on elsewhere; return those that nobody takes."""
        ...


@dataclass(slots=True, kw_only=True)
class Departure:
    """Of one destination."""

    lane: Lane
    memory: LaneMemory
    burial: Burial
    health: Health
    logger: logging.Logger
    wall_clock: Callable[[], float]
    fallback: Fallback | None = None
    refuge: Refuge | None = None
    """Takes cards where there is no fallback."""
    tell: Callable[[Message], None] | None = None
    """Says something at the fallback."""

    @property
    def _taker(self) -> "Fallback | Refuge | None":
        return self.fallback or self.refuge

    def _advice(self, gone: Gone) -> tuple[str, str]:
        if self.refuge is not None:
            return _OF_EXTENSION, ""
        return ADVICE.get(gone.reason, ""), _HOW_TO_LIFT if is_lasting(gone) else ""

    async def recall(self) -> None:
        """Read what an earlier run has learnt; a tombstone of another address is removed."""
        key = state_key(self.lane.name)
        stored = await self.lane.get_state(key)
        if stored is None:
            return
        tombstone = Tombstone.from_bytes(stored)
        if tombstone is None or tombstone.fingerprint != self.memory.fingerprint:
            await self.lane.set_state(key, None)
            return
        if self.memory.gone is None:
            self.memory.gone = tombstone.gone
            self.logger.warning(
                "the webhook was gone before this start, so nothing is sent to it. %s %s",
                *self._advice(tombstone.gone),
                extra={"destination": self.lane.name, "status": tombstone.gone.status, "code": tombstone.gone.code},
            )
        self.health.ill(self.lane.name, str(tombstone.gone.reason))

    async def begin(self, gone: Gone) -> None:
        """Discord has said that the webhook takes nothing any more."""
        if self.memory.gone is not None:
            return
        self.memory.gone = gone
        if is_lasting(gone):
            tombstone = Tombstone(self.memory.fingerprint, gone, self.wall_clock())
            await self.lane.set_state(state_key(self.lane.name), tombstone.to_bytes())
        self.health.ill(self.lane.name, str(gone.reason))
        advice, how_to_lift = self._advice(gone)
        self.logger.error(
            "Discord does not take messages at this webhook any more; nothing more is sent to it. %s %s",
            advice,
            how_to_lift,
            extra={
                "destination": self.lane.name,
                "status": gone.status,
                "code": gone.code,
                "detail": gone.detail,
                "goes_to": self._taker.name if self._taker and self._taker.name else "dead letters",
            },
        )
        if self.tell is not None:
            self.tell(_notice(self.lane.name, advice))

    async def end(self) -> None:
        """The webhook takes messages again, as far as can be seen."""
        if self.memory.gone is None:
            return
        self.memory.gone = None
        await self.lane.set_state(state_key(self.lane.name), None)
        self.health.well(self.lane.name)
        self.logger.warning("the webhook is there again", extra={"destination": self.lane.name})

    async def send_away(self) -> bool:
        """Let the next cards go to the fallback, or become dead letters; return whether there were any."""
        gone = self.memory.gone
        cards = await self.lane.head(PAGE_CARDS)
        if gone is None or not cards:
            return False
        left = await self._taker.take_in(cards) if self._taker else cards
        if left:
            cause = Cause.of(gone, gone.reason, 0)
            await patiently(lambda: self.burial.bury(left, cause), self.logger, "a dead letter")
        self.memory.groups.clear()
        return True


def _notice(name: str, advice: str) -> Message:
    description = (
        f"Discord does not take messages at the webhook of **{name}** any more. {advice}\nWhat is for it comes here."
    )
    return Message(embeds=(Embed(title=f"🔴 {name}: the webhook is gone", description=description, color=_RED),))
