"""A fault of Discord, or the end of the process, at every request of a run's life: one of each is left, or none.

A story is a run's life in several lives of the service. Each of its requests meets each fault once.
"""

import asyncio
import logging
import os
import zlib
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from itertools import count, product
from typing import Any, Final

import looptime
import pytest

from otel_discord.config import Secret
from otel_discord.discord_api.bot.client import BotClient
from otel_discord.discord_api.permits import shared_limits
from otel_discord.discord_api.ratelimit.settings import LimiterSettings
from otel_discord.discord_api.wire import Wire
from otel_discord.extensions.run_channels.book import Book
from otel_discord.extensions.run_channels.config import RunChannelsConfig
from otel_discord.extensions.run_channels.problems import Code, RunProblem
from otel_discord.extensions.run_channels.runs import Created, NewRun, RunKey, State
from otel_discord.extensions.run_channels.webhook_posts import HeadersByWebhook
from otel_discord.extensions.run_channels.worker import Worker
from otel_discord.store.memory_table import MemoryTable
from otel_discord.testing.fake_discord import FakeDiscord
from otel_discord.testing.fake_discord.exchange import Cut, FakeRequest
from otel_discord.testing.fake_discord.faults import Answer, Break, Fault, Stall
from tests.kills.run_town import PLACEMENTS, Town

AGENT: Final = "DiscordBot (https://example.org/otel-discord, 0)"
FULL: Final = os.environ.get("OTEL_DISCORD_FAULTS") == "all"
ONE_IN: Final = 40
HOUR_S: Final = 3600.0
RETENTION_HOURS: Final = 2
FAULTS: Final[dict[str, Any]] = {
    "503 before": Answer(503),
    "503 after": Answer(503, commit=True),
    "reset after": Break(Cut.BEFORE_HEADERS, commit=True),
    "cut short after": Break(Cut.MID_BODY, commit=True),
    "timeout before": Stall(),
    "timeout after": Stall(30.0, commit=True),
}
CRASHES: Final[dict[str, Any]] = {"crash before": Stall(), "crash after": Stall(commit=True)}
QUIET: Final = logging.getLogger("otel_discord.test.crash_places")
QUIET.disabled = True


@dataclass(frozen=True, slots=True)
class Story:
    """``restarts`` between any two acts; ``forgets``: each time with an empty storage."""

    placement: str
    header_embed: bool
    restarts: bool
    forgets: bool

    def __str__(self) -> str:
        header = "bot" if self.header_embed else "webhook"
        end = "-forgets" if self.forgets else "-restarts" if self.restarts else ""
        return f"{self.placement}-{header}{end}"


STORIES: Final = tuple(
    Story(placement, header_embed, restarts, forgets)
    for placement in PLACEMENTS
    for header_embed in ((True, False) if placement == "channel" else (True,))
    for restarts, forgets in ((False, False), (True, False), (True, True))
)


class Stage:
    """One town, and the service that is ended and begun again in it."""

    def __init__(self, story: Story) -> None:
        self.story = story
        self.fake = FakeDiscord("unlimited")
        self.town = Town(self.fake, story.placement, story.header_embed)
        self.config = RunChannelsConfig.model_validate(self.town.keys())
        self.table = MemoryTable()
        self.book = Book(self.table, max_runs=100, logger=QUIET)
        self.headers: int | None = 1
        self.made: Created
        self.crash = asyncio.Event()

    def crashes_at(self, number: int) -> Callable[[FakeRequest], bool]:
        """Return what matches the request of that number, and ends the service."""
        requests = count(1)

        def is_it(_: FakeRequest) -> bool:
            is_met = next(requests) == number
            if is_met:
                self.crash.set()
            return is_met

        return is_it

    @property
    def channel_id(self) -> str:
        return self.made.run.channel_id

    def wanted(self) -> NewRun:
        key = RunKey(guild_id=self.town.guild.id, task_id="build-42", attempt=1, short_id="ab12")
        return NewRun(key=key, retention_hours=RETENTION_HOURS)

    @asynccontextmanager
    async def life(self) -> AsyncIterator[Worker]:
        loop = asyncio.get_running_loop()
        transport = self.fake.transport()
        limits = shared_limits(self.fake.endpoint, LimiterSettings())
        wire = Wire(transport, endpoint=self.fake.endpoint, user_agent=AGENT, observer=None)
        self.book = Book(self.table, max_runs=100, logger=QUIET)
        key = Secret(self.town.bot.token)
        worker = Worker(
            BotClient(transport, key, endpoint=self.fake.endpoint, user_agent=AGENT, dice=lambda: 0.5),
            self.book,
            self.config,
            key=key,
            endpoint=self.fake.endpoint,
            logger=QUIET,
            by_webhook=None if self.story.header_embed else HeadersByWebhook(wire, limits),
            wall_clock=lambda: self.fake.wall_s(loop.time()),
            dice=lambda: 0.5,
        )
        async with worker:
            yield worker

    @property
    def states(self) -> list[State]:
        return [run.state for run in self.book]


Act = Callable[[Stage, Worker], Awaitable[None]]


async def play(story: Story, fault: Any = None, at: int = 0, *, waits: bool = False) -> int:
    """Play a story with a fault at one request; return how many requests there were up to the end of the run.

    ``waits``: after a crash nobody asks again before everything has settled.
    """
    stage = Stage(story)
    if fault in CRASHES:
        stage.fake.faults.add(Fault(CRASHES[fault], match=stage.crashes_at(at)))
    elif fault is not None:
        stage.fake.faults.add(Fault(FAULTS[fault], first=at))
        stage.headers = None  # one that cannot be posted costs the run nothing: there may be none
    acts: deque[Act] = deque((make, make_again, end, end_again, pass_time))
    while acts:
        living = asyncio.create_task(live(stage, acts))
        crashing = asyncio.create_task(stage.crash.wait())
        await asyncio.wait([living, crashing], return_when=asyncio.FIRST_COMPLETED)
        crashing.cancel()
        if living.done():
            living.result()
        else:
            living.cancel()
            await asyncio.wait([living])
            stage.crash.clear()
            if waits:
                acts.appendleft(settle)
        if story.forgets:
            stage.table = MemoryTable()
    requests = len(stage.fake.exchanges)
    stage.town.check_none()
    stage.headers = 1
    await live(stage, deque([come_late]))
    return requests


async def live(stage: Stage, acts: deque[Act]) -> None:
    """One life of the service."""
    async with stage.life() as worker:
        while acts:
            await acts[0](stage, worker)
            acts.popleft()
            if stage.story.restarts:
                return


async def make(stage: Stage, worker: Worker) -> None:
    stage.made = await asked(worker, lambda: worker.create(stage.wanted(), by="ci"))
    check_made(stage)


async def make_again(stage: Stage, worker: Worker) -> None:
    before = stage.made
    stage.made = await asked(worker, lambda: worker.create(stage.wanted(), by="ci"))
    assert not stage.made.is_new
    assert stage.made.webhook_url == before.webhook_url
    check_made(stage)


async def end(stage: Stage, worker: Worker) -> None:
    ended = await asked(worker, lambda: worker.finalize(stage.channel_id, outcome="success", by="ci"))
    assert not ended.is_cleaned
    await asyncio.sleep(700)
    assert stage.states == [State.ARCHIVED]
    stage.town.check_ended()


async def end_again(stage: Stage, worker: Worker) -> None:
    ended = await asked(worker, lambda: worker.finalize(stage.channel_id, outcome="failure", by="ci"))
    assert not ended.is_cleaned
    assert ended.run.outcome == ("" if stage.story.forgets else "success")
    with pytest.raises(RunProblem) as refused:
        await worker.create(stage.wanted(), by="ci")
    assert refused.value.code is Code.RUN_ENDED
    stage.town.check_ended()


async def pass_time(stage: Stage, worker: Worker) -> None:
    await asyncio.sleep((RETENTION_HOURS + 0.1) * HOUR_S)
    assert worker.is_ready
    assert set(stage.states) <= {State.CLEANED}


async def come_late(stage: Stage, worker: Worker) -> None:
    answer = await worker.finalize(stage.channel_id, outcome="late", by="ci")
    assert answer.is_cleaned
    before = stage.channel_id
    await make(stage, worker)
    assert stage.channel_id != before


async def settle(stage: Stage, worker: Worker) -> None:
    """See that what a crash has left is made whole without anybody's help, or gone."""
    await asyncio.sleep(1300)
    assert worker.is_ready
    match stage.states:
        case [State.RUNNING]:
            stage.town.check_live()
        case [State.ARCHIVED]:
            stage.town.check_ended()
        case [] | [State.CLEANED]:
            stage.town.check_none()
        case others:
            raise AssertionError(f"it does not settle: {others}")


async def asked(worker: Worker, ask: Callable[[], Any]) -> Any:
    """Ask as a client does: again where that is what the answer says."""
    for _ in range(20):
        try:
            return await ask()
        except RunProblem as problem:
            if problem.code not in (Code.NOT_READY, Code.DISCORD_UNAVAILABLE):
                raise
            await asyncio.sleep(problem.retry_after_s or 1.0)
    raise AssertionError("it does not come about")


def check_made(stage: Stage) -> None:
    town, created = stage.town, stage.made
    place = town.check_live(headers=stage.headers)
    (hook,) = town.hooks()
    assert created.run.channel_id == place.id
    assert created.run.state is State.RUNNING
    thread = "" if town.parent is None else f"?thread_id={place.id}"
    assert created.webhook_url.reveal().endswith(f"/webhooks/{hook.id}/{hook.token}{thread}")


def run(acts: Any) -> Any:
    """Run on virtual time."""
    loop = looptime.new_event_loop(noop_cycles=4)  # by default most of the work is nothing
    try:
        return loop.run_until_complete(acts)
    finally:
        loop.close()


def is_played(*case: object) -> bool:
    """Say whether `make test` plays a case: one in so many, always the same ones."""
    return FULL or zlib.crc32(" ".join(map(str, case)).encode()) % ONE_IN == 0


@pytest.mark.parametrize("story", STORIES, ids=str)
def test_a_fault_at_any_request_costs_time_alone(story: Story) -> None:
    requests = run(play(story))
    for fault, at in product(FAULTS, range(1, requests + 1)):
        if is_played(story, fault, at):
            with telling(f"{fault} request {at} of {requests}"):
                run(play(story, fault, at))


@pytest.mark.parametrize("story", STORIES, ids=str)
def test_a_crash_at_any_request_leaves_one_of_each_or_none(story: Story) -> None:
    requests = run(play(story))
    for crash, at, waits in product(CRASHES, range(1, requests + 1), (False, True)):
        if is_played(story, crash, at, waits):
            with telling(f"{crash} request {at} of {requests}, {'nobody asks' if waits else 'asked again'}"):
                run(play(story, crash, at, waits=waits))


@contextmanager
def telling(case: str) -> Iterator[None]:
    """Name the case where it fails."""
    try:
        yield
    except BaseException as error:
        error.add_note(case)
        raise
