"""One message's way to its end: attempts, waits and repairs, until there is nothing more to try.

What follows an answer is decided in ``delivery``; waits for rate limits are the limiter's. Nothing is settled here.
"""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

from opentelemetry.trace import SpanKind, Tracer

from otel_discord.component.instruments import DestinationInstruments
from otel_discord.discord_api.client import Turn, WebhookClient
from otel_discord.discord_api.outcome_types import Outcome, RateLimited
from otel_discord.discord_api.routes import Operation
from otel_discord.exporterhelper.backoff import BackoffPolicy, BackoffState
from otel_discord.exporters.discord.compose import Composed, Composer, repaired
from otel_discord.exporters.discord.delivery import (
    Action,
    Hand,
    Repair,
    Retry,
    RetryRepaired,
    SendAgain,
    decide,
)

Compose: TypeAlias = Callable[[], Awaitable[Composed | None]]
"""None: there is nothing to send any more."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How it ended: ``action`` is one of Settle, Isolate, Divide, GiveUp, Abandon."""

    action: Action
    outcome: Outcome
    composed: Composed
    attempts: int


@dataclass(slots=True, kw_only=True)
class Sender:
    """Sends messages of one destination, one at a time."""

    composer: Composer
    client: WebhookClient
    policy: BackoffPolicy
    instruments: DestinationInstruments
    tracer: Tracer
    logger: logging.Logger
    dice: Callable[[], float] = random.random
    wall_clock: Callable[[], float] = time.time
    _name_refused: bool = False
    """Discord has refused the name or the picture once: no message tries them again."""

    async def send(self, compose: Compose, *, priority: int) -> Ended | None:
        """Send the message that ``compose`` makes once permission is there; return how it ended.

        None where ``compose`` had nothing to send by then; the permission goes back unused.

        As long as Discord has not answered otherwise than "wait", the message is composed anew for each attempt, so
        that it takes along what has come since.
        """
        loop = asyncio.get_running_loop()
        repairs = frozenset({Repair.OVERRIDES} if self._name_refused else ())
        hand = Hand(cards=0, backoff=BackoffState(started_at_s=loop.time()), repairs=repairs)
        composed: Composed | None = None
        while True:
            webhook = self.composer.destination.webhook
            async with self.client.turn(webhook, Operation.EXECUTE, priority=priority) as turn:
                self.instruments.waited(turn.waited_s)
                fresh = composed or await compose()
                if fresh is None:
                    return None
                if composed is None:
                    hand = _holding(fresh, hand)
                outcome = await self._attempt(turn, fresh, hand)
            action = decide(
                outcome,
                hand,
                self.policy,
                resend_ambiguous=self.composer.destination.resend_ambiguous,
                now_s=loop.time(),
                dice=self.dice(),
            )
            match action:
                case SendAgain():
                    continue
                case Retry():
                    self._log("trying again", outcome, delay_s=round(action.delay_s, 3))
                    composed = self._again(fresh, ambiguous=action.ambiguous)
                    hand = action.hand
                    await asyncio.sleep(action.delay_s)
                case RetryRepaired():
                    self._log("trying a simpler form", outcome, without=",".join(sorted(action.hand.repairs)))
                    self._name_refused = self._name_refused or action.hand.repairs == hand.repairs | {Repair.OVERRIDES}
                    composed, hand = fresh, action.hand
                case _:
                    return Ended(action, outcome, fresh, hand.backoff.attempts + 1)

    def _again(self, composed: Composed, *, ambiguous: bool) -> Composed:
        if not ambiguous:
            return composed
        self.instruments.possible_duplicate()
        return self.composer.compose(composed.stored, repeated=True)

    async def _attempt(self, turn: Turn, composed: Composed, hand: Hand) -> Outcome:
        loop = asyncio.get_running_loop()
        started = loop.time()
        facts: dict[str, str | int] = {
            "otel_discord.destination": self.composer.destination.name,
            "otel_discord.embeds": len(composed.message.embeds),
            "otel_discord.records": composed.records,
            "otel_discord.attempt": hand.backoff.attempts + 1,
        }
        with self.tracer.start_as_current_span("discord/attempt", kind=SpanKind.CLIENT, attributes=facts) as span:
            outcome = await turn.execute(repaired(composed.message, hand.repairs))
            span.set_attribute("otel_discord.outcome", type(outcome).__name__)
        self.instruments.attempted(loop.time() - started)
        if isinstance(outcome, RateLimited):
            self.instruments.rate_limited(outcome.scope, outcome.retry_after_s, self.wall_clock())
            self._log("Discord asks to wait", outcome, scope=outcome.scope.value, delay_s=outcome.retry_after_s)
        return outcome

    def _log(self, event: str, outcome: Outcome, **facts: object) -> None:
        facts |= {
            "destination": self.composer.destination.name,
            "reason": getattr(outcome, "reason", ""),
            "detail": getattr(outcome, "detail", ""),
        }
        self.logger.warning(event, extra={key: value for key, value in facts.items() if value})


def _holding(composed: Composed, before: Hand) -> Hand:
    files = composed.message.files
    return replace(
        before,
        cards=len(composed.stored),
        files=len(files),
        one_time_files=any(not part.reopenable for part in files),
        overrides=bool(composed.message.username or composed.message.avatar_url),
    )
