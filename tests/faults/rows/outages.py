"""Rows 45 and 52: Discord refuses, or is away, for long."""

import asyncio
import time
from math import inf

from otel_discord.testing.fake_discord import SERVER_ERRORS, Answer, Fault, posts
from tests.faults.meddling import Meddling
from tests.faults.row import Theme, row
from tests.faults.stage import Stage

INVALID_PER_10_MIN = 10_000


def _told(wait_s: float) -> Answer:
    body = {"message": "You are being rate limited.", "retry_after": wait_s, "global": False}
    return Answer(429, body, {"X-RateLimit-Scope": "user", "Via": "1.1 google"})


@row(
    45,
    Theme.DISCORD,
    "a storm of 429 over many destinations",
    injected="FakeDiscord answers every POST with 429 (200 destinations, `retry_after` 0.3, for a minute)",
    expected="far below the 10,000 invalid requests in 10 minutes that ban an address: spaced from 1,000 on",
    codes="NL D0 LIVE",
    destinations=20,
)
async def storm(stage: Stage) -> None:
    lasts_s = stage.of(2, 60)
    for number in range(stage.of(0, 180)):
        stage.webhooks[f"e{number}"] = stage.fake.add_webhook()
    limits = {"requests_per_second": 45, "channel_messages_per_minute": 0}
    await stage.start(stage.configuration(exporter=stage.exporter(rate_limit=limits)))
    stage.fake.faults.add(Fault(_told(0.3), match=posts, times=inf))
    client = stage.client()
    ends_at = time.monotonic() + lasts_s
    while time.monotonic() < ends_at:
        await client.send(1)
        await asyncio.sleep(lasts_s / 5)
    refused = stage.limited()
    assert refused < INVALID_PER_10_MIN / 2
    assert refused / lasts_s <= 47, f"{refused} requests in {lasts_s} s"
    stage.fake.faults.clear()
    await stage.close_books(deadline_s=stage.of(30, 240))
    stage.note(f"{refused} × 429 in {lasts_s} s")


@row(
    52,
    Theme.DISCORD,
    "Discord is away for four hours with a backlog, then comes back",
    injected="FakeDiscord answers 503 to everything; hours pass as clocks leap, records come in all the time",
    expected="a probe now and then instead of a storm; afterwards everything in order, what is critical first",
    codes="NL D0 LIVE",
)
async def away(stage: Stage) -> None:
    leaps, records = stage.of(5, 48), stage.of(5, 100)
    meddling = Meddling(stage.directory)
    exporter = stage.exporter(circuit_breaker={"failure_threshold": 5, "cooldown": "30s"})
    await stage.start(stage.configuration(exporter=exporter), environment=meddling.environment)
    stage.fake.faults.add(Fault(SERVER_ERRORS["503_json"], match=posts, times=inf))
    usual, urgent = stage.client(), stage.client()
    await usual.send(1)
    await stage.until(lambda: stage.posts() >= 5, "the breaker has had enough", 20)
    await asyncio.sleep(0.5)
    before = stage.posts()
    for _ in range(leaps):
        await usual.send(records)
        await stage.leap(meddling, 4 * 3600 / leaps)
        await asyncio.sleep(0.2)
    critical = await urgent.send(1, severity=21)
    during = stage.posts() - before
    assert during <= 2 * leaps, f"{during} requests in {leaps} half-open moments"
    stage.fake.faults.clear()
    await stage.leap(meddling, 60)
    held = await stage.close_books(deadline_s=stage.of(30, 120))
    first = held.delivered["default"]
    assert first.index(critical[0]) <= 60, "what is critical waited behind the backlog"
    stage.note(f"{during} requests in 4 h")
