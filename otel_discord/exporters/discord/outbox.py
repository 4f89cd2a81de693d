"""The outbox of one destination: waits for cards and for company, and sends as long as the destination takes them.

One message is in flight. The lane stays the truth: a card leaves it only when it is settled, so a cancelled outbox
loses nothing. What others may tell it is in ``told_outbox``; what comes next is chosen in ``picking``; its way to the
end is ``dispatch``'s; an outage is told from a message that nobody takes in ``suspicion``, and waited out in
``probing``; a webhook that is gone is ``departure``'s.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from math import inf
from typing import Final

from otel_discord.component import ShutdownError
from otel_discord.discord_api.client import WebhookInfo
from otel_discord.discord_api.models import Message
from otel_discord.discord_api.outcome_types import Delivered, Gone, Unavailable
from otel_discord.discord_api.routes import Operation
from otel_discord.exporters.discord.delivery import Exhausted
from otel_discord.exporters.discord.dispatch import MAX_DIGEST_CARDS
from otel_discord.exporters.discord.greetings import ask_webhook
from otel_discord.exporters.discord.notices import send_notice
from otel_discord.exporters.discord.outage import destination_works
from otel_discord.exporters.discord.picking import Pick
from otel_discord.exporters.discord.probing import Probing
from otel_discord.exporters.discord.routing import CRITICAL_PRIORITY
from otel_discord.exporters.discord.told_outbox import ToldOutbox

INTRODUCTION_TIMEOUT_S: Final = 2.0
"""The first message waits for it, so it is short; what it would have told comes with the first answer too."""
_TICK_S: Final = 0.001
"""The wall clock and the loop's need not agree to the last digit."""
_BETWEEN_BURIALS_S: Final = 2.0
"""In a storm for a webhook that is gone, each problem is a dead letter so often and not a letter a batch."""


@dataclass(slots=True, kw_only=True)
class Outbox(ToldOutbox):
    """Sends the cards of one lane, critical ones first, else in order."""

    _resting_until_s: float | None = None
    """A digest has just gone: until then only critical cards do."""

    _gathering_until_s: float = -inf
    """The webhook is gone and everything was sent away: until then cards wait for repeats."""

    _probing: Probing = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._probing = Probing(self, lambda pick: self._send(pick, is_probe=True))

    async def run(self) -> None:
        """Send until drained or stopped. Cancelled, it leaves in the lane what is not settled."""
        with suppress(ShutdownError):
            try:
                await self._begin()
                await self._send_what_comes()
                await self.lane.settled()
            finally:
                await self.lane.leave()

    async def _send_what_comes(self) -> None:
        while True:
            self.arrivals.heard()
            self._resting_until_s = None
            if self.retention is not None:
                self.retention.wake_at_s = None
            has_progressed = await self._step()
            wake_at_s = None if has_progressed else self._wake_at_s()
            if self._is_stopping or (self.arrivals.draining and not has_progressed and wake_at_s is None):
                return
            if not has_progressed:
                await self.arrivals.wait(earliest(wake_at_s, self.retention.wake_at_s if self.retention else None))

    def _wake_at_s(self) -> float | None:
        """Return when there may be something to do although nothing new has come."""
        return earliest(
            self.edits.wake_at_s if self.edits is not None else None, self._resting_until_s, self._gathered_at_s()
        )

    def _gathered_at_s(self) -> float | None:
        """Return when a card of alerts that waits for more of its kind has waited long enough."""
        fold = self.dispatch.fold
        left_s = fold.gathering().values() if fold is not None and not self.arrivals.in_haste else ()
        return asyncio.get_running_loop().time() + min(left_s) + _TICK_S if left_s else None

    @property
    def _is_stopping(self) -> bool:
        return self.dispatch.sender.stopping

    async def _begin(self) -> None:
        self.memory.resume(self.fingerprint)
        self.circuit.show()
        await self.departure.recall()
        await self.state.recall()
        if self.retention is not None:
            await self.retention.restore()
        lost = await self.picker.collect_doubt()
        if lost:
            self.lane.logger.warning(
                "the last run ended while a message was on its way; it may be in Discord",
                extra={"destination": self.name, "cards": lost, "sent_again": self.picker.resends},
            )
        if self.circuit.is_closed and not self.is_gone:
            await self._introduce()

    async def _introduce(self) -> None:
        """Look at the webhook once: is it there, and which channel's limit does it share?"""
        loop = asyncio.get_running_loop()
        started = loop.time()
        answer = await ask_webhook(self.client, self.destination.webhook, INTRODUCTION_TIMEOUT_S)
        took_s = loop.time() - started
        self.instruments.webhook_checked(up=isinstance(answer, WebhookInfo), response_s=took_s)
        self.watch.introduced(answer, took_s)
        if isinstance(answer, WebhookInfo) and answer.guild_id and self.dispatch.fold is not None:
            self.dispatch.fold.book.place = f"{answer.guild_id}/{answer.channel_id}"
        if isinstance(answer, Gone) and answer.code:  # Discord's own word, not that of a proxy which lacks the route
            await self.departure.begin(answer)

    async def _step(self) -> bool:
        """Do what comes next; return False where there is nothing to do."""
        if self.edits is not None:
            self.edits.wake_at_s = None
            await self.edits.clean()
        if self.is_gone:
            if self.edits is not None:
                await self.edits.release_all()
            if self.retention is not None:
                await self.retention.forget_all()
            return await self._has_sent_away()
        if self.is_open:
            return await self._probing.cooled_down() and await self._probing.probe()
        if self.memory.notices:
            await self._send_notice(self.memory.notices.popleft())
            return True
        pick = await self.picker.pick()
        if await self._has_edited(pick):
            return True
        if pick is None:
            return await self._has_deleted()
        rests_until_s = await self.dispatch.rests_until_s(pick)
        if rests_until_s > -inf and not self.arrivals.in_haste:
            self._resting_until_s = rests_until_s
            return False
        if pick.group is None:
            await self.arrivals.wait_for_company(self._is_full)
        await self._send(pick)
        return True

    async def _has_sent_away(self) -> bool:
        """Let cards go elsewhere; those that become dead letters wait a moment, so that repeats are counted on them."""
        now_s = asyncio.get_running_loop().time()
        folds = self.edits is not None and self.edits.fold.folds_records
        gathers = folds and self.fallback is None and not self.arrivals.in_haste
        if gathers and now_s < self._gathering_until_s and await self.lane.waiting() < MAX_DIGEST_CARDS:
            self._resting_until_s = self._gathering_until_s + _TICK_S
            return False
        if await self.departure.send_away():
            return True
        self._gathering_until_s = now_s + _BETWEEN_BURIALS_S
        return False

    async def _has_edited(self, pick: Pick | None) -> bool:
        if self.edits is None:
            return False
        is_critical = pick is not None and pick.priority >= CRITICAL_PRIORITY
        message = self.edits.choose(
            others_wait=self._may_post_now(pick), at_once=self.arrivals.in_haste, only_urgent=is_critical
        )
        if message is None:
            return False
        await self.edits.edit(message)
        return True

    def _may_post_now(self, pick: Pick | None) -> bool:
        """Return whether a new message would go at once; while it waits for its permit, there is time for edits."""
        if pick is None:
            return False
        ready_at_s = self.client.ready_at(self.destination.webhook, Operation.EXECUTE, priority=pick.priority)
        return ready_at_s <= asyncio.get_running_loop().time()

    async def _has_deleted(self) -> bool:
        if self.retention is None or self.arrivals.draining:
            return False
        sent = await self.retention.choose()
        if sent is None:
            return False
        await self.retention.delete(sent)
        return True

    async def _is_full(self) -> bool:
        return len(await self.picker.fresh(self.max_embeds)) >= self.max_embeds

    async def _send(self, pick: Pick, *, is_probe: bool = False) -> None:
        ended = await self.dispatch.send(pick)
        if self.edits is not None:
            self.edits.others_went()
        if ended is not None and isinstance(ended.action, Exhausted) and not self._is_stopping:
            await self.suspicion.follow_up(pick, ended, was_probe=is_probe)

    async def _send_notice(self, message: Message) -> None:
        name = self.destination.thread_name
        thread_id = self.memory.posts.find(name.own_post) if name is not None else ""
        outcome = await send_notice(self.client, self.destination, message, self.lane.logger, thread_id)
        if name is not None and isinstance(outcome, Delivered) and outcome.channel_id not in {thread_id, ""}:
            await self.state.notice_arrived(name.own_post, outcome.channel_id)
        if self.retention is not None and isinstance(outcome, Delivered):
            opened_thread = bool(message.thread_name or self.destination.thread_name)
            await self.retention.notice_arrived(outcome, opened_thread=opened_thread)
        self.watch.noticed(message, outcome)
        if destination_works(outcome):
            await self.circuit.works()
        elif isinstance(outcome, Gone):
            await self.departure.begin(outcome)
        elif isinstance(outcome, Unavailable) and self.circuit.failed():
            await self.circuit.hold(outcome)


def earliest(*times_s: float | None) -> float | None:
    """Return the earliest of the times that there are."""
    return min((each for each in times_s if each is not None), default=None)
