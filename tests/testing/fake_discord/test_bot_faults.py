"""Faults by the name of an operation: before and after it is carried out, for a bot's client in process."""

import json
from typing import Any

import pytest

from otel_discord.discord_api.http import HttpRequest, HttpResponse, TransportError
from otel_discord.testing.fake_discord import (
    Answer,
    Break,
    Change,
    Cut,
    FakeBot,
    FakeDiscord,
    FakeGuild,
    Fault,
    Stall,
    operation_is,
)

AGENT = "DiscordBot (https://example.invalid, 1.0)"


@pytest.fixture
def fake() -> FakeDiscord:
    return FakeDiscord("unlimited")


class Client:
    """Sends what a bot's client sends, over the transport."""

    def __init__(self, fake: FakeDiscord, bot: FakeBot) -> None:
        self.fake = fake
        self.headers = {"User-Agent": AGENT, "Authorization": f"Bot {bot.token}", "X-Audit-Log-Reason": "a%20run"}

    async def __call__(self, method: str, path: str, body: Any = None) -> HttpResponse:
        url = f"{self.fake.endpoint}{path}"
        request = HttpRequest(method=method, url=url, headers=self.headers, json=body)
        return await self.fake.transport(timeout_s=5.0).send(request)


@pytest.fixture
def client(fake: FakeDiscord, bot: FakeBot) -> Client:
    return Client(fake, bot)


@pytest.mark.looptime
@pytest.mark.parametrize("commit", [False, True])
@pytest.mark.parametrize("kind", ["break", "stall"])
async def test_a_creation_that_the_client_is_not_told_of(
    fake: FakeDiscord, guild: FakeGuild, client: Client, kind: str, commit: bool
) -> None:
    action = Stall(commit=commit) if kind == "stall" else Break(Cut.BEFORE_HEADERS, commit=commit)
    fake.faults.add(Fault(action, match=operation_is("create_guild_channel")))
    with pytest.raises(TransportError) as raised:
        await client("POST", f"/guilds/{guild.id}/channels", {"name": "n"})
    assert raised.value.sent
    listed = await client("GET", f"/guilds/{guild.id}/channels")
    assert [each["name"] for each in json.loads(listed.body)] == (["n"] if commit else [])
    assert len(fake.audit) == commit
    assert (await client("POST", f"/guilds/{guild.id}/channels", {"name": "m"})).status == 201
    fake.assert_clean()


@pytest.mark.looptime
@pytest.mark.parametrize("commit", [False, True])
@pytest.mark.parametrize("operation", ["create_webhook", "create_message", "update_channel", "delete_channel"])
async def test_each_step_can_fail_before_and_after(
    fake: FakeDiscord, guild: FakeGuild, client: Client, operation: str, commit: bool
) -> None:
    channel = fake.add_channel("c", guild_id=guild.id)
    category = fake.add_channel("d", type=4, guild_id=guild.id)
    asks = {
        "create_webhook": ("POST", f"/channels/{channel.id}/webhooks", {"name": "n"}),
        "create_message": ("POST", f"/channels/{channel.id}/messages", {"content": "x", "allowed_mentions": {}}),
        "update_channel": ("PATCH", f"/channels/{channel.id}", {"parent_id": category.id}),
        "delete_channel": ("DELETE", f"/channels/{channel.id}", None),
    }
    fake.faults.add(Fault(Answer(502, "<html>", commit=commit), match=operation_is(operation)))
    assert (await client(*asks[operation])).status == 502
    done = {
        "create_webhook": len(guild.webhooks) == 1,
        "create_message": len(fake.messages) == 1,
        "update_channel": channel.parent_id == category.id,
        "delete_channel": channel not in guild.channels,
    }
    assert done == {name: commit and name == operation for name in done}


@pytest.mark.looptime
async def test_others_change_the_guild_just_before_a_request(
    fake: FakeDiscord, guild: FakeGuild, bot: FakeBot, client: Client
) -> None:
    category = fake.add_channel("runs", type=4, guild_id=guild.id)
    creates = operation_is("create_guild_channel")
    fake.faults.add(
        Fault(Change(lambda _: guild.fill(50, parent_id=category.id)), match=creates, first=1),
        Fault(Change(lambda _: guild.permissions.update({bot.id: 0})), match=creates, first=2),
    )
    body = {"name": "n", "parent_id": category.id}
    answers = [await client("POST", f"/guilds/{guild.id}/channels", body) for _ in range(2)]
    assert [(each.status, json.loads(each.body)["code"]) for each in answers] == [(400, 50035), (403, 50013)]


@pytest.mark.looptime
async def test_a_guild_with_every_channel_is_listed_whole_to_who_reads_that_much(
    fake: FakeDiscord, guild: FakeGuild, client: Client
) -> None:
    guild.fill(500)
    url = f"{fake.endpoint}/guilds/{guild.id}/channels"
    for max_bytes, complete in ((64 * 1024, False), (8 * 1024 * 1024, True)):
        request = HttpRequest(method="GET", url=url, headers=client.headers, answer_max_bytes=max_bytes)
        answer = await fake.transport().send(request)
        assert answer.body_complete is complete
    assert len(json.loads(answer.body)) == 500
