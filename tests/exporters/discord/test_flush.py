"""Waiting until everything that was accepted has ended."""

import asyncio
from math import inf

import pytest

from otel_discord.testing.fake_discord import Answer, FakeDiscord, Fault, Stall, posts
from otel_discord.testing.otlp import logs_batch
from tests.exporters.discord.rig import running
from tests.exporters.discord.test_folding import FOLDING

pytestmark = pytest.mark.looptime(idle_timeout=600)


async def test_it_returns_when_all_is_there_and_at_once_when_nothing_is() -> None:
    fake = FakeDiscord(channel_limit=None)
    fake.faults.add(Fault(Stall(8, commit=True), match=posts))
    async with running(fake) as rig:
        await rig.exporter.flushed()
        await rig.exporter.consume(logs_batch(25))
        await rig.exporter.flushed()
        assert rig.arrived() == list(range(25))
        started_s = asyncio.get_running_loop().time()
        await rig.exporter.flushed()
        assert asyncio.get_running_loop().time() == started_s
    await rig.exporter.flushed()


async def test_an_outage_is_waited_for_and_dead_letters_are_not() -> None:
    fake = FakeDiscord(channel_limit=None)
    fake.faults.add(Fault(Answer(503), match=posts, times=inf))
    async with running(fake) as rig:
        await rig.exporter.consume(logs_batch(1))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(100):
                await rig.exporter.flushed()
        fake.faults.clear()
        fake.faults.add(Fault(Answer(404, {"code": 10015}), match=posts, times=inf))
        async with asyncio.timeout(100):
            await rig.exporter.flushed()


async def test_counts_that_edits_will_show_are_not_waited_for() -> None:
    fake = FakeDiscord(channel_limit=None)
    async with running(fake, **FOLDING) as rig:
        await rig.exporter.consume(logs_batch(1))
        await rig.exporter.flushed()
        await rig.exporter.consume(logs_batch(5))
        async with asyncio.timeout(2):
            await rig.exporter.flushed()
        assert len(fake.messages) == 1
