"""Part of the storage contract: what one run leaves for the next."""

import asyncio

from otel_discord.component.errors import QueueFullError
from otel_discord.component.storage import NewCard, QueueLimits, Settlement, Sizer, StoredCard
from otel_discord.testing.expect import raises, within
from otel_discord.testing.otlp import logs_batch
from otel_discord.testing.storage_contract_base import (
    OWNER,
    PATIENCE_S,
    ROOMY,
    StorageContractBase,
    body,
    route,
    run_of,
)


class RunsContract(StorageContractBase):
    """State, restarts, and several queues."""

    async def test_state_is_kept_by_key(self) -> None:
        """Any bytes; None removes."""
        async with self.queue() as queue:
            await queue.set_state("a", bytes(range(256)))
            await queue.set_state("b", b"")
            await queue.set_state("c", b"1")
            await queue.set_state("c", b"2")
            await queue.set_state("a/b", b"x")
            await queue.set_state("a/b", None)
            await queue.set_state("never", None)
            found = [await queue.get_state(key) for key in ("a", "b", "c", "a/b", "never")]
            assert found == [bytes(range(256)), b"", b"2", None, None]

    async def test_what_a_run_left_is_there_in_the_next(self) -> None:
        """Waiting batches, those in somebody's hands, cards, state and the room that they take."""
        async with self.storage() as storage:
            async with storage.open_queue(OWNER, ROOMY) as queue:
                first = await queue.put(logs_batch(body="first"))
                routed = await queue.put(logs_batch(), priority=1)
                third = await queue.put(logs_batch(body="third"))
                assert (await queue.take()).id == routed
                cards = await queue.route(routed, [NewCard("ops", 3, b"card")])
                assert (await queue.take()).id == first
                await queue.set_state("key", b"value")
            async with storage.open_queue(OWNER, ROOMY) as queue:
                assert queue.size == 3
                assert await queue.get_state("key") == b"value"
                assert await queue.head("ops", 5) == [StoredCard(cards[0], "ops", 3, b"card")]
                again = [await within(PATIENCE_S, queue.take()) for _ in range(2)]
                assert [each.id for each in again] == [first, third]
                assert [body(each.batch) for each in again] == ["first", "third"]
                assert await queue.put(logs_batch()) not in {first, routed, third}
                await queue.settle(cards, Settlement.DELIVERED)
                assert queue.size == 3

    async def test_queues_do_not_mix(self) -> None:
        """Two owners share a storage and nothing else."""
        async with (
            self.storage() as storage,
            storage.open_queue("discord/logs", ROOMY) as one,
            storage.open_queue("discord/two/logs", ROOMY) as two,
        ):
            await route(one, 9)
            await one.put(logs_batch())
            await one.set_state("key", b"one")
            assert (one.size, two.size) == (2, 0)
            assert (list(await two.lanes()), await two.get_state("key")) == ([], None)

    async def test_what_was_in_hand_waits_again_in_its_old_place(self) -> None:
        """Whether it was given back or not: nothing is put anew, so nothing loses its place or is lost."""
        async with self.place() as reopen:
            async with run_of(reopen) as queue:
                priorities = (9, 21, 9, 17, 9)
                ids = [await queue.put(logs_batch(), priority=priority) for priority in priorities]
                order = [ids[number] for number in (1, 3, 0, 2, 4)]
                assert [(await queue.take()).id for _ in range(4)] == order[:4]
                await queue.release(order[0])
            for _ in range(2):
                async with run_of(reopen) as queue:
                    assert [(await within(PATIENCE_S, queue.take())).id for _ in ids] == order
                    assert queue.size == 5

    async def test_a_batch_given_back_comes_before_what_came_later(self) -> None:
        """Also where much came meanwhile, and in the next run."""
        async with self.place() as reopen:
            async with run_of(reopen) as queue:
                first = await queue.put(logs_batch(), priority=9)
                assert (await queue.take()).id == first
                later = [await queue.put(logs_batch(), priority=9) for _ in range(40)]
                critical = await queue.put(logs_batch(), priority=21)
                await queue.release(first)
                assert [(await queue.take()).id for _ in range(3)] == [critical, first, later[0]]
            async with run_of(reopen) as queue:
                assert [(await queue.take()).id for _ in range(42)] == [critical, first, *later]

    async def test_a_run_sees_what_was_begun_before(self) -> None:
        """Attempts and doubt, when a batch was accepted, the lanes, and cards that moved."""
        async with self.place() as reopen:
            async with run_of(reopen) as queue:
                sure, doubtful, untouched = await route(queue, 9, 9, 9)
                await queue.mark_sending([sure, doubtful])
                await queue.mark_unsent([sure])
                (adopted,) = await queue.adopt([NewCard("letters", 3, b"old")])
                batch_id = await queue.put(logs_batch(), priority=17, accepted_ns=1_700_000_000_123_456_789)
            async with run_of(reopen) as queue:
                assert await queue.head("ops", 5) == [
                    StoredCard(sure, "ops", 9, b"x", 1, in_doubt=False),
                    StoredCard(doubtful, "ops", 9, b"x", 1, in_doubt=True),
                    StoredCard(untouched, "ops", 9, b"x"),
                ]
                assert await queue.head("letters", 5) == [StoredCard(adopted, "letters", 3, b"old")]
                taken = await within(PATIENCE_S, queue.take())
                assert (taken.id, taken.priority, taken.accepted_ns) == (batch_id, 17, 1_700_000_000_123_456_789)
                await queue.mark_sending([doubtful])
                assert (await queue.head("ops", 2))[1].attempts == 2

    async def test_a_smaller_queue_opens_and_refuses_until_it_is_drained(self) -> None:
        """In requests, items and bytes; what is there is handed out and ends as ever."""
        size_bytes = logs_batch(2).size_bytes
        for smaller in (
            QueueLimits(2, Sizer.REQUESTS, 1 << 30),
            QueueLimits(4, Sizer.ITEMS, 1 << 30),
            QueueLimits(2 * size_bytes, Sizer.BYTES, 1 << 30),
            QueueLimits(100, Sizer.REQUESTS, 2 * size_bytes),
        ):
            async with self.place() as reopen:
                async with run_of(reopen) as queue:
                    ids = [await queue.put(logs_batch(2)) for _ in range(4)]
                    cards = await queue.route(ids[0], [NewCard("ops", 9, b"")])
                async with run_of(reopen, smaller) as queue:
                    assert queue.capacity == smaller.size
                    assert [(await within(PATIENCE_S, queue.take())).id for _ in range(3)] == ids[1:]
                    await queue.settle(cards, Settlement.DELIVERED)
                    await queue.done(ids[1])
                    with raises(QueueFullError):
                        await queue.put(logs_batch(2))
                    await queue.done(ids[2])
                    await queue.put(logs_batch(2))
                    with raises(QueueFullError):
                        await queue.put(logs_batch(2))

    async def test_no_id_comes_twice(self) -> None:
        """Also where what had the highest is gone, and in the next run."""
        async with self.place() as reopen:
            used_batches: list[int] = []
            used_cards: list[int] = []
            for _ in range(3):
                async with run_of(reopen) as queue:
                    for _ in range(2):
                        used_batches.append(await queue.put(logs_batch()))
                        used_cards += await queue.route(used_batches[-1], [NewCard("ops", 9, b"")])
                        await queue.settle(used_cards[-1:], Settlement.DELIVERED)
                    assert queue.size == 0
            for used in (used_batches, used_cards):
                assert used == sorted(set(used))
                assert len(used) == 6

    async def test_a_put_that_was_cancelled_is_counted_right(self) -> None:
        """Stored or not: what takes room comes out, and what does not come out takes none."""
        async with self.place() as reopen:
            async with run_of(reopen) as queue, asyncio.TaskGroup() as group:
                for pauses in range(6):
                    putting = group.create_task(queue.put(logs_batch()))
                    for _ in range(pauses):
                        await asyncio.sleep(0)
                    putting.cancel()
                    await asyncio.wait([putting])
                await asyncio.sleep(0.1)
                stored = queue.size
                taken = [(await within(PATIENCE_S, queue.take())).id for _ in range(stored)]
                assert len(set(taken)) == stored
                await queue.done(taken[0]) if taken else None
            async with run_of(reopen) as queue:
                assert queue.size == max(0, stored - 1)
                last = await queue.put(logs_batch())
                assert [(await queue.take()).id for _ in range(queue.size)] == [*taken[1:], last]

    async def test_state_outlives_a_run(self) -> None:
        """Each value as it was set last."""
        async with self.place() as reopen:
            async with run_of(reopen) as queue:
                await queue.set_state("gone", b"404")
                await queue.set_state("large", bytes(range(256)) * 99)
                await queue.set_state("lifted", b"404")
                await queue.set_state("lifted", None)
            async with run_of(reopen) as queue:
                found = [await queue.get_state(key) for key in ("gone", "large", "lifted")]
                assert found == [b"404", bytes(range(256)) * 99, None]

    async def test_a_backlog_is_drained_in_order(self) -> None:
        """Much more than is looked at in one go, with new work coming meanwhile."""
        async with self.place() as reopen:
            async with run_of(reopen) as queue:
                ids = [await queue.put(logs_batch(), priority=9 + number % 3) for number in range(700)]
            expected = [batch_id for rest in (2, 1, 0) for batch_id in ids[rest::3]]
            async with run_of(reopen) as queue:
                taken = []
                for number in range(700):
                    taken.append((await queue.take()).id)
                    await queue.done(taken[-1])
                    if number == 350:
                        critical = await queue.put(logs_batch(), priority=21)
                        late = await queue.put(logs_batch(), priority=3)
                        assert (await queue.take()).id == critical
                assert taken == expected
                assert (await queue.take()).id == late
                assert queue.size == 2
