"""One message's way to its end: attempts, waits and repairs, until there is nothing more to try.

What follows an answer is decided in ``delivery``; waits for rate limits are the limiter's. Before a message goes out
the queue notes it, so that after a crash exactly the messages in flight are in doubt. Nothing is settled here.
"""

import asyncio
import logging
import random
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias

from opentelemetry.trace import SpanKind, Tracer

from otel_discord.component import RetryableError, ShutdownError, StoredCard
from otel_discord.component.failpoint import reach
from otel_discord.component.instruments_discord import DestinationInstruments
from otel_discord.discord_api.client import Turn, WebhookClient
from otel_discord.discord_api.outcome_types import Outcome, RateLimited, Reason, Refused, Unavailable
from otel_discord.discord_api.routes import Operation
from otel_discord.discord_api.urgency import Urgency
from otel_discord.exporterhelper.backoff import BackoffPolicy, BackoffState
from otel_discord.exporters.discord.circuit import Circuit
from otel_discord.exporters.discord.compose import Composed, Composer, repaired
from otel_discord.exporters.discord.delivery import (
    Action,
    Exhausted,
    Hand,
    Repair,
    Retry,
    RetryRepaired,
    SendAgain,
    Settle,
    decide,
)
from otel_discord.exporters.discord.doubt import LOST, NO_DOUBT, Doubt, counted, doubt_after
from otel_discord.exporters.discord.lane import Lane
from otel_discord.exporters.discord.lane_state import LaneState
from otel_discord.exporters.discord.watching.lane_watch import LaneWatch

Compose: TypeAlias = Callable[[], Awaitable[Composed | None]]
"""None: there is nothing to send any more."""

_STORAGE_PAUSE_S: Final = 1.0
"""Before another try where the queue could not note what is about to be sent."""
_TURN_AGAIN_S: Final = 2.0
"""How long a message that is noted waits where the storage took so long that its turn is over."""
_NAMES_REMEMBERED: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """What is to be sent, and how hard it is tried."""

    compose: Compose
    priority: int
    doubt: Doubt = NO_DOUBT
    once: bool = False
    """One try that fails is the last."""
    is_evidence: bool = True
    """Failures speak of the destination; not so those of a message that is under suspicion itself."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How it ended: ``action`` is one of Settle, Isolate, Divide, GiveUp, Exhausted and Abandon, and SendAgain where it
    was stopped in between."""

    action: Action
    outcome: Outcome
    composed: Composed
    attempts: int
    doubt: Doubt = NO_DOUBT
    left_over: tuple[StoredCard, ...] = ()
    """Cards of the first, doubtful try for which its repeat, with a mark on each card, had no room."""
    tripped: bool = False
    """So many failures in a row that the breaker is to open."""


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A message that was begun and whose end is open."""

    cards: tuple[StoredCard, ...]
    doubt: Doubt


@dataclass(slots=True, kw_only=True)
class Sender:
    """Sends messages of one destination, one at a time."""

    composer: Composer
    client: WebhookClient
    lane: Lane
    state: LaneState
    circuit: Circuit
    policy: BackoffPolicy
    instruments: DestinationInstruments
    tracer: Tracer
    logger: logging.Logger
    watch: LaneWatch
    dice: Callable[[], float] = random.random
    wall_clock: Callable[[], float] = time.time
    stopping: bool = False
    """No attempt begins any more."""
    in_flight: bool = False
    """A message is on its way, or its end is being written down: not to be disturbed."""
    urgency: Urgency | None = None
    """Of the message that waits for permission, or was the last to."""
    unfinished: Unfinished | None = None
    """For whoever is cancelled in between."""
    _refused_names: deque[tuple[str, str]] = field(default_factory=lambda: deque(maxlen=_NAMES_REMEMBERED))
    """Names and pictures that Discord has refused together: no message tries them again."""

    async def send(self, errand: Errand) -> Ended | None:
        """Send the message that the errand makes once permission is there; return how it ended.

        None where there was nothing to send by then; the permission goes back unused.

        As long as Discord has not answered otherwise than "wait", the message is composed anew for each attempt, so
        that it takes along what has come since. After return :attr:`in_flight` is still set: the end has to be written
        down, upon which :meth:`finished` is called.
        """
        loop = asyncio.get_running_loop()
        repairs = frozenset([Repair.BUTTONS] if self.composer.memory.refuses_buttons else [])
        journey = _Journey(Hand(cards=0, backoff=BackoffState(started_at_s=loop.time()), repairs=repairs), errand.doubt)
        while True:
            webhook = self.composer.destination.webhook
            urgency = self.urgency = Urgency(errand.priority)
            async with self.client.turn(webhook, Operation.EXECUTE, urgency=urgency) as turn:
                self.instruments.waited(turn.waited_s)
                fresh = journey.composed or await errand.compose()
                if fresh is None:
                    return None
                if journey.composed is None:
                    journey.hand = self._without_refused_name(fresh, _holding(fresh, journey.hand))
                self.in_flight = True
                is_noted = await self._noted(fresh)
                is_ready = is_noted and await turn.is_ready(_TURN_AGAIN_S)
                outcome = await self._attempt(turn, fresh, journey) if is_ready else None
            if outcome is None:
                if is_noted and not journey.doubt.exists:
                    await self.lane.mark_unsent(fresh.stored)
                self.in_flight = False
                if self.stopping:
                    return None
                await asyncio.sleep(0.0 if is_noted else _STORAGE_PAUSE_S)
                continue
            ended = await self._judged(errand, journey, fresh, outcome)
            if isinstance(ended, Ended):
                return ended
            self.in_flight = False
            await asyncio.sleep(ended)

    async def _judged(self, errand: Errand, journey: "_Journey", fresh: Composed, outcome: Outcome) -> Ended | float:
        """Return how it ended, or how long to wait before the next attempt."""
        journey.doubt = doubt_after(counted(journey.doubt), outcome)
        self.unfinished = Unfinished((*fresh.stored, *journey.left_over), journey.doubt)
        hand = journey.hand
        action = decide(
            outcome,
            hand,
            self.policy,
            resend_ambiguous=self.composer.destination.resend_ambiguous,
            now_s=asyncio.get_running_loop().time(),
            dice=self.dice(),
        )
        if not isinstance(action, Settle) and not journey.doubt.exists:
            await self.lane.mark_unsent(fresh.stored)
        if _has_lost_its_post(outcome, fresh):
            await self.state.post_gone(fresh.message.thread_id)
            action, fresh = SendAgain(), fresh.in_new_post()
        tripped = isinstance(outcome, Unavailable) and errand.is_evidence and self.circuit.failed()
        attempts = hand.backoff.attempts + 1
        if isinstance(action, Retry) and (tripped or errand.once):
            action = Exhausted(attempts)
        if self.stopping and isinstance(action, Retry | RetryRepaired | SendAgain):
            action = SendAgain()
            return Ended(action, outcome, fresh, attempts, journey.doubt, journey.left_over)
        match action:
            case SendAgain():
                journey.composed = fresh if journey.doubt.exists else None
                return 0.0
            case Retry():
                self._log("trying again", outcome, delay_s=round(action.delay_s, 3))
                journey.composed, journey.hand = fresh, action.hand
                if journey.doubt.exists:
                    journey.composed = self.composer.again(fresh)
                    journey.left_over = (*fresh.stored[len(journey.composed.stored) :], *journey.left_over)
                return action.delay_s
            case RetryRepaired():
                self._log("trying a simpler form", outcome, without=",".join(sorted(action.hand.repairs)))
                if action.hand.repairs == hand.repairs | {Repair.OVERRIDES}:
                    self._refused_names.append(_name(fresh))
                if action.hand.repairs == hand.repairs | {Repair.BUTTONS}:
                    self.composer.memory.refuses_buttons = True
                journey.composed, journey.hand = fresh, action.hand
                return 0.0
            case _:
                return Ended(action, outcome, fresh, attempts, journey.doubt, journey.left_over, tripped)

    def _without_refused_name(self, composed: Composed, hand: Hand) -> Hand:
        if _name(composed) not in self._refused_names:
            return hand
        return replace(hand, repairs=hand.repairs | {Repair.OVERRIDES})

    def hasten(self, priority: int) -> None:
        """Cards of this priority have come: the message that waits for permission takes them along."""
        if self.urgency is not None:
            self.urgency.raise_to(priority)

    def finished(self) -> None:
        """The end of the last message is written down."""
        self.in_flight = False
        self.unfinished = None

    async def _noted(self, composed: Composed) -> bool:
        """Note that the message goes out now; what is not noted is not sent."""
        reach("send.before_mark")
        try:
            await self.lane.mark_sending(composed.stored)
        except ShutdownError:
            raise
        except RetryableError as error:
            self.logger.warning("the storage does not note what is about to be sent; trying again: %s", error)
            return False
        reach("send.after_mark")
        return True

    async def _attempt(self, turn: Turn, composed: Composed, journey: "_Journey") -> Outcome:
        self.unfinished = Unfinished((*composed.stored, *journey.left_over), LOST)
        hand = journey.hand
        loop = asyncio.get_running_loop()
        started = loop.time()
        facts: dict[str, str | int] = {
            "otel_discord.destination": self.composer.destination.name,
            "otel_discord.embeds": len(composed.message.embeds),
            "otel_discord.records": composed.records,
            "otel_discord.attempt": hand.backoff.attempts + 1,
        }
        if journey.doubt.uncounted:
            self.instruments.possible_duplicate()
        with self.tracer.start_as_current_span("discord/attempt", kind=SpanKind.CLIENT, attributes=facts) as span:
            outcome = await turn.execute(repaired(composed.message, hand.repairs))
            span.set_attribute("otel_discord.outcome", type(outcome).__name__)
        reach("send.after_answer")
        took_s = loop.time() - started
        self.instruments.attempted(took_s)
        self.watch.answered(outcome, took_s)
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


def _has_lost_its_post(outcome: Outcome, composed: Composed) -> bool:
    is_gone = isinstance(outcome, Refused) and outcome.reason is Reason.MESSAGE_GONE
    return is_gone and bool(composed.message.thread_id)


@dataclass(slots=True)
class _Journey:
    """The message in hand between its attempts."""

    hand: Hand
    doubt: Doubt
    composed: Composed | None = None
    """None: made anew for the next attempt."""
    left_over: tuple[StoredCard, ...] = ()


def _name(composed: Composed) -> tuple[str, str]:
    return composed.message.username, composed.message.avatar_url


def _holding(composed: Composed, before: Hand) -> Hand:
    files = composed.message.files
    return replace(
        before,
        cards=len(composed.stored),
        files=len(files),
        one_time_files=any(not part.reopenable for part in files),
        overrides=bool(composed.message.username or composed.message.avatar_url),
        buttons=bool(composed.message.buttons),
    )
