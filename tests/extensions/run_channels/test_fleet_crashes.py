"""Who leads dies at any request of a create and a finalize: the next one ends with one channel, or none."""

import asyncio
from contextlib import suppress
from typing import Any

import pytest

from otel_discord.extensions.run_channels.problems import RunProblem
from otel_discord.extensions.run_channels.runs import State
from tests.extensions.run_channels.faulty_bot import FaultyBot
from tests.extensions.run_channels.fleet_site import Replicas, ended, until

pytestmark = pytest.mark.looptime
LEASE_S = 5.0


def _assert_whole(site: Replicas) -> None:
    """One channel and one webhook for a run that lives, a channel alone for one that has ended, nothing else."""
    runs = list(site.stored_book())
    live = [run for run in runs if run.state in (State.CREATING, State.RUNNING)]
    assert all(run.state is State.RUNNING for run in live)
    assert len(site.guild.webhooks) == len(live)
    archived = [run for run in runs if run.state is State.ARCHIVED]
    assert len(site.run_channels()) == len(live) + len(archived) <= 1
    assert len(site.fake.messages) <= 1
    names = [category.name for category in site.guild.categories()]
    assert len(set(names)) == len(names)


async def _insisting(ask: Any) -> Any:
    for _ in range(20):
        with suppress(RunProblem):
            return await ask()
        await asyncio.sleep(1.0)
    raise AssertionError("it is never answered")


async def _whole_life(site: Replicas, plan: Any) -> FaultyBot:
    bots: list[FaultyBot] = []

    def faulty(client: Any) -> Any:
        bots.append(FaultyBot(client, plan))
        return bots[-1]

    async with site.replica("one", api=faulty, lease_s=LEASE_S) as one:
        created = await one.desk.create(site.wanted(retention_hours=1), by="ci")
        await one.desk.finalize(created.run.channel_id, outcome="success", by="ci")
    return bots[0]


@pytest.mark.parametrize("fault", ["hang_before", "hang_after"])
@pytest.mark.parametrize("is_paused", [False, True])
async def test_who_leads_dies_or_is_paused_at_any_request(fault: str, *, is_paused: bool) -> None:
    requests = len((await _whole_life(Replicas(), lambda index, name: None)).asked)
    assert requests > 12
    deaths = 0
    for dies_at in range(4, requests):
        site = Replicas(request_timeout="10s")
        bots: list[FaultyBot] = []

        def faulty(client: Any) -> Any:
            bots.append(FaultyBot(client, lambda index, name: fault if index == dies_at else None))  # noqa: B023
            return bots[-1]  # noqa: B023

        async with (
            site.replica("one", api=faulty, lease_s=LEASE_S) as one,
            site.replica("two", lease_s=LEASE_S) as two,
            site.replica("three", lease_s=LEASE_S) as three,
        ):
            assert one.desk.leads

            async def life() -> None:
                created = await _insisting(lambda: two.desk.create(site.wanted(retention_hours=1), by="ci"))  # noqa: B023
                finalize = three.desk.finalize
                await _insisting(lambda: finalize(created.run.channel_id, outcome="success", by="ci"))

            living = asyncio.create_task(life())
            await until(lambda: bots[0].hangs.is_set() or living.done())  # noqa: B023
            if living.done():  # fewer requests do, where there is less to look for
                break
            one.tables.is_cut = True
            await until(lambda: two.desk.leads or three.desk.leads, LEASE_S + 2)
            if is_paused:
                one.tables.is_cut = False
            async with asyncio.timeout(120):
                await living
            await until(lambda: all(run.state is State.ARCHIVED for run in site.stored_book()))  # noqa: B023
            _assert_whole(site)
            assert not site.guild.webhooks, dies_at
            assert site.run_channels()
            if is_paused:
                await until(lambda: not one.desk.leads, LEASE_S)
            await ended(living)
        deaths += 1
        site.fake.assert_clean()
    assert deaths > 10
