"""The memory of a container: its limit, and what counts against it."""

from pathlib import Path

import pytest

from otel_discord.receivers.host_metrics.cgroup import memory_within_limit
from otel_discord.receivers.host_metrics.points import of_memory

HOST = 64 * 2**30


def put(folder: Path, **files: object) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name.replace("__", ".")).write_text(f"{content}\n")


def groups(tmp_path: Path, text: str) -> Path:
    (tmp_path / "own").write_text(text)
    return tmp_path / "own"


def test_version_2(tmp_path: Path) -> None:
    put(tmp_path, cgroup__controllers="memory", memory__max=1000, memory__current=700)
    put(tmp_path, memory__stat="anon 400\ninactive_file 200\nactive_file 100")
    found = memory_within_limit(HOST, mount=tmp_path, own_groups=groups(tmp_path, "0::/\n"))
    assert found is not None
    assert (found.total, found.free, found.cached, found.available) == (1000, 300, 200, 500)
    states = {p.attributes["system.memory.state"]: p.value for p in of_memory(found) if p.metric.endswith("usage")}
    assert states == {"used": 500, "free": 300, "cached": 200}


def test_version_1(tmp_path: Path) -> None:
    folder = tmp_path / "memory" / "docker" / "abc"
    put(folder, memory__limit_in_bytes=1000, memory__usage_in_bytes=900, memory__stat="total_inactive_file 100")
    put(tmp_path / "memory", memory__limit_in_bytes=9223372036854771712, memory__usage_in_bytes=10**9)
    own = groups(tmp_path, "5:cpu,cpuacct:/x\n4:memory:/docker/abc\n0::/\n")
    found = memory_within_limit(HOST, mount=tmp_path, own_groups=own)
    assert found is not None
    assert (found.total, found.free, found.cached) == (1000, 100, 100)


def test_the_least_limit_above_counts(tmp_path: Path) -> None:
    put(tmp_path, cgroup__controllers="memory")
    put(tmp_path / "slice", memory__max=500, memory__current=450)
    put(tmp_path / "slice" / "unit", memory__max=800, memory__current=10)
    found = memory_within_limit(HOST, mount=tmp_path, own_groups=groups(tmp_path, "0::/slice/unit\n"))
    assert found is not None
    assert (found.total, found.free) == (500, 50)


@pytest.mark.parametrize("limit", ["max", HOST, HOST * 2, 0, "", "what"])
def test_no_limit(tmp_path: Path, limit: object) -> None:
    put(tmp_path, cgroup__controllers="memory", memory__max=limit, memory__current=700)
    assert memory_within_limit(HOST, mount=tmp_path, own_groups=groups(tmp_path, "0::/\n")) is None


@pytest.mark.parametrize("own", ["0::/\n", "", "nonsense\n", "0::/../../elsewhere\n"])
def test_what_is_not_there_is_no_limit(tmp_path: Path, own: str) -> None:
    assert memory_within_limit(HOST, mount=tmp_path / "none", own_groups=groups(tmp_path, own)) is None
    assert memory_within_limit(HOST, mount=tmp_path / "none", own_groups=tmp_path / "no such file") is None


def test_more_used_than_allowed(tmp_path: Path) -> None:
    put(
        tmp_path,
        cgroup__controllers="memory",
        memory__max=1000,
        memory__current=1100,
        memory__stat="inactive_file 5000",
    )
    found = memory_within_limit(HOST, mount=tmp_path, own_groups=groups(tmp_path, "0::/\n"))
    assert found is not None
    assert (found.free, found.available) == (0, 1000)
    assert all(point.value >= 0 for point in of_memory(found))
