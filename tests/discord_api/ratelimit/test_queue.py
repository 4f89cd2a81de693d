"""Who goes first, and who is never held up by whom."""

import time

import pytest

from otel_discord.discord_api.ratelimit import Answer, Limited, Limiter, LimiterSettings, Scope
from otel_discord.discord_api.routes import Operation, Route


def post(webhook: object) -> Route:
    return Route(Operation.EXECUTE, str(webhook))


def full(now: float) -> Answer:
    headers = {
        "x-ratelimit-limit": "5",
        "x-ratelimit-remaining": "0",
        "x-ratelimit-reset-after": "2.000",
        "x-ratelimit-reset": f"{now + 1.7e9 + 2:.3f}",
    }
    return Answer(status=200, headers=headers, sent_at=now, received_at=now)


def test_priority_goes_first_but_waits_like_everyone() -> None:
    limiter = Limiter()
    first = limiter.request(post(1), 0, 0.0)
    assert limiter.poll(0.0).granted == [first]
    low = limiter.request(post(1), 0, 0.0)
    high = limiter.request(post(1), 5, 0.0)
    limiter.complete(first, full(0.0), 0.0, 0.0)
    granted, wake_at = limiter.poll(0.0)
    assert granted == []
    assert wake_at == pytest.approx(2.01)
    assert limiter.poll(2.01).granted == [high]
    limiter.complete(high, Answer(status=200, sent_at=2.01, received_at=2.01), 2.01, 0.0)
    assert limiter.poll(2.02).granted == [low] or limiter.poll(4.1).granted == [low]


def test_a_blocked_webhook_blocks_no_other() -> None:
    limiter = Limiter()
    blocked = limiter.request(post(1), 9, 0.0)
    limiter.poll(0.0)
    limiter.complete(blocked, full(0.0), 0.0, 0.0)
    limiter.request(post(1), 9, 0.0)
    other = limiter.request(post(2), 0, 0.1)
    assert limiter.poll(0.1).granted == [other]


def test_different_operations_of_one_webhook_are_counted_apart() -> None:
    limiter = Limiter()
    tickets = [limiter.request(Route(operation, "1"), 0, 0.0) for operation in Operation]
    now, granted = 0.0, []
    while len(granted) < len(tickets):
        more, wake_at = limiter.poll(now)
        granted += more
        now = wake_at or now
    assert granted == tickets


def test_waiting_for_the_global_budget_goes_by_priority_then_age() -> None:
    limiter = Limiter(LimiterSettings(requests_per_second=1))
    tickets = [limiter.request(post(index), index % 2, 0.0) for index in range(6)]
    order, now = [], 0.0
    while len(order) < 6:
        granted, wake_at = limiter.poll(now)
        order += [tickets.index(ticket) for ticket in granted]
        now = wake_at or now
    assert order == [1, 3, 5, 0, 2, 4]


def test_waiting_for_a_channel_goes_by_priority_then_age() -> None:
    limiter = Limiter(LimiterSettings(channel_messages_per_minute=1))
    for index in range(5):
        limiter.learn_channel(str(index), "c", 0.0)
    tickets = [limiter.request(post(index), index % 2, 0.0) for index in range(5)]
    order, now = [], 0.0
    while len(order) < 5:
        granted, _ = limiter.poll(now)
        for ticket in granted:
            order.append(tickets.index(ticket))
            limiter.complete(ticket, Answer(status=200, sent_at=now, received_at=now), now, 0.0)
        now = limiter.poll(now).next_wake_at or now
    assert order == [1, 3, 0, 2, 4]
    assert now == pytest.approx(4 * 60.025)


def test_a_cancelled_ticket_gives_everything_back() -> None:
    limiter = Limiter(LimiterSettings(channel_messages_per_minute=1))
    for _ in range(100):
        granted = limiter.request(post(1), 0, 0.0)
        waiting = limiter.request(post(1), 0, 0.0)
        assert limiter.poll(0.0).granted == [granted]
        limiter.cancel(waiting, 0.0)
        limiter.cancel(granted, 0.0)
    assert limiter.poll(0.0) == ([], None)
    snapshot = limiter.snapshot(0.0)
    assert (snapshot.waiting, snapshot.in_flight, snapshot.buckets[0].remaining) == (0, 0, None)


def test_asking_and_giving_up_during_a_ban_does_not_grow() -> None:
    limiter = Limiter()
    first = limiter.request(post(0), 0, 0.0)
    limiter.poll(0.0)
    limiter.complete(first, Answer(status=429, limited=Limited(0, Scope.HOST), sent_at=0.0, received_at=0.0), 0.0, 0.0)
    for index in range(5000):
        asked = limiter.request(post(index % 7), index % 3, 1.0)
        limiter.poll(1.0)
        limiter.cancel(asked, 1.0)
    assert limiter._lanes.ready.entries + limiter._lanes.timers.entries < 100


def test_a_fleet_of_a_thousand_webhooks_costs_little_for_each_request() -> None:
    limiter = Limiter(LimiterSettings(requests_per_second=10_000))
    waiting = {limiter.request(post(index), 0, 0.0): index for index in range(1000)}
    now, sent = 0.0, 0
    started = time.process_time()
    while sent < 10_000:
        granted, wake_at = limiter.poll(now)
        for ticket in granted:
            sent += 1
            limiter.complete(ticket, full(now), now, 0.5)
            index = waiting.pop(ticket)
            waiting[limiter.request(post(index), 0, now)] = index
        now = now if granted else (wake_at or now)
    assert (time.process_time() - started) / sent < 0.002
    started = time.process_time()
    for _ in range(1000):
        limiter.poll(now)
    assert (time.process_time() - started) / 1000 < 0.0005, "a poll that can do nothing does not look at every webhook"
