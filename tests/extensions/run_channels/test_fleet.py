"""Several replicas: a run asked for anywhere is one run, known everywhere, and the bot's work is one replica's."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

import pytest
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from otel_discord.component.destination_source import Tally
from otel_discord.component.errors import StartError
from otel_discord.extensions.run_channels.fleet import replica as replica_module
from otel_discord.extensions.run_channels.problems import Code, RunProblem
from otel_discord.extensions.run_channels.runs import Finalized, State
from tests.extensions.run_channels.fleet_site import Exporter, Replicas, until

pytestmark = pytest.mark.looptime


def resource_of(run_id: str) -> Resource:
    resource = Resource()
    pair = resource.attributes.add()
    pair.key = "run.id"
    pair.value.string_value = run_id
    return resource


async def test_a_run_is_made_on_one_replica_known_on_another_and_ended_on_a_third(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    site = Replicas()
    async with site.replicas(3) as replicas:
        one, two, three = (each.desk for each in replicas)
        assert [each.desk.leads for each in replicas] == [True, False, False]
        created = await two.create(site.wanted(retention_hours=1), by="ci")
        assert created.is_new
        again = await three.create(site.wanted(retention_hours=1), by="ci")
        assert (again.run.run_id, again.is_new) == (created.run.run_id, False)
        assert again.webhook_url.reveal() == created.webhook_url.reveal()
        await asyncio.sleep(1.0)
        for desk in (one, two, three):
            name = desk.source.destination_of(resource_of(created.run.run_id))
            assert name == f"run/{created.run.run_id}"
            assert desk.source.destinations()[name].webhook_url.reveal() == created.webhook_url.reveal()
            assert desk.find(created.run.channel_id).state is State.RUNNING
            assert len(desk.page().runs) == 1
        ended = await three.finalize(created.run.channel_id, outcome="success", by="ci")
        assert ended.run.state is State.ARCHIVED
        await asyncio.sleep(1.0)
        for desk in (one, two, three):
            assert not desk.source.destinations()
            assert desk.find(created.run.channel_id).outcome == "success"
        with pytest.raises(RunProblem) as problem:
            await two.create(site.wanted(retention_hours=1), by="ci")
        assert problem.value.code is Code.RUN_ENDED
        assert len(site.run_channels()) == 1
        monkeypatch.setattr(replica_module, "LOOK_S", 30.0)
        await asyncio.sleep(1.2 * 3600)
        assert not site.run_channels()
    assert not [key for key in site.values if not key.startswith(("run/", "leader"))]
    site.fake.assert_clean()


async def test_the_same_run_asked_for_everywhere_at_once_is_one() -> None:
    site = Replicas()
    async with site.replicas(3) as replicas:
        answers = await asyncio.gather(
            *(each.desk.create(site.wanted(f"id{number % 4}"), by="ci") for number in range(4) for each in replicas)
        )
        assert len({each.run.run_id for each in answers}) == len(site.run_channels()) == 4
        assert len(site.guild.webhooks) == 4
        assert sum(each.is_new for each in answers) == 4
    site.fake.assert_clean()


async def test_problems_come_back_in_the_same_words() -> None:
    site = Replicas(guilds=["1"], max_runs=1)
    async with site.replicas(2) as (one, two):
        for desk in (one.desk, two.desk):
            with pytest.raises(RunProblem) as problem:
                await desk.create(site.wanted(), by="ci")
            assert (problem.value.code, str(problem.value)) == (
                Code.UNKNOWN_GUILD,
                "runs are not made in that guild: it is not among `guilds`",
            )
            with pytest.raises(RunProblem) as problem:
                await desk.finalize("none", outcome="", by="ci")
            assert problem.value.code is Code.NOT_FOUND


async def test_a_limit_holds_over_all_replicas() -> None:
    site = Replicas(max_runs=5)
    async with site.replicas(3) as replicas:
        answers = await asyncio.gather(
            *(replicas[number % 3].desk.create(site.wanted(f"id{number}"), by="ci") for number in range(9)),
            return_exceptions=True,
        )
        refused = [each for each in answers if isinstance(each, RunProblem)]
        assert (len(answers) - len(refused), len(refused)) == (5, 4)
        assert len(site.run_channels()) == 5


async def test_who_asks_too_often_on_all_replicas_together_is_refused_by_who_leads() -> None:
    site = Replicas()
    async with site.replicas(2) as (one, two):
        one.desk.admits = lambda name: RunProblem(Code.TOO_MANY_REQUESTS, f"{name} asks too often")
        with pytest.raises(RunProblem) as problem:
            await two.desk.create(site.wanted(), by="ci")
        assert (problem.value.code, str(problem.value)) == (Code.TOO_MANY_REQUESTS, "ci asks too often")


async def test_counts_of_all_replicas_add_up() -> None:
    site = Replicas()
    async with site.replicas(3) as replicas, AsyncExitStack() as users:
        for each in replicas:
            users.enter_context(each.desk.source.used_by(Exporter()))
        created = await replicas[1].desk.create(site.wanted(title="Nightly"), by="ci")
        name = f"run/{created.run.run_id}"
        for _ in range(20):
            for each in replicas:
                each.desk.source.counted(name, Tally(records=10, errors=1, last_error="boom"))
            await asyncio.sleep(0.7)
        await asyncio.sleep(20)
        for each in replicas:
            assert each.desk.find(created.run.channel_id).tally == Tally(records=600, errors=60, last_error="boom")
        (message,) = site.fake.messages
        assert message.embeds[0]["title"] == "Nightly: 600 records"
        assert not [key for key in site.values if key.startswith("count/")]


async def test_counts_outlive_a_change_of_who_leads() -> None:
    site = Replicas()
    async with site.replicas(3) as replicas:
        one, two, three = replicas
        created = await two.desk.create(site.wanted(), by="ci")
        name = f"run/{created.run.run_id}"
        two.desk.source.counted(name, Tally(records=5))
        await asyncio.sleep(5)
        one.tables.is_cut = True
        for each in (two, three):
            each.desk.source.counted(name, Tally(records=7))
        await until(lambda: two.desk.leads or three.desk.leads)
        await asyncio.sleep(20)
        for each in (two, three):
            assert each.desk.find(created.run.channel_id).tally.records == 19


async def test_a_run_ends_when_all_replicas_say_that_nothing_is_on_its_way() -> None:
    site = Replicas()
    async with site.replicas(3) as replicas, AsyncExitStack() as users:
        exporters = [Exporter(), Exporter(3.0), Exporter(1.0)]
        for each, exporter in zip(replicas, exporters, strict=True):
            users.enter_context(each.desk.source.used_by(exporter))
        created = await replicas[1].desk.create(site.wanted(retention_hours=1), by="ci")
        began_s = asyncio.get_running_loop().time()
        finalizing = asyncio.create_task(replicas[2].desk.finalize(created.run.channel_id, outcome="", by="ci"))
        await asyncio.sleep(2.9)
        assert len(site.guild.webhooks) == 1
        await finalizing
        assert not site.guild.webhooks
        assert 3.0 < asyncio.get_running_loop().time() - began_s < 5.0
        assert [len(each.asked) for each in exporters] == [1, 1, 1]
        await asyncio.sleep(1)
        assert not [key for key in site.values if key.startswith("drain")]


async def test_a_replica_that_says_nothing_does_not_hold_up_an_end_for_ever() -> None:
    site = Replicas(drain_timeout="5s")
    async with site.replicas(3) as replicas:
        created = await replicas[1].desk.create(site.wanted(retention_hours=1), by="ci")
        replicas[2].tables.is_cut = True
        ended = await replicas[1].desk.finalize(created.run.channel_id, outcome="", by="ci")
        assert ended.run.state is State.ARCHIVED
        await asyncio.sleep(30)
        created = await replicas[1].desk.create(site.wanted("other", retention_hours=1), by="ci")
        began_s = asyncio.get_running_loop().time()
        await replicas[1].desk.finalize(created.run.channel_id, outcome="", by="ci")
        assert asyncio.get_running_loop().time() - began_s < 3.0


async def test_a_replica_that_starts_while_the_end_of_a_run_is_asked_about_answers_as_well() -> None:
    site = Replicas(drain_timeout="20s")
    async with site.replicas(2) as replicas, AsyncExitStack() as users:
        users.enter_context(replicas[1].desk.source.used_by(Exporter(5.0)))
        created = await replicas[0].desk.create(site.wanted(retention_hours=1), by="ci")
        await asyncio.sleep(20)  # they have heard of each other
        finalizing = asyncio.create_task(replicas[0].desk.finalize(created.run.channel_id, outcome="", by="ci"))
        await until(lambda: any(key.startswith("drain/") for key in site.values))
        async with site.replica("late"):
            await finalizing
            await until(lambda: not any(key.startswith("drain/") for key in site.values))


async def test_when_who_leads_dies_another_goes_on_within_the_lease() -> None:
    site = Replicas()
    async with site.replicas(3) as replicas:
        one, two, three = replicas
        created = await two.desk.create(site.wanted(retention_hours=1), by="ci")
        one.tables.is_cut = True
        began_s = asyncio.get_running_loop().time()
        ended = await _insisting(two.desk.finalize, created.run.channel_id)
        assert asyncio.get_running_loop().time() - began_s < 40.0
        assert ended.run.state is State.ARCHIVED
        assert two.desk.leads != three.desk.leads
        one.tables.is_cut = False
        await asyncio.sleep(20)
        assert not one.desk.leads
        assert one.desk.is_ready
        again = await one.desk.create(site.wanted("other"), by="ci")
        assert again.is_new
        await asyncio.sleep(20)
        assert len(site.run_channels()) == 2
    site.fake.assert_clean()


async def test_who_leads_and_leaves_is_followed_at_once() -> None:
    site = Replicas()
    async with site.replica("two"):
        pass
    async with site.replica("one") as one:
        async with site.replica("two") as two:
            assert one.desk.leads
        async with site.replica("three") as three:
            await one.desk.__aexit__(None, None, None)
            await until(lambda: three.desk.leads, 3.0)
            await until(lambda: three.desk.is_ready, 3.0)
            assert (await three.desk.create(site.wanted(), by="ci")).is_new
            one.desk._lifetime = _Nothing()  # type: ignore[assignment]
        assert not two.desk.leads


async def test_a_token_that_discord_does_not_accept_ends_the_start() -> None:
    site = Replicas()
    site.token = "another"
    with pytest.raises(StartError, match="bot_token"):
        async with site.replica("one"):
            pass


class _Nothing:
    async def __aexit__(self, *_: object) -> None: ...


async def _insisting(finalize: Callable[..., Awaitable[Finalized]], channel_id: str) -> Finalized:
    for _ in range(10):
        try:
            return await finalize(channel_id, outcome="success", by="ci")
        except RunProblem:
            await asyncio.sleep(2.0)
    raise AssertionError("it is never answered")
