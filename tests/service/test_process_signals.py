"""A start has its time again whenever it comes further; what stands still, or is asked to stop, ends."""

import asyncio
import re
import signal

import pytest

from otel_discord.component import StartError
from otel_discord.service.process_signals import START_TIMEOUT_S, ProcessSignals

pytestmark = pytest.mark.looptime


def signals() -> ProcessSignals:
    return ProcessSignals(force_exit=lambda: None, on_hangup=lambda: None)


async def steps(here: ProcessSignals, count: int, pause_s: float) -> None:
    for number in range(count):
        await asyncio.sleep(pause_s)
        here.start_goes_on(f"exporter:discord: {number + 1} of {count}")
    await asyncio.sleep(3600)


async def test_one_that_says_nothing_is_given_up() -> None:
    with pytest.raises(StartError, match=r"^the service did not start within 60 s$"):
        await signals().unless_stopped(asyncio.sleep(61))
    assert asyncio.get_running_loop().time() == START_TIMEOUT_S


async def test_one_that_comes_further_is_waited_for_until_it_stands_still() -> None:
    here = signals()
    here.start_goes_on("before its time")
    with pytest.raises(
        StartError, match=f"^{re.escape('the start stands still for 60 s, after exporter:discord: 9 of 9')}$"
    ):
        await here.unless_stopped(steps(here, 9, 50))
    assert asyncio.get_running_loop().time() == 9 * 50 + START_TIMEOUT_S
    here.start_goes_on("after its time")


async def test_one_that_is_asked_to_stop_ends_however_far_it_is() -> None:
    here = signals()

    async def start() -> None:
        await asyncio.sleep(10)
        here._on_stop(signal.SIGTERM)
        here.start_goes_on("further")
        await asyncio.sleep(50)

    assert not await here.unless_stopped(start())
    assert asyncio.get_running_loop().time() == 10
