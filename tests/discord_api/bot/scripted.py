"""A Discord that answers as a test says, on the loop's clock, and remembers what it was asked."""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from otel_discord.config import Secret
from otel_discord.discord_api.bot.client import BotClient
from otel_discord.discord_api.http import HttpRequest, HttpResponse, TransportError

TOKEN = "MTA4NjM0NTY3ODkwMTIzNDU2.GmadeUp.not-a-real-token-of-anything-0"
ENDPOINT = "http://127.0.0.1:1/api/v10"
USER_AGENT = "DiscordBot (https://example.com, 1)"

Reply = HttpResponse | TransportError


def answer(status: int, body: Any = None, headers: Mapping[str, str] | None = None, **more: Any) -> HttpResponse:
    raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    kind = {} if not raw else {"content-type": "application/json"}
    return HttpResponse(status=status, headers={**kind, **(headers or {})}, body=raw, **more)


def refusal(status: int, code: int, message: str = "no", errors: Any = None) -> HttpResponse:
    return answer(status, {"code": code, "message": message} | ({"errors": errors} if errors else {}))


def too_many(
    retry_after_s: float, scope: str = "user", *, remaining: int | None = None, limit: int = 5, told: bool = True
) -> HttpResponse:
    headers = {"x-ratelimit-scope": scope, "retry-after": str(int(retry_after_s) + 1)}
    if scope == "global":
        headers["x-ratelimit-global"] = "true"
    if remaining is not None:
        headers |= bucket(limit, remaining, retry_after_s)
    body = {"message": "You are being rate limited.", "global": scope == "global"}
    return answer(429, body | ({"retry_after": retry_after_s} if told else {}), headers)


def bucket(limit: int, remaining: int, reset_after_s: float) -> dict[str, str]:
    return {
        "x-ratelimit-limit": str(limit),
        "x-ratelimit-remaining": str(remaining),
        "x-ratelimit-reset-after": f"{reset_after_s:.3f}",
        "x-ratelimit-bucket": "ab" * 16,
    }


@dataclass
class Scripted:
    """A transport. ``replies`` are given in order, then ``reply`` decides."""

    replies: list[Reply] = field(default_factory=list)
    reply: Callable[[HttpRequest], Reply] = lambda request: answer(200, [])
    takes_s: float = 0.0
    requests: list[HttpRequest] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    ended: int = 0
    most_at_once: int = 0

    async def send(self, request: HttpRequest) -> HttpResponse:
        self.requests.append(request)
        self.times.append(asyncio.get_running_loop().time())
        self.most_at_once = max(self.most_at_once, len(self.requests) - self.ended)
        try:
            if self.takes_s:
                await asyncio.sleep(self.takes_s)
        finally:
            self.ended += 1
        reply = self.replies.pop(0) if self.replies else self.reply(request)
        if isinstance(reply, TransportError):
            raise reply
        return reply


def bot_of(transport: Scripted, **more: Any) -> BotClient:
    more = {"dice": lambda: 0.0} | more
    return BotClient(transport, Secret(TOKEN), endpoint=ENDPOINT, user_agent=USER_AGENT, **more)
