"""What a run gets, from its creation to its end, on virtual days."""

import asyncio

import pytest

from otel_discord.discord_api.bot.answers import Limited
from otel_discord.extensions.run_channels.problems import Code, RunProblem
from otel_discord.extensions.run_channels.runs import State
from tests.extensions.run_channels.faulty_bot import FaultyBot
from tests.extensions.run_channels.site_of_runs import Site

pytestmark = pytest.mark.looptime
HOUR_S = 3600.0


async def test_a_run_gets_a_channel_a_webhook_and_a_header_and_is_cleaned_up_after() -> None:
    site = Site()
    async with site.running() as worker:
        assert worker.is_ready
        created = await worker.create(site.wanted(title="Nightly build"), by="ci")
        assert created.is_new
        assert created.run.state is State.RUNNING
        (channel,) = site.run_channels()
        assert channel.name == "run-build-42-1-ab12"
        assert channel.parent_id == site.category("Agent Runs").id
        (webhook,) = site.guild.webhooks
        assert webhook.name == "Agent Run ab12"
        assert created.webhook_url.reveal().endswith(f"/webhooks/{webhook.id}/{webhook.token}")
        (header,) = site.fake.messages
        assert "Nightly build" in str(header.embeds)
        assert list(worker.source.destinations()) == [f"run/{created.run.run_id}"]

        ended = await worker.finalize(created.run.channel_id, outcome="success", by="ci")
        assert not ended.is_cleaned
        assert ended.run.state is State.ARCHIVED
        assert not site.guild.webhooks
        assert channel.parent_id == site.category("Agent Runs Archive").id
        assert "succeeded" in str(site.fake.messages[0].embeds)
        assert not worker.source.destinations()

        await asyncio.sleep(25 * HOUR_S)
        assert not site.run_channels()
        assert (await worker.finalize(created.run.channel_id, outcome="", by="ci")).is_cleaned
    assert all("build-42" in entry.reason for entry in site.fake.audit)
    site.fake.assert_clean()


async def test_a_repeated_create_returns_the_same_run() -> None:
    site = Site()
    async with site.running() as worker:
        first, *others = await asyncio.gather(*(worker.create(site.wanted(), by="ci") for _ in range(20)))
        assert len(site.run_channels()) == len(site.guild.webhooks) == 1
        assert {other.webhook_url for other in others} == {first.webhook_url}
        assert sum(each.is_new for each in (first, *others)) == 1
    site.fake.assert_clean()


async def test_fifty_concurrent_creates_land_in_one_category_and_the_next_in_a_second() -> None:
    site = Site()
    async with site.running() as worker:
        await asyncio.gather(*(worker.create(site.wanted(f"s{number}"), by="ci") for number in range(50)))
        assert len(site.names_in("Agent Runs")) == 50
        assert len(site.guild.categories()) == 1
        await worker.create(site.wanted("the51st"), by="ci")
        assert site.names_in("Agent Runs 2") == ["run-build-42-1-the51st"]
        assert len(site.guild.webhooks) == 51
    site.fake.assert_clean()


async def test_a_run_that_nobody_finalizes_ends_with_its_retention() -> None:
    site = Site()
    async with site.running() as worker:
        created = await worker.create(site.wanted(retention_hours=2), by="ci")
        await asyncio.sleep(1.9 * HOUR_S)
        assert worker.find(created.run.channel_id).state is State.RUNNING
        await asyncio.sleep(0.2 * HOUR_S)
        assert worker.find(created.run.channel_id).state is State.CLEANED
        assert not site.run_channels()
        assert not site.guild.webhooks


async def test_a_finalized_run_cannot_be_created_again_until_it_is_cleaned() -> None:
    site = Site()
    async with site.running() as worker:
        created = await worker.create(site.wanted(retention_hours=1), by="ci")
        await worker.finalize(created.run.channel_id, outcome="failure", by="ci")
        with pytest.raises(RunProblem) as refused:
            await worker.create(site.wanted(), by="ci")
        assert refused.value.code is Code.RUN_ENDED
        await asyncio.sleep(2 * HOUR_S)
        again = await worker.create(site.wanted(), by="ci")
        assert again.is_new
        assert again.run.channel_id != created.run.channel_id


@pytest.mark.parametrize("forgetful", [False, True])
async def test_a_restart_finds_everything_again(forgetful: bool) -> None:
    site = Site()
    async with site.running() as worker:
        running = await worker.create(site.wanted("aa"), by="ci")
        ended = await worker.create(site.wanted("bb"), by="ci")
        await worker.finalize(ended.run.channel_id, outcome="success", by="ci")
    async with site.running(forgetful=forgetful) as worker:
        await asyncio.sleep(30)
        assert worker.find(running.run.channel_id).state is State.RUNNING
        assert worker.find(ended.run.channel_id).state is State.ARCHIVED
        again = await worker.create(site.wanted("aa"), by="ci")
        assert not again.is_new
        assert again.webhook_url == running.webhook_url
        assert len(site.run_channels()) == 2
        assert len(site.guild.webhooks) == 1
        assert len(site.fake.messages) == 2
        await asyncio.sleep(25 * HOUR_S)
        assert not site.run_channels()
    site.fake.assert_clean()


async def test_channels_of_others_are_left_alone() -> None:
    site = Site()
    theirs = site.fake.add_channel("run-build-42-1-ab12", guild_id=site.guild.id, topic="otel-discord.run1.x.y")
    async with site.running() as worker:
        created = await worker.create(site.wanted(), by="ci")
        assert created.run.channel_name == "run-build-42-1-ab12-2"
        with pytest.raises(RunProblem) as refused:
            await worker.finalize(theirs.id, outcome="", by="ci")
        assert refused.value.code is Code.NOT_FOUND
        assert (await worker.finalize("123456789012345678", outcome="", by="ci")).is_cleaned
    assert theirs in site.guild.channels


async def test_a_name_that_is_taken_can_be_refused() -> None:
    site = Site(on_collision="refuse")
    site.fake.add_channel("run-build-42-1-ab12", guild_id=site.guild.id)
    async with site.running() as worker:
        with pytest.raises(RunProblem) as refused:
            await worker.create(site.wanted(), by="ci")
        assert refused.value.code is Code.NAME_TAKEN
        await asyncio.sleep(10)
        assert not worker.page().runs


@pytest.mark.parametrize("on_collision", ["refuse", "suffix"])
async def test_a_name_that_somebody_has_just_taken_is_seen(on_collision: str) -> None:
    site = Site(on_collision=on_collision)
    async with site.running() as worker:
        await worker.create(site.wanted("aa"), by="ci")
        await asyncio.sleep(2)
        site.fake.add_channel("run-build-42-1-bb", guild_id=site.guild.id)
        if on_collision == "suffix":
            assert (await worker.create(site.wanted("bb"), by="ci")).run.channel_name == "run-build-42-1-bb-2"
            return
        with pytest.raises(RunProblem) as refused:
            await worker.create(site.wanted("bb"), by="ci")
        assert refused.value.code is Code.NAME_TAKEN


async def test_a_finalize_takes_the_webhook_away_even_where_nothing_can_be_looked_at() -> None:
    site = Site()
    hour = Limited(3600.0, "an hour")
    api = FaultyBot(site.client(), lambda index, name: hour if name == "webhooks" else None)
    async with site.running(api) as worker:
        created = await worker.create(site.wanted(), by="ci")
        ended = await worker.finalize(created.run.channel_id, outcome="", by="ci")
        assert not ended.is_cleaned
        assert not site.guild.webhooks


async def test_a_channel_deleted_by_hand_is_cleaned() -> None:
    site = Site()
    async with site.running() as worker:
        created = await worker.create(site.wanted(), by="ci")
        site.fake.delete_channel(site.run_channels()[0])
        assert (await worker.finalize(created.run.channel_id, outcome="success", by="ci")).is_cleaned
