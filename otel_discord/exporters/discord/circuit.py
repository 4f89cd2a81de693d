"""The circuit breaker of one destination at work: what it is told, what it shows, what the log says."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from otel_discord.component.instruments_discord import BreakerState, DestinationInstruments
from otel_discord.discord_api.outcome_types import Unavailable
from otel_discord.exporterhelper import breaker
from otel_discord.exporterhelper.breaker import BreakerPolicy, Phase
from otel_discord.exporters.discord.health import Health
from otel_discord.exporters.discord.lane_memory import LaneMemory
from otel_discord.exporters.discord.outage import Looks
from otel_discord.templating.wording import duration

_TICK_S: Final = 0.001
"""A loop's timer may fire that much early, and is then as good as due."""
_STATES = {
    Phase.CLOSED: BreakerState.CLOSED,
    Phase.HALF_OPEN: BreakerState.HALF_OPEN,
    Phase.OPEN: BreakerState.OPEN,
}


@dataclass(slots=True, kw_only=True)
class Circuit:
    """Belongs to one outbox; its state is in the lane's memory."""

    destination: str
    policy: BreakerPolicy
    memory: LaneMemory
    instruments: DestinationInstruments
    health: Health
    logger: logging.Logger
    waiting: Callable[[], Awaitable[int]]
    """How many cards wait, for the log."""
    dice: Callable[[], float] = random.random

    @property
    def phase(self) -> Phase:
        """Where it stands."""
        return self.memory.breaker.phase

    @property
    def is_closed(self) -> bool:
        """Whether everything may go."""
        return self.phase is Phase.CLOSED

    @property
    def allowed_at_s(self) -> float:
        """When the probe may go (loop time)."""
        return self.memory.breaker.allowed_at_s

    @property
    def is_due(self) -> bool:
        """Whether the cooldown has passed."""
        return self._now_s() >= self.allowed_at_s

    def show(self) -> None:
        """Show the state as a metric."""
        self.instruments.breaker(_STATES[self.phase])

    def probe(self) -> None:
        """Let one message ask whether the destination works again, where the cooldown has passed."""
        self.memory.breaker = breaker.probing(self.memory.breaker, now_s=self._now_s())
        self.show()

    def no_probe(self) -> None:
        """There was nothing to ask with."""
        self.memory.breaker = breaker.returned(self.memory.breaker)
        self.show()

    def failed(self) -> bool:
        """Count a failure; return True where it is one too many, upon which :meth:`hold` follows (or does not)."""
        after = breaker.after_failure(self.policy, self.memory.breaker, now_s=self._now_s(), dice=0.0)
        if after.phase is Phase.OPEN:
            return True
        self.memory.breaker = after
        return False

    async def hold(self, outcome: Unavailable) -> None:
        """Open it, or open it again after a probe."""
        is_new = self.is_closed
        loop = asyncio.get_running_loop()
        self.memory.breaker = breaker.opened(
            self.policy,
            self.memory.breaker,
            now_s=loop.time(),
            dice=self.dice(),
            retry_after_s=outcome.retry_after_s or 0.0,
        )
        self.show()
        self.health.ill(self.destination, str(outcome.reason))
        if is_new:
            self.logger.error(
                "the destination cannot be reached; what is for it waits, and one message asks after each cooldown",
                extra={
                    "destination": self.destination,
                    "reason": str(outcome.reason),
                    "detail": outcome.detail,
                    "cooldown_s": round(self.memory.breaker.retry_at_s - loop.time(), 1),
                    "waiting": await self.waiting(),
                },
            )

    async def works(self) -> None:
        """The destination has answered well: close it."""
        before = self.memory.breaker
        if before.phase is Phase.OPEN:
            return
        self.memory.breaker = breaker.after_success(before)
        if before.phase is Phase.HALF_OPEN:
            await self._say_it_works(asyncio.get_running_loop().time() - before.opened_at_s)
        self.health.well(self.destination)

    async def _say_it_works(self, away_s: float) -> None:
        self.memory.looks = Looks()
        self.show()
        self.logger.warning(
            "the destination can be reached again after %s",
            duration(round(away_s)),
            extra={"destination": self.destination, "waiting": await self.waiting()},
        )

    def _now_s(self) -> float:
        return asyncio.get_running_loop().time() + _TICK_S
