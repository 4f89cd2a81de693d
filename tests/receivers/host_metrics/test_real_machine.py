"""This machine, measured for real: names, units and types of the semantic conventions, and numbers that can be."""

import asyncio
import os
import time
from typing import Any

import opentelemetry.semconv._incubating.metrics.process_metrics as process_conventions
import opentelemetry.semconv._incubating.metrics.system_metrics as system_conventions
import psutil
import pytest
from opentelemetry.proto.metrics.v1.metrics_pb2 import AggregationTemporality

from otel_discord.component import Outlets
from otel_discord.receivers.host_metrics.catalogue import METRICS, Kind
from otel_discord.receivers.host_metrics.factory import FACTORY
from otel_discord.signals import Signal, attributes_to_dict
from otel_discord.testing.host import NopHost
from otel_discord.testing.sinks import Sink
from otel_discord.testing.telemetry import settings

CONVENTIONS = {
    value: name
    for module in (system_conventions, process_conventions)
    for name, value in vars(module).items()
    if name.isupper() and isinstance(value, str)
}
INSTRUMENTS = {Kind.GAUGE: "Gauge", Kind.COUNTER: "Counter", Kind.UP_DOWN_COUNTER: "UpDownCounter"}


@pytest.fixture(scope="module")
def scrapes() -> list[Any]:
    """Two measurements, half a second apart."""

    async def measure() -> list[Any]:
        sink = Sink()
        config = FACTORY.config.model_validate({"collection_interval": "500ms", "initial_delay": "0s"})
        receiver = FACTORY.create(settings("host_metrics"), config, Outlets({Signal.METRICS: sink}))
        async with receiver.lifespan(NopHost()), asyncio.timeout(20):
            while len(sink.batches) < 2:
                await asyncio.sleep(0.02)
        return list(sink.batches[:2])

    return asyncio.run(measure())


def metrics_of(batch: Any) -> dict[str, Any]:
    return {m.name: m for rm in batch.request.resource_metrics for sm in rm.scope_metrics for m in sm.metrics}


def points_of(batch: Any, name: str) -> list[tuple[dict[str, Any], float]]:
    metric = metrics_of(batch)[name]
    points = (metric.gauge if metric.HasField("gauge") else metric.sum).data_points
    return [(attributes_to_dict(p.attributes), p.as_int if p.HasField("as_int") else p.as_double) for p in points]


def total(batch: Any, name: str) -> float:
    return sum(value for _, value in points_of(batch, name))


@pytest.mark.parametrize("name", sorted(name for name in METRICS if "load_average" not in name))
def test_a_metric_is_one_of_the_conventions_with_their_unit_and_instrument(name: str) -> None:
    constant = CONVENTIONS[name]
    module = system_conventions if hasattr(system_conventions, constant) else process_conventions
    made: dict[str, Any] = {}

    class Recorder:
        def __getattr__(self, kind: str) -> Any:
            return lambda **told: made.update(told, kind=kind)

    create = getattr(module, f"create_{constant.lower()}")
    create(Recorder(), *([None] if "callbacks" in create.__code__.co_varnames else []))
    definition = METRICS[name]
    assert made["unit"] == definition.unit
    instrument = made["kind"].removeprefix("create_").removeprefix("observable_").replace("_", "")
    assert instrument == INSTRUMENTS[definition.kind].lower()


def test_everything_a_machine_with_linux_has_is_there(scrapes: list[Any]) -> None:
    may_lack = {"system.paging.utilization", "system.disk.io", "system.disk.operations", "system.disk.io_time"}
    may_lack |= {name for name in METRICS if name.startswith("system.filesystem")} | {"system.cpu.physical.count"}
    assert set(METRICS) - may_lack <= set(metrics_of(scrapes[1])) <= set(METRICS)


def test_types_and_times(scrapes: list[Any]) -> None:
    now_ns = time.time_ns()
    for name, metric in metrics_of(scrapes[1]).items():
        kind = METRICS[name].kind
        assert metric.unit == METRICS[name].unit
        assert metric.HasField("gauge" if kind is Kind.GAUGE else "sum")
        data = metric.gauge if kind is Kind.GAUGE else metric.sum
        if kind is not Kind.GAUGE:
            assert data.aggregation_temporality == AggregationTemporality.AGGREGATION_TEMPORALITY_CUMULATIVE
            assert data.is_monotonic is (kind is Kind.COUNTER)
        seen = set()
        for point in data.data_points:
            assert now_ns - 60e9 < point.time_unix_nano <= now_ns
            assert (kind is Kind.GAUGE) is (point.start_time_unix_nano == 0)
            assert point.start_time_unix_nano <= point.time_unix_nano
            key = tuple(sorted(attributes_to_dict(point.attributes).items(), key=str))
            assert key not in seen, f"{name} has {key} twice"
            seen.add(key)


def test_the_numbers_are_those_of_this_machine(scrapes: list[Any]) -> None:
    batch = scrapes[1]
    memory = psutil.virtual_memory()
    assert total(batch, "system.memory.limit") == memory.total
    assert abs(total(batch, "system.memory.usage") - memory.total) < 0.02 * memory.total
    assert abs(total(batch, "system.memory.utilization") - 1) < 0.02
    cpus = psutil.cpu_count()
    assert total(batch, "system.cpu.logical.count") == cpus
    assert abs(total(batch, "system.cpu.utilization") - cpus) < 1e-6
    assert {a["cpu.logical_number"] for a, _ in points_of(batch, "system.cpu.time")} == set(range(cpus))
    spent_s, up_s = total(batch, "system.cpu.time"), (time.time() - psutil.boot_time()) * cpus
    assert 0 < spent_s < 1.1 * up_s
    assert total(batch, "system.process.count") >= 2
    for _, share in points_of(batch, "system.cpu.utilization"):
        assert 0 <= share <= 1


def test_this_process(scrapes: list[Any]) -> None:
    batch = scrapes[1]
    process = attributes_to_dict(batch.request.resource_metrics[-1].resource.attributes)
    assert process["process.pid"] == os.getpid()
    assert 5e6 < total(batch, "process.memory.usage") < psutil.virtual_memory().total
    assert total(batch, "process.thread.count") >= 1
    assert total(batch, "process.unix.file_descriptor.count") >= 3
    assert 0 < total(batch, "process.uptime") < 86_400


def test_counters_do_not_fall(scrapes: list[Any]) -> None:
    first, second = scrapes
    for name in ("system.network.io", "system.network.packet.count", "process.cpu.time"):
        before = {tuple(a.values()): value for a, value in points_of(first, name)}
        for attributes, value in points_of(second, name):
            assert value >= before.get(tuple(attributes.values()), 0)
