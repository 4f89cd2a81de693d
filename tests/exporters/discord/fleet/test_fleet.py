"""Replicas share the work: one card a problem, order, nothing lost, whoever comes and goes."""

import asyncio
from collections import Counter
from itertools import chain
from typing import Any

import pytest

from otel_discord.testing.fake_discord import FakeDiscord
from otel_discord.testing.fake_discord.state import FakeWebhook
from otel_discord.testing.otlp import logs_batch
from tests.exporters.discord.fleet.fleet_rig import Town, town
from tests.exporters.discord.log_lines import log_lines
from tests.exporters.discord.rig import MARKER, shown

pytestmark = pytest.mark.looptime(idle_timeout=20_000, idle_step=5)
FAST: dict[str, Any] = {"rate_limit": {"channel_messages_per_minute": 0}, "fold": {"enabled": False}}


def arrived(fake: FakeDiscord, webhook: FakeWebhook | None = None) -> list[int]:
    messages = fake.messages if webhook is None else fake.messages_of(webhook)
    return [int(number) for message in messages for number in MARKER.findall(shown(message))]


def destinations(fake: FakeDiscord, count: int) -> dict[str, Any]:
    hooks = [fake.add_webhook() for _ in range(count)]
    return {f"d{number}": {"webhook_url": hook.url} for number, hook in enumerate(hooks)}


async def test_the_seats_are_divided_and_all_records_arrive_in_order() -> None:
    fake = FakeDiscord(channel_limit=None)
    async with town(fake, "a", "b", "c", destinations=destinations(fake, 6), **FAST) as there:
        held = there.held()
        assert sorted(chain(*held.values())) == [0, 1, 2, 3]
        assert sorted(map(len, held.values())) == [1, 1, 2]
        for number in range(30):
            await list(there.replicas.values())[number % 3].exporter.consume(logs_batch(1, first=number))
        await asyncio.sleep(20)
    for hook in fake.webhooks:
        assert arrived(fake, hook) == list(range(30))


async def test_a_storm_spread_over_replicas_is_one_card_with_the_exact_count() -> None:
    fake = FakeDiscord()
    async with town(fake, "a", "b", "c") as there:
        for _ in range(40):
            for rig in there.replicas.values():
                await rig.exporter.consume(log_lines(*["connection to db failed"] * 25, severity=17))
            await asyncio.sleep(0.1)
        await asyncio.sleep(60)
    texts = [shown(message) for message in fake.messages]
    assert len(texts) == 1
    assert "×3,000" in str(fake.messages[0].embeds) + fake.messages[0].content


async def _flow(there: Town, numbers: range, pause_s: float = 0.1) -> None:
    for number in numbers:
        rigs = list(there.replicas.values())
        await rigs[number % len(rigs)].exporter.consume(logs_batch(1, first=number))
        await asyncio.sleep(pause_s)


async def test_a_replica_that_is_killed_loses_nothing_and_at_most_one_message_comes_twice() -> None:
    fake = FakeDiscord(channel_limit=None)
    async with town(fake, "a", "b", "c", destinations=destinations(fake, 4), **FAST) as there:
        await _flow(there, range(20))
        await there.kill("b")
        await _flow(there, range(20, 60))
        await asyncio.sleep(10)
        assert sorted(chain(*there.held().values())) == [0, 1, 2, 3]
        await asyncio.sleep(20)
    for hook in fake.webhooks:
        numbers = arrived(fake, hook)
        assert set(numbers) == set(range(60))
        twice = [number for number, times in Counter(numbers).items() if times > 1]
        assert len(twice) <= 10, "one message"
        assert list(dict.fromkeys(numbers)) == list(range(60)), "order holds"


async def test_who_leaves_and_who_joins_causes_no_repeat_and_seats_stay_fair() -> None:
    fake = FakeDiscord(channel_limit=None)
    async with town(fake, "a", "b", destinations=destinations(fake, 4), **FAST) as there:
        await _flow(there, range(10))
        await there.join("c")
        await _flow(there, range(10, 40))
        assert sorted(map(len, there.held().values())) == [1, 1, 2]
        await there.leave("a")
        await _flow(there, range(40, 60))
        await asyncio.sleep(1)
        assert sorted(map(len, there.held().values())) == [2, 2]
        await asyncio.sleep(20)
    for hook in fake.webhooks:
        assert arrived(fake, hook) == list(range(60))
