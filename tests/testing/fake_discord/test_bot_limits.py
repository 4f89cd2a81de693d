"""The limits of bots: buckets with headers, hidden ones without, a global one by token; and what is told of them."""

from dataclasses import replace
from typing import Any

import pytest

from otel_discord.testing.fake_discord import (
    PROFILES,
    FakeBot,
    FakeDiscord,
    FakeGuild,
    FakeRequest,
    FakeResponse,
    without_creation_limits,
)


@pytest.fixture
def fake(clock: Any) -> FakeDiscord:
    return FakeDiscord(replace(PROFILES["default"], create_webhook=None), now=clock)


def limit_headers(answer: FakeResponse) -> list[str]:
    return sorted(name for name in answer.headers if name.startswith("X-RateLimit"))


def told(answer: FakeResponse) -> tuple[int, Any, Any]:
    return answer.status, answer.header("X-RateLimit-Scope"), (answer.json or {}).get("retry_after")


def test_a_bot_posts_five_in_five_seconds_and_each_channel_counts_apart(
    fake: FakeDiscord, guild: FakeGuild, ask: Any
) -> None:
    one, other = (fake.add_channel("c", guild_id=guild.id).id for _ in range(2))
    remaining = [ask.say(one).header("X-RateLimit-Remaining") for _ in range(5)]
    assert remaining == ["4", "3", "2", "1", "0"]
    assert told(ask.say(one)) == (429, "user", 1.0)
    assert ask.say(other).status == 200


def test_posts_of_a_bot_and_of_webhooks_share_the_channels_hidden_limit(
    fake: FakeDiscord, guild: FakeGuild, ask: Any, clock: Any
) -> None:
    channel = fake.add_channel("c", guild_id=guild.id)
    for _ in range(30):
        clock.now_s += 1
        assert ask.say(channel.id).status == 200
    limited = ask.say(channel.id)
    assert told(limited) == (429, "shared", 31.0)
    assert int(limited.header("X-RateLimit-Remaining") or 0) > 0


def test_limit_channel_edit(fake: FakeDiscord, guild: FakeGuild, ask: Any, clock: Any) -> None:
    path = f"/channels/{fake.add_channel('c', guild_id=guild.id).id}"
    assert [ask("PATCH", path, {"position": n}).header("X-RateLimit-Remaining") for n in range(5)] == list("43210")
    assert told(ask("PATCH", path, {"position": 1})) == (429, "user", 15.0)
    clock.now_s += 15
    assert [ask("PATCH", path, {"name": f"n{n}"}).status for n in range(2)] == [200, 200]
    limited = ask("PATCH", path, {"name": "n3", "position": 2})
    assert told(limited) == (429, "user", 600.0)
    assert limited.header("X-RateLimit-Remaining") == "2", "the bucket itself has room: the key is limited"
    fake.violations.clear()
    clock.now_s += 1
    assert ask("PATCH", path, {"topic": "t"}).status == 200
    assert fake.violations == [], "who leaves the name alone need not wait for it"
    assert ask("PATCH", path, {"name": "n4"}).status == 429
    assert [each.rule for each in fake.violations] == ["retry_after_ignored"]


def test_limit_threads_by_guild(fake: FakeDiscord, guild: FakeGuild, ask: Any) -> None:
    parents = [fake.add_channel("c", guild_id=guild.id).id for _ in range(11)]
    made = [ask("POST", f"/channels/{parent}/threads", {"name": "t", "type": 11}) for parent in parents]
    assert [each.status for each in made] == [201] * 10 + [429]


def test_limit_create_channel(clock: Any) -> None:
    fake = FakeDiscord(now=clock)
    bot = fake.add_bot("made-up")
    guild, other = fake.add_guild(bot=bot), fake.add_guild(bot=bot)
    ask = _asker(fake, bot)
    path = f"/guilds/{guild.id}/channels"
    answers = []
    for _ in range(51):
        clock.now_s += 0.1
        answers.append(ask("POST", path, {"name": "n"}))
    assert [each.status for each in answers] == [201] * 50 + [429]
    assert all(limit_headers(each) == [] for each in answers[:50])
    assert told(answers[-1])[:2] == (429, "user")
    assert 590 < answers[-1].json["retry_after"] <= 600
    assert limit_headers(answers[-1]) == ["X-RateLimit-Scope"]
    assert ask("POST", f"/guilds/{other.id}/channels", {"name": "n"}).status == 201
    assert len(guild.channels) == 50


def test_limit_create_webhook(clock: Any) -> None:
    fake = FakeDiscord(now=clock)
    bot = fake.add_bot("made-up")
    guild = fake.add_guild(bot=bot)
    ask = _asker(fake, bot)
    paths = [f"/channels/{fake.add_channel('c', guild_id=guild.id).id}/webhooks" for _ in range(11)]
    assert [ask("POST", path, {"name": "n"}).status for path in paths] == [200] * 10 + [429]
    clock.now_s += 600
    assert ask("POST", paths[-1], {"name": "n"}).status == 200


def test_the_limits_of_creation_can_be_switched_off(clock: Any) -> None:
    fake = FakeDiscord(without_creation_limits(PROFILES["default"]), now=clock)
    bot = fake.add_bot("made-up")
    guild = fake.add_guild(bot=bot)
    ask = _asker(fake, bot)
    for _ in range(60):
        clock.now_s += 0.1
        channel = ask("POST", f"/guilds/{guild.id}/channels", {"name": "n"}).json
        assert ask("POST", f"/channels/{channel['id']}/webhooks", {"name": "n"}).status == 200


def test_the_global_limit_is_each_tokens_own_and_not_the_addresses(
    fake: FakeDiscord, guild: FakeGuild, bot: FakeBot, ask: Any
) -> None:
    channels = [fake.add_channel("c", guild_id=guild.id).id for _ in range(51)]
    answers = [ask("GET", f"/channels/{channel}") for channel in channels]
    assert [each.status for each in answers] == [200] * 50 + [429]
    assert told(answers[-1])[1:] == ("global", 1.0)
    assert answers[-1].header("X-RateLimit-Global") == "true"
    second = fake.add_bot("another")
    guild.permissions[second.id] = guild.permissions[bot.id]
    assert _asker(fake, second)("GET", f"/channels/{channels[0]}").status == 200
    assert fake.count(429) == 1


def test_a_429_repeated_too_early_is_noted_for_its_channel_alone(
    fake: FakeDiscord, guild: FakeGuild, ask: Any, clock: Any
) -> None:
    one, other = (fake.add_channel("c", guild_id=guild.id).id for _ in range(2))
    for _ in range(6):
        ask.say(one)
    clock.now_s += 0.5
    ask.say(other)
    assert fake.violations == []
    ask.say(one)
    assert [each.rule for each in fake.violations] == ["retry_after_ignored"]


def test_refusals_of_bots_count_to_the_ban(clock: Any) -> None:
    fake = FakeDiscord("tiny", now=clock)
    ask = _asker(fake, FakeBot("1", "wrong"))
    answers = []
    for _ in range(21):
        clock.now_s += 0.2
        answers.append(ask("GET", "/users/@me"))
    assert {each.status for each in answers[:20]} == {401}
    assert answers[20].status == 429
    assert "blocked" in answers[20].json["message"]


def test_without_headers_nothing_tells_of_a_bucket(clock: Any) -> None:
    fake = FakeDiscord("noheaders", now=clock)
    assert limit_headers(_asker(fake, fake.add_bot())("GET", "/users/@me")) == []


def _asker(fake: FakeDiscord, bot: FakeBot) -> Any:
    def ask(method: str, path: str, body: Any = None) -> FakeResponse:
        headers = {"Authorization": f"Bot {bot.token}", "X-Audit-Log-Reason": "a%20run"}
        return fake.handle(FakeRequest.of(method, f"{fake.endpoint}{path}", json_body=body, headers=headers))

    return ask
