"""Checks that need no test framework."""

import asyncio
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")


@contextmanager
def raises(*kinds: type[BaseException]) -> Iterator[None]:
    """Check that the block raises one of these.

    Raises:
        AssertionError: it raised nothing.
    """
    try:
        yield
    except kinds:
        return
    raise AssertionError(f"did not raise {' or '.join(kind.__name__ for kind in kinds)}")


async def within(seconds: float, awaited: Awaitable[T], what: str = "it") -> T:
    """Return what is awaited.

    Raises:
        AssertionError: it took longer.
    """
    try:
        async with asyncio.timeout(seconds):
            return await awaited
    except TimeoutError:
        raise AssertionError(f"{what} took more than {seconds} s") from None


async def still_waits(task: "asyncio.Task[T]", seconds: float = 0.05) -> None:
    """Check that a task is not done for a while.

    Raises:
        AssertionError: it is.
    """
    done, _ = await asyncio.wait([task], timeout=seconds)
    if done:
        raise AssertionError(f"{task.get_coro()} did not wait")
