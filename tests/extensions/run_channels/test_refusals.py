"""What Discord will not do, or not now: a clear answer, and a consistent state."""

import asyncio
import logging

import pytest

from otel_discord.component import StartError
from otel_discord.discord_api.bot.answers import Denied, Failed, Invalid, Limited
from otel_discord.discord_api.bot.permissions import Permission
from otel_discord.extensions.run_channels.problems import Code, RunProblem
from otel_discord.extensions.run_channels.runs import NewRun, RunKey, State
from otel_discord.testing.fake_discord.guilds import FakeGuild
from tests.extensions.run_channels.faulty_bot import FaultyBot
from tests.extensions.run_channels.site_of_runs import Site

pytestmark = pytest.mark.looptime


async def _refusal(worker, wanted) -> RunProblem:
    with pytest.raises(RunProblem) as refused:
        await worker.create(wanted, by="ci")
    return refused.value


def _without(guild: FakeGuild, bot_id: str, *permissions: Permission) -> None:
    for permission in permissions:
        guild.permissions[bot_id] &= ~int(permission)


@pytest.mark.parametrize("lacks", [Permission.VIEW_CHANNEL, Permission.MANAGE_CHANNELS, Permission.MANAGE_WEBHOOKS])
async def test_a_missing_permission_is_named_and_what_was_made_is_undone(lacks: Permission) -> None:
    site = Site()
    async with site.running() as worker:
        _without(site.guild, site.bot.id, lacks)
        problem = await _refusal(worker, site.wanted())
        assert problem.code is Code.MISSING_PERMISSION
        words = {Permission.VIEW_CHANNEL: "View Channels"}.get(lacks, str(lacks.name).replace("_", " ").title())
        assert f"the bot lacks {words} in {site.guild.name}; invite" in str(problem)
        assert "permissions=" in str(problem)
        await asyncio.sleep(5)
        assert not site.run_channels()
        assert not worker.page().runs
        site.guild.permissions[site.bot.id] |= int(lacks)
        assert (await worker.create(site.wanted(), by="ci")).is_new


async def test_a_permission_that_a_category_takes_away_is_not_sought_in_the_guild() -> None:
    site = Site()
    denied = Denied(403, 50013, "Missing Permissions", ("Manage Webhooks",))
    api = FaultyBot(site.client(), lambda index, name: denied if name == "create_webhook" else None)
    async with site.running(api) as worker:
        problem = await _refusal(worker, site.wanted())
        assert problem.code is Code.MISSING_PERMISSION
        assert "a category or channel takes it away" in str(problem)
        assert "invite" not in str(problem)


async def test_a_guild_that_the_bot_is_not_in_is_unknown() -> None:
    site = Site()
    async with site.running() as worker:
        key = RunKey(guild_id="999999999999999999", task_id="t", attempt=0, short_id="s")
        assert (await _refusal(worker, NewRun(key=key))).code is Code.UNKNOWN_GUILD
        assert not worker.page().runs


async def test_a_wrong_token_stops_the_start() -> None:
    site = Site()
    with pytest.raises(StartError, match="bot_token"):
        async with site.running(site.client(token="another-made-up-token")):
            pass


async def test_discord_away_at_the_start_is_waited_for() -> None:
    site = Site()
    away = True
    api = FaultyBot(site.client(), lambda index, name: Failed(ambiguous=False) if away else None)
    async with site.running(api) as worker:
        assert not worker.is_ready
        assert (await _refusal(worker, site.wanted())).code is Code.NOT_READY
        away = False
        await asyncio.sleep(120)
        assert worker.is_ready
        assert (await worker.create(site.wanted(), by="ci")).is_new


async def test_a_full_guild_makes_room_by_the_oldest_archived_run() -> None:
    site = Site()
    async with site.running() as worker:
        oldest = await worker.create(site.wanted("old1"), by="ci")
        await worker.finalize(oldest.run.channel_id, outcome="", by="ci")
        await asyncio.sleep(60)
        newer = await worker.create(site.wanted("old2"), by="ci")
        await worker.finalize(newer.run.channel_id, outcome="", by="ci")
        for number in range(500 - len(site.guild.channels)):
            site.fake.add_channel(f"theirs-{number}", guild_id=site.guild.id)
        created = await worker.create(site.wanted("new"), by="ci")
        assert created.is_new
        assert worker.find(oldest.run.channel_id).state is State.CLEANED
        assert worker.find(newer.run.channel_id).state is State.ARCHIVED
        assert len(site.guild.channels) == 500
        await worker.create(site.wanted("new2"), by="ci")
        problem = await _refusal(worker, site.wanted("new3"))
        assert problem.code is Code.DISCORD_FULL
        assert problem.retry_after_s


async def test_a_category_that_others_fill_is_followed_by_the_next() -> None:
    site = Site()
    async with site.running() as worker:
        await worker.create(site.wanted("one"), by="ci")
        category = site.category("Agent Runs")
        for number in range(49):
            site.fake.add_channel(f"theirs-{number}", guild_id=site.guild.id, parent_id=category.id)
        await asyncio.gather(*(worker.create(site.wanted(f"s{number}"), by="ci") for number in range(3)))
        assert len(site.names_in("Agent Runs 2")) == 3


async def test_the_archive_has_further_categories_too() -> None:
    site = Site()
    archive = site.fake.add_channel("Agent Runs Archive", guild_id=site.guild.id, type=4)
    for number in range(50):
        site.fake.add_channel(f"theirs-{number}", guild_id=site.guild.id, parent_id=archive.id)
    async with site.running() as worker:
        created = await worker.create(site.wanted(), by="ci")
        await worker.finalize(created.run.channel_id, outcome="", by="ci")
        assert site.names_in("Agent Runs Archive 2") == ["run-build-42-1-ab12"]


async def test_a_category_deleted_by_hand_is_made_again() -> None:
    site = Site()
    async with site.running() as worker:
        await worker.create(site.wanted("one"), by="ci")
        site.fake.delete_channel(site.category("Agent Runs"))
        await worker.create(site.wanted("two"), by="ci")
        assert site.names_in("Agent Runs") == ["run-build-42-1-two"]


async def test_a_limit_of_hours_is_answered_at_once_and_waited_for_behind() -> None:
    site = Site()
    until_s = 3 * 3600.0
    loop = asyncio.get_running_loop()

    def plan(index: int, name: str):
        if name == "create_channel" and loop.time() < until_s:
            return Limited(retry_after_s=until_s - loop.time())
        return None

    async with site.running(FaultyBot(site.client(), plan)) as worker:
        problem = await _refusal(worker, site.wanted())
        assert loop.time() < 5
        assert problem.code is Code.DISCORD_LIMITED
        assert problem.retry_after_s == pytest.approx(until_s, abs=10)
        await asyncio.sleep(until_s + 10)
        created = await worker.create(site.wanted(), by="ci")
        assert not created.is_new
        assert len(site.run_channels()) == 1


async def test_a_client_that_goes_away_cancels_nothing() -> None:
    site = Site()
    async with site.running() as worker:
        asking = asyncio.create_task(worker.create(site.wanted(), by="ci"))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        asking.cancel()
        await asyncio.wait([asking])
        await asyncio.sleep(10)
        created = await worker.create(site.wanted(), by="ci")
        assert len(site.run_channels()) == len(site.guild.webhooks) == 1
        assert created.run.state is State.RUNNING


async def test_a_header_that_cannot_be_posted_costs_nothing() -> None:
    site = Site()
    async with site.running() as worker:
        _without(site.guild, site.bot.id, Permission.SEND_MESSAGES)
        created = await worker.create(site.wanted(), by="ci")
        assert created.run.state is State.RUNNING
        ended = await worker.finalize(created.run.channel_id, outcome="success", by="ci")
        assert ended.run.state is State.ARCHIVED


async def test_a_refused_webhook_name_is_adapted() -> None:
    site = Site()
    names: list[str] = []

    def plan(index: int, name: str):
        if name == "create_webhook":
            names.append(name)
            return Invalid(50035, "USERNAME_INVALID") if len(names) == 1 else None
        return None

    async with site.running(FaultyBot(site.client(), plan)) as worker:
        created = await worker.create(site.wanted("clyde"), by="ci")
        assert site.guild.webhooks[0].name == f"Agent Run {created.run.run_id}"


async def test_without_manage_roles_the_archive_is_reached_and_it_is_said_once(caplog) -> None:
    site = Site()
    _without(site.guild, site.bot.id, Permission.MANAGE_ROLES)
    async with site.running() as worker:
        with caplog.at_level(logging.WARNING):
            for short_id in ("aa", "bb"):
                created = await worker.create(site.wanted(short_id), by="ci")
                ended = await worker.finalize(created.run.channel_id, outcome="", by="ci")
                assert ended.run.state is State.ARCHIVED
    assert sum("Manage Roles, or" in record.message for record in caplog.records) == 1


@pytest.mark.parametrize("header_embed", [True, False])
async def test_without_send_messages_nobody_is_silenced_and_it_is_said_once(header_embed: bool, caplog) -> None:
    site = Site(header_embed=header_embed)
    _without(site.guild, site.bot.id, Permission.SEND_MESSAGES)
    with caplog.at_level(logging.WARNING):
        async with site.running() as worker:
            assert "lacks Send Messages" in caplog.text
            caplog.clear()
            for short_id in ("aa", "bb"):
                created = await worker.create(site.wanted(short_id), by="ci")
                assert (await worker.finalize(created.run.channel_id, outcome="", by="ci")).run.state is State.ARCHIVED
    assert sum("the bot lacks Send Messages" in record.message for record in caplog.records) == 1


async def test_a_guild_that_cannot_be_asked_for_is_waited_for_before_its_channel_is_archived_unsilenced() -> None:
    site = Site()
    asked = 0

    def fails(index: int, name: str) -> Failed | None:
        nonlocal asked
        asked += name == "guild"
        return Failed(ambiguous=False) if name == "guild" and asked == 1 else None

    async with site.running(FaultyBot(site.client(), fails)) as worker:
        created = await worker.create(site.wanted(retention_hours=24), by="ci")
        await asyncio.sleep(700)  # what is known of the guild has become old
        asked = 0
        await worker.finalize(created.run.channel_id, outcome="", by="ci")
        assert worker.find(created.run.channel_id).state is State.ARCHIVED
    assert asked > 1
    (channel,) = site.run_channels()
    assert any(item.id == site.guild.id and item.deny & Permission.SEND_MESSAGES for item in channel.overwrites)


async def test_a_failing_end_is_tried_again_and_said_once(caplog) -> None:
    site = Site()
    async with site.running() as worker:
        created = await worker.create(site.wanted(retention_hours=2), by="ci")
        _without(site.guild, site.bot.id, Permission.MANAGE_CHANNELS)
        with caplog.at_level(logging.WARNING):
            ended = await worker.finalize(created.run.channel_id, outcome="", by="ci")
            assert not ended.is_cleaned
            assert not site.guild.webhooks
            await asyncio.sleep(4 * 3600)
        assert sum("has to wait" in record.message for record in caplog.records) == 1
        site.guild.permissions[site.bot.id] |= int(Permission.MANAGE_CHANNELS)
        await asyncio.sleep(1000)
        assert not site.run_channels()
