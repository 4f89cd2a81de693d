"""A replica with a spool on its disk while a real PostgreSQL is away: all is taken in, and shown once, in order."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from otel_discord.exporters.discord.charts import NoCharts
from otel_discord.exporters.discord.config import DiscordConfig
from otel_discord.exporters.discord.fleet.exporter import FleetExporter
from otel_discord.extensions.file_storage.config import FileStorageConfig
from otel_discord.extensions.file_storage.extension import FileStorage
from otel_discord.testing.fake_discord import FakeDiscord
from otel_discord.testing.host import NopHost
from otel_discord.testing.otlp import logs_batch
from otel_discord.testing.telemetry import InMemoryTelemetry, settings
from tests.exporters.discord.fleet.test_fleet_on_postgres import numbers_of, until_all_arrived
from tests.extensions.db_storage import conftest as postgres
from tests.extensions.db_storage.fleet_place import Place, storage_at
from tests.extensions.db_storage.proxy import Proxy
from tests.extensions.db_storage.server import Server

server = postgres.server
schema = postgres.schema


@dataclass(slots=True)
class Process:
    """A replica."""

    exporter: FleetExporter
    proxy: Proxy
    telemetry: InMemoryTelemetry

    @property
    def spooled(self) -> int:
        return int(self.telemetry.value("otel_discord_spool_records"))


@asynccontextmanager
async def replica(
    server: Server, schema: str, tmp_path: Path, fake: FakeDiscord, **config: Any
) -> AsyncIterator[Process]:
    place, proxy, telemetry = Place(server.port, schema, tmp_path, lease_s=3.0), Proxy(server.port), InMemoryTelemetry()
    hooks = fake.webhooks or [fake.add_webhook() for _ in range(4)]
    keys: dict[str, Any] = {
        "destinations": {f"d{number}": {"webhook_url": hook.url} for number, hook in enumerate(hooks)},
        "sending_queue": {"storage": "db_storage", "spool": "file_storage", "queue_size": 100_000},
        "rate_limit": {"channel_messages_per_minute": 0},
        "fold": {"enabled": False},
        "dead_letters": {"directory": ""},
        "shutdown_timeout": "5s",
        **config,
    }
    disk = FileStorage(settings("file_storage"), FileStorageConfig(directory=tmp_path / "spool", ballast_mib=1))
    async with proxy.opened(), storage_at(place, proxy.url) as storage, disk.lifespan(NopHost()):
        exporter = FleetExporter(
            settings("discord", telemetry),
            DiscordConfig.model_validate(keys),
            transport=fake.transport(),
            wall_clock=time.time,
            charts=NoCharts(),
        )
        async with exporter.lifespan(NopHost({"db_storage": storage, "file_storage": disk})):
            yield Process(exporter, proxy, telemetry)


async def until_spooled(process: Process, count: int) -> float:
    begun_s = time.monotonic()
    async with asyncio.timeout(60):
        while process.spooled != count:
            await asyncio.sleep(0.01)
    return time.monotonic() - begun_s


async def test_all_is_taken_in_and_shown_once_in_order(server: Server, schema: str, tmp_path: Path) -> None:
    fake = FakeDiscord(channel_limit=None)
    async with replica(server, schema, tmp_path, fake) as process:
        for number in range(100):
            if number == 20:
                process.proxy.cut_off()
            if number == 80:
                assert process.spooled == 60
                process.proxy.let_back()
            await process.exporter.consume(logs_batch(1, first=number))
            await asyncio.sleep(0.01)
        await until_all_arrived(fake, 100)
        await until_spooled(process, 0)
    assert numbers_of(fake) == [list(range(100))] * 4


async def test_a_commit_in_doubt_is_answered_soon_and_not_repeated(server: Server, schema: str, tmp_path: Path) -> None:
    fake = FakeDiscord(channel_limit=None)
    async with replica(server, schema, tmp_path, fake) as process:
        proxy = process.proxy
        await process.exporter.consume(logs_batch(1, first=0))
        await until_all_arrived(fake, 1)
        async with asyncio.TaskGroup() as group, asyncio.timeout(10):
            proxy.swallow_commits = 1
            group.create_task(process.exporter.consume(logs_batch(1, first=1)))
            while not proxy.swallowed:
                await asyncio.sleep(0)
            proxy.cut_off()
        for number in range(2, 10):
            await process.exporter.consume(logs_batch(1, first=number))
        assert process.spooled >= 8
        proxy.let_back()
        await until_all_arrived(fake, 10)
        await until_spooled(process, 0)
    for numbers in numbers_of(fake):
        assert sorted(numbers) == list(range(10))
        assert [number for number in numbers if number > 1] == list(range(2, 10))


async def test_what_the_next_process_finds_is_shown_once(server: Server, schema: str, tmp_path: Path) -> None:
    fake = FakeDiscord(channel_limit=None)
    async with replica(server, schema, tmp_path, fake) as process:
        process.proxy.cut_off()
        for number in range(40):
            await process.exporter.consume(logs_batch(1, first=number))
    async with replica(server, schema, tmp_path, fake) as process:
        await until_all_arrived(fake, 40)
        await until_spooled(process, 0)
    assert numbers_of(fake) == [list(range(40))] * 4


async def test_it_becomes_empty_while_requests_come_without_a_pause(
    server: Server, schema: str, tmp_path: Path
) -> None:
    """Twenty clients, each of which sends again as soon as it is answered."""
    fake = FakeDiscord(channel_limit=None)
    fake.add_webhook()
    async with replica(server, schema, tmp_path, fake, fold={"enabled": True}) as process:
        over = asyncio.Event()

        async def client(number: int) -> None:
            while not over.is_set():
                await process.exporter.consume(logs_batch(1, first=number))

        async with asyncio.TaskGroup() as group:
            for number in range(20):
                group.create_task(client(number))
            await asyncio.sleep(0.2)
            process.proxy.cut_off()
            async with asyncio.timeout(10):
                while process.spooled < 500:
                    await asyncio.sleep(0.01)
            process.proxy.let_back()
            took_s = await until_spooled(process, 0)
            over.set()
        assert took_s < 30
