import asyncio

import pytest

from otel_discord.receivers.otlp.budget import MemoryBudget

pytestmark = pytest.mark.looptime


async def test_what_fits_is_taken_at_once_and_given_back() -> None:
    budget = MemoryBudget(100)
    assert budget.try_take(60) == 60
    assert budget.try_take(50) is None
    assert await budget.take(40, timeout_s=1) == 40
    assert budget.taken_bytes == 100
    budget.give_back(60)
    assert budget.taken_bytes == 40


async def test_waiters_are_served_in_order() -> None:
    budget = MemoryBudget(100)
    budget.try_take(100)
    order: list[int] = []

    async def wait(number: int, size: int) -> None:
        assert await budget.take(size, timeout_s=60) == size
        order.append(number)

    async with asyncio.TaskGroup() as tasks:
        for number, size in enumerate((80, 30, 10)):
            tasks.create_task(wait(number, size))
        await asyncio.sleep(1)
        assert order == []
        budget.give_back(100)
        await asyncio.sleep(1)
        assert order == [0]
        budget.give_back(80)
    assert order == [0, 1, 2]
    assert budget.taken_bytes == 40


async def test_small_requests_pass_by_a_large_one_that_waits() -> None:
    budget = MemoryBudget(160)
    budget.try_take(100)
    large = asyncio.create_task(budget.take(160, timeout_s=60))
    await asyncio.sleep(0)
    assert budget.try_take(10) == 10
    assert budget.try_take(11) is None
    budget.give_back(110)
    assert await large == 160


async def test_who_waits_too_long_gets_nothing_and_blocks_nobody() -> None:
    budget = MemoryBudget(100)
    budget.try_take(50)
    loop = asyncio.get_running_loop()
    start_s = loop.time()
    late, next_one = await asyncio.gather(budget.take(90, timeout_s=5), budget.take(50, timeout_s=60))
    assert late is None
    assert next_one == 50
    assert loop.time() - start_s == pytest.approx(5)
    assert budget.taken_bytes == 100


async def test_more_than_there_is_waits_for_all_of_it() -> None:
    budget = MemoryBudget(100)
    assert await budget.take(10**9, timeout_s=1) == 100
    budget.give_back(100)
    assert budget.taken_bytes == 0


async def test_cancelled_waiters_leave_nothing_behind() -> None:
    budget = MemoryBudget(100)
    budget.try_take(100)
    tasks = [asyncio.create_task(budget.take(50, timeout_s=60)) for _ in range(4)]
    await asyncio.sleep(0)
    tasks[0].cancel()
    budget.give_back(100)
    tasks[1].cancel()  # in the moment that it was served
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [isinstance(r, asyncio.CancelledError) for r in results] == [True, True, False, False]
    assert budget.taken_bytes == 100
