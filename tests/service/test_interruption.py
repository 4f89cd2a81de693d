"""A signal ends the block, and not what surrounds it."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from otel_discord.service.interruption import Interruption


@asynccontextmanager
async def surroundings(said: list[str]) -> AsyncIterator[None]:
    try:
        yield
    finally:
        await asyncio.sleep(0.05)
        said.append("came to its end")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_ends_the_block_and_lets_the_rest_finish(number: signal.Signals) -> None:
    said: list[str] = []
    interruption = Interruption()
    with interruption.listened_for():
        async with surroundings(said):
            async with interruption.ends():
                asyncio.get_running_loop().call_later(0.01, os.kill, os.getpid(), number)
                await asyncio.sleep(30)
                said.append("went on")
            said.append("ended")
    assert said == ["ended", "came to its end"]
    assert interruption.has_ended_it
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


async def test_one_that_came_before_ends_it_at_once_and_one_that_comes_later_cuts_nothing() -> None:
    early, late, said = Interruption(), Interruption(), list[str]()
    with early.listened_for():
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.sleep(0.01)
        async with early.ends():
            await asyncio.sleep(30)
    with late.listened_for():
        async with surroundings(said):
            async with late.ends():
                pass
            os.kill(os.getpid(), signal.SIGTERM)
    assert early.has_ended_it
    assert (late.has_ended_it, said) == (False, ["came to its end"])


async def test_another_timeout_is_not_taken_for_a_signal() -> None:
    interruption = Interruption()
    with interruption.listened_for(), pytest.raises(TimeoutError):
        async with interruption.ends():
            raise TimeoutError
    assert not interruption.has_ended_it
