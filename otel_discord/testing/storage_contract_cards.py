"""Part of the storage contract: cards in lanes."""

import asyncio

from otel_discord.component.errors import QueueFullError
from otel_discord.component.storage import Move, NewCard, QueueLimits, Settlement, Sizer, StoredCard
from otel_discord.testing.expect import raises, still_waits, within
from otel_discord.testing.otlp import logs_batch
from otel_discord.testing.storage_contract_base import PATIENCE_S, StorageContractBase, ids_in, is_full, route


class CardsContract(StorageContractBase):
    """Route, head, settle, and what else becomes of cards."""

    async def test_routing_turns_a_batch_into_cards(self) -> None:
        """The batch is gone, its cards are in their lanes, its room stays taken until the last is settled."""
        async with self.queue(QueueLimits(1, Sizer.REQUESTS, 1 << 30)) as queue:
            batch_id = await queue.put(logs_batch())
            await queue.take()
            ids = await queue.route(batch_id, [NewCard("ops", 9, b"\0one"), NewCard("errors", 9, b"")])
            assert sorted(await queue.lanes()) == ["errors", "ops"]
            assert await queue.waiting() == {"errors": 1, "ops": 1}
            assert await queue.head("ops", 5) == [StoredCard(ids[0], "ops", 9, b"\0one")]
            assert await queue.head("errors", 5) == [StoredCard(ids[1], "errors", 9, b"")]
            await queue.settle([ids[0], 999_999], Settlement.DELIVERED)
            assert (queue.size, list(await queue.lanes())) == (1, ["errors"])
            with raises(QueueFullError):
                await queue.put(logs_batch())
            await queue.settle([ids[1], ids[0]], Settlement.DELIVERED)
            assert (queue.size, list(await queue.lanes())) == (0, [])
            await queue.put(logs_batch())

    async def test_a_batch_without_cards_frees_its_room(self) -> None:
        """All its records were folded into cards that exist."""
        async with self.queue() as queue:
            batch_id = await queue.put(logs_batch())
            assert list(await queue.route((await queue.take()).id, [])) == []
            assert queue.size == 0
            assert await within(PATIENCE_S, queue.settled(batch_id)) is Settlement.DELIVERED

    async def test_cards_of_a_lane_come_by_priority_then_by_age(self) -> None:
        """Also across batches; ``head`` takes nothing away and gives at most what was asked for."""
        async with self.queue() as queue:
            ids = [*await route(queue, 9, 21, 9), *await route(queue, 17, 21)]
            await route(queue, 24, lane="other")
            assert ids == sorted(ids)
            expected = [ids[n] for n in (1, 4, 3, 0, 2)]
            assert [card.id for card in await queue.head("ops", 10)] == expected
            assert [card.id for card in await queue.head("ops", 2)] == expected[:2]
            assert list(await queue.head("ops", 0)) == list(await queue.head("nowhere", 5)) == []
            await queue.settle([ids[4], ids[0]], Settlement.DELIVERED)
            assert [card.id for card in await queue.head("ops", 10)] == [ids[n] for n in (1, 3, 2)]

    async def test_cards_are_found_by_their_ids(self) -> None:
        """In the order asked for; unknown and ended ones are left out."""
        async with self.queue() as queue:
            ids = [*await route(queue, 9, 21), *await route(queue, 9, lane="other")]
            await queue.settle([ids[0]], Settlement.DELIVERED)
            assert await queue.find([ids[2], 999_999, ids[0], ids[1]]) == [
                StoredCard(ids[2], "other", 9, b"x"),
                StoredCard(ids[1], "ops", 21, b"x"),
            ]
            assert not await queue.find([])

    async def test_one_batch_goes_beyond_the_limits_where_that_is_asked_for(self) -> None:
        """In requests, items and bytes; then none until the queue is within them again."""
        size_bytes = logs_batch(2).size_bytes
        for limits in (
            QueueLimits(2, Sizer.REQUESTS, 1 << 30, one_beyond=True),
            QueueLimits(5, Sizer.ITEMS, 1 << 30, one_beyond=True),
            QueueLimits(2 * size_bytes, Sizer.BYTES, 1 << 30, one_beyond=True),
            QueueLimits(100, Sizer.REQUESTS, 2 * size_bytes, one_beyond=True),
        ):
            async with self.queue(limits) as queue:
                ids = [await queue.put(logs_batch(2)) for _ in range(2)]
                assert not queue.is_beyond
                ids.append(await queue.put(logs_batch(2)))
                assert queue.is_beyond
                assert queue.capacity == limits.size
                with raises(QueueFullError):
                    await queue.put(logs_batch(2))
                await queue.done(ids[1])
                assert not queue.is_beyond
                await queue.put(logs_batch(2))
                assert queue.is_beyond

    async def test_settled_waits_for_every_card(self) -> None:
        """DEAD if any of them was; also for who asks late or together."""
        async with self.queue() as queue, asyncio.TaskGroup() as group:
            good, bad = await queue.put(logs_batch()), await queue.put(logs_batch())
            good_ids = await queue.route(good, [NewCard("ops", 9, b"")] * 2)
            bad_ids = await queue.route(bad, [NewCard("ops", 9, b"")] * 2)
            endings = [group.create_task(queue.settled(batch_id)) for batch_id in (good, bad, bad)]
            await queue.settle([good_ids[0], bad_ids[0]], Settlement.DELIVERED)
            for ending in endings:
                await still_waits(ending)
            await queue.settle([good_ids[1]], Settlement.DELIVERED)
            await queue.settle([bad_ids[1]], Settlement.DEAD)
            results = [await within(PATIENCE_S, ending) for ending in endings]
            assert results == [Settlement.DELIVERED, Settlement.DEAD, Settlement.DEAD]
            assert await within(PATIENCE_S, queue.settled(bad)) is Settlement.DEAD

    async def test_done_settles_a_batch_without_cards(self) -> None:
        """Exporters without cards end a batch by ``done``."""
        async with self.queue() as queue:
            batch_id = await queue.put(logs_batch())
            await queue.done((await queue.take()).id)
            assert queue.size == 0
            assert await within(PATIENCE_S, queue.settled(batch_id)) is Settlement.DELIVERED

    async def test_a_message_that_was_begun_leaves_its_cards_in_doubt(self) -> None:
        """Attempts count what was begun; doubt ends where Discord certainly has nothing; others are not touched."""
        async with self.queue() as queue:
            first, second, third = await route(queue, 9, 9, 9)
            await queue.mark_sending([first, second, 999_999])
            await queue.mark_sending([second])
            await queue.mark_unsent([second, third, 999_999])
            await queue.mark_sending([])
            await queue.mark_unsent([])
            found = [(card.attempts, card.in_doubt) for card in await queue.head("ops", 5)]
            assert found == [(1, True), (2, False), (0, False)]
            await queue.settle([first, second, third], Settlement.DELIVERED)
            assert queue.size == 0

    async def test_cards_move_behind_what_waits_elsewhere(self) -> None:
        """In the order of the moves, with their new priority and payload; unknown ids and repetitions are left out."""
        async with self.queue() as queue:
            a, b, c = await route(queue, 9, 9, 9)
            (there,) = await route(queue, 9, lane="fallback")
            await queue.mark_sending([c])
            moved = await queue.move(
                [
                    Move(c, NewCard("fallback", 9, b"c")),
                    Move(999_999, NewCard("fallback", 9, b"nobody")),
                    Move(a, NewCard("fallback", 21, b"a")),
                    Move(c, NewCard("elsewhere", 9, b"again")),
                ]
            )
            assert len(moved) == 2
            assert max(b, there) < moved[0] < moved[1]
            assert await ids_in(queue) == [b]
            assert await queue.head("fallback", 5) == [
                StoredCard(moved[1], "fallback", 21, b"a"),
                StoredCard(there, "fallback", 9, b"x"),
                StoredCard(moved[0], "fallback", 9, b"c"),
            ]
            assert sorted(await queue.lanes()) == ["fallback", "ops"]
            assert await queue.waiting() == {"ops": 1, "fallback": 3}
            assert list(await queue.move([])) == []

    async def test_a_moved_card_is_still_its_batchs(self) -> None:
        """Room stays taken, and the batch's end is that of the card in its new lane."""
        async with self.queue(QueueLimits(1, Sizer.REQUESTS, 1 << 30)) as queue, asyncio.TaskGroup() as group:
            batch_id = await queue.put(logs_batch())
            ids = await queue.route((await queue.take()).id, [NewCard("ops", 9, b"1"), NewCard("ops", 9, b"2")])
            ending = group.create_task(queue.settled(batch_id))
            moved = await queue.move([Move(card_id, NewCard("fallback", 9, b"")) for card_id in ids])
            await queue.settle(ids, Settlement.DELIVERED)  # they are not there any more
            await still_waits(ending)
            assert await is_full(queue)
            await queue.settle([moved[0]], Settlement.DEAD)
            await queue.settle([moved[1]], Settlement.DELIVERED)
            assert await within(PATIENCE_S, ending) is Settlement.DEAD
            assert queue.size == 0

    async def test_adopted_cards_take_no_room(self) -> None:
        """They come into their lanes like others, and end like others."""
        async with self.queue(QueueLimits(1, Sizer.ITEMS, 1 << 30)) as queue:
            ids = await queue.adopt([NewCard("ops", 9, b"one"), NewCard("ops", 21, b"two")])
            assert ids[0] < ids[1]
            assert [card.payload for card in await queue.head("ops", 5)] == [b"two", b"one"]
            assert queue.size == 0
            batch_id = await queue.put(logs_batch(5))  # the queue is empty, so that it takes anything
            assert batch_id
            await queue.settle(ids, Settlement.DELIVERED)
            assert (list(await queue.lanes()), dict(await queue.waiting()), queue.size) == ([], {}, 5)
            assert list(await queue.adopt([])) == []

    async def test_hundreds_of_cards_at_once(self) -> None:
        """One batch may open more cards than a statement has room for, and all may end together."""
        async with self.queue() as queue:
            count = 1201
            batch_id = await queue.put(logs_batch())
            payloads = [b"%d" % number for number in range(count)]
            ids = list(await queue.route(batch_id, [NewCard("ops", 9, payload) for payload in payloads]))
            assert [card.payload for card in await queue.head("ops", 2 * count)] == payloads
            await queue.mark_sending(ids)
            assert all(card.in_doubt for card in await queue.head("ops", count))
            moved = list(await queue.move([Move(card_id, NewCard("ops", 9, b"m")) for card_id in ids]))
            assert await ids_in(queue) == moved
            await queue.settle(moved, Settlement.DELIVERED)
            assert queue.size == 0

    async def test_payloads_of_every_size_come_back(self) -> None:
        """Also where they are packed, and where they cannot be packed any smaller."""
        payloads = [b"", b"\0" * 4096, b"\0" * 4097, bytes(range(256)) * 400, _noise(9000)]
        async with self.queue() as queue:
            batch_id = await queue.put(logs_batch(200, body="the same words again and again {n}"))
            assert (await queue.take()).batch.item_count == 200
            await queue.route(batch_id, [NewCard("ops", 9, payload) for payload in payloads])
            assert [card.payload for card in await queue.head("ops", 9)] == payloads

    async def test_a_batch_is_routed_once(self) -> None:
        """Its cards are not opened a second time."""
        async with self.queue() as queue:
            batch_id = await queue.put(logs_batch())
            ids = await queue.route(batch_id, [NewCard("ops", 9, b"")])
            for unknown in (batch_id, 999_999):
                with raises(KeyError):
                    await queue.route(unknown, [NewCard("ops", 9, b"")])
            await queue.done(batch_id)  # it waits no more, so this is not its end
            await queue.release(batch_id)
            assert await ids_in(queue) == list(ids)
            assert queue.size == 1


def _noise(length: int) -> bytes:
    """Return bytes that no packing makes smaller, the same each time."""
    noise = bytearray()
    state = 1
    for _ in range(length):
        state = state * 6364136223846793005 + 1442695040888963407 & (1 << 64) - 1
        noise.append(state >> 56)
    return bytes(noise)
