"""Exporters of whole requests in a fleet: what one replica accepted is sent by it, or by who takes its seats."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from otel_discord.component.consumer import ACCEPTED
from otel_discord.component.errors import QueueFullError, RetryableError, StartError
from otel_discord.exporterhelper.chain import ExporterChain
from otel_discord.exporterhelper.config import CollectorRetryConfig, CollectorSendingQueueConfig
from otel_discord.signals.batch import LogsBatch, Signal
from otel_discord.testing.in_memory_fleet import InMemoryFleet, InMemorySeat

pytestmark = pytest.mark.looptime
MakeLogs = Callable[..., LogsBatch]
OWNER = "otlp_grpc/next/logs"


@pytest.fixture
def fleet() -> InMemoryFleet:
    return InMemoryFleet(shards=4, lease_s=3.0)


@pytest.fixture
def make_chain(telemetry: Any) -> Callable[..., ExporterChain]:
    def make(push: Any, **queue: Any) -> ExporterChain:
        return ExporterChain(
            telemetry.settings,
            push,
            sending_queue=CollectorSendingQueueConfig.model_validate({"storage": "db", **queue}),
            retry_on_failure=CollectorRetryConfig.model_validate({"initial_interval": "1s", "max_interval": "1s"}),
            timeout_s=5.0,
            signals=[Signal.LOGS],
        )

    return make


def waiting(fleet: InMemoryFleet) -> int:
    return sum(queue.size for queue in fleet.queues(OWNER))


async def test_each_replica_sends_what_it_accepted_in_order(
    fleet: InMemoryFleet, make_chain: Any, make_host: Any, make_logs: MakeLogs, telemetry: Any
) -> None:
    pushes = [Push(), Push()]
    one, two = (make_chain(push, num_consumers=1) for push in pushes)
    async with (
        one.lifespan(make_host(db=fleet.storage("a"))),
        two.lifespan(make_host(db=fleet.storage("b"))),
    ):
        await asyncio.sleep(3)  # both have seats
        for number in range(20):
            await one.consume(make_logs(f"one {number}"))
            await two.consume(make_logs(f"two {number}"))
        await asyncio.sleep(5)
    assert pushes[0].delivered == [f"one {number}" for number in range(20)]
    assert pushes[1].delivered == [f"two {number}" for number in range(20)]
    assert waiting(fleet) == 0
    assert telemetry.sent == (40, 0, 0)


async def test_what_a_dead_replica_had_is_sent_by_another(
    fleet: InMemoryFleet, make_chain: Any, make_host: Any, make_logs: MakeLogs
) -> None:
    away, push = Push(RetryableError("away")), Push()
    one, two = make_chain(away), make_chain(push)
    async with (
        two.lifespan(make_host(db=fleet.storage("b"))),
        one.lifespan(make_host(drain_s=0.0, db=fleet.storage("a"))),
    ):
        await asyncio.sleep(3)
        for number in range(5):
            await one.consume(make_logs(str(number)))
        await asyncio.sleep(1)
        assert not push.delivered
        fleet.crash("a")
        await asyncio.sleep(fleet.lease_s + 1)
        assert sorted(push.delivered) == [str(number) for number in range(5)]


async def test_a_replica_that_ends_leaves_the_rest_to_others(
    fleet: InMemoryFleet, make_chain: Any, make_host: Any, make_logs: MakeLogs
) -> None:
    away, push = Push(RetryableError("away")), Push()
    one, two = make_chain(away), make_chain(push)
    async with two.lifespan(make_host(db=fleet.storage("b"))):
        async with one.lifespan(make_host(db=fleet.storage("a"))):
            await asyncio.sleep(3)
            await one.consume(make_logs("x"))
            await asyncio.sleep(0.5)
        await asyncio.sleep(2)
        assert push.delivered == ["x"]


async def test_num_consumers_is_for_all_seats_together(
    fleet: InMemoryFleet, make_chain: Any, make_host: Any, make_logs: MakeLogs
) -> None:
    push = Push(take_s=1.0)
    chain = make_chain(push, num_consumers=3)
    async with chain.lifespan(make_host(db=fleet.storage("a"))):
        await asyncio.sleep(1)
        for number in range(9):
            await chain.consume(make_logs(str(number)))
        await asyncio.sleep(5)
    assert push.most_running == 3
    assert len(push.delivered) == 9


async def test_a_full_queue_refuses_or_is_waited_for(
    fleet: InMemoryFleet, make_chain: Any, make_host: Any, make_logs: MakeLogs, telemetry: Any
) -> None:
    push = Push(take_s=2.0)
    chain = make_chain(push, num_consumers=1, queue_size=2)
    async with chain.lifespan(make_host(db=fleet.storage("a"))):
        await asyncio.sleep(1)
        await chain.consume(make_logs("1"))
        await chain.consume(make_logs("2"))
        with pytest.raises(QueueFullError):
            await chain.consume(make_logs("3"))
    assert telemetry.sent[2] == 1
    patient = make_chain(Push(), num_consumers=1, queue_size=2, block_on_overflow=True)
    async with patient.lifespan(make_host(db=fleet.storage("a"))):
        async with asyncio.timeout(30):
            for number in range(5):
                await patient.consume(make_logs(str(number)))


class Push:
    """Takes what is sent; or takes its time, or fails."""

    def __init__(self, error: Exception | None = None, take_s: float = 0.0) -> None:
        self.delivered: list[str] = []
        self.most_running = 0
        self._running = 0
        self._error = error
        self._take_s = take_s

    async def __call__(self, batch: Any) -> Any:
        if self._error is not None:
            raise self._error
        self._running += 1
        self.most_running = max(self.most_running, self._running)
        await asyncio.sleep(self._take_s)
        self._running -= 1
        self.delivered += [record.body.string_value for _, _, record in batch.records()]
        return ACCEPTED


async def test_a_replica_that_loses_its_seats_while_it_sends_goes_on(
    fleet: InMemoryFleet, make_chain: Any, make_host: Any, make_logs: MakeLogs
) -> None:
    """A batch whose end nobody may write down any more is the next holder's, and ends no task here."""
    slow, push = Push(take_s=4.5), Push()
    one, two = make_chain(slow), make_chain(push)
    async with one.lifespan(make_host(db=fleet.storage("a"))), two.lifespan(make_host(db=fleet.storage("b"))):
        await asyncio.sleep(3)
        await one.consume(make_logs("x"))
        await asyncio.sleep(1)
        fleet.pause("a")
        await asyncio.sleep(fleet.lease_s + 2)
        assert push.delivered == ["x"]
        fleet.resume("a")
        await asyncio.sleep(20)
        slow.delivered.clear()
        await one.consume(make_logs("y"))
        await asyncio.sleep(15)
    assert [*slow.delivered, *push.delivered] in (["y", "x"], ["x", "y"])


async def test_a_queue_that_cannot_be_opened_now_is_opened_later(
    fleet: InMemoryFleet,
    make_chain: Any,
    make_host: Any,
    make_logs: MakeLogs,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    opened, fails = InMemorySeat.open_queue, [StartError("the stored queue cannot be opened"), ValueError("a mistake")]

    def open_queue(seat: InMemorySeat, limits: Any) -> Any:
        if fails:
            raise fails.pop()
        return opened(seat, limits)

    monkeypatch.setattr(InMemorySeat, "open_queue", open_queue)
    push = Push()
    chain = make_chain(push)
    async with chain.lifespan(make_host(db=fleet.storage("a"))):
        await asyncio.sleep(5)
        await chain.consume(make_logs("x"))
        await asyncio.sleep(2)
    assert push.delivered == ["x"]
    assert not fails
    assert "cannot be worked on now" in caplog.text
