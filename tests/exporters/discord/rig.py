"""An exporter, FakeDiscord and what was said, on one virtual clock."""

import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from otel_discord.exporters.discord.charts import Charts, NoCharts
from otel_discord.exporters.discord.config import DiscordConfig
from otel_discord.exporters.discord.exporter import DiscordExporter
from otel_discord.testing.fake_discord import FakeDiscord
from otel_discord.testing.fake_discord.state import FakeMessage, FakeWebhook
from otel_discord.testing.host import NopHost
from otel_discord.testing.leaks import no_leaked_tasks
from otel_discord.testing.telemetry import InMemoryTelemetry, settings

MARKER = re.compile(r"record (\d+)")


@dataclass(slots=True)
class Rig:
    """What a test holds in its hands."""

    fake: FakeDiscord
    exporter: DiscordExporter
    telemetry: InMemoryTelemetry
    host: NopHost

    def arrived(self, webhook: FakeWebhook | None = None) -> list[int]:
        """Return the numbers of the records that are in Discord, in order."""
        messages = self.fake.messages if webhook is None else self.fake.messages_of(webhook)
        return [int(number) for message in messages for number in MARKER.findall(shown(message))]


def shown(message: FakeMessage) -> str:
    """Return the words of a message, each embed's title or first line once."""
    return "\n".join(
        [message.content, *(embed.get("title") or embed.get("description", "") for embed in message.embeds)]
    )


@asynccontextmanager
async def running(
    fake: FakeDiscord,
    *,
    host: NopHost | None = None,
    wall_clock: Callable[[], float] = time.time,
    charts: Charts | None = None,
    **config: Any,
) -> AsyncIterator[Rig]:
    """Run an exporter against ``fake``; leaving drains it. Without destinations it has one webhook of ``fake``.

    With the same ``host`` it goes on where the one before it ended.
    """
    if "destinations" not in config and "webhook_url" not in config:
        webhook = fake.webhooks[0] if fake.webhooks else fake.add_webhook()
        config["webhook_url"] = webhook.url
    config.setdefault("fold", {"enabled": False})  # numbered records are one problem; most tests want a card for each
    config.setdefault("dead_letters", {"directory": ""})  # threads that write files cannot be waited for here
    telemetry = InMemoryTelemetry()
    given = settings("discord", telemetry)
    exporter = DiscordExporter(
        given,
        DiscordConfig.model_validate(config),
        transport=fake.transport(),
        wall_clock=wall_clock,
        charts=charts or NoCharts(),
    )
    host = host or NopHost()
    async with no_leaked_tasks(), exporter.lifespan(host):
        yield Rig(fake, exporter, telemetry, host)
