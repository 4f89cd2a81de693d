"""Puts that take turns: each stored once and in its order, whoever repeats it; a part of the fleet contract."""

import asyncio
from collections.abc import Mapping
from typing import Final

import pytest

from otel_discord.component.errors import QueueFullError, RetryableError
from otel_discord.component.fleet import OUT_OF_TURN, Fleet, Part, Turn
from otel_discord.component.storage import QueueLimits, Sizer
from otel_discord.testing.fleet_contract_base import FleetContractBase, Worker, numbers, parts, until

_TWO: Final = QueueLimits(size=2, sizer=Sizer.REQUESTS, max_bytes=1 << 30)


class TurnsContract(FleetContractBase):
    """What a store that may have put before need not know."""

    async def test_a_turn_is_taken_once_whoever_repeats_it(self) -> None:
        """Also on another replica, and after the first has gone; another line has turns of its own."""
        async with self.place() as place:
            async with place.machine() as one, place.machine() as two:
                first = await one.fleet.put(parts("a-0", 0, 1), Turn("line", 5))
                assert sorted(first) == [0, 1]
                assert await one.fleet.put(parts("a-0", 0, 1), Turn("line", 5)) == {}
                assert await two.fleet.put(parts("a-0", 0), Turn("line", 5)) == {}
                assert await two.fleet.put(parts("a-9", 0), Turn("line", 4)) == {}
                assert sorted(await two.fleet.put(parts("b-0", 0), Turn("another line", 5))) == [0]
            async with place.machine() as three, Worker(three.fleet).working() as worker:
                assert await three.fleet.put(parts("a-0", 0, 1), Turn("line", 5)) == {}
                await three.fleet.put(parts("a-1", 0, 1), Turn("line", 6, after=5))
                await until(lambda: len(worker.seen) == 5)
                await asyncio.sleep(0.3)
                assert worker.texts(0) == ["a-0", "b-0", "a-1"]
                assert worker.texts(1) == ["a-0", "a-1"]

    async def test_those_put_at_once_keep_their_order(self) -> None:
        """Also to several shards, and where somebody else puts the same at the same time."""
        async with (
            self.place() as place,
            place.machine() as one,
            place.machine() as two,
            Worker(one.fleet).working() as first,
            Worker(two.fleet).working() as second,
        ):
            puts = [
                machine.fleet.put(parts(f"a-{number}", 0, number % 3), Turn("line", number + 1, number))
                for number in range(40)
                for machine in (one, two)
            ]
            endings = await asyncio.gather(*puts, return_exceptions=True)
            late = [each for each in endings if isinstance(each, BaseException)]
            assert all(isinstance(each, RetryableError) and each.reason == OUT_OF_TURN for each in late)
            for number in range(40):
                await one.fleet.put(parts(f"a-{number}", 0, number % 3), Turn("line", number + 1, number))
            await until(lambda: len(first.texts(0)) + len(second.texts(0)) >= 40)
            await asyncio.sleep(0.3)
            for shard, expected in ((0, range(40)), (1, range(1, 40, 3)), (2, range(2, 40, 3))):
                assert numbers(first.texts(shard) + second.texts(shard), "a") == list(expected)

    async def test_none_comes_before_its_predecessor(self) -> None:
        """Where that found no room, its successors are refused though there is room for them."""
        async with self.place() as place, place.machine(_TWO) as one:
            await one.fleet.put(parts("x", 1))
            await one.fleet.put(parts("x", 1))
            puts = [(0, Turn("line", 1)), (1, Turn("line", 2, 1)), (0, Turn("line", 3, 2)), (2, Turn("line", 4, 3))]
            endings = await asyncio.gather(
                *(one.fleet.put(parts(f"a-{turn.number}", shard), turn) for shard, turn in puts), return_exceptions=True
            )
            assert isinstance(endings[0], dict)
            assert isinstance(endings[1], QueueFullError)
            assert [getattr(each, "reason", "") for each in endings[2:]] == [OUT_OF_TURN, OUT_OF_TURN]
            async with Worker(one.fleet).working() as worker:
                await until(lambda: len(worker.seen) == 3)
                for shard, turn in puts:
                    await _put(one.fleet, parts(f"a-{turn.number}", shard), turn)
                await until(lambda: len(worker.seen) == 6)
                assert worker.texts(0) == ["a-1", "a-3"]

    async def test_a_turn_may_be_for_nobody(self) -> None:
        """It is counted; who comes behind need not know."""
        async with self.place() as place, place.machine() as one:
            assert await one.fleet.put({}, Turn("line", 1)) == {}
            assert sorted(await one.fleet.put(parts("a-0", 0), Turn("line", 2, after=1))) == [0]
            with pytest.raises(RetryableError):
                await one.fleet.put(parts("a-2", 0), Turn("line", 4, after=3))
            assert sorted(await one.fleet.put(parts("a-2", 0), Turn("line", 4))) == [0]


async def _put(fleet: Fleet, wanted: Mapping[int, Part], turn: Turn) -> None:
    """Put, as soon as there is room."""
    async with asyncio.timeout(10):
        while True:
            try:
                await fleet.put(wanted, turn)
            except QueueFullError:
                await fleet.wait_for_room(wanted)
                continue
            return
