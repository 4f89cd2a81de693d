"""The outbox of one destination: waits for cards and for company, has messages sent, settles the cards.

One message is in flight. The lane stays the truth: a card leaves it only when it is settled, so a cancelled outbox
loses nothing.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from otel_discord.component import Settlement, StoredCard, WorkQueue
from otel_discord.component.instruments import DestinationInstruments, ExporterInstruments
from otel_discord.discord_api.client import WebhookInfo
from otel_discord.discord_api.outcome_types import Gone, Outcome, Reason, Unavailable
from otel_discord.discord_api.routes import Operation
from otel_discord.exporters.discord.burial import Burial, Cause
from otel_discord.exporters.discord.cards import Card
from otel_discord.exporters.discord.compose import Composed
from otel_discord.exporters.discord.delivery import Abandon, Divide, GiveUp, Isolate, Settle
from otel_discord.exporters.discord.health import Health
from otel_discord.exporters.discord.last_words import ADVICE
from otel_discord.exporters.discord.sender import Ended, Sender
from otel_discord.signals import Signal

INTRODUCTION_TIMEOUT_S = 2.0
"""The first message waits for it, so it is short; what it would have told comes with the first answer too."""
_LOOK_AHEAD_CARDS = 40
"""`plain` takes more than ten short lines into one message."""


@dataclass(slots=True, kw_only=True)
class Outbox:
    """Sends the cards of one lane, critical ones first, else in order."""

    sender: Sender
    queue: WorkQueue
    burial: Burial
    flush_timeout_s: float
    max_embeds: int
    exporter_instruments: ExporterInstruments
    logger: logging.Logger
    release_attachments: Callable[[Sequence[Card]], None]
    health: Health
    wall_clock: Callable[[], float] = time.time
    gone: Gone | None = None
    _arrived: asyncio.Event = field(default_factory=asyncio.Event)
    _waiting_since: float | None = None
    _groups: deque[list[StoredCard]] = field(default_factory=deque)
    """Parts of a message that Discord would not have whole; they go first, each for itself."""
    _draining: bool = False
    _in_hand: frozenset[int] = frozenset()

    @property
    def name(self) -> str:
        """The destination's name, and its lane's."""
        return self.sender.composer.destination.name

    @property
    def instruments(self) -> DestinationInstruments:
        """What is counted for this destination."""
        return self.sender.instruments

    def holds(self, card_id: int) -> bool:
        """Return whether a card is on its way, so that it is too late to drop it."""
        return card_id in self._in_hand or any(card.id == card_id for group in self._groups for card in group)

    def notify(self) -> None:
        """Say that cards have come into the lane."""
        if self._waiting_since is None:
            self._waiting_since = asyncio.get_running_loop().time()
        self._arrived.set()

    def drain(self) -> None:
        """Send what is there without waiting for company; ``run`` ends when the lane is empty."""
        self._draining = True
        self._arrived.set()

    async def run(self) -> None:
        """Send until drained. Cancelled, it leaves in the lane what is not settled."""
        await self._introduce()
        while True:
            head = self._groups[0] if self._groups else await self.queue.head(self.name, 1)
            if head and self.gone:
                await self._refuse_lane(self.gone)
            elif head:
                await self._wait_for_company()
                await self._send_one()
            elif self._draining:
                return
            else:
                await self._arrived.wait()
            self._arrived.clear()

    async def _introduce(self) -> None:
        """Look at the webhook once: is it there, and which channel's limit does it share?"""
        loop = asyncio.get_running_loop()
        webhook = self.sender.composer.destination.webhook
        started = loop.time()
        answer: WebhookInfo | Outcome | None = None
        with suppress(TimeoutError):
            async with (
                asyncio.timeout(INTRODUCTION_TIMEOUT_S),
                self.sender.client.turn(webhook, Operation.GET_WEBHOOK) as turn,
            ):
                answer = await turn.get_webhook()
        self.instruments.webhook_checked(up=isinstance(answer, WebhookInfo), response_s=loop.time() - started)
        if isinstance(answer, Gone) and answer.code:  # Discord's own word, not that of a proxy which lacks the route
            self._abandon(answer)

    async def _wait_for_company(self) -> None:
        """Wait until the oldest new card has waited ``flush_timeout_s``, or a message is full."""
        due = (self._waiting_since if self._waiting_since is not None else 0.0) + self.flush_timeout_s
        with suppress(TimeoutError):
            async with asyncio.timeout_at(due):
                while not self._draining and not self._groups:
                    self._arrived.clear()
                    if len(await self.queue.head(self.name, self.max_embeds)) >= self.max_embeds:
                        return
                    await self._arrived.wait()

    async def _send_one(self) -> None:
        group = self._groups.popleft() if self._groups else None
        head = group or await self.queue.head(self.name, 1)
        if not head:
            return  # dropped while it waited for company
        self._in_hand = frozenset(card.id for card in group or ())
        ended = await self.sender.send(lambda: self._compose(group), priority=head[0].priority)
        if ended is not None:
            if group is not None and len(ended.composed.stored) < len(group):
                self._groups.appendleft(group[len(ended.composed.stored) :])
            await self._conclude(ended)
        self._in_hand = frozenset()

    async def _compose(self, group: list[StoredCard] | None) -> Composed | None:
        head = group or await self.queue.head(self.name, _LOOK_AHEAD_CARDS)
        if not head:
            return None
        composed = self.sender.composer.compose(head)
        self._in_hand = frozenset(card.id for card in group or composed.stored)
        self.instruments.batch_flushed()
        # What is left over has waited long enough; what comes from now on starts a new window.
        left_over = group is None and len(head) > len(composed.stored)
        now = asyncio.get_running_loop().time()
        self._waiting_since = now - self.flush_timeout_s if left_over else None
        return composed

    # ------------------------------------------------------------------------------------------------- settling

    async def _conclude(self, ended: Ended) -> None:
        composed = ended.composed
        match ended.action:
            case Settle():
                await self._delivered(composed, ended.attempts)
            case Isolate(places=places, reason=reason):
                stored = list(composed.stored)
                rest = [card for place, card in enumerate(stored) if place not in places]
                self._groups.appendleft(rest)
                cause = Cause.of(ended.outcome, reason, ended.attempts)
                await self.burial.bury([stored[place] for place in places], cause)
            case Divide():
                middle = len(composed.stored) // 2
                self._groups.appendleft(list(composed.stored[middle:]))
                self._groups.appendleft(list(composed.stored[:middle]))
            case GiveUp(reason=reason, attempts=attempts):
                if isinstance(ended.outcome, Unavailable):
                    self.health.ill(self.name, str(reason))
                await self.burial.bury(composed.stored, Cause.of(ended.outcome, reason, attempts))
            case Abandon():
                if isinstance(ended.outcome, Gone):
                    self._abandon(ended.outcome)

    async def _delivered(self, composed: Composed, attempts: int) -> None:
        await self.queue.settle([card.id for card in composed.stored], Settlement.DELIVERED)
        self.release_attachments(composed.cards)
        self.health.well(self.name)
        self.instruments.message_sent(embeds=len(composed.message.embeds), attempts=attempts)
        self.exporter_instruments.sent(Signal.LOGS, composed.records)
        now_s = self.wall_clock()
        for card in composed.cards:
            self.instruments.record_visible(now_s - card.first_seen_ns / 1e9)

    def _abandon(self, outcome: Gone) -> None:
        self.gone = outcome
        self.health.ill(self.name, str(outcome.reason))
        self.logger.error(
            "Discord does not take messages at this webhook any more; nothing more is sent to it. %s",
            ADVICE.get(outcome.reason, ""),
            extra={"destination": self.name, "status": outcome.status, "code": outcome.code, "detail": outcome.detail},
        )

    async def _refuse_lane(self, gone: Gone) -> None:
        self._groups.clear()
        await self.burial.bury(await self.queue.head(self.name, _LOOK_AHEAD_CARDS), Cause.of(gone, gone.reason, 0))

    async def bury_rest(self) -> None:
        """At the end, without storage: what is left in the lane ends here; the error log has it."""
        while stored := await self.queue.head(self.name, _LOOK_AHEAD_CARDS):
            await self.burial.bury(stored, Cause(reason=Reason.SHUTDOWN))
