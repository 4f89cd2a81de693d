"""Rows 56–58: wall clocks that jump."""

import asyncio
import time
from math import inf

from otel_discord.testing.fake_discord import SERVER_ERRORS, Fault, posts
from tests.faults.meddling import Knob, Meddling
from tests.faults.row import Theme, UnplayableError, row
from tests.faults.stage import Stage

HOUR_NS = 3_600 * 10**9


@row(
    56,
    Theme.TIME,
    "the wall clock jumps by an hour forth and back, and to 1970, while running and across a restart",
    injected="clock_gettime is preloaded; monotonic time goes on",
    expected="waits neither end nor freeze; nothing is sent early, late, twice or out of order",
    codes="NL D0 LIVE",
)
async def wall_clock(stage: Stage) -> None:
    meddling = Meddling(stage.directory)
    await stage.start(environment=meddling.environment)
    client = stage.client()
    now_ns = time.time_ns()
    jumps = (HOUR_NS, -HOUR_NS, 60 * 10**9 - now_ns, 0)
    for jump_ns in jumps if stage.whole else stage.dice.sample(jumps, 2):
        stage.fake.faults.add(Fault(SERVER_ERRORS["503_json"], match=posts, times=inf))
        before = stage.posts()
        await client.send(2)
        await stage.until(lambda before=before: stage.posts() > before, "a failure", 10)
        meddling[Knob.REALTIME_NS] = jump_ns
        await asyncio.sleep(0.6)
        seen = stage.posts()
        assert seen - before <= 8, f"{seen - before} requests within a second after a jump"
        stage.fake.faults.clear()
        took_s = await stage.until(lambda: stage.arrived(stage.ledger.accepted), "waits end after a jump", 10)
        await client.send(1)
        await stage.restart(environment=meddling.environment)
    await stage.close_books()
    stage.note(f"{stage.of(2, 4)} jumps, the last wait ended after {took_s:.1f} s")


@row(
    57,
    Theme.TIME,
    "replicas whose clocks differ by ten minutes",
    injected="—",
    expected="the engine's clock decides",
    codes="NL D0 LIVE",
)
async def skewed_replicas(stage: Stage) -> None:
    raise UnplayableError(
        "concerns several processes on one database: leases are measured by its clock alone, see [a fleet](fleet.md)"
    )


@row(
    58,
    Theme.TIME,
    "the clock of the database jumps back",
    injected="—",
    expected="no lane is frozen longer than its wait",
    codes="NL D0 LIVE",
)
async def engine_clock(stage: Stage) -> None:
    raise UnplayableError("there is no engine with a clock of its own: waits go by the service's monotonic clock")
