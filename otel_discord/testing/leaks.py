"""No task outlives its component."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


@asynccontextmanager
async def no_leaked_tasks() -> AsyncIterator[None]:
    """Check that every task started inside has ended by its end.

    Use it around a component's lifetime, or make a fixture of it.

    Raises:
        AssertionError: names the tasks that are still there; they are cancelled first.
    """
    before = asyncio.all_tasks()
    yield
    await asyncio.sleep(0)
    left = [task for task in asyncio.all_tasks() - before if task is not asyncio.current_task() and not task.done()]
    for task in left:
        task.cancel()
    if left:
        await asyncio.gather(*left, return_exceptions=True)
        raise AssertionError(f"tasks left behind: {sorted(str(task.get_coro()) for task in left)}")
