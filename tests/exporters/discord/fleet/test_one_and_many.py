"""What one process could not send, a fleet sends; what a fleet could not send, another one does, or one process."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from otel_discord.config import Secret
from otel_discord.discord_api.http import HttpRequest, HttpResponse, Transport
from otel_discord.exporters.discord.charts import NoCharts
from otel_discord.exporters.discord.config import DiscordConfig
from otel_discord.exporters.discord.fleet.exporter import FleetExporter
from otel_discord.extensions.db_storage.config import DbStorageConfig
from otel_discord.extensions.db_storage.extension import DbStorage
from otel_discord.testing.fake_discord import FakeDiscord
from otel_discord.testing.host import NopHost
from otel_discord.testing.otlp import logs_batch
from otel_discord.testing.telemetry import settings
from tests.exporters.discord.rig import MARKER, shown
from tests.extensions.db_storage import conftest as postgres
from tests.extensions.db_storage.server import Server

server = postgres.server
schema = postgres.schema
RECORDS = 30


class Away:
    """Discord, which answers that it is not there."""

    async def send(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse(status=503, headers={})


@dataclass(slots=True)
class Where:
    """The one store of all."""

    url: str
    schema: str
    directory: Path
    config: DiscordConfig

    @asynccontextmanager
    async def process(self, transport: Transport, **fleet: Any) -> AsyncIterator[FleetExporter]:
        config = DbStorageConfig(
            datasource=Secret(self.url), schema_name=self.schema, directory=self.directory, lease="2s", fleet=fleet
        )
        storage = DbStorage(settings("db_storage"), config)
        async with storage.lifespan(NopHost()):
            exporter = FleetExporter(
                settings("discord"), self.config, transport=transport, wall_clock=time.time, charts=NoCharts()
            )
            async with exporter.lifespan(NopHost({"db_storage": storage})):
                yield exporter


def where(server: Server, schema: str, tmp_path: Path, fake: FakeDiscord) -> Where:
    hooks = [fake.add_webhook() for _ in range(4)]
    config = {
        "destinations": {f"d{number}": {"webhook_url": hook.url} for number, hook in enumerate(hooks)},
        "sending_queue": {"storage": "db_storage"},
        "fold": {"enabled": False},
        "rate_limit": {"channel_messages_per_minute": 0},
        "dead_letters": {"directory": ""},
        "shutdown_timeout": "0.3s",
    }
    return Where(server.url, schema, tmp_path, DiscordConfig.model_validate(config))


async def until_all_arrived(fake: FakeDiscord) -> list[list[int]]:
    numbers: list[list[int]] = []
    with suppress(TimeoutError):
        async with asyncio.timeout(30):
            while not numbers or any(len(set(each)) < RECORDS for each in numbers):
                await asyncio.sleep(0.05)
                numbers = [
                    [int(number) for message in fake.messages_of(hook) for number in MARKER.findall(shown(message))]
                    for hook in fake.webhooks
                ]
    return numbers


ONE = {"enabled": False}


@pytest.mark.parametrize(
    ("before", "after"),
    [(ONE, {"shards": 3}), ({"shards": 3}, ONE), ({"shards": 4}, {"shards": 2}), ({"shards": 2}, {"shards": 5})],
    ids=["one becomes a fleet", "a fleet becomes one", "fewer shards", "more shards"],
)
async def test_what_waits_is_sent_by_who_comes_next(
    server: Server, schema: str, tmp_path: Path, before: dict[str, Any], after: dict[str, Any]
) -> None:
    fake = FakeDiscord(channel_limit=None)
    there = where(server, schema, tmp_path, fake)
    async with there.process(Away(), **before) as exporter:
        for number in range(RECORDS):
            await exporter.consume(logs_batch(1, first=number))
        await asyncio.sleep(0.3)
    if "shards" in before and "shards" in after:
        await asyncio.sleep(1.8)  # until nobody takes the first ones for alive any more
    async with AsyncExitStack() as stack:
        for _ in range(1 if after is ONE else 2):
            await stack.enter_async_context(there.process(fake.transport(), **after))
        assert await until_all_arrived(fake) == [list(range(RECORDS))] * 4
