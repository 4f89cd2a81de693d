"""Which channel each webhook posts to: asked of Discord once, by the replicas together, and remembered for all of them.

What is known is in a table that they share, by the id of the webhook. Who starts asks for what is not there, each
replica in an order of its own, at random: of two that go along the same list the faster comes up behind the other and
stays there. What the others hear meanwhile need not be asked any more. Nobody claims anything, so whoever dies leaves
nothing behind that others wait for. A webhook that is gone for good is not asked again until its address is another.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import Final

from otel_discord.component import RetryableError
from otel_discord.component.state_table import SharedTable
from otel_discord.discord_api.client import WebhookClient, WebhookInfo
from otel_discord.discord_api.outcome_types import Gone, Outcome
from otel_discord.discord_api.routes import Operation
from otel_discord.discord_api.webhook_url import WebhookUrl
from otel_discord.exporters.discord.destinations import Destination
from otel_discord.exporters.discord.lane import patiently
from otel_discord.exporters.discord.tombstones import fingerprint, is_lasting

SILENCE_S: Final = 5.0
"""Where no replica hears anything of Discord for so long a start waits no longer."""
TOLD_EVERY_S: Final = 5.0
"""How far the asking is."""
_WEBHOOKS_PER_S: Final = 5
"""What Discord answers at least; the whole of asking is given the time that this takes, and ``SILENCE_S`` more."""
_AT_A_TIME: Final = 16
_EXCHANGE_S: Final = 0.25
_GONE: Final = "gone "


@dataclass(slots=True)
class Channels:
    """``table`` is None where replicas share none: each then asks for itself. Times are those of the event loop."""

    client: WebhookClient
    table: SharedTable | None
    logger: logging.Logger
    known: dict[str, str] = field(default_factory=dict)
    """Ids of channels, by those of webhooks."""
    _gone: dict[str, str] = field(default_factory=dict)
    """Fingerprints of addresses that are gone, by ids of webhooks."""
    _heard: dict[str, str] = field(default_factory=dict)
    """What the others were not told yet."""
    _version: int = -1

    async def of(
        self, destinations: Sequence[Destination], dice: Random, told: Callable[[str], None] = lambda _: None
    ) -> Mapping[str, str]:
        """Return the channel of each destination by its name, as far as it is known or Discord says it now.

        ``dice`` give the order in which this replica asks, which should be another one for each. ``told`` hears every
        few seconds how far it is, as long as it comes further.

        Raises:
            ShutdownError: the storage is closed.
        """
        await patiently(self._read, self.logger, "to show which channels webhooks post to")
        webhooks = {item.webhook.id: item.webhook for item in destinations}
        unknown = [each for each in webhooks.values() if not self.is_settled(each)]
        if unknown:
            dice.shuffle(unknown)
            await self._ask(unknown, _Progress(unknown, len(webhooks), self, told))
        found = ((item.name, self.known.get(item.webhook.id)) for item in destinations)
        return {name: channel for name, channel in found if channel}

    async def _ask(self, webhooks: Sequence[WebhookUrl], progress: "_Progress") -> None:
        loop, queue = asyncio.get_running_loop(), iter(webhooks)
        ends_s = loop.time() + SILENCE_S + len(webhooks) / _WEBHOOKS_PER_S

        def more_time() -> None:
            if not limit.expired():
                limit.reschedule(min(ends_s, loop.time() + SILENCE_S))

        async def ask() -> None:
            for webhook in queue:
                if not self.is_settled(webhook) and await self._hears_of(webhook):
                    more_time()

        progress.told_s = loop.time()
        with suppress(TimeoutError):
            async with asyncio.timeout(SILENCE_S) as limit:
                await self._exchanging([ask() for _ in range(_AT_A_TIME)], progress, more_time)
        await self._exchange()
        progress.ends()

    async def _hears_of(self, webhook: WebhookUrl) -> bool:
        """Ask for one webhook and note what is said; return whether Discord says anything."""
        answer = await self._answer(webhook)
        if isinstance(answer, WebhookInfo) and answer.channel_id:
            self.known[webhook.id] = self._heard[webhook.id] = answer.channel_id
        elif isinstance(answer, Gone) and is_lasting(answer):
            self._gone[webhook.id] = fingerprint(webhook, "")
            self._heard[webhook.id] = _GONE + self._gone[webhook.id]
        return answer is not None

    async def _answer(self, webhook: WebhookUrl) -> WebhookInfo | Outcome | None:
        """Ask Discord; None where it says nothing, or another replica knew it before our turn came."""
        async with self.client.turn(webhook, Operation.GET_WEBHOOK) as turn:
            if self.is_settled(webhook):
                return None
            with suppress(TimeoutError):
                async with asyncio.timeout(SILENCE_S):
                    return await turn.get_webhook()
        return None

    async def _exchanging(
        self, asking: Sequence[Coroutine[None, None, None]], progress: "_Progress", more_time: Callable[[], None]
    ) -> None:
        """Tell the others what is heard, and read what they hear, as long as somebody asks."""
        async with asyncio.TaskGroup() as tasks:
            left = {tasks.create_task(each, name="channels of webhooks") for each in asking}
            while left:
                _, left = await asyncio.wait(left, timeout=_EXCHANGE_S)
                await self._exchange()
                if progress.grows(asyncio.get_running_loop().time()):
                    more_time()

    async def _exchange(self) -> None:
        if self.table is None:
            return
        told, self._heard = self._heard, {}
        with suppress(RetryableError):
            await self.table.put({webhook: channel.encode() for webhook, channel in told.items()})
            await self._read()
            return
        self._heard = {**told, **self._heard}

    async def _read(self) -> None:
        if self.table is None:
            return
        changes = await self.table.changes(self._version)
        self._version = changes.version
        found = {webhook: value.decode("ascii", "replace") for webhook, value in changes.values.items() if value}
        self.known.update((webhook, told) for webhook, told in found.items() if told.isdigit())
        self._gone.update((webhook, told[len(_GONE) :]) for webhook, told in found.items() if told.startswith(_GONE))

    def is_settled(self, webhook: WebhookUrl) -> bool:
        """Return whether it need not be asked: its channel is known, or that it is gone for good."""
        return webhook.id in self.known or self._gone.get(webhook.id) == fingerprint(webhook, "")


@dataclass(slots=True)
class _Progress:
    """How far the replicas together are with asking; tells it about every ``TOLD_EVERY_S``, from ``told_s`` on."""

    asked: Sequence[WebhookUrl]
    of_all: int
    channels: Channels
    told: Callable[[str], None]
    told_s: float = 0.0
    _settled: int = 0
    _told_of: int = 0

    def grows(self, now_s: float) -> bool:
        """Count anew; return whether this replica or another one has heard more."""
        before = self._settled
        self._count()
        if now_s >= self.told_s + TOLD_EVERY_S and self._settled > self._told_of:
            self.told_s, self._told_of = now_s, self._settled
            how_far = f"asked Discord for the channels of {self._done:,} of {self.of_all:,} webhooks"
            self.channels.logger.info(how_far)  # not by a template: lines of one template are thinned out
            self.told(how_far)
        return self._settled > before

    def ends(self) -> None:
        """Say what is not known, and is not waited for."""
        self._count()
        if self._done < self.of_all:
            self.channels.logger.warning(
                "Discord does not say now which channels %s of %s webhooks post to; their destinations are divided"
                " without that, and what belongs together may be torn apart",
                f"{self.of_all - self._done:,}",
                f"{self.of_all:,}",
            )

    def _count(self) -> None:
        self._settled = sum(map(self.channels.is_settled, self.asked))

    @property
    def _done(self) -> int:
        return self.of_all - len(self.asked) + self._settled
