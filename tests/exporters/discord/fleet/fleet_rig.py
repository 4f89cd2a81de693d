"""Replicas of an exporter on one fleet in memory and one FakeDiscord, on a virtual clock."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from otel_discord.discord_api.http import HttpRequest, HttpResponse, Transport
from otel_discord.exporters.discord.charts import NoCharts
from otel_discord.exporters.discord.config import DiscordConfig
from otel_discord.exporters.discord.fleet.exporter import FleetExporter
from otel_discord.testing.fake_discord import FakeDiscord
from otel_discord.testing.host import NopHost
from otel_discord.testing.in_memory_fleet import InMemoryFleet
from otel_discord.testing.leaks import no_leaked_tasks
from otel_discord.testing.telemetry import InMemoryTelemetry, settings


@dataclass(slots=True)
class Network:
    """A replica's way to Discord: dead processes send nothing and hear nothing."""

    transport: Transport
    is_cut: bool = False

    async def send(self, request: HttpRequest) -> HttpResponse:
        if self.is_cut:
            await asyncio.Event().wait()
        response = await self.transport.send(request)
        if self.is_cut:
            await asyncio.Event().wait()
        return response


@dataclass(slots=True)
class PatientHost(NopHost):
    """A house that hears how far a start is."""

    heard: list[tuple[float, str]] = field(default_factory=list)
    """When, by the loop's clock, and what."""

    def start_goes_on(self, how_far: str) -> None:
        self.heard.append((asyncio.get_running_loop().time(), how_far))


@dataclass(slots=True)
class ReplicaRig:
    """One process."""

    name: str
    exporter: FleetExporter
    telemetry: InMemoryTelemetry
    host: PatientHost
    network: Network
    life: "asyncio.Task[None] | None" = None
    leave: asyncio.Event = field(default_factory=asyncio.Event)
    ready: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(slots=True)
class Town:
    """What a test holds in its hands."""

    fake: FakeDiscord
    fleet: InMemoryFleet
    config: dict[str, Any]
    wall_clock: Callable[[], float] = time.time
    replicas: dict[str, ReplicaRig] = field(default_factory=dict)
    processes: int = 0
    extensions: dict[str, Any] = field(default_factory=dict)
    """What every replica has beside the storage."""

    async def join(self, name: str) -> ReplicaRig:
        """Start a replica."""
        telemetry = InMemoryTelemetry()
        self.processes += 1
        pace = {**self.config.get("rate_limit", {}), "requests_per_second": 46 - self.processes % 40}  # none is shared
        network = Network(self.fake.transport())
        exporter = FleetExporter(
            settings("discord", telemetry),
            DiscordConfig.model_validate({**self.config, "rate_limit": pace}),
            transport=network,
            wall_clock=self.wall_clock,
            charts=NoCharts(),
        )
        host = PatientHost({"db_storage": self.fleet.storage(name), **self.extensions})
        rig = self.replicas[name] = ReplicaRig(name, exporter, telemetry, host, network)
        rig.life = asyncio.create_task(self._live(rig), name=f"replica {name}")
        ready = asyncio.create_task(rig.ready.wait())
        await asyncio.wait([rig.life, ready], return_when=asyncio.FIRST_COMPLETED)
        ready.cancel()
        if rig.life.done():
            rig.life.result()
        return rig

    async def _live(self, rig: ReplicaRig) -> None:
        async with rig.exporter.lifespan(rig.host):
            rig.ready.set()
            await rig.leave.wait()

    async def leave(self, name: str) -> None:
        """End a replica as the service does."""
        rig = self.replicas.pop(name)
        rig.leave.set()
        if rig.life is not None:
            await rig.life

    async def kill(self, name: str) -> None:
        """kill -9."""
        rig = self.replicas.pop(name)
        rig.network.is_cut = True
        self.fleet.crash(name)
        if rig.life is not None:
            rig.life.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await rig.life

    def held(self) -> dict[str, list[int]]:
        """Return which replica works on which shards."""
        return {name: sorted(rig.exporter.engines) for name, rig in self.replicas.items()}


@asynccontextmanager
async def town(
    fake: FakeDiscord,
    *names: str,
    shards: int = 4,
    lease_s: float = 3.0,
    extensions: dict[str, Any] | None = None,
    **config: Any,
) -> AsyncIterator[Town]:
    """Run replicas of these names; leaving ends those that live, one after the other."""
    queue = config.pop("sending_queue", {})
    if "destinations" not in config and "webhook_url" not in config:
        webhook = fake.webhooks[0] if fake.webhooks else fake.add_webhook()
        config["webhook_url"] = webhook.url
    config.setdefault("dead_letters", {"directory": ""})
    config.setdefault("shutdown_timeout", "20s")
    wall_clock = config.pop("wall_clock", time.time)
    config["sending_queue"] = {"storage": "db_storage", **queue}
    made = Town(fake, InMemoryFleet(shards, lease_s), config, wall_clock, extensions=extensions or {})
    async with no_leaked_tasks(), AsyncExitStack():
        for name in names:
            await made.join(name)
        await asyncio.sleep(1)
        try:
            yield made
        finally:
            for name in list(made.replicas):
                await made.leave(name)
