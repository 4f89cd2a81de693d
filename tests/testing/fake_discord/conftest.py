"""A FakeDiscord driven by explicit time, and short ways to post to it."""

from collections.abc import Callable
from typing import Any

import pytest

from otel_discord.testing.fake_discord import FakeDiscord, FakeRequest, FakeResponse, FakeWebhook

NOBODY = {"parse": []}
Post = Callable[..., FakeResponse]


class Clock:
    """Seconds that pass when told."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def fake(clock: Clock) -> FakeDiscord:
    return FakeDiscord("unlimited", now=clock)


@pytest.fixture
def hook(fake: FakeDiscord) -> FakeWebhook:
    return fake.add_webhook()


@pytest.fixture
def post(fake: FakeDiscord, hook: FakeWebhook) -> Post:
    def post(body: dict[str, Any], *, query: str = "wait=true", **more: Any) -> FakeResponse:
        whole = {"allowed_mentions": NOBODY} | body
        return fake.handle(FakeRequest.of("POST", f"{hook.url}?{query}", json_body=whole, **more))

    return post
