"""The bot against FakeDiscord: real requests that it has nothing to say against, and no 429 that could be foreseen."""

import asyncio
from collections.abc import Awaitable
from itertools import pairwise
from typing import Any

import pytest

from otel_discord.config import Secret
from otel_discord.discord_api.bot.answers import Bound, Denied, Done, Failed, Full, Invalid, Limited, NotThere
from otel_discord.discord_api.bot.bot_api import CATEGORY, FORUM, PUBLIC_THREAD, NewChannel, Overwrite
from otel_discord.discord_api.bot.client import BotClient
from otel_discord.discord_api.bot.permissions import (
    CHANNELS_AND_WEBHOOKS,
    WITH_MESSAGES,
    WITH_OVERWRITES,
    WITH_SILENCE,
    WITH_THREADS,
    Permission,
)
from otel_discord.discord_api.http import Transport
from otel_discord.discord_api.transport import AiohttpTransport
from otel_discord.testing.fake_discord import (
    ODD_ANSWERS,
    RATE_LIMITED,
    SERVER_ERRORS,
    Answer,
    Break,
    Cut,
    FakeDiscord,
    Fault,
    committed,
    serve_fake_discord,
)
from otel_discord.testing.fake_discord.latency import Latency
from otel_discord.testing.fake_discord.profiles import PROFILES, without_creation_limits

TOKEN = "MTA4NjM0NTY3ODkwMTIzNDU2.GmadeUp.not-a-real-token-of-anything-0"
R = "the run begins"


def client_of(transport: Transport, endpoint: str, token: str = TOKEN, **more: Any) -> BotClient:
    more = {"user_agent": "DiscordBot (https://example.com, 1)"} | more
    return BotClient(transport, Secret(token), endpoint=endpoint, **more)


async def value(call: Awaitable[Any]) -> Any:
    answer = await call
    assert isinstance(answer, Done), answer
    return answer.value


async def test_a_run_lives_its_whole_life_over_http() -> None:
    fake = FakeDiscord()
    guild = fake.add_guild("Acme", bot=fake.add_bot(TOKEN, name="Runner"), permissions=WITH_THREADS)
    async with serve_fake_discord(fake) as server, AiohttpTransport() as transport:
        bot = client_of(transport, server.endpoint)
        me = await value(bot.me())
        assert me.name == "Runner"
        (known,) = await value(bot.guilds())
        assert known == await value(bot.guild(guild.id))
        assert (known.name, known.permissions & WITH_THREADS) == ("Acme", WITH_THREADS)
        live = await value(bot.create_channel(guild.id, NewChannel(name="Agent Runs", type=CATEGORY), reason=R))
        new = NewChannel(name="Run 7!", parent_id=live.id, topic="run mark")
        channel = await value(bot.create_channel(guild.id, new, reason=R))
        assert (channel.parent_id, channel.topic, channel.guild_id) == (live.id, "run mark", guild.id)
        assert await value(bot.channel(channel.id)) == channel
        assert [one.id for one in await value(bot.channels(guild.id))] == [live.id, channel.id]
        hook = await value(bot.create_webhook(channel.id, "Agent Run 7", reason=R))
        (again,) = await value(bot.webhooks(channel.id))
        assert (again.id, again.token) == (hook.id, hook.token)
        assert [one.id for one in await value(bot.guild_webhooks(guild.id))] == [hook.id]
        posted = await value(bot.post(channel.id, {"embeds": [{"title": "@everyone"}]}, nonce="n1"))
        assert (await value(bot.post(channel.id, {"embeds": [{"title": "@everyone"}]}, nonce="n1"))).id == posted.id
        edited = await value(bot.edit_message(channel.id, posted.id, {"embeds": [{"title": "done"}]}))
        assert edited.json["embeds"][0]["title"] == "done"
        assert [one.id for one in await value(bot.messages(channel.id))] == [posted.id]
        await value(bot.delete_webhook(hook.id, reason=R))
        assert isinstance(await bot.delete_webhook(hook.id, reason=R), NotThere)
        archive = await value(bot.create_channel(guild.id, NewChannel(name="Archive", type=CATEGORY), reason=R))
        deny = Overwrite(id=guild.id, deny=int(Permission.SEND_MESSAGES))
        moved = await value(bot.edit_channel(channel.id, reason=R, parent_id=archive.id, overwrites=[deny]))
        assert (moved.parent_id, moved.overwrites) == (archive.id, (deny,))
        await value(bot.delete_channel(channel.id, reason=R))
        gone = await bot.delete_channel(channel.id, reason=R)
        assert isinstance(gone, NotThere)
        assert gone.code == 10003
    assert all(entry.reason == R for entry in fake.audit)
    assert fake.violations == []


async def test_threads_and_posts_of_forums() -> None:
    fake = FakeDiscord()
    guild = fake.add_guild(bot=fake.add_bot(TOKEN), permissions=WITH_THREADS)
    bot = client_of(fake.transport(), fake.endpoint)
    text = await value(bot.create_channel(guild.id, NewChannel(name="runs"), reason=R))
    thread = await value(bot.start_thread(text.id, "run 1", reason=R))
    assert (thread.type, thread.parent_id, thread.name) == (PUBLIC_THREAD, text.id, "run 1")
    me = await value(bot.me())
    assert thread.owner_id == me.id
    assert [one.id for one in await value(bot.active_threads(guild.id))] == [thread.id]
    closed = await value(bot.edit_channel(thread.id, reason=R, archived=True, locked=True))
    assert (closed.is_archived, closed.is_locked) == (True, True)
    assert await value(bot.active_threads(guild.id)) == ()
    assert [one.id for one in await value(bot.archived_threads(text.id))] == [thread.id]
    await value(bot.delete_channel(thread.id, reason=R))
    forum = await value(bot.create_channel(guild.id, NewChannel(name="posts", type=FORUM), reason=R))
    post = await value(bot.start_thread(forum.id, "run 2", reason=R, forum_message={"content": "header"}))
    assert post.parent_id == forum.id
    fake.assert_clean()


async def test_refusals_are_told_apart() -> None:
    fake = FakeDiscord(without_creation_limits(PROFILES["default"]))
    bot_user = fake.add_bot(TOKEN)
    guild, poor = fake.add_guild(bot=bot_user), fake.add_guild(bot=bot_user, permissions=1 << 10)
    strange = fake.add_guild()
    bot = client_of(fake.transport(), fake.endpoint)
    denied = await bot.create_channel(poor.id, NewChannel(name="a"), reason=R)
    assert isinstance(denied, Denied)
    assert (denied.code, denied.missing) == (50013, ("Manage Channels",))
    assert isinstance(await bot.guild(strange.id), NotThere)
    assert isinstance(await bot.channel("999"), NotThere)
    channel = await value(bot.create_channel(guild.id, NewChannel(name="a"), reason=R))
    refused = await bot.create_webhook(channel.id, "my discord hook", reason=R)
    assert isinstance(refused, Invalid)
    assert refused.errors[0].path == ("name",)
    for _ in range(15):
        await value(bot.create_webhook(channel.id, "w", reason=R))
    full = await bot.create_webhook(channel.id, "w", reason=R)
    assert isinstance(full, Full)
    assert full.bound is Bound.CHANNEL_WEBHOOKS
    category = await value(bot.create_channel(guild.id, NewChannel(name="c", type=CATEGORY), reason=R))
    guild.fill(52, parent_id=category.id)
    full = await bot.create_channel(guild.id, NewChannel(name="b", parent_id=category.id), reason=R)
    assert isinstance(full, Full)
    assert full.bound is Bound.CATEGORY
    guild.fill(500)
    full = await bot.create_channel(guild.id, NewChannel(name="b"), reason=R)
    assert isinstance(full, Full)
    assert full.bound is Bound.GUILD_CHANNELS
    assert len(await value(bot.channels(guild.id))) == 500, "the longest list is read whole"
    stranger = client_of(fake.transport(), fake.endpoint, "MTA.wrong.token-of-nobody-at-all")
    nobody = await stranger.me()
    assert isinstance(nobody, Denied)
    assert nobody.status == 401
    rude = client_of(fake.transport(), fake.endpoint, user_agent="Python/3 aiohttp/3")
    assert isinstance(await rude.me(), Denied)


@pytest.mark.looptime
@pytest.mark.parametrize("profile", ["default", "fixed", "log"])
@pytest.mark.parametrize("seed", range(3))
async def test_two_hundred_mixed_operations_meet_no_limit_that_could_be_foreseen(profile: str, seed: int) -> None:
    chosen = without_creation_limits(PROFILES[profile])
    fake = FakeDiscord(chosen, channel_limit=None, seed=seed, latency=Latency((0.02, 0.05), (0.02, 0.06), seed))
    guild = fake.add_guild(bot=fake.add_bot(TOKEN), permissions=WITH_THREADS)
    bot = client_of(fake.transport(), fake.endpoint, patience_s=120.0)
    category = await value(bot.create_channel(guild.id, NewChannel(name="c", type=CATEGORY), reason=R))
    channels = [await value(bot.create_channel(guild.id, NewChannel(name=f"n{one}"), reason=R)) for one in range(8)]

    def calls(one: int) -> list[Awaitable[Any]]:
        channel = channels[one % len(channels)].id
        return [
            bot.edit_channel(channel, reason=R, parent_id=category.id),
            bot.create_webhook(channel, f"w{one}", reason=R) if one < 40 else bot.webhooks(channel),
            bot.post(channel, {"content": f"m{one}"}),
            bot.create_channel(guild.id, NewChannel(name=f"x{one}"), reason=R),
            bot.channels(guild.id),
        ]

    answers = await asyncio.gather(*(call for one in range(40) for call in calls(one)))
    assert len(answers) == 200
    assert [one for one in answers if not isinstance(one, Done)] == []
    assert fake.count(429) == 0
    fake.assert_clean()


@pytest.mark.looptime
async def test_a_hidden_limit_is_met_once_and_then_known() -> None:
    fake = FakeDiscord()
    guild = fake.add_guild(bot=fake.add_bot(TOKEN))
    bot = client_of(fake.transport(), fake.endpoint)
    answers = await asyncio.gather(
        *(bot.create_channel(guild.id, NewChannel(name=f"n{one}"), reason=R) for one in range(70))
    )
    made = [one.value for one in answers if isinstance(one, Done)]
    assert len(made) == 50
    held = [one for one in answers if isinstance(one, Limited)]
    assert len(held) == 20
    assert all(500 < one.retry_after_s <= 610 for one in held)
    assert fake.count(429) == 1
    hooks = await asyncio.gather(*(bot.create_webhook(one.id, "w", reason=R) for one in made))
    assert sum(isinstance(one, Done) for one in hooks) == 10
    assert fake.count(429) == 2
    await asyncio.sleep(max(one.retry_after_s for one in held))
    assert isinstance(await bot.create_channel(guild.id, NewChannel(name="later"), reason=R), Done)
    assert fake.violations == []


@pytest.mark.looptime
async def test_the_hidden_limit_of_a_channel_holds_up_no_other_channel() -> None:
    fake = FakeDiscord()
    guild = fake.add_guild(bot=fake.add_bot(TOKEN))
    first, second = (fake.add_channel(name, guild_id=guild.id) for name in ("a", "b"))
    bot = client_of(fake.transport(), fake.endpoint, patience_s=300.0)
    posts = [asyncio.ensure_future(bot.post(first.id, {"content": str(one)})) for one in range(40)]
    await asyncio.sleep(35)
    began_at = asyncio.get_running_loop().time()
    assert isinstance(await bot.post(second.id, {"content": "x"}), Done)
    assert asyncio.get_running_loop().time() - began_at < 1
    assert all(isinstance(one, Done) for one in await asyncio.gather(*posts))
    contents = [message.content for message in fake.messages if message.channel_id == first.id]
    assert contents == [str(one) for one in range(40)]
    assert all(int(before) < int(after) for before, after in pairwise(contents))
    assert fake.count(429) <= 2


@pytest.mark.parametrize("need", [CHANNELS_AND_WEBHOOKS, WITH_OVERWRITES, WITH_SILENCE, WITH_MESSAGES, WITH_THREADS])
async def test_each_set_of_permissions_is_enough_for_what_it_says(need: int) -> None:
    fake = FakeDiscord()
    guild = fake.add_guild(bot=fake.add_bot(TOKEN), permissions=need)
    bot = client_of(fake.transport(), fake.endpoint)
    category = await value(bot.create_channel(guild.id, NewChannel(name="c", type=CATEGORY), reason=R))
    channel = await value(bot.create_channel(guild.id, NewChannel(name="a", parent_id=category.id), reason=R))
    hook = await value(bot.create_webhook(channel.id, "w", reason=R))
    everyone = Overwrite(id=guild.id, allow=int(Permission.VIEW_CHANNEL))
    if need >= WITH_SILENCE:
        everyone = Overwrite(id=guild.id, deny=int(Permission.SEND_MESSAGES))
    if need >= WITH_MESSAGES:
        await value(bot.post(channel.id, {"embeds": [{"title": "t"}]}))
        await value(bot.messages(channel.id))
    if need >= WITH_THREADS:
        thread = await value(bot.start_thread(channel.id, "t", reason=R))
        await value(bot.post(thread.id, {"content": "in it"}))
        await value(bot.edit_channel(thread.id, reason=R, archived=True, locked=True))
    await value(
        bot.edit_channel(
            channel.id, reason=R, parent_id=category.id, overwrites=[everyone] if need >= WITH_OVERWRITES else None
        )
    )
    await value(bot.delete_webhook(hook.id, reason=R))
    await value(bot.delete_channel(channel.id, reason=R))


async def test_an_answer_that_is_lost_after_the_act_is_ambiguous() -> None:
    fake = FakeDiscord(without_creation_limits(PROFILES["default"]))
    guild = fake.add_guild(bot=fake.add_bot(TOKEN))
    bot = client_of(fake.transport(), fake.endpoint)

    for one, effect in enumerate([Answer(502, commit=True), Break(Cut.BEFORE_HEADERS, commit=True)]):
        fake.faults.add(Fault(effect, times=1))
        failed = await bot.create_channel(guild.id, NewChannel(name="a"), reason=R)
        assert isinstance(failed, Failed)
        assert failed.ambiguous
        assert len(await value(bot.channels(guild.id))) == one + 1


async def test_a_guild_of_five_hundred_channels_is_read_over_http() -> None:
    fake = FakeDiscord()
    guild = fake.add_guild(bot=fake.add_bot(TOKEN))
    for one in range(500):
        fake.add_channel(f"run-{one}", guild_id=guild.id, topic="é" * 1000)
    async with serve_fake_discord(fake) as server, AiohttpTransport() as transport:
        found = await value(client_of(transport, server.endpoint).channels(guild.id))
    assert len(found) == 500
    assert {one.topic for one in found} == {"é" * 1000}


ODD = SERVER_ERRORS | RATE_LIMITED | ODD_ANSWERS | {f"{name}_lies": committed(it) for name, it in SERVER_ERRORS.items()}


@pytest.mark.looptime
@pytest.mark.parametrize("name", sorted(ODD))
async def test_each_odd_answer_is_a_value_and_no_channel_is_made_twice(name: str) -> None:
    fake = FakeDiscord(without_creation_limits(PROFILES["default"]))
    guild = fake.add_guild(bot=fake.add_bot(TOKEN))
    fake.faults.add(Fault(ODD[name], times=1))
    bot = client_of(fake.transport(), fake.endpoint, patience_s=5.0)
    answer = await bot.create_channel(guild.id, NewChannel(name="a"), reason=R)
    there = len(guild.channels)
    match answer:
        case Done():
            assert there == 1
        case Failed():
            assert answer.ambiguous or there == 0
        case _:
            assert there == 0


async def test_archived_threads_are_listed_by_pages() -> None:
    fake = FakeDiscord("unlimited")
    guild = fake.add_guild(bot=fake.add_bot(TOKEN), permissions=WITH_THREADS)
    bot = client_of(fake.transport(), fake.endpoint)
    parent = fake.add_channel("runs", guild_id=guild.id)
    threads = [fake.add_thread(parent, f"run {number}") for number in range(250)]
    for number, thread in enumerate(threads):
        thread.archived, thread.archived_wall_s = True, 1_767_225_600.0 + number
    latest_first = [thread.id for thread in reversed(threads)]
    for limit in (1, 2, 99, 100, 101, 200, 249, 250, 1000):
        assert [one.id for one in await value(bot.archived_threads(parent.id, limit=limit))] == latest_first[:limit]
    fake.assert_clean()
