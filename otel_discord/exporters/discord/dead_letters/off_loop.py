"""Work with files away from the event loop: one piece after the other, each with a deadline.

A disk may hang for minutes and a thread in it cannot be ended. So the threads are daemons, and as long as one hangs
everything else fails at once instead of queueing up behind it. While the interpreter ends no thread can be started:
then the work is done in place.
"""

import asyncio
import errno
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

T = TypeVar("T")

DEADLINE_S: Final = 5.0


@dataclass(slots=True)
class OffLoop:
    """Runs one piece of work at a time. ``thread_name`` is what a debugger shows."""

    thread_name: str
    deadline_s: float = DEADLINE_S
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _under_way: "asyncio.Future[Any] | None" = None
    _is_late: bool = False

    async def run(self, work: Callable[[], T]) -> T:
        """Run ``work`` in a thread and return its result.

        Cancelled or after the deadline the work goes on; what follows waits for its end.

        Raises:
            OSError: as ``work`` does; ETIMEDOUT where it takes too long, or the work before it still does.
        """
        async with self._turn:
            if self._under_way is not None:
                await self._ended(self._under_way)
            future = self._start(work)
            self._under_way = future
            await self._ended(future)
            return future.result()

    async def _ended(self, future: "asyncio.Future[Any]") -> None:
        await asyncio.wait([future], timeout=0 if self._is_late else self.deadline_s)
        self._is_late = not future.done()
        if self._is_late:
            raise OSError(errno.ETIMEDOUT, f"the disk did not answer within {self.deadline_s:g} s")

    def _start(self, work: Callable[[], T]) -> "asyncio.Future[T]":
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        future.add_done_callback(_look_at)

        def settle(result: T | None, error: BaseException | None) -> None:
            if error is not None:
                future.set_exception(error)
            else:
                future.set_result(result)  # type: ignore[arg-type]  # of the type that `work` returns

        def in_thread() -> None:
            result: T | None = None
            error: BaseException | None = None
            try:
                result = work()
            except BaseException as caught:  # noqa: BLE001 - it is raised where the result is awaited
                error = caught
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(settle, result, error)

        start(in_thread, self.thread_name)
        return future


def start(work: Callable[[], None], thread_name: str) -> None:
    """Do ``work`` in a daemon thread; in place where there is none to be had: the interpreter ends, or lacks memory."""
    try:
        threading.Thread(target=work, name=thread_name, daemon=True).start()
    except RuntimeError:
        work()


def _look_at(future: "asyncio.Future[Any]") -> None:
    """Take note of an error that nobody waited for: it is none of the loop's business."""
    if not future.cancelled():
        future.exception()
