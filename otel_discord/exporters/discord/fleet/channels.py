"""Which channel each webhook posts to: asked of Discord once, by the replicas together, and remembered for all of them.

What is known is in a table that they share, by the id of the webhook. Who starts asks for what is not there, each
replica from another place on; what the others hear meanwhile need not be asked any more. A webhook that is gone for
good is not asked again until its address is another one.
"""

import asyncio
import logging
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from otel_discord.component import RetryableError
from otel_discord.component.state_table import SharedTable
from otel_discord.discord_api.client import WebhookClient, WebhookInfo
from otel_discord.discord_api.outcome_types import Gone
from otel_discord.discord_api.webhook_url import WebhookUrl
from otel_discord.exporters.discord.destinations import Destination
from otel_discord.exporters.discord.greetings import ask_webhook
from otel_discord.exporters.discord.lane import patiently
from otel_discord.exporters.discord.tombstones import fingerprint, is_lasting

SILENCE_S: Final = 5.0
"""Where Discord says nothing for so long a start waits no longer."""
_WEBHOOKS_PER_S: Final = 20
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

    async def of(self, destinations: Sequence[Destination], first: float = 0.0) -> Mapping[str, str]:
        """Return the channel of each destination by its name, as far as it is known or Discord says it now.

        ``first`` is the part of the webhooks, from 0 to 1, at which this replica begins to ask.

        Raises:
            ShutdownError: the storage is closed.
        """
        await patiently(self._read, self.logger, "to show which channels webhooks post to")
        webhooks = list({item.webhook.id: item.webhook for item in destinations}.values())
        unknown = [each for each in webhooks if not self._is_settled(each)]
        if unknown:
            start = int(first * len(unknown))
            await self._ask([*unknown[start:], *unknown[:start]])
        found = ((item.name, self.known.get(item.webhook.id)) for item in destinations)
        return {name: channel for name, channel in found if channel}

    async def _ask(self, webhooks: Sequence[WebhookUrl]) -> None:
        loop, queue = asyncio.get_running_loop(), iter(webhooks)
        ends_s = loop.time() + SILENCE_S + len(webhooks) / _WEBHOOKS_PER_S

        async def ask() -> None:
            for each in queue:
                if self._is_settled(each):
                    continue
                answer = await ask_webhook(self.client, each, SILENCE_S)
                if isinstance(answer, WebhookInfo) and answer.channel_id:
                    self.known[each.id] = self._heard[each.id] = answer.channel_id
                elif isinstance(answer, Gone) and is_lasting(answer):
                    self._gone[each.id] = fingerprint(each, "")
                    self._heard[each.id] = _GONE + self._gone[each.id]
                if answer is not None and not limit.expired():
                    limit.reschedule(min(ends_s, loop.time() + SILENCE_S))

        with suppress(TimeoutError):
            async with asyncio.timeout(SILENCE_S) as limit:
                await self._exchanging([ask() for _ in range(_AT_A_TIME)])
        await self._exchange()

    async def _exchanging(self, asking: Sequence[Coroutine[None, None, None]]) -> None:
        """Tell the others what is heard, and read what they hear, as long as somebody asks."""
        async with asyncio.TaskGroup() as tasks:
            left = {tasks.create_task(each, name="channels of webhooks") for each in asking}
            while left:
                _, left = await asyncio.wait(left, timeout=_EXCHANGE_S)
                await self._exchange()

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

    def _is_settled(self, webhook: WebhookUrl) -> bool:
        return webhook.id in self.known or self._gone.get(webhook.id) == fingerprint(webhook, "")
