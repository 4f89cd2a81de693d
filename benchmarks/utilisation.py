"""How much of what Discord allows is used: a burst of 1,000 errors against 5 messages per 2 s.

Allowed is what a client with one message in flight could do that knows everything. In real time all cases run at once
through one service process with an exporter for each; in virtual time the exporter runs alone and exactly.
"""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, Final

import looptime

from benchmarks.far_end import connected, service_beside, until
from benchmarks.figures import Figure, Report, median
from benchmarks.payload import logs_request
from benchmarks.processes import cores, discord_exporter
from benchmarks.sizes import Size
from otel_discord.discord_api.limits import EMBEDS_PER_MESSAGE
from otel_discord.exporters.discord.config import DiscordConfig
from otel_discord.exporters.discord.exporter import DiscordExporter
from otel_discord.signals import LogsBatch, Severity
from otel_discord.testing.fake_discord import Buckets, FakeDiscord, Latency, serve_fake_discord
from otel_discord.testing.fake_discord.counters import Shape, new_counter
from otel_discord.testing.host import NopHost
from otel_discord.testing.telemetry import settings

AIM: Final = 0.97

_LIMIT: Final = 5
_WINDOW_S: Final = 2.0
_SHAPES: Final[Sequence[Shape]] = ("gcra", "fixed", "log")
_LATENCIES_MS: Final = (0, 50, 300)
_LATE_S: Final = 120.0
_VIRTUAL_END_S: Final = 3600.0


@dataclass(frozen=True, slots=True)
class World:
    """A Discord: how it counts, how far away it is."""

    shape: Shape
    latency_ms: int
    window_s: float = _WINDOW_S

    @property
    def name(self) -> str:
        return f"{self.shape}.{self.latency_ms}ms"

    @property
    def buckets(self) -> Buckets:
        return Buckets(_LIMIT, self.window_s, self.shape)

    def latency(self) -> Latency:
        """Return half of it on the way there, half on the way back."""
        half_s = self.latency_ms / 2000
        return Latency((half_s, half_s), (half_s, half_s))

    def fake(self) -> FakeDiscord:
        return FakeDiscord(buckets=self.buckets, channel_limit=None, latency=self.latency())

    def allowed_s(self, messages: int) -> float:
        """Return when the last of so many messages arrives if the client knows everything."""
        counter, now_s, arrived_s = new_counter(self.buckets), 0.0, 0.0
        half_s = self.latency_ms / 2000
        for _ in range(messages):
            arrived_s = now_s + half_s
            arrived_s += counter.retry_after_s(arrived_s)
            while not counter.take(arrived_s):
                arrived_s += 1e-6
            now_s = arrived_s + half_s
        return arrived_s


def run(size: Size) -> Report:
    """Return achieved ÷ allowed for each world, and the number of 429 over all of them."""
    records = size.pick(tiny=60, full=1000)
    window_s = 0.1 if size is Size.TINY else _WINDOW_S
    worlds = [World(shape, latency, window_s) for shape in _SHAPES for latency in _LATENCIES_MS]
    figures = []
    for kind, results in (
        ("virtual", [_in_virtual_time(world, records) for world in worlds]),
        ("real", asyncio.run(_in_real_time(worlds, records))),
    ):
        for world, (used, _) in zip(worlds, results, strict=True):
            figures.append(_figure(f"utilisation.{kind}.{world.name}", used))
        figures.append(_figure(f"utilisation.{kind}.median", median([used for used, _ in results])))
        refused = float(sum(count for _, count in results))
        figures.append(Figure(name=f"utilisation.{kind}.429", value=refused, unit="answers", better="lower", aim=0))
    return Report(figures, [f"utilisation: {records:,} records in one burst, {_LIMIT} messages per {window_s:g} s"])


def _figure(name: str, used: float) -> Figure:
    return Figure(name=name, value=used, unit="of allowed", ratio=used, aim=AIM)


def _result(world: World, fake: FakeDiscord, started_s: float, messages: int) -> tuple[float, int]:
    took_s = fake.messages[messages - 1].arrived_at_s - started_s
    return world.allowed_s(messages) / took_s, fake.count(429)


# ---------------------------------------------------------------------------------------------------------- virtual


def _in_virtual_time(world: World, records: int) -> tuple[float, int]:
    loop = looptime.new_event_loop(end=_VIRTUAL_END_S, idle_timeout=_VIRTUAL_END_S, idle_step=5)
    try:
        return loop.run_until_complete(_burst(world, records))
    finally:
        loop.close()


async def _burst(world: World, records: int) -> tuple[float, int]:
    fake = world.fake()
    webhook = fake.add_webhook()
    config = _settings() | {"webhook_url": webhook.url, "shutdown_timeout": "1h"}
    exporter = DiscordExporter(settings("discord"), DiscordConfig.model_validate(config), transport=fake.transport())
    messages = records // EMBEDS_PER_MESSAGE
    async with exporter.lifespan(NopHost()):
        started_s = asyncio.get_running_loop().time()
        await exporter.consume(LogsBatch(logs_request(records, severity=Severity.ERROR)))
        while len(fake.messages) < messages:
            await asyncio.sleep(0.1)
    return _result(world, fake, started_s, messages)


# ------------------------------------------------------------------------------------------------------------- real


async def _in_real_time(worlds: Sequence[World], records: int) -> list[tuple[float, int]]:
    own_core, _ = cores()
    fakes = [world.fake() for world in worlds]
    messages = records // EMBEDS_PER_MESSAGE
    async with AsyncExitStack() as stack:
        exporters = {}
        for world, fake in zip(worlds, fakes, strict=True):
            server = await stack.enter_async_context(serve_fake_discord(fake))
            url = server.webhook_url(fake.add_webhook())
            exporters[f"discord/{world.name}"] = discord_exporter(url, **_settings())
        running = await stack.enter_async_context(service_beside(exporters, core=own_core))
        client = await stack.enter_async_context(connected(running))
        await until(lambda: all(fake.exchanges for fake in fakes))  # each webhook was looked at
        await asyncio.sleep(worlds[0].window_s)
        started_s = await client.send(logs_request(records, severity=Severity.ERROR).SerializeToString())
        await until(lambda: all(len(fake.messages) >= messages for fake in fakes), timeout_s=_LATE_S)
    return [_result(world, fake, started_s, messages) for world, fake in zip(worlds, fakes, strict=True)]


def _settings() -> dict[str, Any]:
    return {
        "rate_limit": {"channel_messages_per_minute": 0},
        "sending_queue": {"queue_size": 10_000},
        "fold": {"enabled": False},
    }
