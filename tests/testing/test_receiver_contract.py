"""The receiver's contract passes a small honest receiver and finds each way to cheat."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from otel_discord.component.errors import PermanentError, RetryableError
from otel_discord.component.factory import Outlets
from otel_discord.component.host import Host
from otel_discord.signals.batch import LogsBatch, Signal
from otel_discord.testing.receiver_contract import Told, check_receiver

pytestmark = pytest.mark.looptime


class Honest:
    """Called in process; passes a batch on and tells the outcome."""

    def __init__(self, outlets: Outlets) -> None:
        self.next = outlets.by_signal[Signal.LOGS]

    @asynccontextmanager
    async def lifespan(self, host: Host) -> AsyncIterator[None]:
        yield

    async def receive(self, batch: LogsBatch) -> Told:
        try:
            await self.next.consume(batch)
        except RetryableError:
            return "retry"
        except PermanentError:
            return "refused"
        return "accepted"


class SaysYes(Honest):
    async def receive(self, batch: LogsBatch) -> Told:
        await super().receive(batch)
        return "accepted"


class PassesOnTwice(Honest):
    async def receive(self, batch: LogsBatch) -> Told:
        await super().receive(batch)
        return await super().receive(batch)


class GivesUp(Honest):
    async def receive(self, batch: LogsBatch) -> Told:
        told = await super().receive(batch)
        return "refused" if told == "retry" else told


class Caller:
    def __init__(self, receiver: Honest) -> None:
        self.receiver = receiver

    async def send(self, batch: LogsBatch) -> Told:
        return await self.receiver.receive(batch)


@asynccontextmanager
async def connect(receiver: Honest) -> AsyncIterator[Caller]:
    yield Caller(receiver)


async def test_an_honest_receiver_passes() -> None:
    for seed in range(3):
        await check_receiver(Honest, connect, seed=seed)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("cheat", "complaint"),
    [(SaysYes, "passed on 0 times"), (PassesOnTwice, "passed on 2 times"), (GivesUp, "random retryable.*told")],
)
async def test_a_cheat_is_found_out(cheat: type[Honest], complaint: str) -> None:
    with pytest.raises(AssertionError, match=complaint):
        await check_receiver(cheat, connect)  # type: ignore[arg-type]
