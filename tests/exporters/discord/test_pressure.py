"""What goes first when room is short."""

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_discord._proto import queue_pb2
from otel_discord.component import (
    Fold,
    Move,
    NewCard,
    NewLetter,
    NewPosted,
    Posting,
    QueueFullError,
    QueueLimits,
    Settlement,
    Sizer,
)
from otel_discord.exporters.discord.pressure import Ranks
from otel_discord.exporters.discord.ranked_queue import rank_what_waits, ranked
from otel_discord.signals import LogsBatch
from otel_discord.store.memory import MemoryQueue
from otel_discord.testing.fake_discord import FakeDiscord
from otel_discord.testing.otlp import logs_batch
from tests.exporters.discord.counting import counts
from tests.exporters.discord.disk import STORED, Disk, DiskQueue, host_with
from tests.exporters.discord.rig import Rig, running

CRITICAL = 1


ARRIVE = st.tuples(st.just("came"), st.sampled_from([1, 9, 12, 13, 17, 20, 21]), st.sampled_from([0, 0, 0, CRITICAL]))
LEAVE = st.tuples(st.just("left"), st.integers(0, 30), st.just(0))


def card(severity: int) -> bytes:
    return queue_pb2.Card(severity=severity).SerializeToString()


@given(st.lists(ARRIVE | LEAVE), st.sets(st.integers(0, 30)))
def test_of_the_lowest_severity_the_oldest_goes_never_what_is_critical_or_on_its_way(
    steps: list[tuple[str, int, int]], on_its_way: set[int]
) -> None:
    ranks, may_go, next_id = Ranks(), dict[int, int](), 0
    for step, number, priority in steps:
        if step == "came":
            ranks.came(next_id, "ops", priority, card(number))
            if priority < CRITICAL:
                may_go[next_id] = (number - 1) // 4
            next_id += 1
        else:
            ranks.left([number])
            may_go.pop(number, None)
    assert len(ranks) == len(may_go)
    free = [(severity, card_id) for card_id, severity in may_go.items() if card_id not in on_its_way]
    assert ranks.first(lambda _, card_id: card_id in on_its_way) == (min(free)[1] if free else None)


async def test_the_cards_of_an_earlier_run_are_found_and_stand_before_newer_ones() -> None:
    queue, ranks = MemoryQueue(QueueLimits(100, Sizer.REQUESTS, 1 << 20)), Ranks()
    known = ranked(queue, ranks)
    await queue.adopt(
        [NewCard("ops", 0, card(17)), NewCard("ops", CRITICAL, card(9)), NewCard("b", 0, b"\xff damaged")]
    )
    await known.adopt([NewCard("ops", 0, card(17))])
    assert ranks.first(lambda lane, card_id: False) == 4
    await rank_what_waits(known, ranks)
    order = []
    while (first := ranks.first(lambda lane, card_id: False)) is not None:
        order.append(first)
        await known.settle([first], Settlement.DEAD)
    assert order == [3, 1, 4]
    assert await queue.waiting() == {"ops": 1}


async def test_cards_are_known_whatever_way_they_take() -> None:
    ranks = Ranks()
    queue = ranked(MemoryQueue(QueueLimits(100, Sizer.REQUESTS, 1 << 20)), ranks)
    batch_id = await queue.put(logs_batch())
    lost = Fold(999, card(17), otherwise=NewCard("ops", 0, card(17)))
    routed = await queue.route_all(
        {batch_id: [NewCard("ops", 0, card(severity)) for severity in (9, 13, 17, 17)]}, [lost]
    )
    ids = [*routed.cards[batch_id], *routed.otherwise.values()]
    assert len(ranks) == 5
    (moved,) = await queue.move([Move(ids[0], NewCard("other", 0, card(9)))])
    assert ids[0] not in ranks
    assert moved in ranks
    await queue.post(NewPosted("ops", "1", 0, b"", [Posting(ids[1], 1)]))
    await queue.bury([NewLetter(ids[2], 0, "ops", "x", b"")])
    await queue.settle([ids[3]], Settlement.DELIVERED)
    assert sorted(card_id for card_id in (*ids, moved) if card_id in ranks) == [ids[4], moved]
    ranks.is_behind = False
    assert not await queue.move([Move(ids[0], NewCard("other", 0, card(9)))])
    assert ranks.is_behind


class SlowQueue(DiskQueue):
    """Dropping takes as long as a message does."""

    async def settle(self, card_ids: Sequence[int], settlement: Settlement) -> None:
        if settlement is Settlement.DEAD:
            await asyncio.sleep(0.3)
        await super().settle(card_ids, settlement)


@pytest.mark.looptime(idle_timeout=600)
async def test_a_client_that_goes_away_meanwhile_changes_no_count() -> None:
    fake, disk = FakeDiscord(channel_limit=None), Disk()
    disk.queues["discord/logs"] = SlowQueue(QueueLimits(1, Sizer.REQUESTS, 1 << 20))
    queue = {**STORED, "queue_size": 1, "overflow": "drop_oldest", "batch": {"flush_timeout": "5s"}}
    async with running(fake, host=host_with(disk), sending_queue=queue) as rig:
        await asyncio.sleep(1)
        await rig.exporter.consume(logs_batch(1))
        await asyncio.sleep(1)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await rig.exporter.consume(logs_batch(1, first=1))
        assert rig.telemetry.value("otelcol_exporter_send_failed_log_records") == 1
    assert rig.arrived() == [1]


async def accepted(rig: Rig, batch: LogsBatch) -> bool:
    """Offer a batch; it is refused while everything that waits is on its way."""
    try:
        await rig.exporter.consume(batch)
    except QueueFullError:
        return False
    return True


@pytest.mark.looptime(idle_timeout=600)
@pytest.mark.parametrize("folds", [False, True])
async def test_every_record_is_shown_or_dropped_and_none_is_both(folds: bool) -> None:
    fake, disk = FakeDiscord(channel_limit=None), Disk()
    disk.queues["discord/logs"] = SlowQueue(QueueLimits(1, Sizer.ITEMS, 1 << 20))
    queue = {**STORED, "sizer": "items", "queue_size": 6, "overflow": "drop_oldest"}
    config = {"sending_queue": queue, "fold": {"enabled": folds, "window": "0s"}, "shutdown_timeout": "1h"}
    async with running(fake, host=host_with(disk), **config) as rig:

        async def feed(first: int) -> None:
            for number in range(60):
                batch = logs_batch(1 + number % 3, first=first + 3 * number)
                while not await accepted(rig, batch):
                    await asyncio.sleep(0.1)
                await asyncio.sleep(0.02)

        async with asyncio.TaskGroup() as clients:
            clients.create_task(feed(0))
            clients.create_task(feed(1_000))
        await asyncio.sleep(60)
    dropped = rig.telemetry.value("otelcol_exporter_send_failed_log_records")
    shown = [message for message in fake.messages if "not shown" not in message.embeds[0].get("title", "")]
    assert sum(counts(shown)) + dropped == 240
