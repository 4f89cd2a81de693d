"""Channels that people have cloned carry a run's mark too: they are nobody's to delete."""

import asyncio
import logging
from typing import Any

import pytest

from otel_discord.discord_api.bot.answers import Done
from otel_discord.discord_api.bot.bot_api import NewChannel
from otel_discord.discord_api.snowflake import made_ms
from otel_discord.extensions.run_channels.runs import State
from otel_discord.testing.fake_discord.permissions import RUN_SERVICE
from tests.extensions.run_channels.faulty_bot import FaultyBot
from tests.extensions.run_channels.site_of_runs import Site

HOUR_S = 3600
LEFT_ALONE = "it is left alone"


def test_an_id_says_when_its_thing_was_made() -> None:
    assert made_ms("175928847299117063") == 1462015105796  # Discord's own example


async def _clone(site: Site, channel: Any, *, written: bool = True) -> str:
    """Clone a channel as a person does, here by another account, and write there."""
    token = "made-up-token-of-somebody-else"
    site.guild.permissions[site.fake.add_bot(token=token).id] = RUN_SERVICE
    person = site.client(token)
    new = NewChannel(name=channel.name, parent_id=channel.parent_id, topic=channel.topic)
    made = await person.create_channel(site.guild.id, new, reason="clone")
    assert isinstance(made, Done)
    if written:
        assert isinstance(await person.post(made.value.id, {"content": "we talk here"}), Done)
    return made.value.id


def _is_there(site: Site, channel_id: str) -> bool:
    return any(channel.id == channel_id for channel in site.guild.channels)


@pytest.mark.looptime
@pytest.mark.parametrize("written", [True, False])
@pytest.mark.parametrize("forgetful", [True, False])
async def test_a_clone_outlives_its_run(forgetful: bool, written: bool) -> None:
    site = Site()
    async with site.running() as worker:
        created = await worker.create(site.wanted(retention_hours=2), by="ci")
        await asyncio.sleep(HOUR_S)
        clone_id = await _clone(site, site.run_channels()[0], written=written)
        await worker.finalize(created.run.channel_id, outcome="", by="ci")
        again = await worker.create(site.wanted("other", retention_hours=2), by="ci")
    async with site.running(forgetful=forgetful) as worker:
        await asyncio.sleep(3 * HOUR_S)
        assert not _is_there(site, created.run.channel_id)
        assert not _is_there(site, again.run.channel_id)
        assert _is_there(site, clone_id)


@pytest.mark.looptime
async def test_a_clone_that_people_use_is_not_adopted_when_all_else_is_forgotten(caplog) -> None:
    site = Site()
    async with site.running() as worker:
        created = await worker.create(site.wanted(retention_hours=24), by="ci")
        await asyncio.sleep(HOUR_S)
        clone_id = await _clone(site, site.run_channels()[0])
        site.fake.delete_channel(next(one for one in site.run_channels() if one.id == created.run.channel_id))
    with caplog.at_level(logging.WARNING):
        async with site.running(forgetful=True) as worker:
            await asyncio.sleep(60)
            assert not worker.page().runs
            await asyncio.sleep(30 * HOUR_S)
    assert _is_there(site, clone_id)
    assert sum(LEFT_ALONE in record.message for record in caplog.records) == 1


@pytest.mark.looptime
async def test_a_clone_made_after_its_runs_time_is_left_alone() -> None:
    site = Site()
    async with site.running() as worker:
        created = await worker.create(site.wanted(retention_hours=1), by="ci")
    await asyncio.sleep(2 * HOUR_S)
    clone_id = await _clone(site, site.run_channels()[0], written=False)
    site.fake.delete_channel(next(one for one in site.run_channels() if one.id == created.run.channel_id))
    async with site.running(forgetful=True) as worker:
        await asyncio.sleep(2 * HOUR_S)
        assert not worker.page().runs
    assert _is_there(site, clone_id)


@pytest.mark.looptime
@pytest.mark.parametrize(("written", "later_s", "stays"), [(False, 3, False), (True, 3, True), (False, 300, True)])
async def test_beside_the_runs_channel_only_what_we_have_just_made_is_deleted(
    written: bool, later_s: float, stays: bool, caplog
) -> None:
    """The create is under way for long: its first channel was made, and the answer was lost."""
    site = Site()
    clones: list[str] = []

    def fails(index: int, name: str) -> str | None:
        return "after" if name == "create_channel" and api.asked.count(name) == 2 else None

    api = FaultyBot(site.client(), fails)
    looks = api.channels

    async def looks_late(guild_id: str) -> Any:
        if site.run_channels() and not clones:
            await asyncio.sleep(later_s)
            clones.append(await _clone(site, site.run_channels()[0], written=written))
        return await looks(guild_id)

    api.channels = looks_late
    with caplog.at_level(logging.WARNING):
        async with site.running(api) as worker:
            await asyncio.gather(worker.create(site.wanted(), by="ci"), return_exceptions=True)
            await asyncio.sleep(400)
            run = (await worker.create(site.wanted(), by="ci")).run
            assert run.state is State.RUNNING
            assert int(run.channel_id) < int(clones[0])
    assert _is_there(site, clones[0]) == stays
    assert (LEFT_ALONE in caplog.text) == stays
