"""Replicas on a real PostgreSQL, each behind a cable of its own that is cut: nothing lost or doubled, in order."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from otel_discord.component import RetryableError
from otel_discord.exporters.discord.charts import NoCharts
from otel_discord.exporters.discord.config import DiscordConfig
from otel_discord.exporters.discord.fleet.exporter import FleetExporter
from otel_discord.testing.fake_discord import FakeDiscord
from otel_discord.testing.host import NopHost
from otel_discord.testing.otlp import logs_batch
from otel_discord.testing.telemetry import settings
from tests.exporters.discord.fleet.fleet_rig import Network
from tests.exporters.discord.rig import MARKER, shown
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
    network: Network
    host: NopHost


@dataclass(slots=True)
class Street:
    """Replicas by name."""

    place: Place
    config: dict[str, Any]
    fake: FakeDiscord
    stack: AsyncExitStack
    processes: dict[str, Process] = field(default_factory=dict)

    async def join(self, name: str) -> None:
        process = await self.stack.enter_async_context(self._process())
        self.processes[name] = process

    @asynccontextmanager
    async def _process(self) -> AsyncIterator[Process]:
        proxy, network = Proxy(self.place.port), Network(self.fake.transport())
        async with proxy.opened(), storage_at(self.place, proxy.url) as storage:
            pace = {"channel_messages_per_minute": 0, "requests_per_second": 45 - len(self.processes)}
            config = DiscordConfig.model_validate({**self.config, "rate_limit": pace})  # no limiter is shared
            exporter = FleetExporter(
                settings("discord"), config, transport=network, wall_clock=time.time, charts=NoCharts()
            )
            host = NopHost({"db_storage": storage})
            async with exporter.lifespan(host):
                yield Process(exporter, proxy, network, host)

    def held(self) -> list[int]:
        return sorted(chain(*(each.exporter.engines for each in self.processes.values())))

    async def until_held(self, timeout_s: float = 15) -> None:
        async with asyncio.timeout(timeout_s):
            while self.held() != list(range(self.place.shards)):
                await asyncio.sleep(0.05)


@asynccontextmanager
async def street(server: Server, schema: str, tmp_path: Path, fake: FakeDiscord, *names: str) -> AsyncIterator[Street]:
    hooks = [fake.add_webhook() for _ in range(4)]
    config: dict[str, Any] = {
        "destinations": {f"d{number}": {"webhook_url": hook.url} for number, hook in enumerate(hooks)},
        "sending_queue": {"storage": "db_storage"},
        "fold": {"enabled": False},
        "dead_letters": {"directory": ""},
        "shutdown_timeout": "5s",
    }
    place = Place(server.port, schema, tmp_path, lease_s=2.0)
    async with AsyncExitStack() as stack:
        made = Street(place, config, fake, stack)
        for name in names:
            await made.join(name)
        await made.until_held()
        yield made


def numbers_of(fake: FakeDiscord) -> list[list[int]]:
    return [
        [int(number) for message in fake.messages_of(hook) for number in MARKER.findall(shown(message))]
        for hook in fake.webhooks
    ]


async def until_all_arrived(fake: FakeDiscord, count: int, timeout_s: float = 30) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(timeout_s):
            while any(len(set(numbers)) < count for numbers in numbers_of(fake)):
                await asyncio.sleep(0.05)


async def test_what_three_take_in_arrives_once_in_order(server: Server, schema: str, tmp_path: Path) -> None:
    fake = FakeDiscord(channel_limit=None)
    async with street(server, schema, tmp_path, fake, "a", "b") as there:
        for number in range(40):
            if number == 15:
                await there.join("c")
            await list(there.processes.values())[number % len(there.processes)].exporter.consume(
                logs_batch(1, first=number)
            )
        await until_all_arrived(fake, 40)
        await there.until_held()
        assert min(len(each.exporter.engines) for each in there.processes.values()) == 1
    assert numbers_of(fake) == [list(range(40))] * 4


async def test_one_that_is_cut_off_sends_nothing_after_its_lease_and_others_take_over(
    server: Server, schema: str, tmp_path: Path
) -> None:
    fake = FakeDiscord(channel_limit=None)
    async with street(server, schema, tmp_path, fake, "a", "b", "c") as there:
        for number in range(10):
            await list(there.processes.values())[number % 3].exporter.consume(logs_batch(1, first=number))
        gone = there.processes["b"]
        gone.proxy.cut_off()
        with pytest.raises(RetryableError):
            await gone.exporter.consume(logs_batch(1, first=99))
        for number in range(10, 60):
            await there.processes["a" if number % 2 else "c"].exporter.consume(logs_batch(1, first=number))
            await asyncio.sleep(0.05)
        await until_all_arrived(fake, 60)
        gone.proxy.let_back()
        await there.until_held()
    for numbers in numbers_of(fake):
        assert list(dict.fromkeys(numbers)) == list(range(60))
        assert sum(times > 1 for times in Counter(numbers).values()) <= 10, "one message"
