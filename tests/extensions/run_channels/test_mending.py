"""Somebody deletes the webhook or the channel of a running run by hand: it is mended or over, its telemetry goes on."""

import asyncio
import logging
import math
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from otel_discord.component.destination_source import MendsDestinations
from otel_discord.component.errors import RetryableError
from otel_discord.discord_api.bot.permissions import WITH_THREADS
from otel_discord.extensions.run_channels.own_numbers import OwnNumbers
from otel_discord.extensions.run_channels.problems import Code, RunProblem
from otel_discord.extensions.run_channels.rounds import EVERY_S, NOT_BEFORE_S
from otel_discord.extensions.run_channels.runs import Created, State
from otel_discord.testing.fake_discord.faults import Answer, Fault, Stall, method_is, operation_is
from otel_discord.testing.host import NopHost
from otel_discord.testing.telemetry import InMemoryTelemetry
from tests.exporters.discord.rig import running
from tests.exporters.discord.sourced.fake_source import of_run
from tests.extensions.run_channels.site_of_runs import Site

pytestmark = pytest.mark.looptime
DENIED = Answer(403, {"message": "Missing Permissions", "code": 50013})
FORUM, TEXT = 15, 0
SOON_S = 30.0


def site_of(placement: str) -> Site:
    if placement == "channel":
        return Site()
    site = Site(placement=placement, parent_channel_id="1")
    site.guild.permissions[site.bot.id] = WITH_THREADS
    parent = site.fake.add_channel("runs", guild_id=site.guild.id, type=FORUM if placement == "forum_post" else TEXT)
    site.config = site.config.model_copy(update={"parent_channel_id": parent.id})
    return site


@pytest.fixture(params=["channel", "thread", "forum_post"])
def site(request: pytest.FixtureRequest) -> Site:
    return site_of(request.param)


def measured(site: Site) -> InMemoryTelemetry:
    telemetry = InMemoryTelemetry()
    site.numbers = OwnNumbers(telemetry.meter, "run_channels")
    return telemetry


def delete_webhook(site: Site, created: Created) -> None:
    site.fake.delete_webhook(next(hook for hook in site.guild.webhooks if hook.id == created.run.webhook_id))


def delete_channel(site: Site, created: Created) -> None:
    everything = (*site.guild.channels, *site.guild.threads)
    site.fake.delete_channel(next(channel for channel in everything if channel.id == created.run.channel_id))


async def test_a_repeat_finds_the_webhook_gone_and_makes_another(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    telemetry = measured(site)
    async with site.running() as worker:
        first = await worker.create(site.wanted(), by="ci")
        delete_webhook(site, first)
        with caplog.at_level(logging.WARNING):
            again = await worker.create(site.wanted(), by="ci")
        assert not again.is_new
        assert again.run.channel_id == first.run.channel_id
        assert again.webhook_url != first.webhook_url
        (webhook,) = site.guild.webhooks
        assert webhook.id == again.run.webhook_id
        assert "was deleted by somebody else" in caplog.text
        assert webhook.token not in caplog.text
        assert worker.source.destinations()[f"run/{first.run.run_id}"].webhook_url == again.webhook_url
        assert (await worker.create(site.wanted(), by="ci")).webhook_url == again.webhook_url
    assert telemetry.value("otel_discord_runs_mended_total", what="webhook") == 1
    async with site.running() as worker:  # and it is stored
        assert worker.source.destinations()[f"run/{first.run.run_id}"].webhook_url == again.webhook_url


async def test_a_repeat_of_a_run_that_is_well_costs_one_request() -> None:
    site = Site()
    async with site.running() as worker:
        first = await worker.create(site.wanted(), by="ci")
        asked = len(site.fake.exchanges)
        assert (await worker.create(site.wanted(), by="ci")).webhook_url == first.webhook_url
        assert len(site.fake.exchanges) == asked + 1


async def test_a_repeat_finds_the_channel_gone_and_makes_another(site: Site) -> None:
    telemetry = measured(site)
    async with site.running() as worker:
        first = await worker.create(site.wanted(), by="ci")
        delete_channel(site, first)
        again = await worker.create(site.wanted(), by="ci")
        assert again.is_new
        assert again.run.channel_id != first.run.channel_id
        assert again.run.run_id == first.run.run_id
        assert len(site.guild.webhooks) == 1
    assert telemetry.value("otel_discord_runs_mended_total", what="channel") == 1


async def test_within_ten_minutes_a_webhook_is_missed_that_nobody_asks_for(site: Site) -> None:
    async with site.running() as worker:
        one, two = [await worker.create(site.wanted(short), by="ci") for short in ("a", "b")]
        delete_webhook(site, one)
        await asyncio.sleep(EVERY_S + SOON_S)
        found = worker.source.destinations()
        ids = {hook.id for hook in site.guild.webhooks}
        assert worker.find(one.run.channel_id).webhook_id in ids
        assert worker.find(two.run.channel_id).webhook_id in ids
        assert found[f"run/{one.run.run_id}"].webhook_url != one.webhook_url
        assert len(ids) == (2 if one.run.webhook_id != two.run.webhook_id else 1)


async def test_within_ten_minutes_a_channel_is_missed_and_its_run_over(site: Site) -> None:
    async with site.running() as worker:
        one, two = [await worker.create(site.wanted(short), by="ci") for short in ("a", "b")]
        delete_channel(site, one)
        await asyncio.sleep(EVERY_S + SOON_S)
        assert worker.find(one.run.channel_id).state is State.CLEANED
        assert worker.find(two.run.channel_id).state is State.RUNNING
        assert list(worker.source.destinations()) == [f"run/{two.run.run_id}"]
        assert (await worker.finalize(one.run.channel_id, outcome="", by="ci")).is_cleaned


async def test_rounds_cost_two_requests_a_guild_and_nothing_where_nothing_runs() -> None:
    site = Site()
    async with site.running() as worker:
        runs = [await worker.create(site.wanted(f"s{number}"), by="ci") for number in range(5)]
        await asyncio.sleep(SOON_S)
        asked = len(site.fake.exchanges)
        await asyncio.sleep(EVERY_S)
        assert len(site.fake.exchanges) == asked + 2
        for run in runs:
            await worker.finalize(run.run.channel_id, outcome="", by="ci")
        asked = len(site.fake.exchanges)
        await asyncio.sleep(5 * EVERY_S)
        assert len(site.fake.exchanges) == asked


@pytest.mark.parametrize(
    "action", [Answer(503), DENIED, Stall(60), Answer(404, "<html>nginx</html>")], ids=["503", "403", "silence", "404"]
)
async def test_a_discord_that_does_not_say_so_ends_no_run_and_holds_up_no_repeat(action: Any) -> None:
    site = Site()
    async with site.running() as worker:
        first = await worker.create(site.wanted(), by="ci")
        fault = Fault(action, match=method_is("GET"), times=math.inf)
        site.fake.faults.add(fault)
        began_s = asyncio.get_running_loop().time()
        again = await worker.create(site.wanted(), by="ci")
        assert asyncio.get_running_loop().time() - began_s < 10
        assert again.webhook_url == first.webhook_url
        await asyncio.sleep(3 * EVERY_S)
        assert fault.hits
        assert worker.find(first.run.channel_id).state is State.RUNNING
        assert len(site.guild.webhooks) == 1


async def test_a_webhook_that_cannot_be_made_anew_is_the_callers_to_know_and_comes_later(
    caplog: pytest.LogCaptureFixture,
) -> None:
    site = Site()
    async with site.running() as worker:
        first = await worker.create(site.wanted(), by="ci")
        delete_webhook(site, first)
        fault = Fault(DENIED, match=operation_is("create_webhook"), times=math.inf)
        site.fake.faults.add(fault)
        with pytest.raises(RunProblem) as told:
            await worker.create(site.wanted(), by="ci")
        assert told.value.code is Code.MISSING_PERMISSION
        await asyncio.sleep(3 * EVERY_S)
        assert caplog.text.count("cannot be made anew") == 1
        fault.times = 0
        await asyncio.sleep(EVERY_S + SOON_S)
        assert worker.find(first.run.channel_id).webhook_id == site.guild.webhooks[0].id


async def test_a_run_that_is_finalized_while_it_is_mended_leaves_no_webhook() -> None:
    site = Site()
    async with site.running() as worker:
        first = await worker.create(site.wanted(), by="ci")
        delete_webhook(site, first)
        site.fake.faults.add(Fault(Stall(1.0, commit=True), match=operation_is("create_webhook")))
        repeat = asyncio.create_task(worker.create(site.wanted(), by="ci"))
        await asyncio.sleep(0.5)
        await worker.finalize(first.run.channel_id, outcome="", by="ci")
        with pytest.raises(RunProblem) as told:
            await repeat
        assert told.value.code is Code.RUN_ENDED
        await asyncio.sleep(SOON_S)
        assert not site.guild.webhooks


@pytest.mark.parametrize("delete", [delete_webhook, delete_channel])
async def test_telemetry_goes_to_the_fallback_and_then_to_the_run_again(
    site: Site, delete: Callable[[Site, Created], None]
) -> None:
    own = site.fake.add_webhook()
    async with site.running() as worker:
        assert isinstance(worker.source, MendsDestinations)
        host = NopHost(extensions={"run_channels": worker.source})
        created = await worker.create(site.wanted(), by="ci")
        keys = {"destinations_from": "run_channels", "webhook_check": {"interval": "0s"}, "shutdown_timeout": "1m"}
        async with running(site.fake, host=host, webhook_url=own.url, **keys) as rig:
            await rig.exporter.consume(of_run(created.run.run_id, 1, first=1))
            await rig.exporter.flushed()
            hook = next(each for each in site.guild.webhooks if each.id == created.run.webhook_id)
            assert (rig.arrived(hook), rig.arrived(own)) == ([1], [])
            delete(site, created)
            await rig.exporter.consume(of_run(created.run.run_id, 1, first=2))
            await rig.exporter.flushed()
            assert rig.arrived(own) == [2]
            await asyncio.sleep(SOON_S)  # the exporter has said so: nobody waits for the next round
            await rig.exporter.consume(of_run(created.run.run_id, 1, first=3))
            await rig.exporter.flushed()
            run = worker.find(created.run.channel_id)
            if delete is delete_channel:
                assert run.state is State.CLEANED
                assert rig.arrived(own) == [2, 3]
                return
            assert run.state is State.RUNNING
            renewed = next(each for each in site.guild.webhooks if each.id == run.webhook_id)
            assert (rig.arrived(renewed), rig.arrived(own)) == ([3], [2])


async def test_an_exporter_that_is_turned_away_again_and_again_is_heard_once_a_minute() -> None:
    site = Site()
    async with site.running() as worker:
        first = await worker.create(site.wanted(), by="ci")
        asked = len(site.fake.exchanges)
        for _ in range(100):
            worker.source.is_gone(f"run/{first.run.run_id}")
            worker.source.is_gone("run/nobody")
            await asyncio.sleep(0.1)
        assert len(site.fake.exchanges) == asked + 1
        await asyncio.sleep(NOT_BEFORE_S)
        worker.source.is_gone(f"run/{first.run.run_id}")
        await asyncio.sleep(1)
        assert len(site.fake.exchanges) == asked + 2


@pytest.mark.parametrize("restarts", [False, True])
async def test_a_webhook_that_was_made_and_could_not_be_stored_is_found_again(restarts: bool) -> None:
    site = Site()
    async with site.running() as worker:
        first = await worker.create(site.wanted(), by="ci")
        delete_webhook(site, first)
        put = site.table.put

        async def failing(changes: Mapping[str, bytes | None]) -> None:
            raise RetryableError("the disk is full")

        site.table.put = failing  # type: ignore[method-assign]
        with pytest.raises(RunProblem) as told:
            await worker.create(site.wanted(), by="ci")
        assert told.value.code is Code.NOT_READY
        (made,) = site.guild.webhooks
        site.table.put = put  # type: ignore[method-assign]
        if not restarts:
            again = await worker.create(site.wanted(), by="ci")
            assert again.run.webhook_id == made.id
            assert site.guild.webhooks == [made]
            return
    async with site.running() as worker:
        again = await worker.create(site.wanted(), by="ci")
        assert again.run.webhook_id == made.id
        assert list(site.guild.webhooks) == [made]


async def test_a_parent_channel_that_is_gone_ends_its_threads() -> None:
    site = site_of("thread")
    async with site.running() as worker:
        created = await worker.create(site.wanted(), by="ci")
        parent = next(channel for channel in site.guild.channels if channel.id == created.run.category_id)
        site.fake.delete_channel(parent)
        await asyncio.sleep(EVERY_S + SOON_S)
        assert worker.find(created.run.channel_id).state is State.CLEANED
        assert not worker.source.destinations()
