"""A kill at any moment neither repeats a firing nor forgets one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from otel_discord.component import RetryableError
from otel_discord.signals import Batch
from otel_discord.testing.sinks import Sink
from tests.connectors.threshold.world import BEGIN_NS, FakeStorage, S, counter, events_of, rule, world

SCRIPT = [
    *((0, 500), (20, 500), (40, 500), (60, 2000), (95, 2000), (110, 500)),
    *((140, 5), (160, 5), (200, 500), (240, 500), (300, 5)),
]
RULE = rule(**{"for": "30s"}, resolve="< 80")


@dataclass(frozen=True)
class Moment:
    """What was on disk, and what had been told, at one moment; ``step`` of the script was being done."""

    step: int
    values: dict[str, bytes]
    told: Sequence[Batch]


async def every_moment(rules: Sequence[dict[str, Any]], *, storing: bool = False) -> tuple[list[Moment], list[Batch]]:
    """Return what was stored and told at each moment; ``storing``: all is stored whole meanwhile, again and again."""
    moments: list[Moment] = []
    storage = FakeStorage()
    step = 0

    class Watching(Sink):
        async def consume(self, batch: Batch) -> Any:
            receipt = await super().consume(batch)
            snap()
            return receipt

    sink = Watching()

    def snap(_: str = "") -> None:
        moments.append(Moment(step, dict(storage.values), list(sink.batches)))

    storage.written = snap
    async with world(*rules, storage=storage, sink=sink) as w:
        steps = iter(enumerate(SCRIPT))

        async def go_on() -> None:
            nonlocal step
            for step, (second, value) in steps:  # noqa: B007 - snap looks at it
                snap()
                await w.at(second, value)
                snap()
                if storing:
                    return

        await go_on()
        while storing and step < len(SCRIPT) - 1:
            await w.connector._keeper.write_whole(go_on)
            await go_on()
    return moments, list(sink.batches)


def told(batches: Sequence[Batch]) -> list[tuple[str, str, int, int]]:
    """Return what was told, a batch that came twice in a row once."""
    unique: list[Batch] = []
    for batch in batches:
        if not unique or batch != unique[-1]:
            unique.append(batch)
    sink = Sink()
    sink.batches = unique
    return [(str(e.state), e.severity, e.started_ns, e.ended_ns) for e in events_of(sink)]


@pytest.mark.parametrize("storing", [False, True])
async def test_a_kill_at_every_moment(storing: bool) -> None:
    moments, whole = await every_moment([RULE], storing=storing)
    expected = told(whole)
    assert [f"{state} {severity}" for state, severity, *_ in expected] == [
        "firing warning", "updated critical", "updated warning",
        "resolved warning", "firing warning", "resolved warning",
    ]  # fmt: skip
    doubled = 0
    for moment in moments:
        sink = Sink()
        sink.batches = list(moment.told)
        async with world(RULE, storage=FakeStorage(moment.values), sink=sink, second=SCRIPT[moment.step][0]) as w:
            for second, value in SCRIPT[moment.step :]:
                await w.at(second, value)
        assert told(sink.batches) == expected, moment.step
        doubled += len(events_of(sink)) > len(expected)
    assert 0 < doubled <= len(expected)  # only where it was accepted, and that was not yet on disk


async def test_a_window_that_is_not_full_ends_nothing() -> None:
    storage = FakeStorage()
    async with world(rule(aggregation="sum", window="1h"), storage=storage) as w:
        for second in range(0, 600, 10):
            await w.at(second, 5)
        assert w.states == ["firing warning"]
    async with world(rule(aggregation="sum", window="1h"), storage=storage, second=700) as w:
        for second in range(700, 4000, 100):
            await w.at(second, 5)
        assert w.states == []
        for second in range(4000, 5000, 100):
            await w.at(second, 0)
        await w.at(8000, 0)
        assert w.states == ["resolved warning"]


async def test_counters_go_on() -> None:
    storage = FakeStorage()
    keys = rule(metric="jobs", aggregation="increase", window="1h", conditions={"warning": "> 100"})
    async with world(keys, storage=storage) as w:
        await w.connector.consume(counter("jobs", 1000, w.now_ns, BEGIN_NS - 10**6 * S))
        await w.at(0)
    async with world(keys, storage=FakeStorage(storage.values), second=100) as w:
        await w.connector.consume(counter("jobs", 1150, w.now_ns, BEGIN_NS - 10**6 * S))
        await w.at(100)
        assert [event.value for event in w.events] == [150]


async def test_a_rule_that_is_removed_ends_its_alerts() -> None:
    storage = FakeStorage()
    async with world(rule(labels={"team": "core"}), storage=storage) as w:
        await w.at(0, 500)
        (firing,) = w.events
    async with world(rule(name="Another"), storage=storage, second=10) as w:
        await w.at(10)
        (resolved,) = w.events
    assert (str(resolved.state), resolved.resolution) == ("resolved", "rule removed")
    assert resolved.fingerprint == firing.fingerprint
    assert resolved.labels == firing.labels == {"service.name": "worker", "team": "core"}


async def test_a_rule_that_groups_otherwise_ends_its_old_alerts() -> None:
    storage = FakeStorage()
    async with world(rule(), storage=storage) as w:
        await w.at(0, 500)
    async with world(rule(group_by=[]), storage=storage, second=40) as w:
        await w.at(40, 500)
        assert sorted(w.states) == ["firing warning", "resolved warning"]
    async with world(rule(group_by=[]), storage=storage, second=50) as w:
        await w.at(50, 500)
        assert w.states == []


async def test_severities_may_change() -> None:
    storage = FakeStorage()
    async with world(rule(), storage=storage) as w:
        await w.at(0, 2000)
    changed = rule(conditions={"info": "> 10", "warning": "> 100", "fatal": "> 10000"})
    async with world(changed, storage=storage, second=10) as w:
        await w.at(10, 2000)
        assert w.states == ["updated warning"]


async def test_an_alert_that_waits_for_the_exporter_is_sent_by_the_next_run() -> None:
    storage, sink = FakeStorage(), Sink()
    sink.answer_next(*[RetryableError("busy")] * 5)
    async with world(rule(), storage=storage, sink=sink) as w:
        await w.at(0, 500)
    async with world(rule(), storage=storage, second=10) as w:
        await w.at(10, 500)
        assert w.states == ["firing warning"]


async def test_nothing_readable_in_the_storage_is_no_reason_not_to_start(caplog: pytest.LogCaptureFixture) -> None:
    storage = FakeStorage()
    async with world(rule(), storage=storage) as w:
        await w.at(0, 500)
    broken = FakeStorage(dict.fromkeys(storage.values, b"\xff\x00nonsense" * 3))
    async with world(rule(), storage=broken, second=10) as w:
        await w.at(10, 500)
        assert w.states == ["firing warning"]
