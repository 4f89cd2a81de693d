"""The whole room against FakeDiscord: real requests that it has nothing to say against, and its answers understood."""

import asyncio
from pathlib import Path

import pytest

from otel_discord.discord_api.client import WebhookClient, WebhookInfo
from otel_discord.discord_api.html_view import render_messages
from otel_discord.discord_api.http import Transport
from otel_discord.discord_api.models import Embed, EmbedField, FilePart, Message
from otel_discord.discord_api.outcome_types import Delivered, Gone, RateLimited, Reason, Refused, Scope, Unavailable
from otel_discord.discord_api.permits import RateLimits
from otel_discord.discord_api.ratelimit import Limiter
from otel_discord.discord_api.routes import Operation
from otel_discord.discord_api.transport import AiohttpTransport
from otel_discord.discord_api.validation import problems
from otel_discord.discord_api.webhook_url import WebhookUrl, parse_webhook_url
from otel_discord.testing.fake_discord import (
    ODD_ANSWERS,
    RATE_LIMITED,
    SERVER_ERRORS,
    FakeDiscord,
    Fault,
    assert_nobody_pinged,
    posts,
    serve_fake_discord,
)

MESSAGE = Message(
    content="ping @everyone <@1>",
    username="Ops",
    embeds=(Embed(title="🔴 t", color=1, fields=(EmbedField("n", "v", inline=True),)),),
)


def client_of(transport: Transport, endpoint: str) -> WebhookClient:
    return WebhookClient(
        transport, RateLimits(Limiter()), endpoint=endpoint, user_agent="DiscordBot (https://example.com, 1)"
    )


def webhook_of(fake: FakeDiscord) -> WebhookUrl:
    return parse_webhook_url(fake.add_webhook(name="Ops").url, endpoint=fake.endpoint, allow_insecure=True)


async def test_a_message_lives_its_whole_life_over_http(tmp_path: Path) -> None:
    trace = tmp_path / "trace.txt"
    trace.write_bytes(b"line\n" * 50_000)
    message = Message(
        **{name: getattr(MESSAGE, name) for name in ("content", "username", "embeds")},
        files=(
            FilePart("trace.txt", lambda: trace.open("rb"), trace.stat().st_size, "text/plain", "the trace"),
            FilePart("small.txt", lambda: b"small", 5, "text/plain; charset=utf-8"),
        ),
    )
    assert problems(message) == []
    fake = FakeDiscord()
    async with serve_fake_discord(fake) as server, AiohttpTransport() as transport:
        client, webhook = client_of(transport, server.endpoint), webhook_of(fake)
        async with client.turn(webhook, Operation.GET_WEBHOOK) as turn:
            info = await turn.get_webhook()
        assert isinstance(info, WebhookInfo)
        assert (info.id, info.name) == (webhook.id, "Ops")
        async with client.turn(webhook, Operation.EXECUTE) as turn:
            posted = await turn.execute(message)
        assert isinstance(posted, Delivered), posted
        assert posted.channel_id == info.channel_id
        (stored,) = fake.messages
        assert [file.data for file in stored.files] == [trace.read_bytes(), b"small"]
        assert stored.files[0].description == "the trace"
        async with client.turn(webhook, Operation.EDIT) as turn:
            edited = await turn.edit(posted.message_id, Message(embeds=(Embed(title="🟢 resolved"),)))
        assert isinstance(edited, Delivered), edited
        assert (fake.messages[0].content, fake.messages[0].embeds[0]["title"]) == ("", "🟢 resolved")
        assert len(fake.messages[0].files) == 2, "an edit without files keeps those that are there"
        async with client.turn(webhook, Operation.GET_MESSAGE) as turn:
            got = await turn.get_message(posted.message_id)
        assert isinstance(got, Delivered)
        html = render_messages([got.body])
        assert "🟢 resolved" in html
        assert "trace.txt" in html
        assert "(edited)" in html
        async with client.turn(webhook, Operation.DELETE_MESSAGE) as turn:
            assert isinstance(await turn.delete(posted.message_id), Delivered)
        assert fake.messages == []
        assert_nobody_pinged(fake)
        fake.assert_clean()
        async with client.turn(webhook, Operation.DELETE_MESSAGE) as turn:
            assert isinstance(await turn.delete(posted.message_id), Delivered), "what is gone is deleted"


@pytest.mark.looptime
async def test_a_thread_in_the_address_is_where_messages_go() -> None:
    fake = FakeDiscord()
    channel = fake.add_channel()
    hook, thread = fake.add_webhook(channel), fake.add_thread(channel)
    webhook = parse_webhook_url(f"{hook.url}?thread_id={thread.id}")
    client = client_of(fake.transport(), fake.endpoint)
    async with client.turn(webhook, Operation.EXECUTE) as turn:
        assert isinstance(await turn.execute(MESSAGE), Delivered)
    assert fake.messages[0].channel_id == thread.id
    fake.assert_clean()


@pytest.mark.looptime
async def test_what_discord_refuses_is_named_by_path() -> None:
    fake = FakeDiscord()
    client, webhook = client_of(fake.transport(), fake.endpoint), webhook_of(fake)
    bad = Message(
        username="my discord", embeds=(Embed(title="x" * 257), Embed(title="y", fields=(EmbedField(" ", "v"),)))
    )
    async with client.turn(webhook, Operation.EXECUTE) as turn:
        outcome = await turn.execute(bad)
    assert isinstance(outcome, Refused)
    assert outcome.reason is Reason.INVALID_FORM
    assert {error.path for error in outcome.errors} >= {
        ("username",),
        ("embeds", 0, "title"),
        ("embeds", 1, "fields", 0, "name"),
    }
    assert {problem.path for problem in problems(bad)} >= {"username", "embeds[0].title", "embeds[1].fields[0].name"}


@pytest.mark.looptime
@pytest.mark.parametrize(
    ("change", "reason"), [("delete_webhook", Reason.NOT_FOUND), ("rotate_token", Reason.UNAUTHORIZED)]
)
async def test_a_webhook_that_is_no_more(change: str, reason: Reason) -> None:
    fake = FakeDiscord()
    client, webhook = client_of(fake.transport(), fake.endpoint), webhook_of(fake)
    getattr(fake, change)(fake.webhooks[0])
    async with client.turn(webhook, Operation.EXECUTE) as turn:
        outcome = await turn.execute(MESSAGE)
    assert isinstance(outcome, Gone)
    assert outcome.reason is reason


@pytest.mark.looptime
@pytest.mark.parametrize("name", sorted(RATE_LIMITED))
async def test_every_429_is_waited_out(name: str) -> None:
    fake = FakeDiscord()
    fake.faults.add(Fault(RATE_LIMITED[name], posts))
    client, webhook = client_of(fake.transport(), fake.endpoint), webhook_of(fake)
    async with client.turn(webhook, Operation.EXECUTE) as turn:
        limited = await turn.execute(MESSAGE)
    assert isinstance(limited, RateLimited)
    if name in {"html", "html_with_retry_after", "cloudflare_1015", "banned", "no_retry_after"}:
        assert limited.scope is Scope.HOST
    began = asyncio.get_running_loop().time()
    async with client.turn(webhook, Operation.EXECUTE) as turn:
        assert asyncio.get_running_loop().time() - began >= limited.retry_after_s - 0.001
        assert isinstance(await turn.execute(MESSAGE), Delivered)
    assert len(fake.messages) == 1
    fake.assert_clean()


@pytest.mark.looptime
@pytest.mark.parametrize("name", [*sorted(SERVER_ERRORS), "html_200", "redirect", "overloaded_130000"])
async def test_every_failure_of_a_server_may_pass(name: str) -> None:
    fake = FakeDiscord()
    fake.faults.add(Fault((SERVER_ERRORS | ODD_ANSWERS)[name], posts))
    client, webhook = client_of(fake.transport(), fake.endpoint), webhook_of(fake)
    async with client.turn(webhook, Operation.EXECUTE) as turn:
        outcome = await turn.execute(MESSAGE)
    assert isinstance(outcome, Unavailable), outcome
    assert outcome.ambiguous == (outcome.status >= 500)
    async with client.turn(webhook, Operation.EXECUTE) as turn:
        assert isinstance(await turn.execute(MESSAGE), Delivered)
