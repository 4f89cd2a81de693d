"""Single stages of the chain, where the whole chain does not get to."""

import asyncio
from typing import Any

import pytest

from otel_discord.component.errors import QueueFullError
from otel_discord.component.instruments import ExporterInstruments
from otel_discord.component.storage import QueueLimits, Sizer
from otel_discord.exporterhelper.config import CollectorSendingQueueConfig
from otel_discord.exporterhelper.queue_sender import QueueSender
from otel_discord.exporterhelper.timeout_sender import TimeoutSender
from otel_discord.signals import Batch, Signal
from otel_discord.store.memory import MemoryQueue

pytestmark = pytest.mark.looptime


class RoomTakenByOthers(MemoryQueue):
    """A queue that several processes share: the room is gone again when its turn comes, twice."""

    taken = 2

    async def put(self, batch: Batch, *, priority: int = 0) -> int:
        if self.taken:
            self.taken -= 1
            raise QueueFullError("somebody was quicker")
        return await super().put(batch, priority=priority)


async def test_whoever_waits_for_room_waits_again_when_it_is_gone(telemetry: Any, make_logs: Any) -> None:
    queue = RoomTakenByOthers(QueueLimits(1, Sizer.REQUESTS, 1 << 20))
    settings = telemetry.settings
    sender = QueueSender(
        queue,
        CollectorSendingQueueConfig(block_on_overflow=True),
        Signal.LOGS,
        ExporterInstruments(settings.meter, str(settings.id)),
        settings.logger,
    )
    await asyncio.wait_for(sender.send(make_logs("a")), 1)
    assert queue.size == 1
    assert telemetry.sent == (0, 0, 0)


async def test_a_timeout_of_the_push_itself_is_not_ours(make_logs: Any) -> None:
    async def push(batch: Batch) -> Any:
        raise TimeoutError("its own")

    with pytest.raises(TimeoutError, match="its own"):
        await TimeoutSender(push, 5.0).send(make_logs("a"))
