"""What is put on any replica, and who sees it; a part of the fleet contract."""

import asyncio
from contextlib import suppress

import pytest

from otel_discord.component.errors import QueueFullError, ShutdownError
from otel_discord.component.fleet import Fleet
from otel_discord.component.storage import QueueLimits, Sizer
from otel_discord.testing.fleet_contract_base import (
    FleetContractBase,
    Worker,
    numbers,
    parts,
    until,
    until_all_sit,
)

_TWO = QueueLimits(size=2, sizer=Sizer.REQUESTS, max_bytes=1 << 30)


class PutsContract(FleetContractBase):
    """Intake anywhere, each shard's part to who has its seat."""

    async def test_what_is_put_anywhere_is_seen_once_in_the_order_of_its_ids(self) -> None:
        """Whoever puts, one sees it: what each put in its order, all in the order of the ids."""
        async with (
            self.place() as place,
            place.machine() as one,
            place.machine() as two,
            Worker(one.fleet).working() as first,
            Worker(two.fleet).working() as second,
        ):
            await until_all_sit(place.shards, first, second)
            ids: dict[int, list[int]] = {shard: [] for shard in range(place.shards)}

            async def produce(name: str, fleet: Fleet) -> None:
                for number in range(30):
                    stored = await fleet.put(parts(f"{name}-{number}", *range(place.shards)))
                    for shard, batch_id in stored.items():
                        ids[shard].append(batch_id)

            await asyncio.gather(produce("a", one.fleet), produce("b", two.fleet), produce("c", one.fleet))
            await until(lambda: len(first.seen) + len(second.seen) >= 90 * place.shards)
            await asyncio.sleep(0.1)
            for shard, stored in ids.items():
                seen_by = first if shard in first.seats else second
                other = second if seen_by is first else first
                assert [each for of, each, _ in seen_by.seen if of == shard] == sorted(stored)
                assert not other.texts(shard)
                for name in "abc":
                    assert numbers(seen_by.texts(shard), name) == list(range(30))

    async def test_what_was_put_before_anybody_sat_is_seen(self) -> None:
        """It waits for who comes."""
        async with self.place() as place, place.machine() as one:
            for number in range(3):
                await one.fleet.put(parts(f"a-{number}", 0, 1))
            async with Worker(one.fleet).working() as worker:
                await until(lambda: len(worker.seen) == 6)
                assert numbers(worker.texts(0), "a") == numbers(worker.texts(1), "a") == [0, 1, 2]

    async def test_higher_priority_comes_first(self) -> None:
        """As in a queue of one process."""
        async with self.place() as place, place.machine() as one, place.machine() as two:
            for number, priority in enumerate((0, 9, 5, 9)):
                await (one if number % 2 else two).fleet.put(parts(f"a-{number}", 0, priority=priority))
            async with Worker(one.fleet).working() as first, Worker(two.fleet).working() as second:
                await until(lambda: len(first.seen) + len(second.seen) == 4)
                assert numbers(first.texts(0) + second.texts(0), "a") == [1, 3, 2, 0]

    async def test_a_request_for_several_shards_is_stored_whole_or_not_at_all(self) -> None:
        """Where one of them has no room the others get nothing of it."""
        async with self.place() as place, place.machine(_TWO) as one:
            await one.fleet.put(parts("a", 1))
            await one.fleet.put(parts("b", 1))
            with pytest.raises(QueueFullError):
                await one.fleet.put(parts("c", 0, 1, 2))
            await one.fleet.put(parts("d", 0, 2))
            async with Worker(one.fleet).working() as worker:
                await until(lambda: len(worker.seen) == 4)
                await asyncio.sleep(0.3)
                assert [worker.texts(shard) for shard in range(3)] == [["d"], ["a", "b"], ["d"]]

    async def test_who_finds_no_room_fails_alone(self) -> None:
        """What was put at the same time is stored as far as there is room."""
        async with self.place() as place, place.machine(_TWO) as one:
            endings = await asyncio.gather(
                *(one.fleet.put(parts(f"a-{number}", number % 2)) for number in range(10)), return_exceptions=True
            )
            assert sum(isinstance(ending, QueueFullError) for ending in endings) == 6
            assert not any(isinstance(ending, BaseException) for ending in endings[:4])

    async def test_room_is_one_for_all_replicas(self) -> None:
        """Who puts elsewhere finds it taken, and free again."""
        async with self.place() as place, place.machine(_TWO) as one, place.machine(_TWO) as two:
            await one.fleet.put(parts("a", 0))
            await two.fleet.put(parts("b", 0))
            for each in (one, two):
                with pytest.raises(QueueFullError):
                    await each.fleet.put(parts("c", 0))
            async with Worker(one.fleet).working(), Worker(two.fleet).working():
                for each in (one, two):
                    async with asyncio.timeout(10):
                        while True:
                            await each.fleet.wait_for_room(parts("c", 0))
                            with suppress(QueueFullError):
                                await each.fleet.put(parts("c", 0))
                                break

    async def test_room_is_taken_while_a_batch_is_in_hand(self) -> None:
        """Only its end frees it."""
        async with (
            self.place() as place,
            place.machine(_TWO) as one,
            Worker(one.fleet, limits=_TWO, ends_batches=False).working() as worker,
        ):
            await one.fleet.put(parts("a", 0))
            await one.fleet.put(parts("b", 0))
            await until(lambda: len(worker.seen) == 2)
            assert worker.queues[0].size == worker.queues[0].capacity == 2
            await asyncio.sleep(0.3)
            with pytest.raises(QueueFullError):
                await one.fleet.put(parts("c", 0))

    async def test_after_its_end_nothing_is_taken(self) -> None:
        """Neither a request nor a seat."""
        async with self.place() as place:
            async with place.machine() as one:
                pass
            with pytest.raises(ShutdownError):
                await one.fleet.put(parts("a", 0))
            with pytest.raises(ShutdownError):
                async with one.fleet.next_seat():
                    pass
