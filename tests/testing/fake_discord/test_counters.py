"""The three window shapes against an oracle that knows only definitions."""

from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_discord.testing.fake_discord.counters import Buckets, Shape, new_counter

GAPS_MS = st.lists(st.integers(0, 1500), max_size=60)
LIMITS = st.integers(1, 7)


class LeakyOracle:
    """A bucket of integers: water in units of 1/limit-th, leaking one slot per ``window_ms``/limit."""

    def __init__(self, limit: int, window_ms: int) -> None:
        self.limit, self.window_ms, self.level, self.last_ms = limit, window_ms, 0, 0

    def take(self, now_ms: int) -> bool:
        self.level = max(0, self.level - (now_ms - self.last_ms) * self.limit)
        self.last_ms = now_ms
        if self.level > (self.limit - 1) * self.window_ms:
            return False
        self.level += self.window_ms
        return True


class FixedOracle:
    def __init__(self, limit: int, window_ms: int) -> None:
        self.limit, self.window_ms, self.begin_ms, self.used = limit, window_ms, None, 0

    def take(self, now_ms: int) -> bool:
        if self.begin_ms is None or now_ms - self.begin_ms >= self.window_ms:
            self.begin_ms, self.used = now_ms, 0
        self.used += 1
        return self.used <= self.limit


class LogOracle:
    def __init__(self, limit: int, window_ms: int) -> None:
        self.limit, self.window_ms, self.taken = limit, window_ms, deque()

    def take(self, now_ms: int) -> bool:
        if sum(now_ms - each < self.window_ms for each in self.taken) >= self.limit:
            return False
        self.taken.append(now_ms)
        return True


ORACLES = {"gcra": LeakyOracle, "fixed": FixedOracle, "log": LogOracle}


@pytest.mark.parametrize("shape", ORACLES)
@given(gaps_ms=GAPS_MS, limit=LIMITS)
def test_each_shape_lets_through_what_its_definition_says(shape: Shape, gaps_ms: list[int], limit: int) -> None:
    counter, oracle = new_counter(Buckets(limit, 2.0, shape)), ORACLES[shape](limit, 2000)
    now_ms = 0
    for gap_ms in gaps_ms:
        now_ms += gap_ms
        assert counter.take(now_ms / 1000) == oracle.take(now_ms)


@pytest.mark.parametrize("shape", ORACLES)
@given(gaps_ms=GAPS_MS, limit=LIMITS)
def test_what_a_counter_tells_is_true(shape: Shape, gaps_ms: list[int], limit: int) -> None:
    counter = new_counter(Buckets(limit, 2.0, shape))
    now_s = 50.0
    for gap_ms in gaps_ms:
        now_s += gap_ms / 1000
        counter.take(now_s)
        remaining, wait_s = counter.remaining(now_s), counter.retry_after_s(now_s)
        assert 0 <= remaining <= limit
        assert (wait_s == 0) == (remaining > 0)
        assert wait_s <= counter.reset_after_s(now_s) + 1e-9 <= 2.0 + 1e-6
        assert counter.remaining(now_s + counter.reset_after_s(now_s) + 1e-6) == limit
    wait_s = counter.retry_after_s(now_s)
    if wait_s > 0.001:
        assert not counter.take(now_s + wait_s - 0.001)
    assert counter.take(now_s + wait_s)


def test_a_burst_then_one_a_slot() -> None:
    counter = new_counter(Buckets(5, 2.0, "gcra"))
    assert [counter.take(0.0) for _ in range(6)] == [True] * 5 + [False]
    assert counter.reset_after_s(0.0) == pytest.approx(2.0)
    assert counter.retry_after_s(0.0) == pytest.approx(0.4)
    assert counter.remaining(0.85) == 2
