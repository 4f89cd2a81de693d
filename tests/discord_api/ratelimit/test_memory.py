"""What an earlier process has posted and what it was told to wait for: kept over a restart, never trusted blindly."""

import asyncio
import json
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from server_models import Gcra, Log
from world import Discord, Network, World

from otel_discord.discord_api.permits import RateLimits
from otel_discord.discord_api.ratelimit import Answer, Limiter, LimiterSettings, Scope
from otel_discord.discord_api.ratelimit.memory import read_past
from otel_discord.discord_api.routes import Operation, Route
from tests.discord_api.ratelimit.steps import EDIT, GET, POST, one, refusal, waits_until

UNIX = 1.8e9


def posted(limiter: Limiter, times: int, at: float, webhook: str = "1") -> None:
    for _ in range(times):
        sent = one(limiter, Route(Operation.EXECUTE, webhook), at, priority=1)
        limiter.complete(sent, Answer(status=200, sent_at=at, received_at=at), at, 0.0)


def quick_limiter(limit: int = 4) -> Limiter:
    return Limiter(LimiterSettings(channel_messages_per_minute=limit, requests_per_second=10_000))


def restarted(limiter: Limiter, now: float, *, after_s: float = 0.0, limit: int = 4) -> Limiter:
    """A new process whose loop starts at 0."""
    new, stored = quick_limiter(limit), limiter.memory(now, UNIX)
    assert stored is not None
    new.restore_memory(stored, 0.0, UNIX + after_s)
    return new


@pytest.mark.parametrize("channel_id", [None, "c"])
@pytest.mark.parametrize("after_s", [0.0, 5.0])
def test_what_was_posted_still_counts(channel_id: str | None, after_s: float) -> None:
    old = quick_limiter()
    if channel_id:
        old.learn_channel("1", channel_id, 0.0)
        old.learn_channel("2", channel_id, 0.0)
    posted(old, 4, 100.0)
    new = restarted(old, 110.0, after_s=after_s)
    told_at = 60.025 - 10.0 - after_s
    assert new.ready_at(POST, 1, 0.0) == pytest.approx(told_at)
    other = Route(Operation.EXECUTE, "2")
    assert new.ready_at(other, 1, 0.0) == pytest.approx(told_at if channel_id else 0.0)
    assert waits_until(new, POST, 0.0, priority=1) == pytest.approx(told_at)


def test_what_is_in_flight_counts_as_posted_now() -> None:
    old = quick_limiter()
    posted(old, 3, 100.0)
    one(old, POST, 120.0, priority=1)
    new = restarted(old, 130.0)
    assert new.ready_at(POST, 1, 0.0) == pytest.approx(30.025)
    assert new.ready_at(POST, 0, 0.0) >= 30.0


def test_pauses_go_on() -> None:
    old = quick_limiter()
    old.complete(one(old, EDIT, 0.0), refusal(Scope.USER, 50.0, 0.0, remaining=3), 0.0, 0.0)
    old.complete(one(old, POST, 0.0), refusal(Scope.SHARED, 40.0, 0.0, code=20028), 0.0, 0.0)
    new = restarted(old, 10.0, after_s=5.0)
    assert new.ready_at(EDIT, 0, 0.0) == pytest.approx(35.0)
    assert new.ready_at(POST, 1, 0.0) == pytest.approx(25.0)
    assert new.ready_at(GET, 0, 0.0) == 0.0
    old.complete(one(old, GET, 10.0), refusal(Scope.GLOBAL, 30.0, 10.0), 10.0, 0.0)
    assert restarted(old, 10.0).ready_at(GET, 0, 0.0) == pytest.approx(30.0)


def test_a_pause_of_hours_is_asked_about_after_one() -> None:
    old = quick_limiter()
    old.complete(one(old, POST, 0.0), refusal(Scope.USER, 50_000.0, 0.0, remaining=3), 0.0, 0.0)
    assert restarted(old, 1.0).ready_at(POST, 0, 0.0) == 3600.0


def test_nothing_is_remembered_where_nothing_matters() -> None:
    limiter = quick_limiter()
    assert limiter.memory(0.0, UNIX) is None
    posted(limiter, 2, 0.0)
    limiter.learn_channel("1", "c", 0.0)
    assert limiter.memory(1.0, UNIX) is not None
    assert limiter.memory(60.1, UNIX) is None
    stored = limiter.memory(1.0, UNIX) or b""
    new = quick_limiter()
    assert not new.restore_memory(stored, 0.0, UNIX + 62.0)
    assert new.snapshot(0.0).channels == ()


@pytest.mark.parametrize("clock_s", [-1e9, -3600.0, -1.0])
def test_a_clock_that_was_set_back_costs_a_minute_at_most(clock_s: float) -> None:
    old = quick_limiter()
    posted(old, 4, 0.0)
    assert restarted(old, 0.0, after_s=clock_s).ready_at(POST, 1, 0.0) == pytest.approx(60.025)


def test_what_this_process_has_learnt_comes_first() -> None:
    old, new = quick_limiter(), quick_limiter()
    old.learn_channel("1", "old", 0.0)
    posted(old, 4, 0.0)
    new.learn_channel("1", "new", 0.0)
    new.restore_memory(old.memory(0.0, UNIX) or b"", 0.0, UNIX)
    assert [channel.channel_id for channel in new.snapshot(0.0).channels] == ["new"]


def test_a_lower_limit_after_the_restart_is_kept() -> None:
    old = quick_limiter(30)
    posted(old, 5, 0.0)
    new = restarted(old, 1.0, limit=4)
    assert new.ready_at(POST, 1, 0.0) == pytest.approx(59.025)


good = json.loads('{"at_unix_s": 1.8e9, "channels": [["c", ["1"], [1.0], 5.0]], "routes": [], "paused_for_s": 1.0}')


@pytest.mark.parametrize(
    "wrong",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"\xff",
        b"[" * 100_000,
        json.dumps(good | {"at_unix_s": "never"}).encode(),
        json.dumps(good | {"at_unix_s": math.nan}).encode(),
        json.dumps(good | {"channels": {"c": 1}}).encode(),
        json.dumps(good | {"channels": [["c", ["1"], ["x"], 0]]}).encode(),
        json.dumps(good | {"channels": [["c", ["1"], [math.inf], 0]]}).encode(),
        json.dumps(good | {"routes": [["POST /elsewhere", "1", 5.0]]}).encode(),
        json.dumps(good | {"paused_for_s": None}).encode(),
    ],
)
def test_what_cannot_be_read_is_nothing(wrong: bytes) -> None:
    limiter = quick_limiter()
    assert read_past(json.dumps(good).encode(), UNIX) is not None
    assert not limiter.restore_memory(wrong, 0.0, UNIX)
    assert limiter.ready_at(POST, 0, 0.0) == 0.0


numbers = st.one_of(st.floats(allow_nan=False, allow_infinity=False), st.integers(-(10**12), 10**12))


@settings(max_examples=60, deadline=None)
@given(at=numbers, ago=st.lists(numbers, max_size=50), left=numbers, routes=numbers, everything=numbers)
def test_absurd_numbers_cost_an_hour_at_most(at: Any, ago: list[Any], left: Any, routes: Any, everything: Any) -> None:
    stored = {
        "at_unix_s": at,
        "channels": [["c", ["1"], ago, left]],
        "routes": [[EDIT.operation.value, "1", routes]],
        "paused_for_s": everything,
    }
    limiter = quick_limiter()
    limiter.restore_memory(json.dumps(stored).encode(), 0.0, UNIX)
    for route in (POST, EDIT, GET):
        assert limiter.ready_at(route, 1, 0.0) <= 3600.0
        waited_s = waits_until(limiter, route, 0.0, priority=1)
        assert waited_s <= 3600.0 + 60.1


@pytest.mark.parametrize("remembers", [True, False])
@pytest.mark.parametrize("sent_before", [10, 30, 45])
def test_a_restart_with_a_backlog_meets_no_refusal(remembers: bool, sent_before: int) -> None:
    discord = Discord(lambda: Gcra(5, 2.0), channel=lambda: Log(30, 60.0))
    first = World(discord, Network(0.0, 0.3, None))
    for _ in range(sent_before):
        first.ask(POST)
    first.run()
    second = World(discord, Network(0.0, 0.3, None), seed=2)
    second.now = first.now + 3.0
    stored = first.limiter.memory(first.now, UNIX)
    assert stored is not None
    if remembers:
        second.limiter.restore_memory(stored, second.now, UNIX + 3.0)
    for _ in range(60):
        second.ask(POST)
    second.run()
    # The bucket of two seconds is not remembered; the channel's minute is.
    assert discord.count(Scope.USER) == 0
    assert (discord.count(Scope.SHARED) == 0) or not remembers


@pytest.mark.looptime
async def test_over_the_permits() -> None:
    loop = asyncio.get_running_loop()
    old, new = RateLimits(quick_limiter()), RateLimits(quick_limiter())
    for _ in range(3):
        async with old.permit(POST) as permit:
            permit.sending()
            permit.seen(Answer(status=200, sent_at=loop.time(), received_at=loop.time()))
    stored = old.memory(UNIX)
    assert stored is not None
    assert b"token" not in stored
    assert new.restore_memory(stored, UNIX + 1.0)
    assert new.ready_at(POST) == pytest.approx(loop.time() + 60.025 - 0.4 - 1.0)
    assert new.ready_at(POST, priority=1) <= loop.time()
