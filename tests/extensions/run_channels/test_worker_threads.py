"""Runs as threads and forum posts of one channel."""

import asyncio
from typing import Any

import pytest

from otel_discord.discord_api.bot.permissions import WITH_THREADS
from otel_discord.extensions.run_channels.runs import State
from tests.extensions.run_channels.faulty_bot import FaultyBot
from tests.extensions.run_channels.site_of_runs import NO_CREATION_LIMITS, Site

pytestmark = pytest.mark.looptime

FORUM, TEXT = 15, 0


def _site(placement: str) -> tuple[Site, Any]:
    site = Site(NO_CREATION_LIMITS, placement=placement, parent_channel_id="1")
    site.guild.permissions[site.bot.id] = WITH_THREADS
    parent = site.fake.add_channel("runs", guild_id=site.guild.id, type=FORUM if placement == "forum_post" else TEXT)
    site.config = site.config.model_copy(update={"parent_channel_id": parent.id})
    return site, parent


@pytest.mark.parametrize("forgetful", [False, True])
@pytest.mark.parametrize("placement", ["thread", "forum_post"])
async def test_a_thread_lives_and_ends_as_a_channel_does(placement: str, forgetful: bool) -> None:
    site, parent = _site(placement)
    async with site.running() as worker:
        one, two = await asyncio.gather(
            *(worker.create(site.wanted(s, retention_hours=2), by="ci") for s in ("a", "b"))
        )
        assert len(site.guild.threads) == 2
        (webhook,) = site.guild.webhooks
        assert webhook.channel_id == parent.id
        assert one.webhook_url.reveal().endswith(f"{webhook.token}?thread_id={one.run.channel_id}")
        await worker.finalize(two.run.channel_id, outcome="success", by="ci")
        thread = next(each for each in site.guild.threads if each.id == two.run.channel_id)
        assert thread.archived
        assert thread.locked
    async with site.running(forgetful=forgetful) as worker:
        await asyncio.sleep(30)
        assert worker.find(one.run.channel_id).state is State.RUNNING
        assert worker.find(two.run.channel_id).state is State.ARCHIVED
        again = await worker.create(site.wanted("a", retention_hours=2), by="ci")
        assert again.webhook_url == one.webhook_url
        assert len(site.guild.threads) == 2
        assert len(site.fake.messages) == 2
        await asyncio.sleep(2.5 * 3600)
        assert not site.guild.threads
        assert len(site.guild.webhooks) == 1
    site.fake.assert_clean()


@pytest.mark.parametrize("forgetful", [False, True])
@pytest.mark.parametrize("fault", ["hang_before", "hang_after"])
@pytest.mark.parametrize("placement", ["thread", "forum_post"])
async def test_a_crash_leaves_one_thread_or_none(placement: str, fault: str, forgetful: bool) -> None:
    for crash_at in range(4, 14):
        site, _ = _site(placement)
        api = FaultyBot(site.client(), lambda index, name: fault if index == crash_at else None)  # noqa: B023
        async with site.running(api) as worker:
            asking = asyncio.create_task(worker.create(site.wanted(retention_hours=1), by="ci"))
            hanging = asyncio.create_task(api.hangs.wait())
            await asyncio.wait([asking, hanging], return_when=asyncio.FIRST_COMPLETED)
        hanging.cancel()
        asking.cancel()
        await asyncio.wait([asking, hanging])
        async with site.running(forgetful=forgetful) as worker:
            await asyncio.sleep(30)
            created = await worker.create(site.wanted(retention_hours=1), by="ci")
            assert [each.id for each in site.guild.threads] == [created.run.channel_id], (crash_at, api.asked)
            assert len(site.guild.webhooks) == 1
