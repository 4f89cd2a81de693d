"""Replicas of a fleet in one loop, each behind a proxy of its own that can be cut."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from otel_discord.component.storage import QueueLimits
from otel_discord.config import Secret
from otel_discord.extensions.db_storage.config import DbStorageConfig
from otel_discord.extensions.db_storage.extension import DbStorage
from otel_discord.testing.fleet_contract_base import Machine
from otel_discord.testing.host import NopHost
from otel_discord.testing.storage_contract_base import OWNER, ROOMY
from otel_discord.testing.telemetry import settings
from tests.extensions.db_storage.proxy import Proxy

SHARDS = 4


@dataclass
class Place:
    """A schema of a server."""

    port: int
    schema: str
    directory: Path
    lease_s: float = 1.0
    shards: int = SHARDS

    @asynccontextmanager
    async def machine(self, limits: QueueLimits = ROOMY) -> AsyncIterator[Machine]:
        proxy = Proxy(self.port)
        async with proxy.opened(), storage_at(self, proxy.url) as storage, storage.join(OWNER, limits) as fleet:
            yield Machine(fleet, proxy.cut_off, proxy.let_back)


@asynccontextmanager
async def storage_at(place: Place, url: str, host: NopHost | None = None, **keys: Any) -> AsyncIterator[DbStorage]:
    config = DbStorageConfig(
        datasource=Secret(url),
        schema_name=place.schema,
        directory=place.directory,
        lease=f"{place.lease_s}s",
        fleet={"shards": place.shards},
        **keys,
    )
    storage = DbStorage(settings("db_storage"), config)
    async with storage.lifespan(host or NopHost()):
        yield storage
