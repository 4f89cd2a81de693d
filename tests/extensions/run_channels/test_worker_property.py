"""Whatever is asked, whatever fails, whenever the process ends: each run has its own, others lose nothing."""

import asyncio
import random
from typing import Any

import looptime
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from otel_discord.extensions.run_channels.problems import RunProblem
from otel_discord.extensions.run_channels.runs import State
from tests.extensions.run_channels.faulty_bot import FaultyBot
from tests.extensions.run_channels.site_of_runs import Site

RUNS = 3
HOUR_S = 3600.0
RETENTION_HOURS = 4

ACTS = st.one_of(
    st.tuples(st.just("create"), st.integers(0, RUNS - 1)),
    st.tuples(st.just("finalize"), st.integers(0, RUNS - 1)),
    st.tuples(st.just("delete_by_hand"), st.integers(0, RUNS - 1)),
    st.tuples(st.just("restart"), st.sampled_from([0, 0, 1])),
    st.tuples(st.just("wait_s"), st.sampled_from([0, 1, 30, 3600])),
)


class History:
    """One site, and a service on it that is ended and begun again."""

    def __init__(self, seed: int, fault_rate: float) -> None:
        self.site = Site()
        self.dice = random.Random(seed)
        self.fault_rate = fault_rate
        self.theirs = [
            self.site.fake.add_channel("run-build-42-1-r0", guild_id=self.site.guild.id, topic="ours"),
            self.site.fake.add_channel("Agent Run", guild_id=self.site.guild.id, type=4),
        ]
        self.their_webhook = self.site.fake.add_webhook(self.theirs[0])

    def plan(self, index: int, name: str) -> Any:
        if index < 4 or self.dice.random() >= self.fault_rate:
            return None
        return self.dice.choice(["before", "after"])

    async def play(self, acts: list[tuple[str, int]]) -> None:
        remaining = list(acts)
        forgetful = False
        while True:
            api = FaultyBot(self.site.client(), self.plan)
            async with self.site.running(api, forgetful=forgetful) as worker:
                asking: set[asyncio.Task[None]] = set()
                restarts = False
                while remaining:
                    name, value = remaining.pop(0)
                    if name == "restart":
                        forgetful, restarts = bool(value), True
                        break
                    asking.add(asyncio.create_task(self.do(worker, name, value)))
                    await asyncio.sleep(self.dice.choice([0, 0, 0.05, 1]))
                    if name == "wait_s":
                        await asyncio.sleep(value)
                if not restarts:
                    self.fault_rate = 0.0
                    await asyncio.gather(*asking)
                    await asyncio.sleep(700)
                    self.check()
                    await asyncio.sleep((RETENTION_HOURS + 1) * HOUR_S)
                    assert not self.site.run_channels()
                    assert self.site.guild.webhooks == [self.their_webhook]
                    assert all(channel in self.site.guild.channels for channel in self.theirs)
                    return
            for task in asking:
                task.cancel()
            if asking:
                await asyncio.wait(asking)

    async def do(self, worker: Any, name: str, number: int) -> None:
        wanted = self.site.wanted(f"r{number}", retention_hours=RETENTION_HOURS)
        try:
            if name == "create":
                await worker.create(wanted, by="ci")
            elif name in ("finalize", "delete_by_hand") and self.site.book is not None:
                run = self.site.book.by_key(wanted.key)
                if run is None or not run.channel_id:
                    return
                if name == "finalize":
                    await worker.finalize(run.channel_id, outcome="success", by="ci")
                    return
                for channel in self.site.run_channels():
                    if channel.id == run.channel_id:
                        self.site.fake.delete_channel(channel)
        except RunProblem:
            pass

    def check(self) -> None:
        """When everything has settled, each live run has one channel and one webhook, each ended one its channel."""
        assert self.site.book is not None
        by_hand = {channel.id for channel in self.site.run_channels()}
        live = [run for run in self.site.book if run.state is State.RUNNING]
        ended = [run for run in self.site.book if run.state is State.ARCHIVED]
        others = [run for run in self.site.book if run.state not in (State.RUNNING, State.ARCHIVED, State.CLEANED)]
        assert not others
        there = [run for run in (*live, *ended) if run.channel_id in by_hand]
        assert by_hand == {run.channel_id for run in there}
        hooks = {hook.channel_id: hook.id for hook in self.site.guild.webhooks if hook is not self.their_webhook}
        assert hooks == {run.channel_id: run.webhook_id for run in live if run.channel_id in by_hand}
        names = [category.name for category in self.site.guild.categories()]
        assert len(set(names)) == len(names)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    acts=st.lists(ACTS, min_size=1, max_size=10),
    seed=st.integers(0, 10_000),
    fault_rate=st.sampled_from([0.0, 0.1, 0.3]),
)
def test_any_history_ends_well(acts: list[tuple[str, int]], seed: int, fault_rate: float) -> None:
    loop = looptime.new_event_loop()
    try:
        loop.run_until_complete(History(seed, fault_rate).play(acts))
    finally:
        loop.close()
