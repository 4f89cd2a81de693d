"""Several replicas are one listener: what one of them hears counts for all, and one of them tells."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest

from otel_discord.connectors.heartbeat.config import HeartbeatConfig
from otel_discord.signals import LogsBatch
from otel_discord.signals.alert_event import AlertEvent, AlertState
from otel_discord.store.memory_shared_table import MemorySharedTables, SharedValues
from otel_discord.testing.host import NopHost
from otel_discord.testing.otlp import logs_batch
from otel_discord.testing.sinks import Sink
from tests.connectors.heartbeat.test_machines import host as host_metrics
from tests.connectors.heartbeat.test_machines import metrics
from tests.connectors.heartbeat.world import World
from tests.connectors.threshold.world import FakeStorage

pytestmark = pytest.mark.looptime
WATCH: dict[str, Any] = {"name": "Silent", "after": "20s"}


class Shared(MemorySharedTables, FakeStorage):
    """The storage as one replica has it."""

    def __init__(self, places: dict[str, SharedValues], queues: FakeStorage) -> None:
        MemorySharedTables.__init__(self, places, lease_s=3.0)
        self.__dict__.update(queues.__dict__)


class Fleet:
    """Replicas with one sink, which tells who told what only by what it is."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        self.config = HeartbeatConfig.model_validate({**config, "storage": "storage"})
        self.places: dict[str, SharedValues] = {}
        self.queues = FakeStorage()
        self.sink = Sink()
        self.replicas: dict[str, tuple[World, Shared, AsyncExitStack]] = {}
        self.zero_s = asyncio.get_running_loop().time()

    async def join(self, name: str) -> World:
        storage = Shared(self.places, self.queues)
        first_s = asyncio.get_running_loop().time() - self.zero_s
        made = World(self.config, self.sink, NopHost({"storage": storage}), first_s)
        stack = AsyncExitStack()
        await stack.enter_async_context(made.connector.lifespan(made.host))
        self.replicas[name] = (made, storage, stack)
        return made

    async def leave(self, name: str) -> None:
        await self.replicas.pop(name)[2].aclose()

    async def flow(self, seconds: int, **senders: str) -> None:
        """Let services (by name) send a record a second to a replica."""
        for _ in range(seconds):
            for service, name in senders.items():
                await self.replicas[name][0].send(service)
            await asyncio.sleep(1)

    @property
    def events(self) -> list[AlertEvent]:
        return next(iter(self.replicas.values()))[0].events

    @property
    def told(self) -> list[str]:
        return [f"{event.state} {event.labels.get('service.name', '')}" for event in self.events]

    @property
    def statuses(self) -> list[str]:
        batches = [batch for batch in self.sink.batches if isinstance(batch, LogsBatch)]
        records = [record for batch in batches for _, _, record in batch.records()]
        return [record.body.string_value for record in records if record.event_name == "heartbeat.status"]


@asynccontextmanager
async def fleet(*names: str, **config: Any) -> AsyncIterator[Fleet]:
    made = Fleet({"watch": [WATCH], **config})
    for name in names:
        await made.join(name)
    try:
        yield made
    finally:
        for name in list(made.replicas):
            await made.leave(name)


async def test_a_service_that_sends_to_one_replica_is_silent_for_none() -> None:
    async with fleet("a", "b", "c", watch=[{**WATCH, "expect": [{"service.name": "shop"}]}]) as there:
        await there.flow(40, shop="a", cart="b")
        await there.flow(40, shop="c", cart="a")
        assert there.told == []


async def test_silence_is_told_once_and_ends_once_whichever_replica_hears_it_end() -> None:
    async with fleet("a", "b", "c") as there:
        await there.flow(10, shop="a", cart="b")
        await there.flow(40, cart="b")
        assert there.told == ["firing shop"]
        await there.flow(10, shop="c", cart="a")
        assert there.told == ["firing shop", "resolved shop"]


async def test_who_comes_after_the_one_who_told_goes_on() -> None:
    async with fleet("a", "b") as there:
        await there.flow(5, shop="b")
        await asyncio.sleep(40)
        assert there.told == ["firing shop"]
        await there.leave("a")
        await asyncio.sleep(40)
        assert there.told == ["firing shop"]
        await there.flow(10, shop="b")
        assert there.told == ["firing shop", "resolved shop"]


async def test_one_who_is_cut_off_is_followed_and_tells_nothing_more() -> None:
    async with fleet("a", "b") as there:
        await there.flow(5, shop="b", cart="b")
        there.replicas["a"][1].is_cut = True
        await there.flow(60, cart="b")
        assert there.told == ["firing shop"]
        there.replicas["a"][1].is_cut = False
        await there.flow(60, cart="b", shop="a")
        assert there.told == ["firing shop", "resolved shop"]


async def test_a_storage_that_was_away_is_no_silence() -> None:
    async with fleet("a", "b") as there:
        await there.flow(10, shop="b")
        for _, storage, _ in there.replicas.values():
            storage.is_cut = True
        await there.flow(60, shop="b")
        for _, storage, _ in there.replicas.values():
            storage.is_cut = False
        await there.flow(30, shop="b")
        assert there.told == []


async def test_there_is_one_status_with_what_all_have_heard() -> None:
    async with fleet("a", "b", "c", status={"interval": "30s"}) as there:
        await there.replicas["c"][0].connector.consume(metrics(*host_metrics(), **{"host.name": "web-1"}))
        await there.flow(70, shop="a", cart="b")
        await there.replicas["c"][0].send("shop", count=60)
        await there.flow(26, shop="a", cart="b")
        assert len(there.statuses) == 3
        assert "host web-1" in there.statuses[0]
        first, *lines = there.statuses[1].splitlines()
        assert first.startswith("2 services, none silent")
        assert {line.split(":")[0] for line in lines} == {"shop", "cart"}
        counted = [line for text in there.statuses for line in text.splitlines() if line.startswith("shop")]
        per_minute = [float(line.split()[1]) for line in counted]
        assert sum(each / 2 for each in per_minute) == pytest.approx(60 + 90, abs=8)


async def test_an_alert_that_passes_one_replica_and_ends_at_another_is_over() -> None:
    def alert(state: AlertState) -> LogsBatch:
        batch = logs_batch(1, resource={"service.name": "shop"})
        record = next(batch.records())[2]
        record.CopyFrom(AlertEvent(name="Deep", state=state, labels={"service.name": "shop"}).to_record())
        return batch

    async with fleet("a", "b", "c", status={"interval": "30s"}) as there:
        await there.replicas["b"][0].connector.consume(alert(AlertState.FIRING))
        await asyncio.sleep(32)
        assert "1 alert firing" in there.statuses[-1]
        await there.replicas["c"][0].connector.consume(alert(AlertState.RESOLVED))
        await asyncio.sleep(30)
        assert "no alerts firing" in there.statuses[-1]


async def test_what_a_single_process_told_ends_in_the_fleet() -> None:
    there = Fleet({"watch": [WATCH]})
    alone = World(there.config, there.sink, NopHost({"storage": there.queues}), 0.0)
    async with alone.connector.lifespan(alone.host):
        await alone.send("shop")
        await asyncio.sleep(30)
    await there.join("a")
    assert there.told == ["firing shop"]
    await there.flow(10, shop="a")
    assert there.told == ["firing shop", "resolved shop"]
    await there.leave("a")
