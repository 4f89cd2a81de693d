"""What each layer of the limiter grants and holds back: 429s, bans, invalid requests, the global rate, channels."""

import math

import pytest

from otel_discord.discord_api.ratelimit import (
    Answer,
    InvalidLevel,
    Limited,
    Limiter,
    LimiterSettings,
    Scope,
)
from otel_discord.discord_api.ratelimit.channel_budget import ChannelBudget
from otel_discord.discord_api.ratelimit.global_budget import GlobalBudget
from otel_discord.discord_api.ratelimit.host_breaker import HostBreaker
from otel_discord.discord_api.ratelimit.invalid_guard import InvalidGuard
from otel_discord.discord_api.ratelimit.waiting import retry_wait_s
from otel_discord.discord_api.routes import Operation, Route
from tests.discord_api.ratelimit.steps import EDIT, GET, POST, one, refusal, ticket, waits_until

# ------------------------------------------------------------------------------------------------------ 429s by scope


def test_a_sub_limit_pauses_only_its_route() -> None:
    limiter = Limiter()
    limiter.complete(one(limiter, EDIT, 0.0), refusal(Scope.USER, 100.0, 0.0, remaining=3), 0.0, 0.0)
    assert waits_until(limiter, POST, 0.0) == 0.0
    assert waits_until(limiter, EDIT, 0.0) == pytest.approx(100.0)
    assert not limiter.snapshot(200.0).buckets[0].cautious


def test_jitter_is_added_only_after_a_429_and_is_bounded() -> None:
    limiter = Limiter()
    limiter.complete(one(limiter, POST, 0.0), refusal(Scope.USER, 2.0, 0.0, remaining=0), 0.0, 1.0)
    assert waits_until(limiter, POST, 0.0) == pytest.approx(2.5)
    assert retry_wait_s(3600.0, 1.0) == 3601.0
    assert retry_wait_s(math.nan, 0.0) == retry_wait_s(-1.0, 0.0) == 1.0
    assert retry_wait_s(math.inf, 0.0) == 1.0


def test_a_shared_429_pauses_all_writes_to_its_channel_and_nothing_else() -> None:
    limiter = Limiter(LimiterSettings(channel_messages_per_minute=0))
    for webhook in ("1", "2"):
        limiter.learn_channel(webhook, "c", 0.0)
    limiter.complete(one(limiter, POST, 0.0), refusal(Scope.SHARED, 40.0, 0.0, remaining=4), 0.0, 0.0)
    assert waits_until(limiter, Route(Operation.EXECUTE, "3"), 0.0) == 0.0
    assert waits_until(limiter, GET, 0.0) <= 0.05
    assert limiter.snapshot(1.0).channels[0].paused_for_s == pytest.approx(39.0)
    for route in (Route(Operation.EXECUTE, "2"), EDIT, POST):
        assert waits_until(limiter, route, 0.0) == pytest.approx(40.0, abs=0.05)


@pytest.mark.parametrize("retry_after_s", [0.4, 40.0])
def test_after_a_shared_429_one_message_waits_as_told_and_the_others_a_minute(retry_after_s: float) -> None:
    limiter = Limiter()
    limiter.complete(one(limiter, POST, 0.0), refusal(Scope.SHARED, retry_after_s, 0.0), 0.0, 0.0)
    assert waits_until(limiter, EDIT, 0.0) == pytest.approx(retry_after_s)
    assert waits_until(limiter, POST, 0.0) == pytest.approx(retry_after_s, abs=0.03)
    assert waits_until(limiter, POST, retry_after_s + 0.1) == pytest.approx(60.0, abs=0.03)


def test_a_short_write_limit_does_not_use_up_the_minute() -> None:
    limiter = Limiter()
    for scope in (Scope.USER, Scope.SHARED):
        start = 0.0 if scope is Scope.USER else 100.0
        limiter.complete(one(limiter, POST, start), refusal(scope, 0.3, start, code=20028), start, 0.0)
        assert waits_until(limiter, POST, start) == pytest.approx(start + 0.3)


def test_a_global_429_pauses_everything() -> None:
    limiter = Limiter()
    limiter.complete(one(limiter, POST, 0.0), refusal(Scope.GLOBAL, 3.0, 0.0), 0.0, 0.0)
    assert limiter.snapshot(1.0).global_paused_for_s == pytest.approx(2.0)
    assert waits_until(limiter, Route(Operation.GET_WEBHOOK, "9"), 0.0) == pytest.approx(3.0)


def test_a_429_that_says_nothing_counts_as_a_ban() -> None:
    limiter = Limiter()
    limiter.complete(one(limiter, POST, 0.0), Answer(status=429, sent_at=0.0, received_at=0.0), 0.0, 0.0)
    assert limiter.is_banned
    assert waits_until(limiter, Route(Operation.EXECUTE, "2"), 0.0) == pytest.approx(60.0)
    assert not limiter.is_banned


# -------------------------------------------------------------------------------------------------------------- host


def test_bans_double_with_each_probe_up_to_an_hour() -> None:
    breaker = HostBreaker()
    now, pauses = 0.0, []
    for _ in range(9):
        probe = ticket()
        breaker.granted(probe)
        breaker.banned(probe, 0.0, now, 0.0)
        pauses.append(breaker.allowed_at() - now)
        now = breaker.allowed_at()
    assert pauses == pytest.approx([60, 120, 240, 480, 960, 1920, 3600, 3600, 3600])


def test_those_in_flight_when_a_ban_comes_do_not_double_it_nor_end_it() -> None:
    breaker = HostBreaker()
    first, second, third = ticket(), ticket(), ticket()
    breaker.banned(first, 0.0, 0.0, 0.0)
    breaker.banned(second, 0.0, 1.0, 0.0)
    breaker.answered(third)
    assert breaker.is_banned
    assert breaker.allowed_at() == pytest.approx(61.0)


def test_one_probe_at_a_time_and_a_longer_retry_after_is_obeyed() -> None:
    breaker = HostBreaker()
    breaker.banned(ticket(), 66271.0, 0.0, 0.0)
    assert breaker.allowed_at() == 66271.0
    probe = ticket()
    breaker.granted(probe)
    assert breaker.allowed_at() == math.inf
    breaker.returned(probe)
    assert breaker.allowed_at() == 66271.0
    breaker.granted(probe)
    breaker.unanswered(probe, 70000.0)
    assert breaker.allowed_at() == 70001.0
    breaker.granted(probe)
    breaker.answered(probe)
    assert breaker.allowed_at() == -math.inf


# -------------------------------------------------------------------------------------------------- invalid requests


@pytest.mark.parametrize(
    ("status", "scope", "counts"),
    [
        (200, None, False),
        (400, None, False),
        (401, None, True),
        (403, None, True),
        (404, None, False),
        (429, Scope.USER, True),
        (429, Scope.GLOBAL, True),
        (429, Scope.HOST, True),
        (429, Scope.SHARED, False),
        (429, None, True),
        (503, None, False),
    ],
)
def test_what_counts_as_invalid(status: int, scope: Scope | None, counts: bool) -> None:
    guard = InvalidGuard()
    limited = None if scope is None else Limited(1.0, scope)
    guard.answered(Answer(status=status, limited=limited, sent_at=0.0, received_at=0.0), 0.0)
    assert guard.count(0.0) == counts


def test_invalid_requests_slow_down_from_1000_and_never_reach_5000_in_ten_minutes() -> None:
    guard, now, times = InvalidGuard(), 0.0, []
    answer = Answer(status=401, sent_at=0.0, received_at=0.0)
    while now < 3000.0:
        allowed_at = max(now, guard.allowed_at(now))
        assert allowed_at < math.inf
        now = allowed_at + 0.01
        guard.granted(now)
        guard.returned()
        guard.answered(answer, now)
        times.append(now)
    worst = max(sum(1 for other in times[i:] if other < at + 600) for i, at in enumerate(times) if i % 50 == 0)
    assert 1000 < worst <= 5000
    assert len(guard._slices) <= 122
    assert guard.level(now) is not InvalidLevel.FINE
    assert guard.level(now + 606) is InvalidLevel.FINE


def test_requests_in_flight_count_as_if_invalid() -> None:
    guard = InvalidGuard()
    for _ in range(5000):
        guard.granted(0.0)
    assert guard.allowed_at(0.0) == math.inf
    guard.returned()
    assert guard.allowed_at(0.0) == -math.inf


# ------------------------------------------------------------------------------------------------------------ global


@pytest.mark.parametrize("rate", [1.0, 10.0, 45.0, 49.0, 50.0, 400.0, 10_000.0])
def test_the_global_rate_is_reached_and_never_exceeded(rate: float) -> None:
    budget, now, times = GlobalBudget(rate), 0.0, []
    count = int(rate * 5) + 2
    for _ in range(count):
        now = max(now, budget.allowed_at(now))
        budget.granted(ticket(), now)
        times.append(now)
    most = max(sum(1 for other in times[i : i + 10_200] if other < at + 1 - 1e-6) for i, at in enumerate(times[:20]))
    assert most <= (50 if rate <= 50 else rate * 1.02)
    assert times[-1] <= count / rate


def test_a_global_token_is_given_back_only_while_nothing_went_since() -> None:
    budget = GlobalBudget(10.0)
    first, second = ticket(), ticket()
    budget.granted(first, 0.0)
    budget.granted(second, 0.0)
    later = budget.allowed_at(0.0)
    budget.returned(first)
    assert budget.allowed_at(0.0) == later
    budget.returned(second)
    assert budget.allowed_at(0.0) < later


# ----------------------------------------------------------------------------------------------------------- channel


def test_a_channel_counts_by_the_answer_and_never_exceeds_30_in_a_minute() -> None:
    channel = ChannelBudget("c", 30, 0.0)
    for index in range(30):
        assert channel.allowed_at(float(index), creates=True) <= index
        channel.granted(ticket(), float(index))
    assert channel.allowed_at(31.0, creates=True) == math.inf
    assert channel.allowed_at(31.0, creates=False) <= 31.0
    for index in range(30):
        channel.ended(31.0 + index)
    assert channel.left(61.0) == 0
    assert channel.allowed_at(61.0, creates=True) == 91.0
    assert channel.left(91.0) == 1


def test_learning_the_channel_moves_what_was_counted_and_what_is_in_flight() -> None:
    limiter = Limiter(LimiterSettings(channel_messages_per_minute=3))
    tickets = [one(limiter, Route(Operation.EXECUTE, name), float(index)) for index, name in enumerate("abc")]
    for name in "abc":
        assert limiter.learn_channel(name, "c", 3.0)
        assert not limiter.learn_channel(name, "c", 3.0)
    wanted = limiter.request(Route(Operation.EXECUTE, "d"), 0, 3.0)
    limiter.learn_channel("d", "c", 3.0)
    assert limiter.poll(3.0).granted == []
    assert limiter.snapshot(3.0).channels[0].left == 0
    limiter.cancel(tickets[0], 4.0)
    assert limiter.poll(4.0).granted == [wanted]
    for done in (*tickets[1:], wanted):
        limiter.complete(done, Answer(status=200, sent_at=4.0, received_at=5.0), 5.0, 0.0)
    assert waits_until(limiter, Route(Operation.EXECUTE, "a"), 6.0) == pytest.approx(65.025)


def test_a_webhook_that_moved_counts_in_its_new_channel() -> None:
    limiter = Limiter(LimiterSettings(channel_messages_per_minute=1))
    limiter.learn_channel("1", "old", 0.0)
    assert waits_until(limiter, POST, 0.0) == 0.0
    blocked = limiter.request(POST, 0, 0.0)
    assert limiter.poll(0.0).granted == []
    limiter.learn_channel("1", "new", 1.0)
    assert limiter.poll(1.0).granted == [blocked]
