"""A storage that stalls while many webhooks are busy: what was granted meanwhile does not go as a crowd."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from otel_discord.component import QueueLimits
from otel_discord.testing.fake_discord import FakeDiscord, Latency
from otel_discord.testing.otlp import logs_batch
from tests.exporters.discord.disk import STORED, DiskQueue, host_with
from tests.exporters.discord.rig import Rig, running

pytestmark = pytest.mark.looptime(idle_timeout=20_000, idle_step=5)
WEBHOOKS = 80


class StallingQueue(DiskQueue):
    """Nothing is noted as long as ``flows`` is not set; each note takes ``takes_s``."""

    def __init__(self, limits: QueueLimits) -> None:
        super().__init__(limits)
        self.flows = asyncio.Event()
        self.flows.set()
        self.takes_s = 0.005
        self.notes = 0

    async def mark_sending(self, card_ids: Sequence[int]) -> None:
        self.notes += 1
        await asyncio.sleep(self.takes_s)
        await self.flows.wait()
        await super().mark_sending(card_ids)

    @asynccontextmanager
    async def stalled(self, seconds: float) -> AsyncIterator[None]:
        self.flows.clear()
        yield
        await asyncio.sleep(seconds)
        self.flows.set()


class StallingDisk:
    def __init__(self) -> None:
        self.queues: dict[str, StallingQueue] = {}

    @property
    def queue(self) -> StallingQueue:
        (queue,) = self.queues.values()
        return queue

    @asynccontextmanager
    async def open_queue(self, owner: str, limits: QueueLimits) -> AsyncIterator[StallingQueue]:
        queue = self.queues.setdefault(owner, StallingQueue(limits))
        queue.reopen(limits)
        try:
            yield queue
        finally:
            queue.abandon()


@asynccontextmanager
async def busy(disk: StallingDisk, **config: Any) -> AsyncIterator[Rig]:
    """An exporter with many webhooks, each with more to send than it may."""
    fake = FakeDiscord(channel_limit=None, latency=Latency((0.01, 0.03), (0.01, 0.03), seed=1))
    names = [f"d{number}" for number in range(WEBHOOKS)]
    given: dict[str, Any] = {
        "destinations": {name: {"webhook_url": fake.add_webhook().url} for name in names},
        "sending_queue": STORED | {"batch": {"max_size": 1}},
        "rate_limit": {"channel_messages_per_minute": 0},
        "shutdown_timeout": "1h",
    }
    async with running(fake, host=host_with(disk), **(given | config)) as rig:  # type: ignore[arg-type]
        yield rig


@pytest.mark.parametrize("stall_s", [5.0, 0.24, 0.6])
async def test_a_stall_ends_without_a_crowd(stall_s: float) -> None:
    disk = StallingDisk()
    async with busy(disk) as rig:
        await rig.exporter.consume(logs_batch(8))
        await asyncio.sleep(3)
        for _ in range(3):
            async with disk.queue.stalled(stall_s):
                pass
            await asyncio.sleep(2)
    assert rig.fake.count(429) == 0
    for webhook in rig.fake.webhooks:
        assert rig.arrived(webhook) == list(range(8))


async def test_notes_that_take_long_cost_no_rate() -> None:
    disk = StallingDisk()
    async with busy(disk) as rig:
        await asyncio.sleep(5)
        disk.queue.takes_s = 0.2
        began_s = asyncio.get_running_loop().time()
        await rig.exporter.consume(logs_batch(12))
    assert rig.fake.count(429) == 0
    sent = [message for message in rig.fake.messages if message.arrived_at_s >= began_s]
    took_s = sent[-1].arrived_at_s - sent[0].arrived_at_s
    assert len(sent) / took_s >= 0.95 * 45, "webhooks are many, so that only the address limits them"


async def test_who_stops_meanwhile_leaves_nothing_in_doubt() -> None:
    disk = StallingDisk()
    async with busy(disk, shutdown_timeout="8s") as rig:
        await rig.exporter.consume(logs_batch(30))
        await asyncio.sleep(4)
        async with disk.queue.stalled(3.0):
            pass
        names = list(await disk.queue.waiting())
    heads = [await disk.queue.head(name, 1000) for name in names]
    assert sum(map(len, heads)) > 100
    assert not [card for head in heads for card in head if card.in_doubt]
    assert rig.fake.count(429) == 0
