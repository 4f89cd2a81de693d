"""Each layer by itself, in small tables."""

import math

import pytest

from otel_discord.discord_api.ratelimit import (
    Answer,
    InvalidLevel,
    Limited,
    Limiter,
    LimiterSettings,
    Scope,
    Shape,
    Ticket,
)
from otel_discord.discord_api.ratelimit.agenda import Agenda
from otel_discord.discord_api.ratelimit.channel_budget import ChannelBudget
from otel_discord.discord_api.ratelimit.global_budget import GlobalBudget
from otel_discord.discord_api.ratelimit.host_breaker import HostBreaker
from otel_discord.discord_api.ratelimit.invalid_guard import InvalidGuard
from otel_discord.discord_api.ratelimit.rate_headers import read_rate_headers
from otel_discord.discord_api.ratelimit.server_clock import ServerClock, undercut_s
from otel_discord.discord_api.ratelimit.waiting import retry_wait_s
from otel_discord.discord_api.ratelimit.webhook_bucket import WebhookBucket
from otel_discord.discord_api.routes import Operation, Route

POST = Route(Operation.EXECUTE, "1")
EDIT = Route(Operation.EDIT, "1")
GET = Route(Operation.GET_MESSAGE, "1")


def ticket() -> Ticket:
    return Ticket(POST, 0, 1, 0.0)


def refusal(scope: Scope, retry_after_s: float, now: float, code: int = 0, remaining: int | None = None) -> Answer:
    headers = {}
    if remaining is not None:
        headers = {
            "x-ratelimit-limit": "5",
            "x-ratelimit-remaining": str(remaining),
            "x-ratelimit-reset-after": "1.5",
            "x-ratelimit-reset": f"{1.7e9 + now + 1.5:.3f}",
        }
    return Answer(
        status=429, headers=headers, limited=Limited(retry_after_s, scope, code), sent_at=now, received_at=now
    )


def one(limiter: Limiter, route: Route, now: float) -> Ticket:
    wanted = limiter.request(route, 0, now)
    assert limiter.poll(now).granted == [wanted]
    return wanted


def waits_until(limiter: Limiter, route: Route, now: float) -> float:
    """Ask, follow the limiter's own wake times until it is granted, complete it, and return that time."""
    wanted = limiter.request(route, 0, now)
    for _ in range(50):
        granted, wake_at = limiter.poll(now)
        if granted:
            assert granted == [wanted]
            limiter.complete(wanted, Answer(status=200, sent_at=now, received_at=now), now, 0.0)
            return now
        assert wake_at is not None
        now = wake_at
    raise AssertionError("never granted")


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
        now = max(now, budget.allowed_at())
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
    later = budget.allowed_at()
    budget.returned(first)
    assert budget.allowed_at() == later
    budget.returned(second)
    assert budget.allowed_at() < later


# ----------------------------------------------------------------------------------------------------------- channel


def test_a_channel_counts_by_the_answer_and_never_exceeds_30_in_a_minute() -> None:
    channel = ChannelBudget("c", 30, 0.0)
    for index in range(30):
        assert channel.allowed_at(float(index), creates=True) <= index
        channel.granted()
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


# ----------------------------------------------------------------------------------------------------------- headers


def rate_headers(limit: str, remaining: str, reset_after: str, reset: str = "1700000000.5") -> dict[str, str]:
    return {
        "x-ratelimit-limit": limit,
        "x-ratelimit-remaining": remaining,
        "x-ratelimit-reset-after": reset_after,
        "x-ratelimit-reset": reset,
    }


@pytest.mark.parametrize(
    "headers",
    [
        {},
        rate_headers("five", "4", "1"),
        rate_headers("0", "0", "1"),
        rate_headers("-5", "4", "1"),
        rate_headers("5", "4", "-1"),
        rate_headers("5", "nan", "1"),
        rate_headers("5", "4", "inf"),
        rate_headers("5", "4", "1e99"),
        rate_headers("5", "", "1"),
        {"x-ratelimit-limit": "5"},
    ],
)
def test_headers_that_make_no_sense_are_none(headers: dict[str, str]) -> None:
    assert read_rate_headers(headers) is None
    limiter = Limiter()
    for second in range(20):
        sent = one(limiter, POST, float(second))
        limiter.complete(
            sent, Answer(status=200, headers=headers, sent_at=second, received_at=second), float(second), 0.0
        )


@pytest.mark.parametrize(("remaining", "read"), [("-3", 0), ("7", 5), ("4.0", 4)])
def test_remaining_is_brought_into_its_range(remaining: str, read: int) -> None:
    found = read_rate_headers(rate_headers("5", remaining, "1"))
    assert found is not None
    assert found.remaining == read


def test_an_epoch_that_makes_no_sense_is_left_out() -> None:
    found = read_rate_headers(rate_headers("5", "4", "1", "soon"))
    assert found is not None
    assert found.reset_epoch_s is None


# ------------------------------------------------------------------------------------------------------------ bucket


def state(remaining: int, at: float, reset_after_s: float = 2.0, limit: int = 5) -> Answer:
    headers = rate_headers(str(limit), str(remaining), f"{reset_after_s:.3f}", f"{at + reset_after_s + 1.7e9:.3f}")
    return Answer(status=200, headers=headers, sent_at=at, received_at=at)


def test_unanswered_requests_use_up_what_was_left_and_then_a_whole_window() -> None:
    limiter = Limiter()
    limiter.complete(one(limiter, POST, 0.0), state(2, 0.0), 0.0, 0.0)
    limiter.complete(one(limiter, POST, 0.0), None, 1.0, 0.0)
    limiter.complete(one(limiter, POST, 1.0), Answer(status=502, sent_at=1.0, received_at=1.5), 1.5, 0.0)
    assert limiter.snapshot(1.5).buckets[0].next_in_s == pytest.approx(2.025)
    assert waits_until(limiter, POST, 1.5) == pytest.approx(3.525)


def test_a_refusal_by_a_known_bucket_makes_it_cautious_and_another_widens_the_margin() -> None:
    limiter, now, waits = Limiter(), 0.0, []
    for _ in range(3):
        limiter.complete(one(limiter, POST, now), state(0, now), now, 0.0)
        waits.append(limiter.snapshot(now).buckets[0].next_in_s)
        now += waits[-1]
        limiter.complete(one(limiter, POST, now), refusal(Scope.USER, 1.0, now, remaining=0), now, 0.0)
        assert limiter.snapshot(now).buckets[0].cautious
        now += 1.0
    assert waits == pytest.approx([2.01, 2.025, 2.125], abs=0.001)


def test_another_limit_or_hash_starts_the_evidence_anew() -> None:
    limiter, now = Limiter(), 0.0
    for used in range(1, 6):
        now = 0.1 * used
        limiter.complete(one(limiter, POST, now), state(5 - used, now, 0.4 * used - 0.1 * (used - 1)), now, 0.0)
    assert limiter.snapshot(now).buckets[0].shape is Shape.LEAKY
    now = 9.0
    limiter.complete(one(limiter, POST, now), state(0, now, 3.0, limit=2), now, 0.0)
    bucket = limiter.snapshot(now).buckets[0]
    assert (bucket.limit, bucket.shape) == (2, Shape.UNPROVEN)
    assert bucket.next_in_s == pytest.approx(3.01, abs=0.002)


# ------------------------------------------------------------------------------------------------------------- clock


def test_the_clock_leans_on_a_steady_way_out_and_not_on_a_scattered_one() -> None:
    steady, scattered = ServerClock(0.025), ServerClock(0.025)
    for index in range(20):
        steady.observe(index, index + 0.3, index + 1000.2)
        way_s = (index * 7 % 10) / 40 + 0.01
        scattered.observe(index, index + way_s, index + way_s + 1000.0)
    assert steady.send_at(1100.0, cautious=False) == pytest.approx(100.0 - 0.2 + 0.025, abs=0.002)
    assert steady.send_at(1100.0, cautious=True) == pytest.approx(100.0 + 0.1 + 0.025, abs=0.002)
    assert scattered.send_at(1100.0, cautious=False) == pytest.approx(100.0 + 0.01, abs=0.012)


def test_three_values_say_little_and_many_equal_ones_a_lot() -> None:
    assert undercut_s([1.0, 1.0]) == math.inf
    assert undercut_s([1.0, 1.1, 1.2]) > 10
    assert undercut_s([1.0] * 4 + [3.0]) == 0.0


def test_one_step_is_forgiven_two_in_a_row_are_not() -> None:
    clock = ServerClock(0.025)
    assert clock.observe(0.0, 0.1, 1000.0)
    assert not clock.observe(1.0, 1.1, 2001.0)
    assert clock.trusts_stamps
    assert not clock.observe(2.0, 2.1, 502.0)
    assert not clock.trusts_stamps
    assert clock.observe(3.0, 3.1, None)
    assert clock.arrived_at(cautious=True) == 3.1


# ------------------------------------------------------------------------------------------------------------ agenda


def test_an_agenda_keeps_order_moves_and_forgets() -> None:
    agenda: Agenda[str] = Agenda()
    for key, item in ((3, "c"), (1, "a"), (2, "b"), (2, "d")):
        agenda.put(key, item)
    agenda.put(0, "c")
    agenda.discard("a")
    agenda.discard("unknown")
    assert [agenda.pop() for _ in range(3)] == ["c", "b", "d"]
    assert not agenda
    assert agenda.peek() is None
    with pytest.raises(IndexError):
        agenda.pop()


def test_an_agenda_does_not_grow_by_moving() -> None:
    agenda: Agenda[int] = Agenda()
    for key in range(1000):
        agenda.put(key, key % 5)
        agenda.discard(7)
    assert len(agenda) == 5
    assert agenda.entries <= 2 * 5 + 16


# ----------------------------------------------------------------------------------------------------------- settings


@pytest.mark.parametrize(
    "wrong",
    [
        {"requests_per_second": 0},
        {"requests_per_second": 10_001},
        {"channel_messages_per_minute": -1},
        {"margin_s": -1},
    ],
)
def test_settings_out_of_range_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must"):
        LimiterSettings(**wrong)  # type: ignore[arg-type]


def test_a_ticket_is_completed_once() -> None:
    limiter = Limiter()
    done = one(limiter, POST, 0.0)
    limiter.complete(done, None, 1.0, 0.0)
    limiter.cancel(done, 1.0)
    with pytest.raises(ValueError, match="granted"):
        limiter.complete(done, None, 1.0, 0.0)
    assert limiter.snapshot(1.0).in_flight == 0


# --------------------------------------------------------------------------------------------- what stays and what goes


def test_who_waits_at_the_channel_that_a_webhook_left_is_woken_there() -> None:
    limiter = Limiter(LimiterSettings(channel_messages_per_minute=1))
    for webhook_id in "12":
        limiter.learn_channel(webhook_id, "old", 0.0)
    sent = one(limiter, POST, 0.0)
    limiter.learn_channel("1", "new", 0.0)
    left_behind = limiter.request(Route(Operation.EXECUTE, "2"), 0, 0.0)
    assert limiter.poll(0.0).granted == []
    limiter.complete(sent, Answer(status=200, sent_at=0.0, received_at=1.0), 1.0, 0.0)
    wake_at = limiter.poll(1.0).next_wake_at
    assert wake_at == pytest.approx(61.025)
    assert limiter.poll(wake_at).granted == [left_behind]


def test_a_shared_429_of_a_read_pauses_that_read() -> None:
    limiter = Limiter()
    limiter.complete(one(limiter, GET, 0.0), refusal(Scope.SHARED, 5.0, 0.0), 0.0, 0.0)
    assert waits_until(limiter, GET, 0.0) == pytest.approx(5.0)


def test_what_is_in_use_is_not_forgotten_however_old() -> None:
    settings = LimiterSettings(idle_bucket_s=10.0, idle_channel_s=10.0, channel_messages_per_minute=1)
    limiter = Limiter(settings)
    limiter.learn_channel("1", "c", 0.0)
    slow = one(limiter, POST, 0.0)
    one(limiter, Route(Operation.EXECUTE, "2"), 100.0)
    limiter.learn_channel("3", "c", 100.0)
    assert limiter.request(Route(Operation.EXECUTE, "3"), 0, 100.0)
    assert limiter.poll(100.0).granted == []
    limiter.complete(slow, Answer(status=200, sent_at=0.0, received_at=101.0), 101.0, 0.0)
    assert [channel.left for channel in limiter.snapshot(101.0).channels] == [0]


def test_what_nobody_uses_is_forgotten() -> None:
    limiter = Limiter(LimiterSettings(idle_bucket_s=10.0, idle_channel_s=10.0))
    limiter.learn_channel("1", "c", 0.0)
    waits_until(limiter, POST, 0.0)
    waits_until(limiter, Route(Operation.EXECUTE, "2"), 200.0)
    snapshot = limiter.snapshot(200.0)
    assert (len(snapshot.buckets), snapshot.channels) == (1, ())


def test_on_our_own_clock_a_time_is_what_it_is() -> None:
    clock = ServerClock(0.025)
    clock.observe(0.0, 0.1, None)
    assert not clock.trusts_stamps
    assert clock.from_local(7.0) == 7.0
    assert clock.send_at(7.0, cautious=False) == 7.025


def test_caution_doubles_when_surprised_again_and_is_forgotten_after_two_hours_without() -> None:
    bucket, now, lasts_s = WebhookBucket(0.025), 0.0, []
    headers = read_rate_headers(rate_headers("5", "0", "1.0"))
    for pause_s in (601.0, 1201.0, 2401.0, 4801.0 + 7200.0, 0.0):
        bucket.answered(headers, now, now)
        bucket.refused(headers, now, now)
        lasts_s.append(bucket.cautious_until - now)
        now += pause_s
    assert lasts_s == pytest.approx([600.0, 1200.0, 2400.0, 4800.0, 600.0])


def test_a_minute_that_we_have_used_up_ourselves_is_not_counted_twice() -> None:
    channel = ChannelBudget("c", 2, 0.0)
    for now in (0.0, 10.0):
        channel.granted()
        channel.ended(now)
    channel.fill(20.0, 5.0)
    assert channel.allowed_at(20.0, creates=True) == 60.0
    assert (channel.left(60.0), channel.left(70.0)) == (1, 2)
