"""Many runs at the same time: where their channels come to be, and what becomes of those for which there is no room."""

import asyncio
from collections import Counter
from typing import Any

import pytest

from otel_discord.discord_api.bot.permissions import WITH_THREADS
from otel_discord.extensions.run_channels.http_answers import problem_answer
from otel_discord.extensions.run_channels.problems import Code, RunProblem
from otel_discord.extensions.run_channels.runs import NewRun, RunKey, State
from otel_discord.extensions.run_channels.worker import Worker
from otel_discord.testing.fake_discord.guilds import FakeGuild
from tests.extensions.run_channels.site_of_runs import Site

pytestmark = pytest.mark.looptime

GUILD_CHANNELS, CATEGORY_CHANNELS = 500, 50


def _wanted(guild: FakeGuild, short_id: str) -> NewRun:
    return NewRun(key=RunKey(guild_id=guild.id, task_id="build-42", attempt=1, short_id=short_id))


def _retry_after_s(problem: RunProblem) -> int:
    """Return what the HTTP API says of when to ask again."""
    answer = problem_answer(problem, "request")
    assert answer.status == 503, problem
    return int(answer.headers["Retry-After"])


def _in(guild: FakeGuild, category: str) -> list[str]:
    return [channel.name for channel in guild.children(guild.channel(category).id)]


async def test_two_guilds_at_once_get_fifty_channels_each_and_no_429() -> None:
    site = Site()
    guilds = (site.guild, site.fake.add_guild("Another", bot=site.bot))
    async with site.running() as worker:
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        await asyncio.gather(
            *(worker.create(_wanted(guild, f"s{n}"), by="ci") for n in range(CATEGORY_CHANNELS) for guild in guilds)
        )
        assert loop.time() - began_s < 25, "each within its request's time"
        for guild in guilds:
            assert [category.name for category in guild.categories()] == ["Agent Runs"]
            assert len(set(_in(guild, "Agent Runs"))) == CATEGORY_CHANNELS
            assert Counter(hook.channel_id for hook in guild.webhooks).most_common(1)[0][1] == 1
            assert len(guild.webhooks) == CATEGORY_CHANNELS
        await asyncio.gather(*(worker.create(_wanted(guild, "the51st"), by="ci") for guild in guilds))
        for guild in guilds:
            assert _in(guild, "Agent Runs 2") == ["run-build-42-1-the51st"]
    assert site.fake.count(429) == 0
    site.fake.assert_clean()


async def test_twenty_that_ask_for_the_same_in_each_of_two_guilds_get_one_run_each() -> None:
    site = Site()
    guilds = (site.guild, site.fake.add_guild("Another", bot=site.bot))
    async with site.running() as worker:
        answers = await asyncio.gather(
            *(worker.create(_wanted(guild, "ab12"), by="ci") for _ in range(20) for guild in guilds)
        )
    assert len({answer.run.run_id for answer in answers}) == 2
    assert len({answer.webhook_url.reveal() for answer in answers}) == 2
    assert sum(answer.is_new for answer in answers) == 2
    for guild in guilds:
        assert len(_in(guild, "Agent Runs")) == len(guild.webhooks) == len(guild.categories()) == 1
    site.fake.assert_clean()


async def test_under_discords_limits_each_is_told_when_to_ask_again_and_gets_its_run() -> None:
    site = Site("default")
    refusals: Counter[Code] = Counter()

    async def insist(worker: Worker, number: int) -> int:
        for asked in range(1, 100):
            try:
                created = await worker.create(site.wanted(f"s{number}"), by="ci")
            except RunProblem as problem:
                refusals[problem.code] += 1
                await asyncio.sleep(_retry_after_s(problem))
            else:
                assert created.run.state is State.RUNNING
                return asked
        raise AssertionError("it was never made")

    async with site.running() as worker:
        asked = await asyncio.gather(*(insist(worker, number) for number in range(CATEGORY_CHANNELS + 10)))
        # Ten webhooks in ten minutes: nobody could be quicker.
        assert asyncio.get_running_loop().time() < 5 * 600 + 60
        assert len(site.run_channels()) == len(site.guild.webhooks) == CATEGORY_CHANNELS + 10
        assert len(site.names_in("Agent Runs")) == CATEGORY_CHANNELS
        assert len(site.names_in("Agent Runs 2")) == 10
        assert len(site.guild.categories()) == 2
    assert refusals
    assert site.fake.count(429) < 10
    assert max(asked) < 10


async def test_a_full_archive_is_followed_by_the_next_also_for_many_at_once() -> None:
    site = Site(request_timeout="600s")
    async with site.running() as worker:
        made = await asyncio.gather(*(worker.create(site.wanted(f"s{n}"), by="ci") for n in range(60)))
        await asyncio.gather(*(worker.finalize(each.run.channel_id, outcome="", by="ci") for each in made))
        await asyncio.sleep(600)
        assert len(site.names_in("Agent Runs Archive")) == CATEGORY_CHANNELS
        assert len(site.names_in("Agent Runs Archive 2")) == 10
        assert not site.guild.webhooks
        assert {run.state for run in worker.page(size=100).runs} == {State.ARCHIVED}
        names = Counter(category.name for category in site.guild.categories())
        assert set(names.values()) == {1}
    assert site.fake.count(429) == 0


@pytest.mark.parametrize("make_room", [True, False])
async def test_in_a_full_guild_as_many_runs_are_made_as_archived_ones_may_go(make_room: bool) -> None:
    site = Site(make_room=make_room, request_timeout="600s")
    async with site.running() as worker:
        old = [await worker.create(site.wanted(f"old{n}"), by="ci") for n in range(5)]
        for each in old:
            await worker.finalize(each.run.channel_id, outcome="", by="ci")
            await asyncio.sleep(1)
        running = await worker.create(site.wanted("running"), by="ci")
        theirs = [
            site.fake.add_channel(f"theirs-{n}", guild_id=site.guild.id)
            for n in range(GUILD_CHANNELS - len(site.guild.channels))
        ]
        answers: list[Any] = await asyncio.gather(
            *(worker.create(site.wanted(f"new{n}"), by="ci") for n in range(8)), return_exceptions=True
        )
        await asyncio.sleep(60)
        made = [each for each in answers if not isinstance(each, BaseException)]
        assert len(made) == (5 if make_room else 0)
        for each in answers:
            if isinstance(each, BaseException):
                assert isinstance(each, RunProblem)
                assert each.code is Code.DISCORD_FULL
                assert _retry_after_s(each) >= 1
        there = {channel.id for channel in site.guild.channels}
        assert {channel.id for channel in theirs} <= there
        assert running.run.channel_id in there
        assert len(there) == GUILD_CHANNELS
        assert [each.run.channel_id in there for each in old] == [not make_room] * 5
        assert len(site.guild.webhooks) == 1 + len(made)
        assert {run.state for run in worker.page(size=100).runs} <= {State.RUNNING, State.ARCHIVED, State.CLEANED}


async def test_more_ended_threads_than_discord_lists_at_once_are_all_found_again_and_cleaned_up() -> None:
    site = Site("unlimited", placement="thread", parent_channel_id="1", request_timeout="600s")
    site.guild.permissions[site.bot.id] = WITH_THREADS
    parent = site.fake.add_channel("runs", guild_id=site.guild.id)
    site.config = site.config.model_copy(update={"parent_channel_id": parent.id})
    async with site.running() as worker:
        for number in range(110):
            made = await worker.create(site.wanted(f"s{number}"), by="ci")
            await worker.finalize(made.run.channel_id, outcome="", by="ci")
    async with site.running(forgetful=True) as worker:
        await asyncio.sleep(60)
        assert Counter(run.state for run in worker.page(size=200).runs) == {State.ARCHIVED: 110}
        await asyncio.sleep(25 * 3600)
        assert not site.guild.threads
