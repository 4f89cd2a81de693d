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
    try:
        yield
    except BaseException:
        await _end_tasks_since(before)
        raise
    await asyncio.sleep(0)
    left = await _end_tasks_since(before)
    if left:
        raise AssertionError(f"tasks left behind: {left}")


async def _end_tasks_since(before: set[asyncio.Task[object]]) -> list[str]:
    """Cancel the tasks that are new, and return what they are."""
    left = [task for task in asyncio.all_tasks() - before if not task.done() and task is not asyncio.current_task()]
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)
    return sorted(str(task.get_coro()) for task in left)
