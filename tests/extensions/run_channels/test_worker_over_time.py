"""Runs over many hours: what is due after a long stop, what stays for good, what goes with its end."""

import asyncio

import pytest

from otel_discord.extensions.run_channels.runs import State
from tests.extensions.run_channels.site_of_runs import Site

pytestmark = pytest.mark.looptime


async def test_what_came_due_meanwhile_is_done_in_order_and_holds_up_no_create() -> None:
    site = Site(request_timeout="600s")
    async with site.running() as worker:
        for number in range(60):
            await worker.create(site.wanted(f"n{number:03}", retention_hours=1), by="ci")
    await asyncio.sleep(2 * 3600)
    async with site.running() as worker:
        asking = asyncio.create_task(worker.create(site.wanted("fresh"), by="ci"))
        began_s = asyncio.get_running_loop().time()
        await asking
        assert asyncio.get_running_loop().time() - began_s < 30
        await asyncio.sleep(600)
        assert len(site.run_channels()) == 1
        deleted = [entry.target_id for entry in site.fake.audit if entry.action == "channel_delete"]
        assert len(deleted) == 60
        assert [int(each) // 2**22 // 1000 for each in deleted] == sorted(
            int(each) // 2**22 // 1000 for each in deleted
        )
    site.fake.assert_clean()


async def test_an_archive_that_is_kept_is_found_again_and_a_run_may_begin_anew() -> None:
    site = Site(after_retention="archive")
    async with site.running() as worker:
        created = await worker.create(site.wanted(retention_hours=1), by="ci")
        await worker.finalize(created.run.channel_id, outcome="ok", by="ci")
        await asyncio.sleep(3 * 3600)
        assert site.run_channels()
        assert worker.find(created.run.channel_id).state is State.CLEANED
        await worker.create(site.wanted("u", retention_hours=1), by="ci")
        await asyncio.sleep(3 * 3600)
        assert len(site.names_in("Agent Runs Archive")) == 2
        assert not site.guild.webhooks
    async with site.running(forgetful=True) as worker:
        await asyncio.sleep(100)
        assert all(run.state is State.CLEANED for run in worker.page().runs)
        again = await worker.create(site.wanted(), by="ci")
        assert again.is_new
        assert len(site.run_channels()) == 3
    async with site.running() as worker:
        await asyncio.sleep(100)
        assert worker.find(again.run.channel_id).state is State.RUNNING
    async with site.running(forgetful=True) as worker:
        await asyncio.sleep(100)
        assert worker.find(again.run.channel_id).state is State.RUNNING


async def test_without_retention_a_channel_goes_when_its_run_is_finalized() -> None:
    site = Site()
    async with site.running() as worker:
        created = await worker.create(site.wanted(retention_hours=0), by="ci")
        await asyncio.sleep(3600)
        ended = await worker.finalize(created.run.channel_id, outcome="ok", by="ci")
        assert ended.is_cleaned
        assert not site.run_channels()
        assert not site.guild.webhooks
