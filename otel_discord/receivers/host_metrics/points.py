"""Samples as points: the value of a metric with its attributes. Pure.

Shares of time (``utilization`` of CPUs) compare with the sample before; there are none for the first one.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from otel_discord.receivers.host_metrics.samples import (
    Cpus,
    Disk,
    Interface,
    Load,
    Memory,
    OwnProcess,
    Paging,
    Usage,
)

Attributes: TypeAlias = Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class Point:
    """One value of a metric of the catalogue."""

    metric: str
    value: int | float
    attributes: Attributes = field(default_factory=dict)


def of_cpus(now: Cpus, before: Cpus | None) -> Iterator[Point]:
    """Yield the CPUs' points."""
    yield Point("system.cpu.logical.count", len(now.times))
    if now.physical_count:
        yield Point("system.cpu.physical.count", now.physical_count)
    for number, times in enumerate(now.times):
        for mode, seconds in times.items():
            yield Point("system.cpu.time", seconds, {"cpu.logical_number": number, "cpu.mode": mode})
    if before is None or len(before.times) != len(now.times):
        return
    for number, (times, earlier) in enumerate(zip(now.times, before.times, strict=True)):
        for mode, share in _shares(times, earlier).items():
            yield Point("system.cpu.utilization", share, {"cpu.logical_number": number, "cpu.mode": mode})


def _shares(now: Mapping[str, float], before: Mapping[str, float]) -> dict[str, float]:
    # The kernel lets idle and iowait fall now and then; a mode that fell had no time.
    passed = {mode: max(0.0, seconds - before.get(mode, 0.0)) for mode, seconds in now.items()}
    whole = sum(passed.values())
    return {mode: seconds / whole for mode, seconds in passed.items()} if whole > 0 else {}


def of_memory(now: Memory) -> Iterator[Point]:
    """Yield memory's points; what is neither free nor a cache is used, so that the states make the whole."""
    states = {"free": now.free}
    states |= {name: held for name, held in (("buffers", now.buffers), ("cached", now.cached)) if held is not None}
    states = {"used": max(0, now.total - sum(states.values())), **states}
    yield from _by_state("system.memory", "system.memory.state", states, now.total)
    yield Point("system.memory.limit", now.total)
    if now.buffers is not None and now.cached is not None:
        yield Point("system.memory.linux.available", now.available)


def of_load(now: Load) -> Iterator[Point]:
    """Yield the load averages."""
    yield Point("system.cpu.load_average.1m", now.one_minute)
    yield Point("system.cpu.load_average.5m", now.five_minutes)
    yield Point("system.cpu.load_average.15m", now.fifteen_minutes)


def of_paging(now: Paging) -> Iterator[Point]:
    """Yield swap's points; a machine without swap has no share of it."""
    yield from _by_state(
        "system.paging", "system.paging.state", {"used": now.used, "free": now.free}, now.used + now.free
    )
    for direction, pages in (("in", now.pages_in), ("out", now.pages_out)):
        attributes = {"system.paging.direction": direction, "system.paging.fault.type": "major"}
        yield Point("system.paging.operations", pages, attributes)


def of_filesystems(now: Iterable[Usage]) -> Iterator[Point]:
    """Yield the file systems' points; what is reserved for root is neither used nor to be had, as ``df`` has it."""
    for usage in now:
        mount = usage.mount
        where = {
            "system.device": mount.device,
            "system.filesystem.mode": mount.mode,
            "system.filesystem.mountpoint": mount.mount_point,
            "system.filesystem.type": mount.type,
        }
        yield Point("system.filesystem.limit", usage.used + usage.free + usage.reserved, where)
        for state, size in (("used", usage.used), ("free", usage.free), ("reserved", usage.reserved)):
            yield Point("system.filesystem.usage", size, {**where, "system.filesystem.state": state})
        if for_users := usage.used + usage.free:
            share_of = {**where, "system.filesystem.state": "used"}
            yield Point("system.filesystem.utilization", usage.used / for_users, share_of)


def of_disks(now: Iterable[Disk]) -> Iterator[Point]:
    """Yield the disks' points."""
    for disk in now:
        device = {"system.device": disk.device}
        read, write = {**device, "disk.io.direction": "read"}, {**device, "disk.io.direction": "write"}
        yield Point("system.disk.io", disk.read_bytes, read)
        yield Point("system.disk.io", disk.write_bytes, write)
        yield Point("system.disk.operations", disk.reads, read)
        yield Point("system.disk.operations", disk.writes, write)
        if disk.io_time_s is not None:
            yield Point("system.disk.io_time", disk.io_time_s, device)


def of_interfaces(now: Iterable[Interface]) -> Iterator[Point]:
    """Yield the network interfaces' points."""
    for each in now:
        values = {
            "system.network.io": (each.received_bytes, each.sent_bytes),
            "system.network.packet.count": (each.received_packets, each.sent_packets),
            "system.network.packet.dropped": (each.receive_dropped, each.send_dropped),
            "system.network.errors": (each.receive_errors, each.send_errors),
        }
        for metric, of_directions in values.items():
            for direction, value in zip(("receive", "transmit"), of_directions, strict=True):
                attributes = {"network.interface.name": each.name, "network.io.direction": direction}
                yield Point(metric, value, attributes)


def of_processes(now: Mapping[str, int]) -> Iterator[Point]:
    """Yield how many processes are in each state; states without one are 0, so that none seems to be stuck."""
    for state in dict.fromkeys(("running", "sleeping", "stopped", "defunct", *now)):
        yield Point("system.process.count", now.get(state, 0), {"process.state": state})


def of_own_process(now: OwnProcess, before: OwnProcess | None, *, passed_s: float, now_s: float) -> Iterator[Point]:
    """Yield this process's points, ``passed_s`` after the sample before; ``now_s`` is Unix time."""
    times = {"user": now.user_s, "system": now.system_s}
    for mode, seconds in times.items():
        yield Point("process.cpu.time", seconds, {"cpu.mode": mode})
    if before is not None and passed_s > 0:
        for mode, earlier in (("user", before.user_s), ("system", before.system_s)):
            share = max(0.0, times[mode] - earlier) / (passed_s * max(1, now.available_cpus))
            yield Point("process.cpu.utilization", share, {"cpu.mode": mode})
    yield Point("process.memory.usage", now.resident_bytes)
    yield Point("process.memory.virtual", now.virtual_bytes)
    yield Point("process.thread.count", now.threads)
    if now.open_files is not None:
        yield Point("process.unix.file_descriptor.count", now.open_files)
    yield Point("process.uptime", max(0.0, now_s - now.started_s))


def _by_state(metric: str, attribute: str, states: Mapping[str, int], total: int) -> Iterator[Point]:
    for state, size in states.items():
        yield Point(f"{metric}.usage", size, {attribute: state})
        if total:
            yield Point(f"{metric}.utilization", size / total, {attribute: state})
