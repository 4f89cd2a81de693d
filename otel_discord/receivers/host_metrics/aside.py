"""A call that may hang, beside the event loop: one at a time, waited for until a deadline.

A thread that the kernel holds cannot be called back, so it is a daemon (it does not keep the process from ending) and
no second one is sent after it.
"""

import asyncio
import threading
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol, TypeVar

T = TypeVar("T")


class HangsError(Exception):
    """The call has not come back in time, or one before it has not yet."""


class Calls(Protocol):
    """Makes calls of one kind; what tests put in a thread's place."""

    async def call(self, function: Callable[[], T], timeout_s: float) -> T:
        """Return what the function returns, in time."""
        ...


class Aside:
    """Makes one kind of call."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._under_way: asyncio.Future[Any] | None = None

    async def call(self, function: Callable[[], T], timeout_s: float) -> T:
        """Return what the function returns.

        Raises:
            HangsError: it takes longer, or an earlier one still runs.
            Exception: what the function raises.
        """
        if self._under_way is not None and not self._under_way.done():
            raise HangsError
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._under_way = future

        def work() -> None:
            try:
                result = function()
            except BaseException as error:  # noqa: BLE001 - it is raised where it is waited for
                _tell(loop, partial(_settle, future, None, error))
            else:
                _tell(loop, partial(_settle, future, result, None))

        try:
            threading.Thread(target=work, name=f"host-metrics-{self._name}", daemon=True).start()
        except RuntimeError:  # no further thread is to be had; the next call tries again
            self._under_way = None
            raise
        done, _ = await asyncio.wait({future}, timeout=timeout_s)
        if not done:
            raise HangsError
        return future.result()


def _tell(loop: asyncio.AbstractEventLoop, settle: Callable[[], None]) -> None:
    try:
        loop.call_soon_threadsafe(settle)
    except RuntimeError:
        return  # the loop has ended meanwhile, nobody waits


def _settle(future: "asyncio.Future[T]", result: T | None, error: BaseException | None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(result)  # type: ignore[arg-type]  # None only where T has it
    else:
        future.set_exception(error)
        future.exception()  # seen: where nobody waits any more, it is not news
