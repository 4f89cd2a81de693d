"""Many requests are few reloads, none is forgotten, and never do two run at once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from otel_discord.service.reload_requests import LONGEST_STORM_S, ReloadRequests
from otel_discord.service.reload_result import ReloadResult


class Reloads:
    def __init__(self, takes_s: float = 0.05) -> None:
        self.takes_s = takes_s
        self.begun: list[tuple[float, str]] = []
        self.running = 0

    async def __call__(self, reason: str) -> ReloadResult:
        assert not self.running
        self.running += 1
        self.begun.append((asyncio.get_running_loop().time(), reason))
        await asyncio.sleep(self.takes_s)
        self.running -= 1
        return ReloadResult(ok=True, text=f"number {len(self.begun)}")


@asynccontextmanager
async def hearing(reloads: Reloads) -> AsyncIterator[ReloadRequests]:
    requests = ReloadRequests(reloads)
    task = asyncio.create_task(requests.run())
    try:
        yield requests
    finally:
        requests.stop()
        await task


@pytest.mark.looptime
async def test_a_storm_of_a_second_is_two_reloads() -> None:
    reloads = Reloads()
    async with hearing(reloads) as requests:
        for _ in range(100):
            requests.request("SIGHUP")
            await asyncio.sleep(0.01)
        await asyncio.sleep(10)
    assert [reason for _, reason in reloads.begun] == ["SIGHUP", "SIGHUP"]
    assert reloads.begun[0][0] == 0
    assert 1 <= reloads.begun[1][0] < 1.5  # after the last request


@pytest.mark.looptime
async def test_a_storm_without_end_does_not_put_reloads_off_for_ever() -> None:
    reloads = Reloads()
    async with hearing(reloads) as requests:
        for _ in range(1000):
            requests.request("SIGHUP")
            await asyncio.sleep(0.01)
    assert 3 <= len(reloads.begun) <= 10 / LONGEST_STORM_S + 2


@pytest.mark.looptime
async def test_requests_during_a_reload_are_one_more() -> None:
    reloads = Reloads(takes_s=5)
    async with hearing(reloads) as requests:
        first = asyncio.create_task(requests.result("a"))
        await asyncio.sleep(1)
        later = [asyncio.create_task(requests.result(reason)) for reason in ("b", "c", "b")]
        assert (await first).text == "number 1"
        assert {result.text for result in await asyncio.gather(*later)} == {"number 2"}
    assert [reason for _, reason in reloads.begun] == ["a", "b, c"]


@pytest.mark.looptime
async def test_who_waits_for_the_end_of_each_is_not_kept_waiting() -> None:
    async with hearing(Reloads(takes_s=0)) as requests:
        for number in range(100):
            assert (await requests.result("socket")).text == f"number {number + 1}"
    assert asyncio.get_running_loop().time() < 0.1


@pytest.mark.looptime
async def test_a_request_that_comes_alone_is_served_at_once() -> None:
    reloads = Reloads()
    async with hearing(reloads) as requests:
        requests.request("SIGHUP")
        await asyncio.sleep(5)
        requests.request("SIGHUP")
        await asyncio.sleep(0)
        await asyncio.sleep(0.01)
        assert [begun_s for begun_s, _ in reloads.begun] == [0, 5]


@pytest.mark.looptime
async def test_the_end_waits_for_the_one_that_runs_and_refuses_the_rest() -> None:
    reloads = Reloads(takes_s=5)
    async with hearing(reloads) as requests:
        first = asyncio.create_task(requests.result("a"))
        await asyncio.sleep(1)
        second = asyncio.create_task(requests.result("b"))
        await asyncio.sleep(1)
    assert (await first).ok
    assert not (await second).ok
    assert not (await requests.result("c")).ok
    assert len(reloads.begun) == 1


@pytest.mark.looptime
async def test_who_went_away_harms_nobody() -> None:
    reloads = Reloads(takes_s=5)
    async with hearing(reloads) as requests:
        gone = asyncio.create_task(requests.result("a"))
        await asyncio.sleep(1)
        gone.cancel()
        await asyncio.sleep(10)
        assert (await requests.result("b")).ok
