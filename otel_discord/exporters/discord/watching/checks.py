"""Looks at each webhook on a schedule, one at a time: is it there, and how quickly does it answer?

Each outbox looks at its own webhook when it starts; here is what follows. One that Discord says is gone is given up as
if a message had met that answer. One that only does not answer is reported after a few failures in a row, unless
messages arrive there meanwhile. What is reported is reported once, and so is its return.
"""

import asyncio
import logging
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from otel_discord.discord_api.client import WebhookClient, WebhookInfo
from otel_discord.discord_api.models import Embed, Message
from otel_discord.discord_api.outcome_types import Gone, Outcome, RateLimited, Reason, Unavailable
from otel_discord.discord_api.routes import Operation
from otel_discord.exporters.discord.health import Health
from otel_discord.exporters.discord.outbox import Outbox
from otel_discord.exporters.discord.tombstones import is_lasting
from otel_discord.exporters.discord.watching.findings import RECHECK_S, News
from otel_discord.exporters.discord.watching.lane_watch import LaneWatch, words_of
from otel_discord.exporters.discord.watching.webhook_label import label_of

CHECK_PRIORITY: Final = -2
"""Anything else goes first."""
PERMIT_WAIT_S: Final = 60.0
"""Who is not granted a request by then looks again the next time; nothing is found out."""
_FRESH_NS: Final = 60 * 10**9
_ORANGE, _GREEN = 0xE67E22, 0x2ECC71


@dataclass(slots=True, kw_only=True)
class WebhookChecks:
    """Of one exporter."""

    outboxes: Mapping[str, Outbox]
    watches: Mapping[str, LaneWatch]
    client: WebhookClient
    health: Health
    interval_s: float
    """0: nothing is looked at."""
    timeout_s: float
    logger: logging.Logger
    wall_clock: Callable[[], float]
    dice: Callable[[], float] = random.random
    _lifted_ns: dict[str, int] = field(default_factory=dict)
    """When a webhook was used again because a check has found it."""
    _told_elsewhere: set[str] = field(default_factory=set)
    """Of which webhooks the fallback was told that they do not answer."""

    async def run(self) -> None:
        """Look at them all, again and again, until cancelled."""
        if not self.interval_s:
            return
        loop = asyncio.get_running_loop()
        first_s = min(self.interval_s, RECHECK_S)
        due_s: dict[str, float] = {}
        while True:
            for gone in [each for each in due_s if each not in self.outboxes]:
                del due_s[gone]
            for new in [each for each in self.outboxes if each not in due_s]:
                due_s[new] = loop.time() + first_s * (0.1 + 0.9 * self.dice())
            name = min(due_s, key=due_s.__getitem__, default="")
            next_s = due_s.get(name, loop.time() + self.interval_s)
            await asyncio.sleep(max(0.0, next_s - loop.time()))
            if name in self.outboxes and name in due_s:
                due_s[name] = loop.time() + await self._check_if_due(name)

    async def _check_if_due(self, name: str) -> float:
        """Look at a webhook unless its outbox or an earlier run just has; return after how long to look again."""
        watch = self.watches[name]
        age_s = self.wall_clock() - watch.finding.checked_ns / 1e9
        if watch.finding.up and 0 <= age_s < self.interval_s / 2:
            return (self.interval_s - age_s) * (0.5 + 0.5 * self.dice())
        await self.check(name)
        return watch.finding.next_in_s(self.interval_s, self.dice())

    async def check(self, name: str) -> None:
        """Look at one webhook now, and say what is new."""
        outbox = self.outboxes[name]
        if outbox.gone is not None and is_lasting(outbox.gone):
            known = self.watches[name].finding
            if known.up is not False:  # a message has met that answer, not a look
                outbox.instruments.webhook_checked(up=False, response_s=known.response_s or 0.0)
                self.watches[name].finding = replace(known, up=False, is_told=True)
            return
        asked = await self._asked(outbox)
        if asked is None or isinstance(asked[0], RateLimited):
            return
        answer, response_s = asked
        outbox.instruments.webhook_checked(up=isinstance(answer, WebhookInfo), response_s=response_s)
        watch = self.watches.get(name)
        if watch is not None and self.outboxes.get(name) is outbox:  # it may have gone meanwhile
            await self._note(outbox, watch, answer, response_s)

    async def _asked(self, outbox: Outbox) -> tuple[WebhookInfo | Outcome, float] | None:
        """Return the answer and how long it took; None where the limiter has not let it through."""
        loop = asyncio.get_running_loop()
        webhook, started_s = outbox.destination.webhook, None
        try:
            async with asyncio.timeout(PERMIT_WAIT_S) as deadline:
                async with self.client.turn(webhook, Operation.GET_WEBHOOK, priority=CHECK_PRIORITY) as turn:
                    started_s = loop.time()
                    deadline.reschedule(started_s + self.timeout_s)
                    answer = await turn.get_webhook()
        except TimeoutError:
            if started_s is None:
                return None
            answer = Unavailable(Reason.TIMEOUT, ambiguous=False)
        return answer, loop.time() - started_s

    async def _note(self, outbox: Outbox, watch: LaneWatch, answer: WebhookInfo | Outcome, response_s: float) -> None:
        now_ns = self._now_ns()
        if isinstance(answer, WebhookInfo):
            watch.finding, news = watch.finding.found(
                now_ns, response_s, label=label_of(answer), name=answer.name, channel_id=answer.channel_id
            )
            await self._is_there(outbox, watch, is_told=news is News.BACK)
            return
        if isinstance(answer, Gone) and (answer.code or is_lasting(answer)):
            watch.finding = watch.finding.gone(now_ns, response_s)
            watch.went_wrong(answer)
            await outbox.departure.begin(answer)
            outbox.look()
            return
        watch.finding, news = watch.finding.missed(now_ns, response_s, last_sent_ns=watch.last_sent_ns)
        watch.went_wrong(answer)
        if outbox.is_gone or not watch.finding.is_told:
            return
        if news is News.DOWN:
            self._is_down(outbox, watch, words_of(answer))
        if outbox.name not in self._told_elsewhere and await self._can_be_told_elsewhere(outbox):
            self._told_elsewhere.add(outbox.name)
            self._tell_elsewhere(outbox, _down(outbox.name, words_of(answer)))

    async def _is_there(self, outbox: Outbox, watch: LaneWatch, *, is_told: bool) -> None:
        if outbox.is_gone:
            lifted_ns = self._lifted_ns.get(outbox.name, 0)
            if lifted_ns and watch.last_sent_ns < lifted_ns:
                return  # it answers and takes no messages: to try again and again would be told again and again
            self._lifted_ns[outbox.name] = self._now_ns()
            await outbox.lift()
            self._tell_elsewhere(outbox, _back(outbox.name))
            self._told_elsewhere.discard(outbox.name)
        elif is_told:
            self.logger.warning("the webhook answers again", extra={"destination": outbox.name})
            if not outbox.is_open:
                self.health.well(outbox.name)
            if outbox.name in self._told_elsewhere:
                self._told_elsewhere.discard(outbox.name)
                self._tell_elsewhere(outbox, _back(outbox.name))

    def _is_down(self, outbox: Outbox, watch: LaneWatch, why: str) -> None:
        if not outbox.is_open:  # else the breaker has said so
            self.logger.error(
                "the webhook does not answer when it is looked at",
                extra={
                    "destination": outbox.name,
                    "reason": why,
                    "failures": watch.finding.failures,
                },
            )
            self.health.ill(outbox.name, f"webhook check: {why}")

    async def _can_be_told_elsewhere(self, outbox: Outbox) -> bool:
        """Return whether there is a fallback that answers now; where all of Discord is away, words come too late."""
        haven = outbox.haven
        if haven is None or haven.is_gone or haven.is_open:
            return False
        if self._now_ns() - self.watches[haven.name].finding.checked_ns > _FRESH_NS:
            await self.check(haven.name)
        return bool(self.watches[haven.name].finding.up)

    def _tell_elsewhere(self, outbox: Outbox, message: Message) -> None:
        if outbox.departure.tell is not None:
            outbox.departure.tell(message)

    def _now_ns(self) -> int:
        return int(self.wall_clock() * 1e9)


def _down(name: str, why: str) -> Message:
    description = (
        f"The webhook of **{name}** does not answer when it is looked at ({why}). "
        "What is for it waits there; what is critical comes here while it cannot be reached."
    )
    return Message(
        embeds=(Embed(title=f"🟠 {name}: the webhook does not answer", description=description, color=_ORANGE),)
    )


def _back(name: str) -> Message:
    description = f"The webhook of **{name}** works again; what is for it goes there."
    return Message(embeds=(Embed(title=f"🟢 {name}: the webhook works again", description=description, color=_GREEN),))
