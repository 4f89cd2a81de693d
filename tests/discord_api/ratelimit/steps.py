"""One step of a limiter at a time, for tests of its layers."""

from otel_discord.discord_api.ratelimit import (
    Answer,
    Limited,
    Limiter,
    Scope,
    Ticket,
)
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


def one(limiter: Limiter, route: Route, now: float, priority: int = 0) -> Ticket:
    wanted = limiter.request(route, priority, now)
    assert limiter.poll(now).granted == [wanted]
    return wanted


def waits_until(limiter: Limiter, route: Route, now: float, priority: int = 0) -> float:
    """Ask, follow the limiter's own wake times until it is granted, complete it, and return that time."""
    wanted = limiter.request(route, priority, now)
    for _ in range(50):
        granted, wake_at = limiter.poll(now)
        if granted:
            assert granted == [wanted]
            limiter.complete(wanted, Answer(status=200, sent_at=now, received_at=now), now, 0.0)
            return now
        assert wake_at is not None
        now = wake_at
    raise AssertionError("never granted")
