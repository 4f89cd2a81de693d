"""The lifetime checks pass a good component and find each way to be bad."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from otel_discord.component.consumer import ACCEPTED, Receipt
from otel_discord.component.errors import ShutdownError, StartError
from otel_discord.component.host import Host, Status
from otel_discord.signals.batch import Batch
from otel_discord.testing.component_contract import check_component, check_failed_start

pytestmark = pytest.mark.looptime


class Good:
    """Keeps one task inside its lifetime."""

    def __init__(self) -> None:
        self._running = False

    @asynccontextmanager
    async def lifespan(self, host: Host) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as group:
            task = group.create_task(self._work())
            self._running = True
            try:
                yield
            finally:
                self._running = False
                task.cancel()

    async def _work(self) -> None:
        await asyncio.Event().wait()

    async def consume(self, batch: Batch) -> Receipt:
        if not self._running:
            raise ShutdownError("not running")
        return ACCEPTED


class LeavesTask(Good):
    @asynccontextmanager
    async def lifespan(self, host: Host) -> AsyncIterator[None]:
        self.task = asyncio.create_task(self._work())
        yield


class StartsEarly(Good):
    def __init__(self) -> None:
        super().__init__()
        self.task = asyncio.create_task(self._work())


class NeverStops(Good):
    @asynccontextmanager
    async def lifespan(self, host: Host) -> AsyncIterator[None]:
        yield
        await asyncio.sleep(3600)


class Swallows(Good):
    @asynccontextmanager
    async def lifespan(self, host: Host) -> AsyncIterator[None]:
        try:
            yield
        except asyncio.CancelledError:
            return


class TakesWhenStopped(Good):
    async def consume(self, batch: Batch) -> Receipt:
        return ACCEPTED


class ReportsFatal(Good):
    @asynccontextmanager
    async def lifespan(self, host: Host) -> AsyncIterator[None]:
        host.report_status(Status.FATAL, error="broken")
        yield


class NoLifespan:
    pass


async def test_a_good_component_passes() -> None:
    await check_component(Good)


@pytest.mark.parametrize(
    ("bad", "complaint"),
    [
        (LeavesTask, "tasks left behind"),
        (StartsEarly, "tasks left behind"),
        (NeverStops, "stopping took more than"),
        (Swallows, "swallowed"),
        (TakesWhenStopped, "did not raise ComponentError"),
        (ReportsFatal, "healthy run reported"),
        (NoLifespan, "lifespan"),
    ],
)
async def test_a_bad_one_is_found_out(bad: type[Good], complaint: str) -> None:
    with pytest.raises(AssertionError, match=complaint):
        await check_component(bad)


class Fails(Good):
    @asynccontextmanager
    async def lifespan(self, host: Host) -> AsyncIterator[None]:
        raise StartError("the port is taken")
        yield


class FailsAndLeaves(Good):
    @asynccontextmanager
    async def lifespan(self, host: Host) -> AsyncIterator[None]:
        self.task = asyncio.create_task(self._work())
        raise StartError("the port is taken")
        yield


async def test_a_failed_start_is_told_and_leaves_nothing() -> None:
    assert await check_failed_start(Fails) == "the port is taken"
    with pytest.raises(AssertionError, match="tasks left behind"):
        await check_failed_start(FailsAndLeaves)
    with pytest.raises(AssertionError, match="it started"):
        await check_failed_start(Good)
