"""What the layers read of answers and keep: headers, buckets, the server's clock, agendas, settings, forgetting."""

import math

import pytest

from otel_discord.discord_api.ratelimit import (
    Answer,
    Limiter,
    LimiterSettings,
    Scope,
    Shape,
)
from otel_discord.discord_api.ratelimit.agenda import Agenda
from otel_discord.discord_api.ratelimit.channel_budget import ChannelBudget
from otel_discord.discord_api.ratelimit.rate_headers import read_rate_headers
from otel_discord.discord_api.ratelimit.server_clock import ServerClock, undercut_s
from otel_discord.discord_api.ratelimit.webhook_bucket import WebhookBucket
from otel_discord.discord_api.routes import Operation, Route
from tests.discord_api.ratelimit.steps import GET, POST, one, refusal, ticket, waits_until

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
    limiter = Limiter(LimiterSettings(channel_messages_per_minute=0))
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
    last = one(limiter, POST, 1.0, priority=1)
    limiter.complete(last, Answer(status=502, sent_at=1.0, received_at=1.5), 1.5, 0.0)
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
        sent = one(limiter, POST, now, priority=1)
        limiter.complete(sent, state(5 - used, now, 0.4 * used - 0.1 * (used - 1)), now, 0.0)
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
        channel.granted(ticket(), now)
        channel.ended(now)
    channel.fill(20.0, 5.0)
    assert channel.allowed_at(20.0, creates=True) == 60.0
    assert (channel.left(60.0), channel.left(70.0)) == (1, 2)
