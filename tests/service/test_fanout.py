"""One batch, several consumers, one answer."""

import asyncio

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from otel_discord.component import (
    ACCEPTED,
    ComponentError,
    PermanentError,
    QueueFullError,
    Receipt,
    RetryableError,
    ShutdownError,
)
from otel_discord.service.fanout import combine, fan_out
from otel_discord.signals import Batch, LogsBatch

BATCH = LogsBatch(ExportLogsServiceRequest())


class Consumer:
    def __init__(self, answer: Receipt | Exception, takes_s: float = 0) -> None:
        self.answer = answer
        self.takes_s = takes_s
        self.received: list[Batch] = []
        self.finished = False

    async def consume(self, batch: Batch) -> Receipt:
        self.received.append(batch)
        await asyncio.sleep(self.takes_s)
        self.finished = True
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def test_a_single_consumer_is_passed_directly() -> None:
    only = Consumer(ACCEPTED)
    assert fan_out([only]) is only


@pytest.mark.looptime
async def test_all_get_the_same_batch_at_the_same_time() -> None:
    consumers = [Consumer(ACCEPTED, 5), Consumer(Receipt(2, "two"), 5), Consumer(Receipt(1, "one"), 5)]
    before_s = asyncio.get_running_loop().time()
    assert await fan_out(consumers).consume(BATCH) == Receipt(2, "two; one")
    assert asyncio.get_running_loop().time() - before_s == pytest.approx(5)
    assert all(consumer.received == [BATCH] and consumer.received[0] is BATCH for consumer in consumers)


@pytest.mark.looptime
async def test_a_slow_one_is_not_cancelled_because_another_failed() -> None:
    slow = Consumer(ACCEPTED, 30)
    with pytest.raises(PermanentError):
        await fan_out([Consumer(PermanentError("no")), slow]).consume(BATCH)
    assert slow.finished


@pytest.mark.looptime
async def test_cancelling_cancels_all() -> None:
    consumers = [Consumer(ACCEPTED, 30), Consumer(ACCEPTED, 30)]
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1):
            await fan_out(consumers).consume(BATCH)
    assert not any(consumer.finished for consumer in consumers)


@pytest.mark.parametrize(
    ("answers", "kind", "delay", "reason"),
    [
        ([RetryableError("a", retry_after_s=2), PermanentError("p")], RetryableError, 2, "retryable"),
        ([RetryableError("a", retry_after_s=2), RetryableError("b", retry_after_s=7)], RetryableError, 7, "retryable"),
        ([RetryableError("a"), RetryableError("b")], RetryableError, None, "retryable"),
        ([QueueFullError("a", retry_after_s=1), QueueFullError("b")], QueueFullError, 1, "queue_full"),
        ([QueueFullError("a"), ShutdownError("b")], RetryableError, None, "retryable"),
        ([ACCEPTED, ShutdownError("b")], ShutdownError, None, "shutdown"),
        ([PermanentError("a", reason="x"), ACCEPTED], PermanentError, None, "x"),
        ([PermanentError("a"), PermanentError("b")], PermanentError, None, "permanent"),
        ([OSError("a"), QueueFullError("b")], QueueFullError, None, "queue_full"),
    ],
)
def test_errors_together(
    answers: list[Receipt | BaseException], kind: type[ComponentError], delay: float | None, reason: str
) -> None:
    with pytest.raises(ComponentError) as caught:
        combine(answers)
    assert type(caught.value) is kind
    assert getattr(caught.value, "retry_after_s", None) == delay
    assert caught.value.reason == reason


def test_a_defect_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        combine([ACCEPTED, PermanentError("p"), ZeroDivisionError()])
    with pytest.raises(asyncio.CancelledError):
        combine([RetryableError("r"), asyncio.CancelledError()])
