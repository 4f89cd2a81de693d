"""What replicas agree on and ask each other; a part of the fleet contract."""

import asyncio

import pytest

from otel_discord.component.errors import RetryableError
from otel_discord.testing.fleet_contract_base import FleetContractBase, Worker, until_all_sit


class WordsContract(FleetContractBase):
    """Placements and questions."""

    async def test_destinations_are_placed_once_and_groups_together(self) -> None:
        """A group of which some are placed joins them."""
        async with self.place() as place, place.machine() as one, place.machine() as two:
            first = await one.fleet.place([["a", "b"], ["c"]])
            assert first["a"] == first["b"] != first["c"]
            again = await two.fleet.place([["c", "d"], ["b", "e"], ["f"]])
            assert again["c"] == again["d"] == first["c"]
            assert again["b"] == again["e"] == first["b"]
            assert again["f"] not in first.values()
            assert await two.fleet.place([["a", "c"]]) == {"a": first["a"], "c": first["c"]}
            assert await one.fleet.placed() == {**first, **again}

    async def test_new_groups_are_spread_evenly(self) -> None:
        """By number of destinations."""
        async with self.place() as place, place.machine() as one:
            count = 3 * place.shards
            placed = await one.fleet.place([[f"destination {number}"] for number in range(count)])
            assert sorted(placed.values()) == sorted(3 * list(range(place.shards)))

    async def test_those_who_place_at_the_same_time_agree(self) -> None:
        """One of them is first."""
        async with self.place() as place, place.machine() as one, place.machine() as two:
            groups = [[f"destination {number}"] for number in range(20)]
            first, second = await asyncio.gather(one.fleet.place(groups), two.fleet.place(groups[::-1]))
            assert first == second == await one.fleet.placed()

    async def test_who_has_the_seat_answers(self) -> None:
        """Wherever that is, also a large question."""
        async with (
            self.place() as place,
            place.machine() as one,
            place.machine() as two,
            Worker(one.fleet).working() as first,
            Worker(two.fleet).working() as second,
        ):
            await until_all_sit(place.shards, first, second)
            body = bytes(range(256)) * 4096
            answers = await asyncio.gather(*(one.fleet.ask(shard, body, 5) for shard in range(place.shards)))
            assert answers == [b"%d: %s" % (shard, body) for shard in range(place.shards)]

    async def test_a_question_waits_for_who_takes_the_seat(self) -> None:
        """Nobody has it yet."""
        async with self.place() as place, place.machine() as one:
            asking = asyncio.create_task(one.fleet.ask(0, b"?", 10))
            await asyncio.sleep(0.2)
            async with Worker(one.fleet).working():
                assert await asking == b"0: ?"

    async def test_what_is_not_answered_in_time_is_over(self) -> None:
        """Nobody hears of it later."""
        async with self.place() as place, place.machine() as one:
            begun_s = asyncio.get_running_loop().time()
            asked = [one.fleet.ask(shard, b"late", 0.3) for shard in range(place.shards)]
            endings = await asyncio.gather(*asked, return_exceptions=True)
            assert all(isinstance(ending, RetryableError) for ending in endings)
            assert 0.25 < asyncio.get_running_loop().time() - begun_s < 5
            async with one.fleet.next_seat() as seat:
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.5):
                        await seat.next_question()
