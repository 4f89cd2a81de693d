"""Components open downstream first, close upstream first, and none can hold up or break the others."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from otel_discord.component import StartError, Status, StatusBoard
from otel_discord.service.config_file import load_configuration
from otel_discord.service.host import ServiceHost
from otel_discord.service.registry import Registry

CONFIG = """
receivers: {in: {}}
processors: {mid: {}}
connectors: {join: {}}
exporters: {out: {}, out/2: {}}
extensions: {ext/a: {}, ext/b: {}}
service:
  extensions: [ext/b, ext/a]
  pipelines:
    logs/1: {receivers: [in], processors: [mid], exporters: [join, out]}
    logs/2: {receivers: [join], exporters: [out/2]}
    metrics: {receivers: [in], processors: [mid], exporters: [out]}
"""
OPENED = [
    "extension ext/b",
    "extension ext/a",
    "exporter out",
    "exporter out/2",
    "connector join",
    "processor mid logs",
    "processor mid metrics",
    "receiver in",
]


@asynccontextmanager
async def service(registry: Registry, running: Any, *sets: str, timeout_s: float = 10) -> AsyncIterator[ServiceHost]:
    configuration = load_configuration([f"yaml:{CONFIG}"], sets, registry, {})
    async with running(configuration, timeout_s) as opened:
        yield opened.host


def only(events: list[str], word: str) -> list[str]:
    return [event.removeprefix(f"{word} ") for event in events if event.startswith(word)]


@pytest.mark.looptime
async def test_order(registry: Registry, running: Any, diary: Any) -> None:
    async with service(registry, running) as host:
        assert only(diary.events, "open") == OPENED
        assert host.ready
        assert isinstance(host, StatusBoard)
        assert {status.status for status in host.statuses.values()} == {Status.OK}
        assert set(host.statuses) >= {"extension:ext/a", "exporter:out/2", "processor:mid@logs/1", "receiver:in"}
        assert host.pipelines["logs/1"] == ("receiver:in", "processor:mid@logs/1", "connector:join", "exporter:out")
        assert host.drain_deadline_s is None
    assert not host.ready
    assert only(diary.events, "close") == OPENED[::-1]
    assert {status.status for status in host.statuses.values()} == {Status.STOPPED}
    assert host.failures == []


@pytest.mark.looptime
async def test_data_takes_every_way_once(registry: Registry, running: Any, diary: Any, make_batch: Any) -> None:
    async with service(registry, running):
        receiver = diary.made["receiver in"]
        batch = make_batch(3)
        await receiver.outlets.by_signal[batch.signal].consume(batch)
        assert set(receiver.outlets.by_pipeline) == {"logs/1", "metrics"}
    received = {name: len(component.received) for name, component in diary.made.items() if component.received}
    assert received == {"processor mid logs": 1, "connector join": 1, "exporter out": 1, "exporter out/2": 1}
    assert diary.made["exporter out"].received[0] is batch


@pytest.mark.looptime
async def test_a_failed_start_unwinds(registry: Registry, running: Any, diary: Any) -> None:
    with pytest.raises(StartError) as caught:
        async with service(registry, running, "connectors.join.fail_to_start=port 1 is taken"):
            raise AssertionError
    assert str(caught.value) == "connector:join: port 1 is taken"
    assert only(diary.events, "open") == OPENED[:4]
    assert only(diary.events, "close") == OPENED[:4][::-1]


@pytest.mark.looptime
async def test_what_cannot_be_made_opens_nothing(registry: Registry, running: Any, diary: Any) -> None:
    with pytest.raises(StartError, match="exporter:out/2: cannot be made: ValueError: no such thing"):
        async with service(registry, running, "exporters.out/2.fail_to_create=no such thing"):
            raise AssertionError
    assert diary.events == []


@pytest.mark.looptime
async def test_a_start_that_is_cancelled_unwinds(registry: Registry, running: Any, diary: Any) -> None:
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(service(registry, running, "receivers.in.start_takes_s=60").__aenter__(), 5)
    assert only(diary.events, "close") == OPENED[:-1][::-1]


@pytest.mark.looptime
async def test_extensions_are_found_by_those_that_open_later(registry: Registry, running: Any, diary: Any) -> None:
    async with service(registry, running, "exporters.out.needs=ext/a"):
        pass
    with pytest.raises(
        StartError, match=r'exporter:out: extension "ext/x" is needed, but service::extensions does not'
    ):
        async with service(registry, running, "exporters.out.needs=ext/x"):
            raise AssertionError


@pytest.mark.looptime
async def test_closing_has_a_deadline(
    registry: Registry, running: Any, diary: Any, caplog: pytest.LogCaptureFixture
) -> None:
    loop = asyncio.get_running_loop()
    async with service(registry, running, "processors.mid.close_takes_s=3600", timeout_s=4) as host:
        before_s = loop.time()
    assert loop.time() - before_s < 4 + 2 * 2
    assert host.failures == [f"processor:mid@{name} did not close in time" for name in ("metrics", "logs/1")]
    assert "exporter out" in only(diary.events, "close")
    assert "did not close in time" in caplog.text


@pytest.mark.looptime
async def test_slow_is_not_late(registry: Registry, running: Any, diary: Any) -> None:
    async with service(registry, running, "receivers.in.close_takes_s=3", timeout_s=4) as host:
        pass
    assert host.failures == []
    assert only(diary.events, "close")[0] == "receiver in"


@pytest.mark.looptime
async def test_a_component_that_breaks_ends_the_service_and_no_other(
    registry: Registry, running: Any, diary: Any
) -> None:
    async with service(registry, running, "connectors.join.breaks_after_s=7", "exporters.out.close_takes_s=2") as host:
        await asyncio.wait_for(host.fatal.wait(), 8)
        assert host.statuses["connector:join"].status is Status.FATAL
        assert host.fatal_error == "connector:join: OSError: the disk is gone"
        assert not only(diary.events, "close")
    assert only(diary.events, "close") == [name for name in OPENED[::-1] if name != "connector join"]


@pytest.mark.looptime
async def test_a_status_without_a_name_is_the_component_s_own(registry: Registry, running: Any, diary: Any) -> None:
    async with service(registry, running) as host:
        component_host = diary.made["exporter out"].host
        component_host.report_status(Status.RECOVERABLE, error="503")
        assert host.statuses["exporter:out"].error == "503"
        component_host.report_status(Status.FATAL, error="gone")
        assert host.fatal.is_set()
        assert isinstance(component_host, StatusBoard)


@pytest.mark.looptime
async def test_a_component_that_cancels_itself_ends_the_service(registry: Registry, running: Any, diary: Any) -> None:
    async with service(registry, running) as host:
        next(task for task in asyncio.all_tasks() if task.get_name() == "connector:join").cancel()
        await asyncio.wait_for(host.fatal.wait(), 1)
    assert host.fatal_error == "connector:join: CancelledError"
