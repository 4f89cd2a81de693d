"""While the fleet's database is away a replica takes in what comes and shows it afterwards, once and in order."""

import asyncio
from typing import Any

import pytest

from otel_discord.component import RetryableError
from otel_discord.store.memory import MemoryStorage
from otel_discord.testing.fake_discord import FakeDiscord
from otel_discord.testing.otlp import logs_batch
from tests.exporters.discord.fleet.fleet_rig import town
from tests.exporters.discord.fleet.test_fleet import arrived, destinations

pytestmark = pytest.mark.looptime(idle_timeout=20_000, idle_step=5)
FAST: dict[str, Any] = {"rate_limit": {"channel_messages_per_minute": 0}, "fold": {"enabled": False}}
SPOOL: dict[str, Any] = {"sending_queue": {"spool": "disk"}}


async def test_what_came_while_the_database_was_away_is_shown_once_in_order() -> None:
    fake = FakeDiscord(channel_limit=None)
    there_is = {"destinations": destinations(fake, 6), "extensions": {"disk": MemoryStorage()}}
    async with town(fake, "a", **there_is, **FAST, **SPOOL) as there:
        take = there.replicas["a"].exporter.consume
        for number in range(20):
            await take(logs_batch(1, first=number))
        await asyncio.sleep(5)
        there.fleet.is_away = True
        for number in range(20, 200):
            await take(logs_batch(1, first=number))
            await asyncio.sleep(1)
        assert there.replicas["a"].telemetry.value("otel_discord_spool_records") == 180
        there.fleet.is_away = False
        for number in range(200, 260):
            await take(logs_batch(1, first=number))
            await asyncio.sleep(0.05)
        await asyncio.sleep(60)
        assert there.replicas["a"].telemetry.value("otel_discord_spool_records") == 0
    for hook in fake.webhooks:
        assert arrived(fake, hook) == list(range(260))


async def test_without_one_requests_are_refused() -> None:
    fake = FakeDiscord(channel_limit=None)
    async with town(fake, "a", **FAST) as there:
        there.fleet.is_away = True
        with pytest.raises(RetryableError):
            await there.replicas["a"].exporter.consume(logs_batch(1))
        there.fleet.is_away = False


async def test_who_is_killed_with_a_filled_spool_empties_it_when_he_is_started_again() -> None:
    """Also when it is killed while it does."""
    fake = FakeDiscord(channel_limit=None)
    there_is = {"destinations": destinations(fake, 4), "extensions": {"disk": MemoryStorage()}}
    async with town(fake, "a", **there_is, **FAST, **SPOOL) as there:
        there.fleet.is_away = True
        for number in range(300):
            await there.replicas["a"].exporter.consume(logs_batch(1, first=number))
        await there.kill("a")
        there.fleet.is_away = False
        for pause_s in (0.0, 0.1, 0.2, 0.5):
            await there.join(f"killed after {pause_s}")
            await asyncio.sleep(pause_s)
            await there.kill(f"killed after {pause_s}")
        await there.join("b")
        await asyncio.sleep(60)
    for hook in fake.webhooks:
        numbers = arrived(fake, hook)
        assert list(dict.fromkeys(numbers)) == list(range(300))
        assert len(numbers) <= 300 + 4 * 10, "at most one message of each that was killed"
