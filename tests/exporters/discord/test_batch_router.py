"""Batches that wait together are routed together; what was taken and not routed waits again."""

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from otel_discord.component import Fold, NewCard, QueueLimits, RoutedIds, Sizer
from otel_discord.store.memory import MemoryQueue
from otel_discord.testing.fake_discord import FakeDiscord
from otel_discord.testing.otlp import logs_batch
from tests.exporters.discord.disk import STORED, Disk, DiskQueue, host_with
from tests.exporters.discord.rig import running

pytestmark = pytest.mark.looptime


class WatchedQueue(DiskQueue):
    """Notes what is routed together, and how long a step takes."""

    def __init__(self, step_s: float = 0.0) -> None:
        super().__init__(QueueLimits(1000, Sizer.REQUESTS, 10**9))
        self.step_s = step_s
        self.steps: list[list[int]] = []

    async def route_all(self, cards: Mapping[int, Sequence[NewCard]], folds: Sequence[Fold] = ()) -> RoutedIds:
        self.steps.append([len(each) for each in cards.values()])
        await asyncio.sleep(self.step_s)
        return await super().route_all(cards, folds)


def disk_of(queue: MemoryQueue) -> Disk:
    disk = Disk()
    assert isinstance(queue, DiskQueue)
    disk.queues["discord/logs"] = queue
    return disk


async def test_small_batches_that_wait_are_routed_together_and_large_ones_alone() -> None:
    fake, queue = FakeDiscord("unlimited"), WatchedQueue()
    for count in (1, 1, 3, 300, 250, 7, 1):
        await queue.put(logs_batch(count))
    async with running(fake, host=host_with(disk_of(queue)), sending_queue=STORED, shutdown_timeout="600s"):
        await asyncio.sleep(5)
    assert queue.steps == [[1, 1, 3], [300], [250], [7, 1]] or queue.steps == [[1, 1, 3], [300], [250, 7], [1]]
    assert len(fake.messages) == 57


async def test_what_was_taken_and_not_routed_is_there_in_the_next_run() -> None:
    fake, queue = FakeDiscord("unlimited"), WatchedQueue(step_s=60.0)
    for _ in range(5):
        await queue.put(logs_batch(1))
    disk = disk_of(queue)
    async with running(fake, host=host_with(disk), sending_queue=STORED, shutdown_timeout="1s"):
        await asyncio.sleep(1)
    assert queue.steps == [[1] * 5]
    assert not fake.messages
    queue.step_s = 0.0
    async with running(fake, host=host_with(disk), sending_queue=STORED) as rig:
        await asyncio.sleep(5)
        assert rig.arrived() == [0] * 5
