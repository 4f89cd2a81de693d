"""What processes share: a channel in parts, a memory that is merged and not added twice, a rate that changes."""

import math

import pytest

from otel_discord.discord_api.ratelimit import Answer, Limiter, LimiterSettings
from otel_discord.discord_api.routes import Operation, Route
from tests.discord_api.ratelimit.steps import one

UNIX = 1.8e9


def post(webhook: str) -> Route:
    return Route(Operation.EXECUTE, webhook)


def limiter(limit: int = 30) -> Limiter:
    return Limiter(LimiterSettings(channel_messages_per_minute=limit, requests_per_second=10_000))


def posted(of: Limiter, webhook: str, times: int, at: float) -> None:
    for _ in range(times):
        of.complete(one(of, post(webhook), at, priority=1), Answer(status=200, sent_at=at, received_at=at), at, 0.0)


def left(of: Limiter, now: float) -> int | None:
    return of.snapshot(now).channels[0].left


@pytest.mark.parametrize(("parts", "slots"), [(1, 30), (2, 15), (4, 7), (50, 1)])
def test_a_channel_in_parts(parts: int, slots: int) -> None:
    known, unknown, without = limiter(), limiter(), limiter(0)
    for each in (known, without):
        each.learn_channel("1", "c", 0.0)
    for each in (known, unknown, without):
        each.share_channel("c", parts, 0.0)
    unknown.learn_channel("1", "c", 0.0)
    assert left(known, 0.0) == left(unknown, 0.0) == slots
    assert left(without, 0.0) is None
    known.share_channel("c", 1, 0.0)
    assert left(known, 0.0) == 30


def test_who_waits_goes_when_the_part_grows() -> None:
    of = limiter(4)
    of.learn_channel("1", "c", 0.0)
    of.share_channel("c", 2, 0.0)
    posted(of, "1", 2, 0.0)
    waits = of.request(post("1"), 1, 1.0)
    assert of.poll(1.0).granted == []
    of.share_channel("c", 1, 2.0)
    assert of.poll(2.0).granted == [waits]


def test_a_memory_is_of_some_webhooks() -> None:
    of = limiter()
    posted(of, "1", 3, 0.0)
    posted(of, "2", 4, 0.0)
    assert of.memory(1.0, UNIX, webhook_ids={"3"}) is None
    new = limiter()
    new.restore_memory(of.memory(1.0, UNIX, webhook_ids={"2"}) or b"", 0.0, UNIX)
    for webhook in ("1", "2"):
        new.learn_channel(webhook, f"c{webhook}", 0.0)
    assert [channel.left for channel in new.snapshot(0.0).channels] == [30, 26]


def test_a_memory_is_merged_into_what_is_known() -> None:
    old, new = limiter(), limiter()
    for each in (old, new):
        each.learn_channel("1", "c", 0.0)
    posted(old, "1", 5, 10.0)
    posted(new, "1", 2, 20.0)
    stored = old.memory(30.0, UNIX + 30.0) or b""
    for _ in range(3):  # a seat that comes and goes
        new.restore_memory(stored, 31.0, UNIX + 31.0)
        assert left(new, 31.0) == 23


def test_what_was_posted_after_it_was_stored_is_counted_as_far_as_it_can_have_been() -> None:
    old = limiter()
    old.learn_channel("1", "c", 0.0)
    posted(old, "1", 5, 10.0)
    stored = old.memory(10.0, UNIX, unseen_s=2.0) or b""
    new = limiter()
    new.restore_memory(stored, 0.0, UNIX + 3.0, webhook_ids={"1", "2"})
    new.learn_channel("2", "d", 0.0)
    assert [channel.left for channel in new.snapshot(0.0).channels] == [15, 20]
    assert new.ready_at(post("1"), 1, 0.0) == pytest.approx(1.0), "its bucket may be empty until then"
    assert [channel.left for channel in new.snapshot(59.1).channels] == [30, 30]
    late = limiter()
    assert late.restore_memory(stored, 0.0, UNIX + 50.0, webhook_ids={"1", "2"})
    assert late.ready_at(post("2"), 1, 0.0) == 0.0


def test_a_rate_that_changes_ends_and_comes_back() -> None:
    of = Limiter()
    of.set_rate(2.0, 10.0, 0.0)
    first, second = (of.request(post(str(number)), 0, 0.0) for number in range(2))
    granted, wake_at = of.poll(0.0)
    assert granted == [first]
    assert wake_at == pytest.approx(0.5)
    assert of.leaves_at(first, 0.0) == 0.0
    of.leaves(0.0)
    of.set_rate(10.0, 0.3, 0.01)
    assert of.poll(0.15).granted == [second]
    third = of.request(post("3"), 0, 0.3)
    assert of.poll(0.3) == ([], None)
    assert of.usage(0.3).rate_per_s == 0.0
    assert of.leaves_at(second, 0.3) is None, "what was granted then may not go now"
    of.set_rate(None, math.inf, 5.0)
    assert of.poll(5.0).granted == [third]
    assert of.usage(5.0).rate_per_s == 45.0
