"""Crashes and failures at every request of a create and a finalize: one channel and one webhook, or none."""

import asyncio

import pytest

from otel_discord.extensions.run_channels.problems import RunProblem
from otel_discord.extensions.run_channels.runs import State
from tests.extensions.run_channels.faulty_bot import FaultyBot
from tests.extensions.run_channels.site_of_runs import Site

pytestmark = pytest.mark.looptime


async def _whole_life(site: Site, plan) -> FaultyBot:
    api = FaultyBot(site.client(), plan)
    async with site.running(api) as worker:
        created = await worker.create(site.wanted(retention_hours=1), by="ci")
        await worker.finalize(created.run.channel_id, outcome="success", by="ci")
    return api


def _assert_whole(site: Site) -> None:
    """One channel and one webhook for a run that lives, a channel alone for one that has ended, nothing else."""
    assert site.book is not None
    assert len(site.run_channels()) <= 1
    live = [run for run in site.book if run.state in (State.CREATING, State.RUNNING)]
    assert all(run.state is State.RUNNING for run in live)
    assert len(site.guild.webhooks) == len(live)
    if live:
        (channel,) = site.run_channels()
        assert channel.id == live[0].channel_id
        assert site.guild.webhooks[0].channel_id == channel.id
        assert site.guild.webhooks[0].id == live[0].webhook_id
    ended = [run for run in site.book if run.state is State.ARCHIVED]
    assert len(site.run_channels()) == len(live) + len(ended)
    names = [category.name for category in site.guild.categories()]
    assert len(set(names)) == len(names)
    assert len(site.fake.messages) <= 1


@pytest.mark.parametrize("forgetful", [False, True])
@pytest.mark.parametrize("fault", ["hang_before", "hang_after"])
async def test_a_crash_at_any_request_leaves_nothing_behind(fault: str, forgetful: bool) -> None:
    requests = len((await _whole_life(Site(), lambda index, name: None)).asked)
    assert requests > 12
    for crash_at in range(4, requests):
        site = Site()
        api = FaultyBot(site.client(), lambda index, name: fault if index == crash_at else None)  # noqa: B023
        async with site.running(api) as worker:

            async def ask() -> None:
                created = await worker.create(site.wanted(retention_hours=1), by="ci")  # noqa: B023
                await worker.finalize(created.run.channel_id, outcome="success", by="ci")

            asking = asyncio.create_task(ask())
            await api.hangs.wait()
        asking.cancel()
        await asyncio.wait([asking])
        async with site.running(forgetful=forgetful) as worker:
            await asyncio.sleep(60)
            _assert_whole(site)
            try:
                created = await worker.create(site.wanted(retention_hours=1), by="ci")
            except RunProblem:
                assert site.run_channels()
            else:
                assert created.run.state is State.RUNNING
                await asyncio.sleep(5)
                _assert_whole(site)
                assert len(site.guild.webhooks) == 1
                await worker.finalize(created.run.channel_id, outcome="success", by="ci")
            _assert_whole(site)
            assert not site.guild.webhooks
            await asyncio.sleep(1.2 * 3600)
            assert not site.run_channels(), api.asked
        site.fake.assert_clean()


@pytest.mark.parametrize("fault", ["before", "after"])
async def test_a_failure_at_any_request_costs_time_alone(fault: str) -> None:
    requests = len((await _whole_life(Site(), lambda index, name: None)).asked)
    for fails_at in range(requests):
        site = Site()
        api = FaultyBot(site.client(), lambda index, name: fault if index == fails_at else None)  # noqa: B023
        async with site.running(api) as worker:
            while not worker.is_ready:
                await asyncio.sleep(1)
            created = await worker.create(site.wanted(retention_hours=1), by="ci")
            _assert_whole(site)
            assert len(site.guild.webhooks) == 1
            await worker.finalize(created.run.channel_id, outcome="success", by="ci")
            await asyncio.sleep(30)
            _assert_whole(site)
            assert not site.guild.webhooks
            assert site.run_channels()[0].parent_id == site.category("Agent Runs Archive").id
            await asyncio.sleep(1.2 * 3600)
            assert not site.run_channels()
        site.fake.assert_clean()
