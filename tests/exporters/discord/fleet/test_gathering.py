"""In a fleet what comes to one shard within a moment is one transaction; what comes alone does not wait."""

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from otel_discord.component import Fold, NewCard, RoutedIds
from otel_discord.signals import Severity
from otel_discord.store.memory import MemoryQueue
from otel_discord.testing.fake_discord import FakeDiscord, records_shown
from otel_discord.testing.otlp import logs_batch
from tests.exporters.discord.fleet.fleet_rig import town

pytestmark = pytest.mark.looptime


async def test_what_comes_within_a_moment_is_routed_together(monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[tuple[float, int]] = []
    route_all = MemoryQueue.route_all

    async def noted(self: MemoryQueue, cards: Mapping[int, Sequence[NewCard]], folds: Sequence[Fold] = ()) -> RoutedIds:
        steps.append((asyncio.get_running_loop().time(), len(cards)))
        return await route_all(self, cards, folds)

    monkeypatch.setattr(MemoryQueue, "route_all", noted)
    fake = FakeDiscord(channel_limit=None)
    given = {"ops": {"webhook_url": fake.add_webhook().url}}
    async with town(fake, "x", "y", destinations=given) as there:
        exporters = [each.exporter for each in there.replicas.values()]
        for number in range(50):
            await exporters[number % 2].consume(logs_batch(2, severity=Severity.ERROR))
            await asyncio.sleep(0.02)
        busy = len(steps)
        assert busy <= 14, steps
        await asyncio.sleep(5)
        began_s = asyncio.get_running_loop().time()
        engine = next(each for each in exporters if each.shard_of["ops"] in each.engines)
        await engine.consume(logs_batch(1, severity=Severity.ERROR))
        await asyncio.sleep(5)
        assert steps[-1][0] - began_s < 0.03, "what comes alone is routed at once"
        await asyncio.sleep(60)
    assert sum(count for _, count in steps) == 51
    assert records_shown(fake.messages) == 101
