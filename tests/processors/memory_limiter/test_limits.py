"""Which limits hold, and when batches are refused and garbage is collected."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from otel_discord.config.model_errors import explain
from otel_discord.processors.memory_limiter.config import MemoryLimiterConfig
from otel_discord.processors.memory_limiter.limits import MIB, Limits, Turn, Watch, limits_of
from otel_discord.processors.memory_limiter.process_memory import ProcessMemory, cgroup_limits

GIB = 1024 * MIB


@pytest.mark.parametrize(
    ("keys", "soft", "hard"),
    [
        ({"limit_mib": 1000}, 800 * MIB, 1000 * MIB),
        ({"limit_mib": 1000, "spike_limit_mib": 100}, 900 * MIB, 1000 * MIB),
        ({"limit_percentage": 50}, 2 * GIB * 4 // 5 + 1, 2 * GIB),
        ({"limit_percentage": 50, "spike_limit_percentage": 25}, 1 * GIB, 2 * GIB),
        ({"limit_mib": 100, "limit_percentage": 50, "spike_limit_percentage": 25}, 80 * MIB, 100 * MIB),
    ],
)
def test_limits(keys: dict[str, Any], soft: int, hard: int) -> None:
    limits = limits_of(MemoryLimiterConfig.model_validate({"check_interval": "1s", **keys}), 4 * GIB)
    assert limits == Limits(pytest.approx(soft, abs=1), hard)  # type: ignore[arg-type]  # pytest's own kind of number


@pytest.mark.parametrize(
    ("keys", "path", "words"),
    [
        ({"limit_mib": 100}, "", "above 0s, as in 1s"),
        ({"check_interval": "0s", "limit_mib": 100}, "check_interval", "above 0s, as in 1s"),
        ({"check_interval": "1s"}, "", "needs limit_mib or limit_percentage"),
        ({"check_interval": "1s", "limit_mib": 100, "spike_limit_mib": 100}, "spike_limit_mib", "smaller than limit"),
        ({"check_interval": "1s", "limit_percentage": 101}, "limit_percentage", "at most 100"),
        ({"check_interval": "1s", "limit_mib": -1}, "limit_mib", "at least 0"),
        (
            {"check_interval": "1s", "limit_percentage": 50, "spike_limit_percentage": 60},
            "spike_limit_percentage",
            "smaller than limit_percentage (50)",
        ),
        (
            {"check_interval": "1s", "limit_mib": 9, "min_gc_interval_when_hard_limited": "11s"},
            "min_gc_interval_when_hard_limited",
            "must not be longer",
        ),
        ({"check_interval": "1s", "limit_mib": 9, "ballast_size_mib": 1}, "ballast_size_mib", "has invalid keys"),
    ],
)
def test_wrong_ones_are_refused(keys: dict[str, Any], path: str, words: str) -> None:
    with pytest.raises(ValidationError) as refused:
        MemoryLimiterConfig.model_validate(keys)
    problems = {"::".join(map(str, each[0])): each[1] for each in explain(refused.value, MemoryLimiterConfig, keys)}
    assert words in problems[path]


LIMITS = Limits(80, 100)


def watch(soft_pause_s: float = 10, hard_pause_s: float = 0) -> Watch:
    return Watch(LIMITS, soft_pause_s=soft_pause_s, hard_pause_s=hard_pause_s)


def test_it_turns_at_the_soft_limit_once() -> None:
    watched = watch()
    turns = [watched.judge(used) for used in (79, 80, 99, 200, 79, 0, 80)]
    assert turns == [Turn.NONE, Turn.REFUSE, Turn.NONE, Turn.NONE, Turn.RESUME, Turn.NONE, Turn.REFUSE]


def test_garbage_is_collected_seldom_above_the_soft_limit_and_at_once_above_the_hard_one() -> None:
    watched = watch()
    asked = [(79, 0.0), (80, 0.0), (80, 9.0), (100, 9.0), (100, 9.1), (80, 19.0), (80, 19.2)]
    assert [watched.wants_collection(*each) for each in asked] == [False, True, False, True, True, False, True]
    assert [watch(0, 0).wants_collection(80, 0.0), watch(9, 5).wants_collection(100, 0.0)] == [True, True]


@given(st.lists(st.integers(0, 150), max_size=30))
def test_it_refuses_exactly_while_the_last_measurement_is_at_the_soft_limit(measurements: list[int]) -> None:
    watched, turns = watch(), 0
    for used in measurements:
        turns += watched.judge(used) is not Turn.NONE
        assert watched.is_refusing == (used >= LIMITS.soft_bytes)
    assert turns % 2 == int(watched.is_refusing)


# ------------------------------------------------------------------------------------------------ the system's answers
def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_version_2_of_control_groups_with_the_groups_above(tmp_path: Path) -> None:
    write(tmp_path / "pod/box/memory.max", "2000\n")
    write(tmp_path / "pod/memory.max", "1000\n")
    write(tmp_path / "memory.max", "max\n")
    assert sorted(cgroup_limits("0::/pod/box\n", tmp_path)) == [1000, 2000]


def test_a_container_sees_only_its_own_groups(tmp_path: Path) -> None:
    write(tmp_path / "memory.max", "3000\n")
    assert cgroup_limits("0::/not/there\n", tmp_path) == [3000]


def test_version_1(tmp_path: Path) -> None:
    write(tmp_path / "memory/docker/x/memory.limit_in_bytes", "500\n")
    write(tmp_path / "memory/memory.limit_in_bytes", "9223372036854771712\n")
    own = "12:cpu,cpuacct:/docker/x\n7:memory:/docker/x\n1:name=systemd:/docker/x\n0::/docker/x\n"
    assert min(cgroup_limits(own, tmp_path)) == 500


@pytest.mark.parametrize("own", ["", "0::/../../x\n", "garbage", "7:memory\n"])
def test_where_nothing_is_said_nothing_holds(own: str, tmp_path: Path) -> None:
    assert cgroup_limits(own, tmp_path) == []


def test_this_process_has_memory_and_less_than_there_is() -> None:
    memory = ProcessMemory()
    memory.collect()
    assert MIB < memory.used_bytes() < memory.total_bytes()
