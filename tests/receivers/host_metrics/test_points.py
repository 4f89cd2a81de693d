"""Samples as points: tables."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_discord.receivers.host_metrics.points import (
    Point,
    of_cpus,
    of_disks,
    of_filesystems,
    of_interfaces,
    of_load,
    of_memory,
    of_own_process,
    of_paging,
    of_processes,
)
from otel_discord.receivers.host_metrics.samples import Cpus, Disk, Interface, Load, Memory, OwnProcess, Paging, Usage
from tests.receivers.host_metrics.fake_machine import NFS, ROOT


def values(points: "list[Point]", metric: str) -> dict[tuple[str | int, ...], float]:
    return {tuple(point.attributes.values()): point.value for point in points if point.metric == metric}


def test_cpus() -> None:
    before = Cpus(({"user": 10.0, "system": 5.0, "idle": 85.0}, {"user": 0.0, "system": 0.0, "idle": 0.0}), 1)
    now = Cpus(({"user": 16.0, "system": 6.0, "idle": 88.0}, {"user": 0.0, "system": 0.0, "idle": 10.0}), 1)
    points = list(of_cpus(now, before))
    assert values(points, "system.cpu.logical.count") == {(): 2}
    assert values(points, "system.cpu.physical.count") == {(): 1}
    assert values(points, "system.cpu.time")[0, "user"] == 16.0
    assert values(points, "system.cpu.utilization") == {
        (0, "user"): 0.6, (0, "system"): 0.1, (0, "idle"): 0.3, (1, "user"): 0.0, (1, "system"): 0.0, (1, "idle"): 1.0
    }  # fmt: skip


@pytest.mark.parametrize(
    "before",
    [None, Cpus((), None), Cpus(({"user": 1.0, "idle": 2.0}, {}), 1), Cpus(({"user": 5.0, "idle": 5.0},), 1)],
    ids=["the first", "none", "another number of CPUs", "no time passed"],
)
def test_cpus_without_a_share(before: Cpus | None) -> None:
    points = list(of_cpus(Cpus(({"user": 5.0, "idle": 5.0},), None), before))
    assert values(points, "system.cpu.utilization") == {}
    assert values(points, "system.cpu.physical.count") == {}


seconds = st.dictionaries(st.sampled_from(["user", "system", "idle", "iowait"]), st.floats(0, 1e9), min_size=1)


@given(now=seconds, before=seconds)
def test_shares_of_a_cpu_are_shares_whatever_the_kernel_counts(now: dict[str, float], before: dict[str, float]) -> None:
    shares = values(list(of_cpus(Cpus((now,), 1), Cpus((before,), 1))), "system.cpu.utilization").values()
    assert all(0 <= share <= 1 for share in shares)
    assert not shares or abs(sum(shares) - 1) < 1e-9


def test_memory_states_make_the_whole() -> None:
    points = list(of_memory(Memory(total=1000, free=200, available=300, buffers=10, cached=90)))
    usage = values(points, "system.memory.usage")
    assert usage == {("used",): 700, ("free",): 200, ("buffers",): 10, ("cached",): 90}
    assert sum(usage.values()) == 1000
    assert values(points, "system.memory.utilization")[("used",)] == 0.7
    assert values(points, "system.memory.limit") == {(): 1000}
    assert values(points, "system.memory.linux.available") == {(): 300}


def test_memory_of_a_system_that_tells_less() -> None:
    points = list(of_memory(Memory(total=0, free=0, available=0, buffers=None, cached=None)))
    assert values(points, "system.memory.usage") == {("used",): 0, ("free",): 0}
    assert values(points, "system.memory.utilization") == {}
    assert values(points, "system.memory.linux.available") == {}


def test_load() -> None:
    points = list(of_load(Load(0.5, 1.0, 1.5)))
    assert [(p.metric.rpartition(".")[2], p.value) for p in points] == [("1m", 0.5), ("5m", 1.0), ("15m", 1.5)]


@pytest.mark.parametrize(
    ("paging", "share"), [(Paging(25, 75, 3, 4), {("used",): 0.25, ("free",): 0.75}), (Paging(0, 0, 3, 4), {})]
)
def test_paging(paging: Paging, share: object) -> None:
    points = list(of_paging(paging))
    assert values(points, "system.paging.utilization") == share
    assert values(points, "system.paging.operations") == {("in", "major"): 3, ("out", "major"): 4}


def test_filesystems() -> None:
    points = list(of_filesystems([Usage(ROOT, 60, 20, 20), Usage(NFS, 0, 0, 0)]))
    assert values(points, "system.filesystem.utilization") == {("/dev/sda1", "rw", "/", "ext4", "used"): 0.75}
    assert values(points, "system.filesystem.usage") == {
        ("/dev/sda1", "rw", "/", "ext4", "used"): 60,
        ("/dev/sda1", "rw", "/", "ext4", "free"): 20,
        ("/dev/sda1", "rw", "/", "ext4", "reserved"): 20,
        ("nas:/share", "ro", "/mnt/share", "nfs4", "used"): 0,
        ("nas:/share", "ro", "/mnt/share", "nfs4", "free"): 0,
        ("nas:/share", "ro", "/mnt/share", "nfs4", "reserved"): 0,
    }
    assert values(points, "system.filesystem.limit")["/dev/sda1", "rw", "/", "ext4"] == 100


def test_disks() -> None:
    points = list(of_disks([Disk("sda", 1, 2, 3, 4, 0.5), Disk("sdb", 0, 0, 0, 0, None)]))
    assert values(points, "system.disk.io")["sda", "read"] == 1
    assert values(points, "system.disk.io")["sda", "write"] == 2
    assert values(points, "system.disk.operations")["sda", "write"] == 4
    assert values(points, "system.disk.io_time") == {("sda",): 0.5}


def test_interfaces() -> None:
    points = list(of_interfaces([Interface("eth0", 1, 2, 3, 4, 5, 6, 7, 8)]))
    assert values(points, "system.network.io") == {("eth0", "receive"): 1, ("eth0", "transmit"): 2}
    assert values(points, "system.network.packet.count") == {("eth0", "receive"): 3, ("eth0", "transmit"): 4}
    assert values(points, "system.network.errors") == {("eth0", "receive"): 5, ("eth0", "transmit"): 6}
    assert values(points, "system.network.packet.dropped") == {("eth0", "receive"): 7, ("eth0", "transmit"): 8}


def test_processes() -> None:
    points = list(of_processes({"running": 2, "unknown": 1}))
    assert values(points, "system.process.count") == {
        ("running",): 2, ("sleeping",): 0, ("stopped",): 0, ("defunct",): 0, ("unknown",): 1
    }  # fmt: skip


def test_own_process() -> None:
    before = OwnProcess(7, "python", 900.0, 1.0, 0.5, 100, 200, 3, 9, 2)
    now = OwnProcess(7, "python", 900.0, 5.0, 1.5, 110, 200, 4, None, 2)
    points = list(of_own_process(now, before, passed_s=10.0, now_s=1000.0))
    assert values(points, "process.cpu.utilization") == {("user",): 0.2, ("system",): 0.05}
    assert values(points, "process.cpu.time") == {("user",): 5.0, ("system",): 1.5}
    assert values(points, "process.uptime") == {(): 100.0}
    assert values(points, "process.unix.file_descriptor.count") == {}
    first = list(of_own_process(now, None, passed_s=0.0, now_s=1000.0))
    assert values(first, "process.cpu.utilization") == {}
