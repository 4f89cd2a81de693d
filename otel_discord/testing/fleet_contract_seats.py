"""Whose a shard is, when replicas come, go, and are cut off; a part of the fleet contract."""

import asyncio
from contextlib import suppress

import pytest

from otel_discord.component.errors import RetryableError, ShutdownError
from otel_discord.testing.fleet_contract_base import (
    SLACK_S,
    FleetContractBase,
    Worker,
    numbers,
    parts,
    until,
    until_all_sit,
)
from otel_discord.testing.storage_contract_base import ROOMY


class SeatsContract(FleetContractBase):
    """At any time one replica works on a shard."""

    async def test_seats_are_divided_evenly_and_everybody_knows(self) -> None:
        """Each shard is one's, nobody has two more than another, all see the same."""
        async with self.place() as place, place.machine() as one, place.machine() as two, place.machine() as three:
            workers = [Worker(each.fleet) for each in (one, two, three)]
            async with workers[0].working(), workers[1].working(), workers[2].working():
                await until_all_sit(place.shards, *workers)
                names = {one.name, two.name, three.name}
                assert len(names) == 3
                expected = {
                    shard: machine.name
                    for machine, worker in zip((one, two, three), workers, strict=True)
                    for shard in worker.seats
                }
                for each in (one, two, three):
                    await until(lambda each=each: each.fleet.seats() == expected)  # type: ignore[misc]
                    assert {replica.name for replica in each.fleet.replicas()} == names
                assert all(seat.certain_s > 0 for worker in workers for seat in worker.seats.values())

    async def test_who_comes_gets_its_part_and_who_goes_leaves_it_at_once(self) -> None:
        """In the order of what was put, across the hand-over."""
        async with self.place() as place, place.machine() as one, Worker(one.fleet).working() as first:
            await until_all_sit(place.shards, first)
            async with place.machine() as two, Worker(two.fleet).working() as second:
                await until_all_sit(place.shards, first, second)
                for number in range(10):
                    await one.fleet.put(parts(f"a-{number}", *range(place.shards)))
                await until(lambda: len(first.seen) + len(second.seen) == 10 * place.shards)
            await until_all_sit(place.shards, first)
            await one.fleet.put(parts("a-10", *range(place.shards)))
            await until(lambda: len(first.seen) + len(second.seen) == 11 * place.shards)
            for shard in range(place.shards):
                assert numbers(second.texts(shard) + first.texts(shard), "a") == list(range(11))

    async def test_what_a_shard_remembers_goes_with_it(self) -> None:
        """State belongs to the shard, not to the replica."""
        async with self.place() as place:
            async with place.machine() as one, Worker(one.fleet).working() as first:
                await until_all_sit(place.shards, first)
                for shard, queue in first.queues.items():
                    await queue.set_state("key", b"%d" % shard)
            async with place.machine() as two, Worker(two.fleet).working() as second:
                await until_all_sit(place.shards, second)
                for shard, queue in second.queues.items():
                    assert await queue.get_state("key") == b"%d" % shard

    async def test_seats_of_one_that_is_silent_are_taken_within_the_lease(self) -> None:
        """What it had in hand comes again, then what came since."""
        async with self.place() as place, place.machine() as one, place.machine() as two:
            silent = Worker(two.fleet, ends_batches=False)
            async with Worker(one.fleet).working() as first, silent.working():
                await until_all_sit(place.shards, first, silent)
                await one.fleet.put(parts("a-0", *range(place.shards)))
                await until(lambda: len(first.seen) + len(silent.seen) == place.shards)
                two.cut_off()
                await one.fleet.put(parts("a-1", *range(place.shards)))
                waited_s = await until(lambda: len(first.seats) == place.shards, place.lease_s + 10)
                assert waited_s < place.lease_s + SLACK_S
                await until(lambda: len(first.seen) == 2 * place.shards)
                for shard in range(place.shards):
                    assert numbers(first.texts(shard), "a") == [0, 1]
                assert [replica.name for replica in one.fleet.replicas()] == [one.name]

    async def test_who_was_silent_for_too_long_stores_nothing_and_knows_it(self) -> None:
        """It is not certain before another may have the seat, and refused afterwards."""
        async with (
            self.place() as place,
            place.machine() as one,
            place.machine() as two,
            Worker(one.fleet).working() as first,
            two.fleet.next_seat() as seat,
            seat.open_queue(ROOMY) as queue,
        ):
            await until(lambda: seat.certain_s > 0)
            two.cut_off()
            await until(lambda: seat.shard in first.queues, place.lease_s + SLACK_S)
            assert seat.certain_s <= 0
            two.let_back()
            async with asyncio.timeout(10):
                with pytest.raises(ShutdownError):
                    await queue.set_state("key", b"late")
                await seat.ended()
            assert seat.is_lost
            assert await first.queues[seat.shard].get_state("key") is None

    async def test_one_that_was_cut_off_takes_part_again(self) -> None:
        """It refuses to take in meanwhile."""
        async with (
            self.place() as place,
            place.machine() as one,
            place.machine() as two,
            Worker(one.fleet).working() as first,
            Worker(two.fleet).working() as second,
        ):
            await until_all_sit(place.shards, first, second)
            two.cut_off()
            with pytest.raises(RetryableError):
                await two.fleet.put(parts("a", 0))
            await until(lambda: len(first.seats) == place.shards, place.lease_s + SLACK_S)
            two.let_back()
            await until_all_sit(place.shards, first, second)
            async with asyncio.timeout(10):
                while True:
                    with suppress(RetryableError):
                        await two.fleet.put(parts("b", *range(place.shards)))
                        break
                    await asyncio.sleep(0.1)
            await until(lambda: len(first.seen) + len(second.seen) == place.shards)
