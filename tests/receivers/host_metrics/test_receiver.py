"""Intervals on a virtual clock, what hangs or is missing, and what the pipeline refuses."""

import asyncio
import logging
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from otel_discord.component import Outlets, PermanentError, Receipt, RetryableError
from otel_discord.receivers.host_metrics.aside import Aside, HangsError
from otel_discord.receivers.host_metrics.config import HostMetricsConfig
from otel_discord.receivers.host_metrics.receiver import HostMetricsReceiver
from otel_discord.receivers.host_metrics.samples import Cpus, Usage
from otel_discord.signals import MetricsBatch, Signal, attributes_to_dict
from otel_discord.testing.component_contract import check_component
from otel_discord.testing.host import NopHost
from otel_discord.testing.sinks import Sink
from otel_discord.testing.telemetry import InMemoryTelemetry, settings
from tests.receivers.host_metrics.fake_machine import NFS, ROOT, FakeMachine, Inline

NOW_S = 2000.0


def make(machine: Any = None, sink: Sink | None = None, telemetry: Any = None, **more: Any) -> HostMetricsReceiver:
    made = {name: more.pop(name) for name in ("make_aside",) if name in more}
    config = HostMetricsConfig.model_validate(more)
    outlets = Outlets({Signal.METRICS: sink or Sink()})
    return HostMetricsReceiver(
        settings("host_metrics", telemetry), config, outlets, machine or FakeMachine(), wall_clock=lambda: NOW_S, **made
    )


@asynccontextmanager
async def running(machine: Any, sink: Sink, **keys: Any) -> AsyncIterator[InMemoryTelemetry]:
    telemetry = InMemoryTelemetry()
    async with make(machine, sink, telemetry, **keys).lifespan(NopHost()):
        yield telemetry


def found(batch: Any) -> dict[str, list[Any]]:
    assert isinstance(batch, MetricsBatch)
    metrics = [m for rm in batch.request.resource_metrics for sm in rm.scope_metrics for m in sm.metrics]
    return {m.name: list((m.gauge if m.HasField("gauge") else m.sum).data_points) for m in metrics}


async def test_it_starts_and_stops_and_leaves_nothing_behind() -> None:
    await check_component(make)


# --------------------------------------------------------------------------------------------------------- intervals
@pytest.mark.looptime
async def test_measured_after_a_delay_and_then_at_each_interval() -> None:
    sink = Sink()
    async with running(FakeMachine(), sink, collection_interval="10s", initial_delay="3s", make_aside=Inline):
        counts = []
        for _ in range(5):
            await asyncio.sleep(2.9 if not counts else 10)
            counts.append(len(sink.batches))
    assert counts == [0, 1, 2, 3, 4]


@pytest.mark.looptime
async def test_beats_that_a_slow_pipeline_missed_are_not_made_up_for() -> None:
    sink = Sink()
    sink.block()
    async with running(FakeMachine(), sink, collection_interval="10s", initial_delay="0s", make_aside=Inline):
        await asyncio.sleep(35)
        assert sink.offered == 1
        sink.unblock()
        await asyncio.sleep(1)
        assert sink.offered == 1
        await asyncio.sleep(4.5)
        assert sink.offered == 2


@pytest.mark.looptime
async def test_what_a_measurement_is() -> None:
    machine, sink = FakeMachine(), Sink()
    async with running(machine, sink, initial_delay="0s", make_aside=Inline):
        await asyncio.sleep(1)
        machine.answers["cpus"] = Cpus(({"user": 19.0, "idle": 91.0},), 1)
        await asyncio.sleep(10)
    first, second = sink.batches
    request = second.request
    resources = [attributes_to_dict(each.resource.attributes) for each in request.resource_metrics]
    assert resources == [
        {"host.name": "db-1", "os.type": "linux"},
        {"host.name": "db-1", "os.type": "linux", "process.pid": 7, "process.executable.name": "python"},
    ]
    assert "system.cpu.utilization" not in found(first)
    assert [round(point.as_double, 3) for point in found(second)["system.cpu.utilization"]] == [0.9, 0.1]
    (io, *_) = found(second)["system.disk.io"]
    assert (io.start_time_unix_nano, io.time_unix_nano) == (1000 * 10**9, 2000 * 10**9)
    (used, *_) = found(second)["system.memory.utilization"]
    assert (used.start_time_unix_nano, used.time_unix_nano, used.as_double) == (0, 2000 * 10**9, 0.7)
    (time, *_) = found(second)["process.cpu.time"]
    assert time.start_time_unix_nano == 900 * 10**9


@pytest.mark.looptime
async def test_only_what_was_chosen_is_asked_for() -> None:
    machine, sink = FakeMachine(), Sink()
    scrapers = {"memory": {"metrics": {"system.memory.usage": {"enabled": False}}}, "load": None}
    async with running(machine, sink, initial_delay="0s", scrapers=scrapers, make_aside=Inline):
        await asyncio.sleep(1)
    assert sorted(set(machine.calls)) == ["host", "load", "memory"]
    assert "system.memory.utilization" in found(sink.batches[0])
    assert "system.memory.usage" not in found(sink.batches[0])


# ------------------------------------------------------------------------------------------- what is not there or hangs
@pytest.mark.looptime
async def test_what_is_not_there_is_said_once_and_the_rest_is_measured(caplog: pytest.LogCaptureFixture) -> None:
    machine, sink = FakeMachine(disks=PermissionError("no /proc/diskstats"), load=AttributeError("getloadavg")), Sink()
    async with running(machine, sink, initial_delay="0s", make_aside=Inline):
        await asyncio.sleep(25)
    assert len(sink.batches) == 3
    assert "system.disk.io" not in found(sink.batches[-1])
    assert "system.memory.usage" in found(sink.batches[-1])
    assert sum("disk cannot be measured here: no /proc/diskstats" in line for line in caplog.messages) == 1
    assert sum("load cannot be measured" in line for line in caplog.messages) == 1


@pytest.mark.looptime
async def test_a_file_system_that_is_not_ours_does_not_hide_the_others(caplog: pytest.LogCaptureFixture) -> None:
    def usage(mount: Any) -> Usage:
        if mount is NFS:
            raise PermissionError("not allowed")
        return Usage(mount, 1, 1, 0)

    machine, sink = FakeMachine(mounts=(ROOT, NFS), usage=usage), Sink()
    async with running(machine, sink, initial_delay="0s", make_aside=Inline):
        await asyncio.sleep(15)
    assert len(found(sink.batches[-1])["system.filesystem.limit"]) == 1
    assert sum("/mnt/share cannot be measured" in line for line in caplog.messages) == 1


async def test_a_dead_file_system_stalls_nothing(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    answers = threading.Event()

    def usage(mount: Any) -> Usage:
        if mount is NFS:
            answers.wait(20)
        return Usage(mount, 1, 1, 0)

    machine, sink = FakeMachine(mounts=(ROOT, NFS), usage=usage), Sink()
    places = lambda batch: {  # noqa: E731
        attributes_to_dict(p.attributes)["system.filesystem.mountpoint"]
        for p in found(batch)["system.filesystem.limit"]
    }
    try:
        async with running(machine, sink, initial_delay="0s", collection_interval="100ms", timeout="50ms"):
            await sink.wait_for_items(4 * 40)
            assert all(places(batch) == {"/"} for batch in sink.batches)
            assert "system.memory.usage" in found(sink.batches[-1])
            asked = machine.calls.count("usage") - len(sink.batches)
            assert asked in {1, 2}, "a file system that hangs is not asked again"
            answers.set()
            async with asyncio.timeout(5):
                while places(sink.batches[-1]) != {"/", "/mnt/share"}:
                    await asyncio.sleep(0.02)
    finally:
        answers.set()
    assert sum("/mnt/share does not answer within 0.05 s" in line for line in caplog.messages) == 1
    assert sum("/mnt/share answers again" in line for line in caplog.messages) == 1


async def test_closing_does_not_wait_for_what_hangs() -> None:
    answers = threading.Event()
    machine, sink = FakeMachine(memory=lambda: answers.wait(20)), Sink()
    try:
        async with asyncio.timeout(2):
            async with running(machine, sink, initial_delay="0s"):
                while "memory" not in machine.calls:
                    await asyncio.sleep(0.01)
    finally:
        answers.set()


async def test_one_call_at_a_time() -> None:
    answers, aside = threading.Event(), Aside("test")
    with pytest.raises(HangsError):
        await aside.call(lambda: answers.wait(20), 0.02)
    with pytest.raises(HangsError):
        await aside.call(lambda: True, 5)
    answers.set()
    async with asyncio.timeout(5):
        while True:
            try:
                assert await aside.call(lambda: 7, 5) == 7
                break
            except HangsError:
                await asyncio.sleep(0.01)


async def test_an_error_is_raised_where_it_is_waited_for() -> None:
    def fail() -> None:
        raise OSError("no such thing")

    with pytest.raises(OSError, match="no such thing"):
        await Aside("test").call(fail, 5)


# --------------------------------------------------------------------------------------------------------- refusals
@pytest.mark.looptime
@pytest.mark.parametrize("error", [RetryableError("queue is full"), PermanentError("never")])
async def test_a_refused_measurement_is_counted_and_said_once(error: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    sink = Sink()
    sink.answer_next(error, error)
    async with running(FakeMachine(), sink, initial_delay="0s", make_aside=Inline) as telemetry:
        await asyncio.sleep(25)
        assert len(sink.batches) == 1
        refused = telemetry.value("otelcol_receiver_refused_metric_points")
        accepted = telemetry.value("otelcol_receiver_accepted_metric_points")
    assert accepted == sink.item_count
    assert refused > accepted
    assert sum("the pipeline refuses measurements" in line for line in caplog.messages) == 1
    assert sum("takes measurements again" in line for line in caplog.messages) == 1


@pytest.mark.looptime
async def test_a_fault_is_not_the_last_measurement(caplog: pytest.LogCaptureFixture) -> None:
    calls = []

    def fail_first(_: Any) -> Any:
        calls.append(1)
        if len(calls) == 1:
            raise KeyError("x")
        return Receipt()

    sink = Sink()
    sink._decide = fail_first
    async with running(FakeMachine(), sink, initial_delay="0s", make_aside=Inline):
        await asyncio.sleep(15)
    assert len(calls) == 2
    assert "the pipeline failed on a measurement" in caplog.text
