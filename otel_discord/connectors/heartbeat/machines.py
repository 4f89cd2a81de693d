"""How hosts and queues are, from the metrics of theirs that pass: lines for the status. Pure.

Hosts: ``system.*`` of the ``host_metrics`` receiver, or of the Collector's. Queues: ``otelcol_exporter_queue_*``, as a
Collector tells of itself.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import Any, Final

from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric, ResourceMetrics

from otel_discord.signals import Plain, attributes_to_dict
from otel_discord.templating.wording import number, percent

MAX_NAMES: Final = 100
"""Hosts, and queues; those that come when so many are known are left out."""
_MOST_LISTED: Final = 5
_CPU: Final = "system.cpu.utilization"
_MEMORY: Final = "system.memory.utilization"
_DISK: Final = "system.filesystem.utilization"
_QUEUE: Final = "otelcol_exporter_queue_size"
_ROOM: Final = "otelcol_exporter_queue_capacity"
_WANTED: Final = frozenset((_CPU, _MEMORY, _DISK, _QUEUE, _ROOM))
_IDLE: Final = ("idle", "iowait", "wait")


@dataclass(slots=True)
class _Host:
    busy: float | None = None
    memory: float | None = None
    disk: tuple[float, str] | None = None
    """The fullest, and where it is mounted."""


@dataclass(slots=True)
class Machines:
    """The newest numbers since the last status."""

    _hosts: dict[str, _Host] = field(default_factory=dict)
    _queues: dict[str, dict[str, float]] = field(default_factory=dict)

    def note(self, resource: Mapping[str, Plain], group: ResourceMetrics) -> None:
        """Take in what a resource says of its host and its queues; other metrics cost a look at their name."""
        for scope_metrics in group.scope_metrics:
            for metric in scope_metrics.metrics:
                if metric.name in _WANTED:
                    self._take(resource, metric)

    def lines(self) -> list[str]:
        """Return what is known, the busiest hosts and the fullest queues first; begin anew."""
        hosts = sorted(self._hosts.items(), key=lambda pair: (-_stress(pair[1]), pair[0]))
        queues = sorted(self._queues.items(), key=lambda pair: (-pair[1].get(_QUEUE, 0), pair[0]))
        told = [*_listed(filter(None, (_host_line(*pair) for pair in hosts)), "hosts")]
        told += _listed(filter(None, (_queue_line(*pair) for pair in queues)), "queues")
        self._hosts, self._queues = {}, {}
        return told

    def give(self) -> dict[str, Any]:
        """Return what is known as JSON takes it, for :meth:`take_over`; begin anew."""
        hosts = {name: [host.busy, host.memory, host.disk] for name, host in self._hosts.items()}
        given = {"hosts": hosts, "queues": self._queues} if hosts or self._queues else {}
        self._hosts, self._queues = {}, {}
        return given

    def take_over(self, given: Mapping[str, Any]) -> None:
        """Take in what another one gave, which is newer."""
        for name, (busy, memory, disk) in given.get("hosts", {}).items():
            if name in self._hosts or len(self._hosts) < MAX_NAMES:
                host = self._hosts.setdefault(name, _Host())
                host.busy = host.busy if busy is None else busy
                host.memory = host.memory if memory is None else memory
                host.disk = host.disk if disk is None else (disk[0], disk[1])
        for name, numbers in given.get("queues", {}).items():
            if name in self._queues or len(self._queues) < MAX_NAMES:
                self._queues.setdefault(name, {}).update(numbers)

    def _take(self, resource: Mapping[str, Plain], metric: Metric) -> None:
        points = [
            (attributes_to_dict(each.attributes), value) for each in _points(metric) if isfinite(value := _value(each))
        ]
        if metric.name in (_QUEUE, _ROOM):
            service = str(resource.get("service.name") or "")
            for attributes, value in points:
                name = "/".join(part for part in (service, str(attributes.get("exporter") or "")) if part) or "exporter"
                if name in self._queues or len(self._queues) < MAX_NAMES:
                    self._queues.setdefault(name, {})[metric.name] = value
            return
        name = str(resource.get("host.name") or resource.get("service.name") or "")
        if name not in self._hosts and len(self._hosts) >= MAX_NAMES:
            return
        host = self._hosts.setdefault(name, _Host())
        if metric.name == _CPU:
            host.busy = _busy(points)
        elif metric.name == _MEMORY:
            host.memory = next((value for at, value in points if _of(at, "system.memory.state") == "used"), host.memory)
        else:
            full = [
                (value, _of(at, "system.filesystem.mountpoint", "mountpoint"))
                for at, value in points
                if _of(at, "system.filesystem.state") in ("used", "")
            ]
            host.disk = max(full, default=host.disk)


def _points(metric: Metric) -> Iterable[Any]:
    kind = metric.WhichOneof("data")
    return getattr(metric, kind).data_points if kind in ("gauge", "sum") else ()


def _value(point: Any) -> float:
    return point.as_double if point.WhichOneof("value") == "as_double" else float(point.as_int)


def _of(attributes: Mapping[str, Plain], *keys: str) -> str:
    """Return the first of these that there is; the Collector's receiver says ``state`` for each of ours."""
    return next((str(attributes[key]) for key in (*keys, "state") if key in attributes), "")


def _busy(points: list[tuple[dict[str, Plain], float]]) -> float | None:
    """Return the share of all CPUs' time that was not idle."""
    by_cpu: dict[str, float] = {}
    for attributes, value in points:
        cpu = str(attributes.get("cpu.logical_number", attributes.get("cpu", "")))
        idle = value if _of(attributes, "cpu.mode") in _IDLE else 0.0
        by_cpu[cpu] = by_cpu.get(cpu, 0.0) + idle
    return max(0.0, 1 - sum(by_cpu.values()) / len(by_cpu)) if by_cpu else None


def _stress(host: _Host) -> float:
    return max(host.busy or 0.0, host.memory or 0.0, host.disk[0] if host.disk else 0.0)


def _host_line(name: str, host: _Host) -> str:
    told = [
        f"cpu {percent(host.busy)}" if host.busy is not None else "",
        f"memory {percent(host.memory)}" if host.memory is not None else "",
        " ".join(part for part in ("disk", host.disk[1], percent(host.disk[0])) if part) if host.disk else "",
    ]
    known = ", ".join(part for part in told if part)
    return f"host {name}: {known}".replace("host :", "host:") if known else ""


def _queue_line(name: str, queue: Mapping[str, float]) -> str:
    if _QUEUE not in queue:
        return ""
    room = f" of {number(queue[_ROOM])}" if _ROOM in queue else ""
    return f"queue of {name}: {number(queue[_QUEUE])}{room}"


def _listed(lines: Iterable[str], what: str) -> Iterator[str]:
    found = list(lines)
    yield from found[:_MOST_LISTED]
    if len(found) > _MOST_LISTED:
        yield f"and {len(found) - _MOST_LISTED:,} more {what}"
