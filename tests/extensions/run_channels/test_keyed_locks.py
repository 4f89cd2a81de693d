"""One at a time for each key, and nothing left behind."""

import asyncio

import pytest

from otel_discord.extensions.run_channels.keyed_locks import KeyedLocks

pytestmark = pytest.mark.looptime


async def test_one_at_a_time_for_each_key_also_with_cancelled_waiters() -> None:
    locks = KeyedLocks()
    inside: dict[str, int] = {"a": 0, "b": 0}
    most = 0

    async def work(key: str, hold_s: float) -> None:
        nonlocal most
        async with locks.hold(key):
            inside[key] += 1
            most = max(most, inside[key])
            try:
                await asyncio.sleep(hold_s)
            finally:
                inside[key] -= 1

    tasks = [asyncio.create_task(work("ab"[number % 2], number % 3)) for number in range(40)]
    await asyncio.sleep(0.5)
    for task in tasks[::5]:
        task.cancel()
    await asyncio.wait(tasks)
    assert most == 1
    assert not len(locks)
