"""A ban that an earlier process has met: at most an hour, then one request asks; what is known here comes first."""

import asyncio

import pytest

from otel_discord.discord_api.outcome_types import Scope
from otel_discord.discord_api.permits import RateLimits
from otel_discord.discord_api.ratelimit import Answer, Limiter
from otel_discord.discord_api.ratelimit.answer import Limited
from otel_discord.discord_api.routes import Operation, Route

ROUTES = [Route(Operation.EXECUTE, webhook_id) for webhook_id in ("1", "2")]


def granted_at(limiter: Limiter, now: float) -> int:
    return len(limiter.poll(now).granted)


@pytest.mark.parametrize(("left_s", "from_s"), [(100.0, 100.0), (1e9, 3600.0), (0.0, 0.0), (-50.0, 0.0)])
def test_nothing_goes_until_it_is_over_and_then_one(left_s: float, from_s: float) -> None:
    limiter = Limiter()
    limiter.restore_ban(left_s, 0.0)
    for route in ROUTES:
        limiter.request(route, 0, 0.0)
    assert limiter.ban_left_s(0.0) == from_s
    if from_s:
        assert granted_at(limiter, from_s - 0.1) == 0
    assert granted_at(limiter, from_s) == 1
    assert limiter.ban_left_s(from_s) == 0.0


def test_a_ban_of_this_process_is_not_shortened() -> None:
    limiter = Limiter()
    ticket = limiter.request(ROUTES[0], 0, 0.0)
    limiter.poll(0.0)
    banned = Answer(status=429, headers={}, limited=Limited(600.0, Scope.HOST), sent_at=0.0, received_at=0.0)
    limiter.complete(ticket, banned, 0.0, 0.0)
    left_s = limiter.ban_left_s(0.0)
    limiter.restore_ban(1.0, 0.0)
    assert limiter.ban_left_s(0.0) == left_s
    assert left_s is not None
    assert left_s >= 600.0


def test_without_a_ban_nothing_is_left() -> None:
    assert Limiter().ban_left_s(0.0) is None


@pytest.mark.looptime
async def test_who_watches_hears_of_its_beginning_and_its_end() -> None:
    limits = RateLimits(Limiter(), dice=lambda: 0.0)
    heard: list[float | None] = []

    async def ask(*, limited: Limited | None) -> None:
        async with limits.permit(ROUTES[0]) as permit:
            permit.sending()
            now = asyncio.get_running_loop().time()
            status = 429 if limited else 200
            permit.seen(Answer(status=status, headers={}, limited=limited, sent_at=now, received_at=now))

    with limits.ban_watched(lambda: heard.append(limits.ban_left_s())):
        await ask(limited=None)
        assert heard == []
        await ask(limited=Limited(60.0, Scope.HOST))
        await ask(limited=None)
    assert heard[0] is not None
    assert heard[0] >= 60.0
    assert heard[1:] == [None]
