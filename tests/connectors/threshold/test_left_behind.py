"""In a fleet, alerts of a replica that has gone go on with one that lives, and end there."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Iterable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from otel_discord.component import Outlets, Receipt, RetryableError
from otel_discord.component.left_slots import LeftSlot
from otel_discord.connectors.threshold.config import ThresholdConfig
from otel_discord.connectors.threshold.connector import ThresholdConnector
from otel_discord.signals import Batch, Signal
from otel_discord.testing.host import NopHost
from otel_discord.testing.in_memory_slots import InMemorySlots, InMemorySlotStorage
from otel_discord.testing.sinks import Sink
from otel_discord.testing.telemetry import settings
from tests.connectors.threshold.world import BEGIN_NS, S, events_of, gauge, rule

pytestmark = pytest.mark.looptime
OWNER = "threshold/alerts"
RULE = rule(no_data={"after": "60s"})


class Shy(Sink):
    """Takes nothing while it is told so."""

    refuses = False

    async def consume(self, batch: Batch) -> Receipt:
        if self.refuses:
            raise RetryableError("not now")
        return await super().consume(batch)


class Replica:
    def __init__(self, sink: Sink, connector: ThresholdConnector) -> None:
        self.sink, self.connector = sink, connector

    async def put(self, value: float, **attributes: Any) -> None:
        await self.connector.consume(gauge("queue.depth", value, now_ns(), attributes=attributes))

    async def puts(self, value: float, seconds: float) -> None:
        for _ in range(round(seconds)):
            await self.put(value)
            await asyncio.sleep(1)

    @property
    def states(self) -> list[str]:
        return [f"{event.state} {event.severity}" for event in events_of(self.sink)]


def now_ns() -> int:
    return BEGIN_NS + round(asyncio.get_running_loop().time() * S)


class Company:
    """Replicas that share slots."""

    def __init__(self) -> None:
        self.slots = InMemorySlots(lease_s=3)
        self.storages: dict[str, Storage] = {}

    def let_die(self, name: str, writes: int) -> None:
        """Let a replica be killed once so many values have been written by anybody."""
        left = writes

        def written() -> None:
            nonlocal left
            left -= 1
            if not left:
                self.slots.crash(name)

        for slot in self.slots.slots.values():
            slot.values = Mortal(slot.values, written)

    @asynccontextmanager
    async def replica(
        self, name: str, *, rules: Iterable[dict[str, Any]] = (RULE,), sink: Sink | None = None
    ) -> AsyncIterator[Replica]:
        config = ThresholdConfig.model_validate(
            {"rules": list(rules), "evaluation_interval": "1s", "storage": "db_storage"}
        )
        sink = sink or Sink()
        storage = self.storages[name] = Storage(self.slots, name)
        connector = ThresholdConnector(settings("threshold"), config, Outlets({Signal.LOGS: sink}), now_ns)
        async with connector.lifespan(NopHost({"db_storage": storage})):
            yield Replica(sink, connector)

    def left(self) -> dict[str, bytes]:
        """Return what is kept of alerts that fire by anybody, by slot."""
        return {name: slot.values["journal"] for name, slot in self.slots.slots.items() if "journal" in slot.values}


@asynccontextmanager
async def one_that_lives(**keys: Any) -> AsyncIterator[tuple[Company, Replica, int]]:
    """Let an alert fire at one replica, which then leaves; yield another one, and when the alert began."""
    company = Company()
    async with company.replica("b", **keys) as b:
        async with company.replica("a") as a:
            await a.puts(500, 5)
            assert a.states == ["firing warning"]
            (event,) = events_of(a.sink)
        yield company, b, event.started_ns


async def test_fresh_data_that_is_fine_ends_it() -> None:
    async with one_that_lives() as (company, b, started_ns):
        await b.puts(5, 20)
        assert b.states == ["resolved warning"]
        (event,) = events_of(b.sink)
        assert (event.started_ns, event.resolution) == (started_ns, "recovered")
        assert list(company.left()) == [OWNER]  # the other slot is empty


async def test_silence_ends_it() -> None:
    async with one_that_lives() as (_, b, started_ns):
        await asyncio.sleep(55)
        assert b.states == []
        await asyncio.sleep(20)
        assert b.states == ["resolved warning"]
        assert (events_of(b.sink)[0].started_ns, events_of(b.sink)[0].resolution) == (started_ns, "no data")


async def test_data_that_is_not_fine_lets_it_go_on() -> None:
    async with one_that_lives() as (_, b, started_ns):
        await asyncio.sleep(15)
        await b.puts(500, 30)
        await b.puts(5000, 5)
        await b.puts(5, 40)
        assert b.states == ["updated critical", "resolved critical"]
        assert {event.started_ns for event in events_of(b.sink)} == {started_ns}


async def test_what_fires_here_already_goes_on_as_it_is_here_and_its_end_is_the_last() -> None:
    company = Company()
    async with company.replica("b") as b:
        await b.puts(5000, 3)
        async with company.replica("a") as a:
            await a.puts(500, 5)
        await b.puts(5000, 20)
        await b.puts(5, 40)
        assert b.states == ["firing critical", "resolved critical"]
        assert events_of(b.sink)[-1].started_ns == events_of(a.sink)[0].started_ns  # of two beginnings the later one


async def test_what_is_pending_here_goes_on_as_firing() -> None:
    slow = RULE | {"for": "10s"}
    company = Company()
    async with company.replica("b", rules=[slow]) as b:
        async with company.replica("a", rules=[slow]) as a:
            await a.puts(500, 15)
        for _ in range(8):  # never for long
            await b.puts(500, 2)
        assert b.states == []
        await b.puts(5, 40)
        assert b.states == ["resolved warning"]
        assert events_of(b.sink)[0].started_ns == events_of(a.sink)[0].started_ns


async def test_a_group_that_is_watched_and_well_here() -> None:
    watched = RULE | {"no_data": {"after": "60s", "severity": "warning", "then": "alert"}}
    company = Company()
    async with company.replica("b", rules=[watched]) as b:
        await b.put(5)
        async with company.replica("a", rules=[watched]) as a:
            await a.puts(500, 5)
        await asyncio.sleep(12)
        assert (a.states, b.states) == (["firing warning"], ["resolved warning"])


async def test_who_is_killed_is_followed_when_its_lease_is_over() -> None:
    company = Company()
    async with company.replica("b") as b, company.replica("a") as a:
        await a.puts(500, 5)
        company.slots.crash("a")
        await b.puts(5, 30)
        assert b.states == ["resolved warning"]


async def test_what_was_not_handed_on_is_handed_on() -> None:
    company = Company()
    sink = Shy()
    sink.refuses = True
    async with company.replica("b") as b:
        async with company.replica("a", sink=sink) as a:
            await a.puts(500, 5)
        assert a.states == []
        await asyncio.sleep(12)
        assert b.states == ["firing warning"]
        await b.puts(5, 3)
        assert b.states == ["firing warning", "resolved warning"]


async def test_while_nobody_takes_it_nothing_is_lost() -> None:
    company = Company()
    sink = Shy()
    async with company.replica("b", sink=sink) as b:
        async with company.replica("a") as a:
            await a.puts(500, 5)
        sink.refuses = True
        await b.put(500, host="other")
        await b.puts(5, 15)
        assert len(company.left()) == 2
        sink.refuses = False
        await b.puts(5, 40)
        assert len(company.left()) == 1
        assert b.states.count("resolved warning") >= 1


async def test_a_storage_that_is_away_loses_nothing() -> None:
    async with one_that_lives() as (company, b, _):
        company.slots.is_away = True
        await b.puts(5, 30)
        assert b.states == []
        company.slots.is_away = False
        await b.puts(5, 15)
        assert b.states == ["resolved warning"]


async def test_one_that_starts_anew_soon_finds_its_own() -> None:
    async with one_that_lives() as (company, b, _):
        await b.puts(5, 4)
        async with company.replica("a again") as a:
            await a.puts(5, 20)
            assert (a.states, b.states) == (["resolved warning"], [])


async def test_only_one_of_those_that_live_takes_it() -> None:
    company = Company()
    async with company.replica("b") as b, company.replica("c") as c, company.replica("d") as d:
        async with company.replica("a") as a:
            await a.puts(500, 5)
        for _ in range(30):
            for replica in (b, c, d):
                await replica.put(5)
            await asyncio.sleep(1)
        assert sorted([b.states, c.states, d.states]) == [[], [], ["resolved warning"]]


@pytest.mark.parametrize("changed", [{"name": "Another"}, {"group_by": ["host"]}])
async def test_of_a_rule_that_is_another_here_the_alert_ends(changed: dict[str, Any]) -> None:
    async with one_that_lives(rules=[RULE | changed]) as (_, b, started_ns):
        await asyncio.sleep(15)
        assert b.states == ["resolved warning"]
        assert (events_of(b.sink)[0].started_ns, events_of(b.sink)[0].resolution) == (started_ns, "rule removed")


async def test_told_with_other_labels_it_is_another_alert() -> None:
    company = Company()
    async with company.replica("b", rules=[RULE | {"labels": {"team": "new"}}]) as b:
        async with company.replica("a", rules=[RULE | {"labels": {"team": "old"}}]) as a:
            await a.puts(500, 5)
            await b.puts(500, 3)
        await b.puts(500, 15)
        assert b.states == ["firing warning", "resolved warning"]
        assert events_of(b.sink)[-1].fingerprint == events_of(a.sink)[0].fingerprint


async def test_dying_at_any_moment_of_it_loses_nothing() -> None:
    survived = False
    for writes in range(1, 80):
        company = Company()
        async with company.replica("c") as c:
            company.storages["c"].looks = False
            async with company.replica("b") as b:
                async with company.replica("a") as a:
                    await a.puts(500, 5)
                company.let_die("b", writes)
                for _ in range(15):
                    await b.put(5)
                    await asyncio.sleep(1)
                survived = "b" not in company.slots.dead
                company.slots.crash("b")
            company.storages["c"].looks = True
            await c.puts(5, 30)
        ends = [event for event in events_of(b.sink) + events_of(c.sink) if event.ended_ns]
        begins = [event for event in events_of(c.sink) if not event.ended_ns]
        assert {event.started_ns for event in ends} == {events_of(a.sink)[0].started_ns}, writes
        assert c.states == [] or c.states[-1] == "resolved warning"
        assert begins in ([], events_of(a.sink))  # the very same, so that it is known
        if survived:
            break
    assert survived
    assert writes > 30


class Mortal(dict[str, bytes]):
    """Values of a slot that count what is written."""

    def __init__(self, values: dict[str, bytes], written: Callable[[], None]) -> None:
        super().__init__(values)
        self._written = written

    def pop(self, *key: Any) -> Any:
        self._written()
        return super().pop(*key)

    def __setitem__(self, key: str, value: bytes) -> None:
        self._written()
        super().__setitem__(key, value)


class Storage(InMemorySlotStorage):
    """Of a replica that can be told not to look at what others left."""

    looks = True

    async def left_slots(self, owner: str, key: str) -> Collection[LeftSlot]:
        return await super().left_slots(owner, key) if self.looks else []
