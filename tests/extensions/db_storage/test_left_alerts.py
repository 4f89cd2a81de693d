"""An alert that fired at a replica which left ends at one that lives, by what that one sees, on real PostgreSQL."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from otel_discord.component import Outlets
from otel_discord.connectors.threshold.config import ThresholdConfig
from otel_discord.connectors.threshold.connector import ThresholdConnector
from otel_discord.signals import Signal
from otel_discord.testing.host import NopHost
from otel_discord.testing.sinks import Sink
from otel_discord.testing.telemetry import settings
from tests.connectors.threshold.world import events_of, gauge, rule
from tests.extensions.db_storage.server import Server
from tests.extensions.db_storage.test_lease import opened


class Replica:
    def __init__(self, connector: ThresholdConnector, sink: Sink) -> None:
        self.connector, self.sink = connector, sink

    async def until_told(self, state: str, value: float, within_s: float = 15) -> int:
        """Send a value again and again until it has told that; return when that alert began."""
        async with asyncio.timeout(within_s):
            while not (told := [event for event in events_of(self.sink) if event.state == state]):
                await self.connector.consume(gauge("queue.depth", value, time.time_ns()))
                await asyncio.sleep(0.05)
        return told[0].started_ns


@asynccontextmanager
async def replica(server: Server, schema: str, directory: Path) -> AsyncIterator[Replica]:
    config = ThresholdConfig.model_validate(
        {"rules": [rule(window="1s")], "evaluation_interval": "100ms", "storage": "db_storage"}
    )
    sink = Sink()
    connector = ThresholdConnector(settings("threshold"), config, Outlets({Signal.LOGS: sink}))
    async with (
        opened(server, schema, directory, "1s") as storage,
        connector.lifespan(NopHost({"db_storage": storage})),
    ):
        yield Replica(connector, sink)


async def test_it_ends_at_one_that_lives(server: Server, schema: str, tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        others = [await stack.enter_async_context(replica(server, schema, tmp_path / name)) for name in "bc"]
        async with replica(server, schema, tmp_path / "a") as leaving:
            began_ns = await leaving.until_told("firing", 500)
        told = [asyncio.ensure_future(other.until_told("resolved", 5)) for other in others]
        done, waiting = await asyncio.wait(told, return_when=asyncio.FIRST_COMPLETED)
        assert {each.result() for each in done} == {began_ns}
        for each in waiting:
            each.cancel()
        await asyncio.wait(told)
        await asyncio.sleep(0.3)
        assert sum(len(events_of(other.sink)) for other in others) == 1
