"""What the metrics that pass say of hosts and queues."""

import asyncio
from typing import Any

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue

from otel_discord.connectors.heartbeat.machines import MAX_NAMES, Machines
from otel_discord.receivers.host_metrics.points import Point, of_cpus, of_filesystems, of_memory
from otel_discord.receivers.host_metrics.samples import Cpus, Memory, Mount, Usage
from otel_discord.signals import MetricsBatch
from otel_discord.signals.from_plain import from_plain
from tests.connectors.heartbeat.test_status import statuses
from tests.connectors.heartbeat.world import world


def metrics(*points: Point, **resource: str) -> MetricsBatch:
    request = ExportMetricsServiceRequest()
    group = request.resource_metrics.add()
    group.resource.attributes.extend(KeyValue(key=key, value=from_plain(value)) for key, value in resource.items())
    by_name: dict[str, Any] = {}
    for point in points:
        metric = by_name.get(point.metric)
        if metric is None:
            scope = group.scope_metrics[0] if group.scope_metrics else group.scope_metrics.add()
            metric = by_name[point.metric] = scope.metrics.add(name=point.metric)
        made = metric.gauge.data_points.add(as_double=point.value)
        made.attributes.extend(KeyValue(key=key, value=from_plain(value)) for key, value in point.attributes.items())
    return MetricsBatch(request)


def note(machines: Machines, batch: MetricsBatch, **resource: str) -> None:
    machines.note(resource, batch.request.resource_metrics[0])


def host() -> list[Point]:
    before = Cpus(({"user": 0.0, "idle": 0.0}, {"user": 0.0, "idle": 0.0}), 2)
    now = Cpus(({"user": 10.0, "idle": 90.0}, {"user": 30.0, "idle": 70.0}), 2)
    disks = [
        Usage(Mount("sda", "/", "ext4", "rw"), used=80, free=20, reserved=0),
        Usage(Mount("sdb", "/data", "ext4", "rw"), used=95, free=5, reserved=0),
    ]
    memory = Memory(total=100, free=30, available=39, buffers=1, cached=8)
    return [*of_cpus(now, before), *of_memory(memory), *of_filesystems(disks)]


def test_what_our_own_receiver_says() -> None:
    machines = Machines()
    note(machines, metrics(*host()), **{"host.name": "web-1"})
    assert machines.lines() == ["host web-1: cpu 20 %, memory 61 %, disk /data 95 %"]
    assert machines.lines() == []


def test_what_a_collector_says() -> None:
    machines = Machines()
    points = [
        Point("system.cpu.utilization", 0.75, {"cpu": "cpu0", "state": "idle"}),
        Point("system.cpu.utilization", 0.25, {"cpu": "cpu0", "state": "user"}),
        Point("system.memory.utilization", 0.5, {"state": "used"}),
        Point("system.memory.utilization", 0.4, {"state": "free"}),
        Point("system.filesystem.utilization", 0.3, {"mountpoint": "/"}),
        Point("otelcol_exporter_queue_size", 12, {"exporter": "otlp"}),
        Point("otelcol_exporter_queue_capacity", 1000, {"exporter": "otlp"}),
        Point("otelcol_exporter_queue_capacity", 1000, {"exporter": "unused"}),
        Point("something.else", 1, {}),
    ]
    note(machines, metrics(*points), **{"service.name": "otelcol"})
    assert machines.lines() == [
        "host otelcol: cpu 25 %, memory 50 %, disk / 30 %",
        "queue of otelcol/otlp: 12 of 1,000",
    ]


def test_the_most_stressed_are_listed_and_names_are_bounded() -> None:
    machines = Machines()
    for number in range(MAX_NAMES + 50):
        share = Point("system.memory.utilization", number / 1000, {"state": "used"})
        note(machines, metrics(share), **{"host.name": f"h{number}"})
    lines = machines.lines()
    assert lines[0] == f"host h{MAX_NAMES - 1}: memory 9.9 %"
    assert lines[5:] == [f"and {MAX_NAMES - 5} more hosts"]


def test_numbers_that_are_none_do_no_harm() -> None:
    machines = Machines()
    note(machines, metrics(Point("system.memory.utilization", float("nan"), {"state": "used"})))
    assert machines.lines() == []


@pytest.mark.looptime
async def test_they_are_in_the_status() -> None:
    async with world({"status": {"interval": "1m"}, "watch": []}) as w:
        await w.connector.consume(metrics(*host(), **{"host.name": "web-1"}))
        await w.go(61)
        await asyncio.sleep(60)
    first, second = statuses(w)
    assert first.splitlines()[-1] == "host web-1: cpu 20 %, memory 61 %, disk /data 95 %"
    assert "host" not in second
