"""Requests in hand: they end even if their client goes away, and closing waits for them until its deadline."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class InFlight:
    """Holds each request's task until it is done."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    def __len__(self) -> int:
        return len(self._tasks)

    async def complete(self, work: Coroutine[Any, Any, T], otherwise: T) -> T:
        """Run ``work`` to its end and return what it returned.

        When the caller is cancelled (its client went away), the work goes on, so that a batch is never half handed
        over. When the work itself is cut off by :meth:`drain`, ``otherwise`` is the answer.
        """
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            caller = asyncio.current_task()
            if task.cancelled() and not (caller and caller.cancelling()):
                return otherwise
            raise

    async def drain(self, timeout_s: float) -> int:
        """Wait for all tasks, cut off those that take longer, and return how many were."""
        if not self._tasks:
            return 0
        _, late = await asyncio.wait(self._tasks, timeout=max(0.0, timeout_s))
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late)
        return len(late)
