"""The limiter on a loop: permits come, come back, and survive being cancelled at any moment."""

import asyncio
import contextlib
import logging

import pytest

from otel_discord.discord_api.permits import RateLimits
from otel_discord.discord_api.ratelimit import Answer, Limited, Limiter, LimiterSettings, Scope
from otel_discord.discord_api.routes import Operation, Route
from otel_discord.discord_api.urgency import Urgency, first_priority

pytestmark = pytest.mark.looptime

POST = Route(Operation.EXECUTE, "1")


def now() -> float:
    return asyncio.get_running_loop().time()


def limits(**settings: float) -> RateLimits:
    return RateLimits(Limiter(LimiterSettings(**settings)), dice=lambda: 0.0)  # type: ignore[arg-type]


class Bucket:
    """A fixed window of five in two seconds, as headers."""

    def __init__(self) -> None:
        self.used, self.ends_at = 0, -1.0

    def answer(self) -> Answer:
        at = now()
        if at >= self.ends_at:
            self.used, self.ends_at = 0, at + 2.0
        self.used += 1
        assert self.used <= 5, "sent too early"
        headers = {
            "x-ratelimit-limit": "5",
            "x-ratelimit-remaining": str(5 - self.used),
            "x-ratelimit-reset-after": f"{self.ends_at - at:.3f}",
            "x-ratelimit-reset": f"{self.ends_at + 1.7e9:.3f}",
        }
        return Answer(status=200, headers=headers, sent_at=at, received_at=at)


def refused(scope: Scope, retry_after_s: float) -> Answer:
    return Answer(status=429, limited=Limited(retry_after_s, scope), sent_at=now(), received_at=now())


def at_rest(rate_limits: RateLimits) -> bool:
    snapshot = rate_limits.snapshot()
    return (snapshot.waiting, snapshot.in_flight) == (0, 0) and not rate_limits._waiters


async def send(rate_limits: RateLimits, route: Route, answer: Answer | None = None, takes_s: float = 0.0) -> float:
    async with rate_limits.permit(route) as permit:
        permit.sending()
        await asyncio.sleep(takes_s)
        permit.seen(answer or Answer(status=200, sent_at=now(), received_at=now()))
    return permit.waited_s


async def test_twelve_messages_take_two_windows() -> None:
    rate_limits, bucket, order = limits(channel_messages_per_minute=0), Bucket(), []

    async def one(index: int) -> None:
        async with rate_limits.permit(POST) as permit:
            permit.sending()
            order.append((index, now()))
            permit.seen(bucket.answer())

    async with asyncio.TaskGroup() as tasks:
        for index in range(12):
            tasks.create_task(one(index))
    assert [index for index, _ in order] == list(range(12))
    assert order[-1][1] == pytest.approx(4.0, abs=0.06)
    assert at_rest(rate_limits)
    assert rate_limits._timer is None


async def test_waited_is_told() -> None:
    rate_limits = limits()
    assert await send(rate_limits, POST) == 0.0
    await send(rate_limits, POST, refused(Scope.USER, 3.0))
    assert await send(rate_limits, POST) == pytest.approx(3.0)


async def test_an_answer_is_reported_once() -> None:
    async with limits().permit(POST) as permit:
        permit.seen(Answer(status=200, sent_at=now(), received_at=now()))
        with pytest.raises(RuntimeError):
            permit.seen(Answer(status=200, sent_at=now(), received_at=now()))


async def test_the_next_one_goes_at_seen_not_at_leaving() -> None:
    rate_limits = limits()
    async with rate_limits.permit(POST) as permit:
        waiting = asyncio.ensure_future(send(rate_limits, POST))
        await asyncio.sleep(1)
        permit.seen(Answer(status=200, sent_at=now(), received_at=now()))
        assert await waiting == pytest.approx(1.0)


async def test_leaving_unsent_returns_the_permit_untouched() -> None:
    rate_limits = limits(channel_messages_per_minute=1)
    for _ in range(10):
        async with rate_limits.permit(POST):
            pass
    assert await send(rate_limits, POST) == 0.0
    assert at_rest(rate_limits)


async def test_leaving_sent_but_unanswered_may_have_cost_a_slot() -> None:
    rate_limits = limits(channel_messages_per_minute=2)
    for _ in range(2):
        with contextlib.suppress(OSError):
            async with rate_limits.permit(POST) as permit:
                permit.sending()
                raise OSError
    assert at_rest(rate_limits)
    assert await send(rate_limits, POST) == pytest.approx(60.025)


async def test_cancelled_while_waiting() -> None:
    rate_limits = limits()
    async with rate_limits.permit(POST) as permit:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1), rate_limits.permit(POST):
                raise AssertionError("one in flight")
        assert rate_limits.snapshot().waiting == 0
        permit.seen(Answer(status=200, sent_at=now(), received_at=now()))
    assert at_rest(rate_limits)


async def test_cancelled_in_the_moment_of_being_granted() -> None:
    rate_limits = limits()
    entered = False

    async def want() -> None:
        nonlocal entered
        async with rate_limits.permit(POST):
            entered = True

    async with rate_limits.permit(POST) as permit:
        task = asyncio.ensure_future(want())
        await asyncio.sleep(1)
        permit.seen(Answer(status=200, sent_at=now(), received_at=now()))
        task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not entered
    assert at_rest(rate_limits)
    assert await send(rate_limits, POST) == 0.0


@pytest.mark.parametrize("steps", range(8))
async def test_cancelled_after_each_number_of_steps(steps: int) -> None:
    rate_limits = limits()
    task = asyncio.ensure_future(send(rate_limits, POST, takes_s=0.0))
    for _ in range(steps):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert at_rest(rate_limits)
    assert await send(rate_limits, POST) < 2.1


async def test_cancelled_while_the_request_is_out() -> None:
    rate_limits = limits()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(5):
            await send(rate_limits, POST, takes_s=10)
    assert at_rest(rate_limits)


async def test_a_ban_lets_one_probe_through_and_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    rate_limits = limits()
    with caplog.at_level(logging.WARNING):
        await send(rate_limits, POST, refused(Scope.HOST, 0.0))
        started = now()
        ends: list[float] = []

        async def one(webhook: int) -> None:
            await send(rate_limits, Route(Operation.EXECUTE, str(webhook)), takes_s=1.0)
            ends.append(now() - started)

        async with asyncio.TaskGroup() as tasks:
            for webhook in range(5):
                tasks.create_task(one(webhook))
    assert ends[0] == pytest.approx(61.0)
    assert max(ends) <= 62.2
    assert min(ends[1:]) >= 62.0
    assert [record.levelno for record in caplog.records] == [logging.ERROR, logging.WARNING]


async def test_webhooks_of_one_channel_wait_for_each_other_once_it_is_known() -> None:
    rate_limits = limits(channel_messages_per_minute=2)
    for webhook in ("1", "2"):
        rate_limits.learn_channel(webhook, "c")
        assert await send(rate_limits, Route(Operation.EXECUTE, webhook)) == 0.0
    waiting = asyncio.ensure_future(send(rate_limits, POST))
    await asyncio.sleep(1)
    rate_limits.learn_channel("1", "d")
    assert await waiting == pytest.approx(1.0)


async def test_no_timer_is_left_while_nobody_waits() -> None:
    rate_limits = limits()
    await send(rate_limits, POST, refused(Scope.GLOBAL, 30.0))
    assert rate_limits._timer is None
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1):
            await send(rate_limits, POST)
    assert rate_limits._timer is None


async def test_coming_near_the_ban_for_invalid_requests_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    rate_limits = limits(requests_per_second=10_000)
    with caplog.at_level(logging.WARNING):
        for webhook in range(1005):
            answer = Answer(status=401, sent_at=now(), received_at=now())
            await send(rate_limits, Route(Operation.GET_WEBHOOK, str(webhook)), answer)
    assert [record.getMessage().endswith("slow") for record in caplog.records] == [True]


# --------------------------------------------------------------------------------------------------------- urgency


FOUR = {"channel_messages_per_minute": 4, "requests_per_second": 10_000}


async def used_up(rate_limits: RateLimits, messages: int) -> None:
    for _ in range(messages):
        await send(rate_limits, POST)


async def test_a_waiting_permit_is_granted_at_once_when_it_becomes_urgent() -> None:
    rate_limits, urgency = limits(**FOUR), Urgency()
    await used_up(rate_limits, 3)
    waits_s = []

    async def want() -> None:
        async with rate_limits.permit(POST, urgency=urgency) as permit:
            waits_s.append(permit.waited_s)

    waiting = asyncio.ensure_future(want())
    await asyncio.sleep(5)
    urgency.raise_to(0)
    await asyncio.sleep(5)
    assert not waiting.done()
    urgency.raise_to(1)
    await waiting
    assert waits_s == [pytest.approx(10.0)]
    assert urgency.priority == 1
    urgency.raise_to(9)
    assert at_rest(rate_limits)


async def test_an_urgency_that_was_raised_before_counts_from_the_start() -> None:
    rate_limits, urgency = limits(**FOUR), Urgency(-1)
    await used_up(rate_limits, 3)
    urgency.raise_to(1)
    async with rate_limits.permit(POST, priority=0, urgency=urgency) as permit:
        assert permit.waited_s == 0.0


async def test_raising_while_the_waiter_is_cancelled_leaves_nothing_behind() -> None:
    rate_limits, urgency = limits(**FOUR), Urgency()
    await used_up(rate_limits, 3)

    async def want() -> None:
        async with rate_limits.permit(POST, urgency=urgency):
            raise AssertionError("cancelled before")

    waiting = asyncio.ensure_future(want())
    await asyncio.sleep(1)
    urgency.raise_to(1)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    urgency.raise_to(2)
    assert at_rest(rate_limits)
    assert rate_limits.ready_at(POST, priority=1) <= now()


@pytest.mark.parametrize(
    ("priority", "began_with", "first"),
    [(None, None, 0), (None, -1, -1), (-2, None, -2), (0, 1, 1), (1, -1, 1), (-1, -1, -1), (0, -1, 0)],
)
async def test_what_a_request_begins_to_wait_with(priority: int | None, began_with: int | None, first: int) -> None:
    assert first_priority(priority, None if began_with is None else Urgency(began_with)) == first


async def test_when_a_permit_would_come_is_told_and_kept() -> None:
    rate_limits = limits(**FOUR)
    await used_up(rate_limits, 3)
    assert rate_limits.ready_at(POST, priority=1) <= now()
    told_at = rate_limits.ready_at(POST)
    async with rate_limits.permit(POST):
        assert now() == pytest.approx(told_at)
