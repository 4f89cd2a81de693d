"""A request through the real transport, and what came of it."""

from typing import Any

import pytest

from otel_discord.discord_api.http import HttpRequest, HttpResponse, TransportError
from otel_discord.discord_api.transport import AiohttpTransport

MESSAGE = {"content": "grüße", "allowed_mentions": {"parse": []}}


def transport(**settings: Any) -> AiohttpTransport:
    quick = {"connect_timeout_s": 0.5, "total_timeout_s": 0.5, "answer_timeout_s": 0.3}
    return AiohttpTransport(**(quick | settings))


def post(url: str, **parts: Any) -> HttpRequest:
    return HttpRequest(method="POST", url=url, json=MESSAGE, headers={"User-Agent": "DiscordBot (x, 1)"}, **parts)


async def send(request: HttpRequest, **settings: Any) -> HttpResponse:
    async with transport(**settings) as door:
        return await door.send(request)


async def fail(request: HttpRequest, **settings: Any) -> TransportError:
    async with transport(**settings) as door:
        with pytest.raises(TransportError) as caught:
            await door.send(request)
    assert "SECRET" not in str(caught.value)
    assert "webhooks" not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__cause__ is None
    return caught.value
