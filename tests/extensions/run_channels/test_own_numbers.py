"""What the extension shows of itself: runs by state, what came of requests, how its bot fares, what is overdue."""

import asyncio
import logging
import math
from dataclasses import replace

import pytest

from otel_discord.component.instrument_list import INSTRUMENTS
from otel_discord.discord_api.bot.observer import OUTCOMES
from otel_discord.extensions.run_channels import life
from otel_discord.extensions.run_channels.asked import Asked, CreateRun, FinalizeRun, ListRuns
from otel_discord.extensions.run_channels.attendant import Attendant
from otel_discord.extensions.run_channels.audit import AuditLog, Visit
from otel_discord.extensions.run_channels.life import OVERDUE_MS, Policy
from otel_discord.extensions.run_channels.own_numbers import OwnNumbers
from otel_discord.extensions.run_channels.runs import Placement, Run, RunKey, State
from otel_discord.extensions.run_channels.tokens import Caller, KnownTokens
from otel_discord.testing.fake_discord.faults import Answer, Fault, method_is, posts
from otel_discord.testing.telemetry import InMemoryTelemetry
from tests.extensions.run_channels.site_of_runs import Site

CALLER = Caller("ci", frozenset({"create", "finalize", "read"}), frozenset(), 1000)
HOUR_S = 3600.0


def measured(site: Site) -> InMemoryTelemetry:
    telemetry = InMemoryTelemetry()
    site.numbers = OwnNumbers(telemetry.meter, "run_channels")
    return telemetry


@pytest.mark.looptime
async def test_all_numbers_of_a_life() -> None:
    site = Site()
    telemetry = measured(site)
    assert site.numbers is not None
    logger = logging.getLogger("otel_discord.test.run_channels")
    with site.numbers.shown():
        async with site.running() as worker:
            attendant = Attendant(
                desk=worker,
                tokens=KnownTokens([]),
                audit=AuditLog(logger, site.numbers),
                logger=logger,
                patience_s=60,
                unix_now_s=lambda: 0.0,
                numbers=site.numbers,
            )

            async def ask(action: str, asked: Asked) -> object:
                return await attendant.carry_out(Visit("http", "", "", action), asked, CALLER)

            await ask("create", CreateRun(site.wanted("ab12")))
            await ask("create", CreateRun(site.wanted("ab12")))
            await ask("create", CreateRun(site.wanted("cd34")))
            await ask("list", ListRuns("", "", 50, ""))
            assert telemetry.value("otel_discord_runs", state="running") == 2
            await ask("finalize", FinalizeRun(site.run_channels()[0].id, "success"))
            assert telemetry.value("otel_discord_runs", state="running") == 1
            assert telemetry.value("otel_discord_runs", state="archived") == 1
            attendant.audit.refused(Visit("http", "", "", "create"), None, "forbidden")
            seen = {
                (point.attributes["action"], point.attributes["outcome"]): point.value
                for point in telemetry.points("otel_discord_run_requests_total")
                if point.value
            }
            assert seen == {
                ("create", "created"): 2,
                ("create", "existing"): 1,
                ("list", "ok"): 1,
                ("finalize", "finalized"): 1,
                ("create", "forbidden"): 1,
            }
            assert telemetry.value("otel_discord_run_create_duration_seconds") == 2
            assert telemetry.value("otel_discord_run_bot_requests_total", outcome="done") == len(site.fake.exchanges)
            assert telemetry.value("otel_discord_run_bot_wait_seconds") == len(site.fake.exchanges)
            assert telemetry.value("otel_discord_runs_adopted_total") == 0
        async with site.running(forgetful=True):
            assert telemetry.value("otel_discord_runs_adopted_total") == 2
        for name in telemetry.metric_names():
            for point in telemetry.points(name):
                assert set(point.attributes) == set(INSTRUMENTS[name].labels), name
        assert telemetry.metric_names() == {name for name in INSTRUMENTS if name.startswith("otel_discord_run")}
    assert not telemetry.points("otel_discord_runs")


@pytest.mark.looptime
async def test_429s_and_waits_of_the_bot_show() -> None:
    site = Site()
    telemetry = measured(site)
    headers = {"Retry-After": "3", "X-RateLimit-Scope": "user"}
    limited = Answer(429, {"message": "You are being rate limited.", "retry_after": 3.0, "global": False}, headers)
    site.fake.faults.add(Fault(limited, match=posts))
    async with site.running() as worker:
        await worker.create(site.wanted(), by="ci")
    assert telemetry.value("otel_discord_run_bot_requests_total", outcome="rate_limited") == 1
    (waits,) = telemetry.points("otel_discord_run_bot_wait_seconds")
    assert waits.sum >= 3.0
    assert {point.attributes["outcome"] for point in telemetry.points("otel_discord_run_bot_requests_total")} == {
        *OUTCOMES
    }


@pytest.mark.looptime
async def test_a_channel_that_cannot_be_deleted_is_overdue_and_in_the_end_not() -> None:
    site = Site()
    telemetry = measured(site)
    assert site.numbers is not None
    with site.numbers.shown():
        async with site.running() as worker:
            created = await worker.create(site.wanted(retention_hours=1), by="ci")
            await worker.finalize(created.run.channel_id, outcome="", by="ci")
            refusal = Answer(403, {"message": "Missing Permissions", "code": 50013})
            fault = Fault(refusal, match=method_is("DELETE"), times=math.inf)
            site.fake.faults.add(fault)
            await asyncio.sleep(HOUR_S + 60)
            assert fault.hits
            assert telemetry.value("otel_discord_runs_overdue") == 0
            await asyncio.sleep(900)
            assert telemetry.value("otel_discord_runs_overdue") == 1
            fault.times = 0
            await asyncio.sleep(HOUR_S)
            assert not site.run_channels()
            assert telemetry.value("otel_discord_runs_overdue") == 0


RUN = Run(
    run_id="r", key=RunKey(guild_id="1", task_id="t", attempt=1, short_id="s"), state=State.RUNNING,
    placement=Placement.CHANNEL, created_ms=1_000_000, retention_hours=1,
)  # fmt: skip


@pytest.mark.parametrize(
    ("run", "due_ms"),
    [
        (RUN, RUN.expires_ms),
        (replace(RUN, state=State.CREATING), RUN.expires_ms),
        (replace(RUN, state=State.FINISHING, finalized_ms=2_000_000), 2_000_000),
        (replace(RUN, state=State.ARCHIVED, finalized_ms=2_000_000, archived_ms=2_000_000), RUN.expires_ms),
        (replace(RUN, state=State.ARCHIVED, retention_hours=0, archived_ms=3_000_000), 3_000_000),
        (replace(RUN, state=State.CLEANING), RUN.expires_ms),
        (replace(RUN, state=State.CLEANED), None),
    ],
    ids=lambda value: str(value.state) if isinstance(value, Run) else "",
)
def test_when_a_run_is_overdue(run: Run, due_ms: int | None) -> None:
    policy = Policy()
    if due_ms is None:
        assert not life.is_overdue(run, 10**15, policy)
    else:
        assert not life.is_overdue(run, due_ms + OVERDUE_MS - 1, policy)
        assert life.is_overdue(run, due_ms + OVERDUE_MS, policy)
