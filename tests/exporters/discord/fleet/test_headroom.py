"""Where the oldest is dropped a full shard takes what is new at once, and keeps to its bounds a moment later."""

import asyncio
import re
from math import inf

import pytest

from otel_discord.component.storage import QueueLimits, Sizer
from otel_discord.exporters.discord.fleet.headroom import with_headroom
from otel_discord.testing.fake_discord import Answer, FakeDiscord, Fault
from tests.exporters.discord.fleet.fleet_rig import town
from tests.exporters.discord.log_lines import log_lines

pytestmark = pytest.mark.looptime(idle_timeout=20_000, idle_step=5)


def test_bounds_are_the_same_where_nothing_is_dropped() -> None:
    limits = QueueLimits(20, Sizer.REQUESTS, 1_000)
    assert with_headroom(limits) == limits


@pytest.mark.parametrize("sizer", Sizer)
def test_there_is_room_for_what_comes_in_a_moment(sizer: Sizer) -> None:
    small, large = (QueueLimits(size, sizer, size, one_beyond=True) for size in (20, 10**9))
    assert with_headroom(small).size >= 256
    assert with_headroom(large).size == with_headroom(large).max_bytes == 1.25 * 10**9


async def test_a_full_shard_keeps_nobody_waiting() -> None:
    fake = FakeDiscord(channel_limit=None)
    fake.faults.add(Fault(Answer(503), times=inf))
    loop = asyncio.get_running_loop()
    queue = {"queue_size": 20, "overflow": "drop_oldest"}
    async with town(fake, "x", "y", sending_queue=queue, fold={"enabled": False}) as there:
        rigs = list(there.replicas.values())
        began_s = loop.time()
        for number in range(200):
            await rigs[number % 2].exporter.consume(log_lines(f"number {number} is broken", severity=17))
        assert loop.time() - began_s < 2
        await asyncio.sleep(60)
        assert sum(each.size for each in there.fleet.queues()) <= 20
        fake.faults.clear()
        await asyncio.sleep(120)
        dropped = sum(rig.telemetry.value("otelcol_exporter_send_failed_log_records") for rig in rigs)
    shown = {int(n) for message in fake.messages for n in re.findall(r"number (\d+) is broken", str(message.embeds))}
    assert len(shown) + dropped == 200
    assert len(shown) == 20
    assert shown >= {*range(185, 200)}, "what was on its way stays in the place of newer ones"
