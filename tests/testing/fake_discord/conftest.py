"""A FakeDiscord driven by explicit time, and short ways to post to it: as a webhook, as a bot."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest

from otel_discord.testing.fake_discord import FakeBot, FakeDiscord, FakeGuild, FakeRequest, FakeResponse, FakeWebhook

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


class Bot:
    """A bot's way to a fake: requests with its token, and a reason where one is due."""

    def __init__(self, fake: FakeDiscord, token: str) -> None:
        self.fake = fake
        self.token = token

    def __call__(
        self, method: str, path: str, body: Any = None, *, reason: str | None = "a run", **headers: str
    ) -> FakeResponse:
        own = {"Authorization": f"Bot {self.token}"}
        if reason is not None and method != "GET":
            own["X-Audit-Log-Reason"] = quote(reason)
        url = f"{self.fake.endpoint}{path}"
        return self.fake.handle(FakeRequest.of(method, url, json_body=body, headers=own | headers))

    def say(self, channel_id: str, content: str = "x", **body: Any) -> FakeResponse:
        whole = {"content": content, "allowed_mentions": NOBODY} | body
        return self("POST", f"/channels/{channel_id}/messages", whole)


@pytest.fixture
def bot(fake: FakeDiscord) -> FakeBot:
    return fake.add_bot("made-up")


@pytest.fixture
def guild(fake: FakeDiscord, bot: FakeBot) -> FakeGuild:
    return fake.add_guild(bot=bot)


@pytest.fixture
def ask(fake: FakeDiscord, bot: FakeBot) -> Bot:
    return Bot(fake, bot.token)
