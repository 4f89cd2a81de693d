"""The fleet in memory keeps what every fleet promises."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from otel_discord.component.storage import QueueLimits
from otel_discord.testing.fleet_contract import FleetContract, FleetPlace, Machine
from otel_discord.testing.in_memory_fleet import InMemoryFleet
from otel_discord.testing.storage_contract_base import ROOMY


@dataclass
class _Place:
    fleet: InMemoryFleet = field(default_factory=lambda: InMemoryFleet(shards=4, lease_s=2.0))
    machines: int = 0

    @property
    def shards(self) -> int:
        return self.fleet.shards

    @property
    def lease_s(self) -> float:
        return self.fleet.lease_s

    @asynccontextmanager
    async def machine(self, limits: QueueLimits = ROOMY) -> AsyncIterator[Machine]:
        self.machines += 1
        name = f"replica-{self.machines}"
        async with self.fleet.storage(name).join("discord/logs", limits) as member:
            yield Machine(member, lambda: self.fleet.pause(name), lambda: self.fleet.resume(name))


@pytest.mark.looptime(idle_timeout=20_000, idle_step=5)
class TestInMemoryFleet(FleetContract):
    """In virtual time."""

    @asynccontextmanager
    async def place(self) -> AsyncIterator[FleetPlace]:
        yield _Place()
