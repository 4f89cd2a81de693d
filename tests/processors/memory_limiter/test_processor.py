"""Batches are refused while memory is short, and let through again."""

import asyncio
from typing import Any

import pytest

from otel_discord.component import Receipt, RetryableError, Status
from otel_discord.processors.memory_limiter.config import MemoryLimiterConfig
from otel_discord.processors.memory_limiter.factory import FACTORY
from otel_discord.processors.memory_limiter.limits import MIB
from otel_discord.processors.memory_limiter.processor import MemoryLimiter
from otel_discord.signals import Signal
from otel_discord.testing.component_contract import check_cancelled, check_never_started, check_start_and_stop
from otel_discord.testing.host import NopHost
from otel_discord.testing.otlp import logs_batch, traces_batch
from otel_discord.testing.sinks import Sink
from otel_discord.testing.telemetry import InMemoryTelemetry, settings


class FakeMemory:
    """So much is in use, and so much of it garbage."""

    def __init__(self, used_mib: int = 0, garbage_mib: int = 0) -> None:
        self.used_mib = used_mib
        self.garbage_mib = garbage_mib
        self.collections = 0

    def used_bytes(self) -> int:
        return (self.used_mib + self.garbage_mib) * MIB

    def total_bytes(self) -> int:
        return 1000 * MIB

    def collect(self) -> None:
        self.collections += 1
        self.garbage_mib = 0


def make(memory: FakeMemory, sink: Sink, telemetry: InMemoryTelemetry | None = None, **keys: Any) -> MemoryLimiter:
    config = MemoryLimiterConfig.model_validate({"check_interval": "1s", "limit_percentage": 10, **keys})
    return MemoryLimiter(settings("memory_limiter", telemetry), config, sink, memory)


@pytest.mark.looptime
async def test_it_refuses_above_the_soft_limit_and_lets_through_below() -> None:
    memory, sink, host, telemetry = FakeMemory(79), Sink(always=Receipt(0, "said")), NopHost(), InMemoryTelemetry()
    limiter = make(memory, sink, telemetry)
    async with limiter.lifespan(host):
        await asyncio.sleep(1.5)
        assert await limiter.consume(logs_batch(3)) == Receipt(0, "said")
        memory.used_mib = 80
        await asyncio.sleep(1)
        for _ in range(2):
            with pytest.raises(RetryableError) as refused:
                await limiter.consume(logs_batch(2))
        assert (refused.value.reason, refused.value.retry_after_s) == ("memory", 1.0)
        await asyncio.sleep(3)
        memory.used_mib = 10
        await asyncio.sleep(1)
        await limiter.consume(traces_batch(1))
    assert host.statuses == [Status.RECOVERABLE, Status.OK]
    assert "80 MiB" in host.events[0].error
    assert sink.item_count == 4
    assert telemetry.value("otelcol_processor_accepted_log_records", processor="memory_limiter") == 3
    assert telemetry.value("otelcol_processor_accepted_spans", processor="memory_limiter") == 1
    assert telemetry.value("otelcol_processor_refused_log_records", processor="memory_limiter") == 4
    assert telemetry.points("otelcol_processor_refused_spans")[0].value == 0


@pytest.mark.looptime
async def test_garbage_is_collected_before_anything_is_refused() -> None:
    memory, sink, host = FakeMemory(50, garbage_mib=40), Sink(), NopHost()
    limiter = make(memory, sink)
    async with limiter.lifespan(host):
        await asyncio.sleep(1.5)
        await limiter.consume(logs_batch())
    assert memory.collections == 1
    assert host.events == []


@pytest.mark.looptime
async def test_above_the_hard_limit_each_check_collects_and_above_the_soft_one_seldom() -> None:
    memory = FakeMemory(150)
    async with make(memory, Sink()).lifespan(NopHost()):
        await asyncio.sleep(5.5)
        assert memory.collections == 5
        memory.used_mib = 90
        await asyncio.sleep(9)
        assert memory.collections == 5
        await asyncio.sleep(2)
        assert memory.collections == 6


async def test_after_its_end_it_lets_through() -> None:
    limiter = make(FakeMemory(150), sink := Sink(), check_interval="1ms")
    async with limiter.lifespan(NopHost()):
        async with asyncio.timeout(5):
            while not limiter._watch.is_refusing:
                await asyncio.sleep(0.001)
    await limiter.consume(logs_batch())
    assert sink.item_count == 1


async def test_the_real_one_refuses_at_a_limit_that_the_process_is_above() -> None:
    config = MemoryLimiterConfig.model_validate({"check_interval": "1ms", "limit_mib": 1})
    limiter = FACTORY.create(settings("memory_limiter"), config, Signal.LOGS, Sink())
    async with limiter.lifespan(host := NopHost()), asyncio.timeout(10):
        while not host.events:
            await asyncio.sleep(0.001)
        with pytest.raises(RetryableError):
            await limiter.consume(logs_batch())


@pytest.mark.looptime
async def test_its_lifetime_is_as_it_must_be() -> None:
    for check in (check_never_started, check_start_and_stop, check_cancelled):
        await check(lambda: make(FakeMemory(), Sink()))
