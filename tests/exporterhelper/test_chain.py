"""Queue → observe → retry → timeout → push, on a virtual clock."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from otel_discord.component.consumer import ACCEPTED, Receipt
from otel_discord.component.errors import PermanentError, QueueFullError, RetryableError, ShutdownError
from otel_discord.exporterhelper.chain import ExporterChain
from otel_discord.exporterhelper.config import CollectorRetryConfig, CollectorSendingQueueConfig
from otel_discord.signals.batch import LogsBatch
from otel_discord.store.memory import MemoryStorage

pytestmark = pytest.mark.looptime
MakeChain = Callable[..., ExporterChain]
MakeLogs = Callable[..., LogsBatch]


@pytest.fixture
def make_chain(telemetry: Any, push: Any) -> MakeChain:
    def make(queue: dict[str, Any] | None = None, timeout_s: float = 5.0, **retry: Any) -> ExporterChain:
        plain = {"randomization_factor": 0.0, "initial_interval": "1s", "multiplier": 2.0, "max_elapsed_time": "60s"}
        return ExporterChain(
            telemetry.settings,
            push,
            sending_queue=CollectorSendingQueueConfig.model_validate(queue or {}),
            retry_on_failure=CollectorRetryConfig.model_validate(plain | retry),
            timeout_s=timeout_s,
            dice=lambda: 0.5,
        )

    return make


async def test_a_batch_arrives_and_is_counted_once(
    make_chain: MakeChain, make_host: Any, make_logs: MakeLogs, push: Any, telemetry: Any
) -> None:
    chain = make_chain()
    async with chain.lifespan(make_host()):
        assert await chain.consume(make_logs("a", "b")) is ACCEPTED
        await asyncio.sleep(1)
        assert telemetry.value("otelcol_exporter_queue_capacity") == 3000  # one queue for each signal
        assert telemetry.value("otelcol_exporter_queue_size") == 0
    assert push.delivered == ["a", "b"]
    assert telemetry.sent == (2, 0, 0)
    assert telemetry.seen_spans() == [("exporter/otlp_grpc/next/logs", {"items.sent": 2, "items.failed": 0})]


async def test_retries_follow_the_backoff_and_count_as_one(
    make_chain: MakeChain, make_host: Any, make_logs: MakeLogs, push: Any, telemetry: Any
) -> None:
    push.script += [RetryableError("x"), RetryableError("x", retry_after_s=7.0), RetryableError("x")]
    chain = make_chain()
    async with chain.lifespan(make_host()):
        await chain.consume(make_logs("a"))
        await asyncio.sleep(100)
    assert push.times == [0.0, 1.0, 8.0, 12.0]
    assert telemetry.sent == (1, 0, 0)
    assert len(telemetry.spans()) == 1


async def test_the_end_of_the_elapsed_time_drops_and_says_so(
    make_chain: MakeChain, make_host: Any, make_logs: MakeLogs, push: Any, telemetry: Any, caplog: Any
) -> None:
    push.script += [RetryableError("the door is shut", reason="unavailable")] * 20
    chain = make_chain(max_elapsed_time="31s", max_interval="30s")
    async with chain.lifespan(make_host()):
        await chain.consume(make_logs("a", "b"))
        await asyncio.sleep(300)
    assert push.times == [0.0, 1.0, 3.0, 7.0, 15.0, 31.0]
    assert telemetry.sent == (0, 2, 0)
    assert "2 logs dropped (reason: unavailable): no more retries left: the door is shut" in caplog.text
    assert telemetry.seen_spans()[0][1]["error.type"] == "unavailable"


async def test_a_permanent_error_is_not_tried_again(
    make_chain: MakeChain, make_host: Any, make_logs: MakeLogs, push: Any, telemetry: Any
) -> None:
    push.script += [PermanentError("no")]
    chain = make_chain()
    async with chain.lifespan(make_host()):
        await chain.consume(make_logs("a"))
        await chain.consume(make_logs("b"))
        await asyncio.sleep(100)
    assert (len(push.attempts), push.delivered, telemetry.sent) == (2, ["b"], (1, 1, 0))


async def test_a_fault_of_ours_ends_the_batch_and_not_the_exporter(
    make_chain: MakeChain, make_host: Any, make_logs: MakeLogs, push: Any, telemetry: Any, caplog: Any
) -> None:
    push.script += [KeyError("oops")]
    chain = make_chain({"num_consumers": 1})
    async with chain.lifespan(make_host()):
        await chain.consume(make_logs("a"))
        await chain.consume(make_logs("b"))
        await asyncio.sleep(100)
    assert (push.delivered, telemetry.sent) == (["b"], (1, 1, 0))
    assert "Traceback" in caplog.text


async def test_a_partial_success_is_counted_and_never_sent_again(
    make_chain: MakeChain, make_host: Any, make_logs: MakeLogs, push: Any, telemetry: Any, caplog: Any
) -> None:
    push.script += [Receipt(2, "too old")]
    chain = make_chain()
    async with chain.lifespan(make_host()):
        await chain.consume(make_logs("a", "b", "c"))
        await asyncio.sleep(100)
    assert (len(push.attempts), telemetry.sent) == (1, (1, 2, 0))
    assert "2 of 3 logs rejected: too old" in caplog.text


async def test_each_attempt_has_its_own_timeout(
    make_chain: MakeChain, make_host: Any, make_logs: MakeLogs, push: Any, telemetry: Any
) -> None:
    push.script += [10.0, 10.0, 4.9]
    chain = make_chain()
    async with chain.lifespan(make_host()):
        await chain.consume(make_logs("a"))
        await asyncio.sleep(100)
    assert push.times == [0.0, 6.0, 13.0]
    assert telemetry.sent == (1, 0, 0)


async def test_zero_is_no_timeout(make_chain: MakeChain, make_host: Any, make_logs: MakeLogs, push: Any) -> None:
    push.script += [1000.0]
    chain = make_chain(timeout_s=0.0)
    async with chain.lifespan(make_host()):
        await chain.consume(make_logs("a"))
        await asyncio.sleep(1001)
    assert (len(push.attempts), push.delivered) == (1, ["a"])


async def test_as_many_at_once_as_there_are_consumers(
    make_chain: MakeChain, make_host: Any, make_logs: MakeLogs, push: Any
) -> None:
    push.script += [1.0] * 9
    chain = make_chain({"num_consumers": 3})
    async with chain.lifespan(make_host()):
        for index in range(9):
            await chain.consume(make_logs(str(index)))
        await asyncio.sleep(10)
    assert push.most_running == 3
    assert push.times == [0.0] * 3 + [1.0] * 3 + [2.0] * 3


async def test_a_full_queue_refuses_and_counts(
    make_chain: MakeChain, make_host: Any, make_logs: MakeLogs, push: Any, telemetry: Any
) -> None:
    push.script += [1.0] * 9
    chain = make_chain({"num_consumers": 1, "queue_size": 2})
    async with chain.lifespan(make_host()):
        await chain.consume(make_logs("a"))
        await chain.consume(make_logs("b"))
        await asyncio.sleep(0.5)
        with pytest.raises(QueueFullError):  # in flight counts too
            await chain.consume(make_logs("c", "d"))
        await asyncio.sleep(1)
        await chain.consume(make_logs("e"))
        await asyncio.sleep(5)
    assert (push.delivered, telemetry.sent) == (["a", "b", "e"], (3, 0, 2))


async def test_block_on_overflow_waits_for_room(
    make_chain: MakeChain, make_host: Any, make_logs: MakeLogs, push: Any, telemetry: Any
) -> None:
    push.script += [1.0] * 9
    chain = make_chain({"num_consumers": 1, "queue_size": 1, "block_on_overflow": True})
    async with chain.lifespan(make_host()):
        await asyncio.gather(*(chain.consume(make_logs(str(index))) for index in range(5)))
        assert asyncio.get_running_loop().time() == pytest.approx(4.0)
        await asyncio.sleep(5)
    assert (push.delivered, telemetry.sent) == (["0", "1", "2", "3", "4"], (5, 0, 0))


async def test_wait_for_result_gives_the_end_to_the_caller(
    make_chain: MakeChain, make_host: Any, make_logs: MakeLogs, push: Any, telemetry: Any
) -> None:
    push.script += [RetryableError("x"), Receipt(1, "half"), PermanentError("no")]
    chain = make_chain({"wait_for_result": True})
    async with chain.lifespan(make_host()):
        assert await chain.consume(make_logs("a", "b")) == Receipt(1, "half")
        assert asyncio.get_running_loop().time() == pytest.approx(1.0)
        with pytest.raises(PermanentError):
            await chain.consume(make_logs("c"))
    assert telemetry.sent == (1, 2, 0)


async def test_without_a_queue_the_caller_sends(
    make_chain: MakeChain, make_host: Any, make_logs: MakeLogs, push: Any, telemetry: Any
) -> None:
    push.script += [RetryableError("x"), ACCEPTED, RetryableError("y", retry_after_s=100.0)]
    chain = make_chain({"enabled": False})
    async with chain.lifespan(make_host()):
        assert await chain.consume(make_logs("a")) is ACCEPTED
        with pytest.raises(RetryableError, match="y") as raised:
            await chain.consume(make_logs("b"))
    assert raised.value.retry_after_s == 100.0
    assert telemetry.sent == (1, 1, 0)


async def test_without_retries_one_failure_is_the_end(
    make_chain: MakeChain, make_host: Any, make_logs: MakeLogs, push: Any, telemetry: Any
) -> None:
    push.script += [RetryableError("x")]
    chain = make_chain(enabled=False)
    async with chain.lifespan(make_host()):
        await chain.consume(make_logs("a"))
        await asyncio.sleep(10)
    assert (len(push.attempts), telemetry.sent) == (1, (0, 1, 0))


async def test_closed_or_not_yet_open_it_refuses(make_chain: MakeChain, make_host: Any, make_logs: MakeLogs) -> None:
    chain = make_chain()
    with pytest.raises(ShutdownError):
        await chain.consume(make_logs("a"))
    async with chain.lifespan(make_host()):
        pass
    with pytest.raises(ShutdownError):
        await chain.consume(make_logs("a"))


async def test_closing_drains_the_queue(
    make_chain: MakeChain, make_host: Any, make_logs: MakeLogs, push: Any, telemetry: Any
) -> None:
    push.script += [1.0] * 4
    chain = make_chain({"num_consumers": 1})
    async with chain.lifespan(make_host(drain_s=5.0)):
        for index in range(4):
            await chain.consume(make_logs(str(index)))
    assert asyncio.get_running_loop().time() == pytest.approx(4.0)
    assert telemetry.sent == (4, 0, 0)


async def test_closing_ends_retry_waits_and_tries_each_once(
    make_chain: MakeChain, make_host: Any, make_logs: MakeLogs, push: Any, telemetry: Any, caplog: Any
) -> None:
    push.script += [RetryableError("down")] * 3
    chain = make_chain({"num_consumers": 1}, initial_interval="30s")
    async with chain.lifespan(make_host()):
        for body in "abcd":
            await chain.consume(make_logs(body))
        await asyncio.sleep(10)
    assert push.times == [0.0, 10.0, 10.0, 10.0]
    assert (push.delivered, telemetry.sent) == (["d"], (1, 3, 0))
    assert "1 logs dropped (reason: shutdown)" in caplog.text


async def test_what_the_deadline_leaves_is_counted_and_logged(
    make_chain: MakeChain, make_host: Any, make_logs: MakeLogs, push: Any, telemetry: Any, caplog: Any
) -> None:
    push.script += [4.0, 4.0, 4.0]
    chain = make_chain({"num_consumers": 1})
    async with chain.lifespan(make_host(drain_s=6.0)):
        for body in ("a", "b", "c"):
            await chain.consume(make_logs(body, body))
    assert asyncio.get_running_loop().time() == pytest.approx(6.0)
    assert telemetry.sent == (2, 4, 0)
    assert "stopped with 4 logs in 2 batches not sent (reason: shutdown)" in caplog.text


async def test_whoever_waits_for_a_result_at_the_deadline_hears_of_the_shutdown(
    make_chain: MakeChain, make_host: Any, make_logs: MakeLogs, push: Any
) -> None:
    push.script += [4.0, 4.0]
    chain = make_chain({"num_consumers": 1, "wait_for_result": True})
    async with chain.lifespan(make_host(drain_s=1.0)):
        waiting = [asyncio.ensure_future(chain.consume(make_logs(body))) for body in "ab"]
        await asyncio.sleep(0.5)
    ends = await asyncio.wait_for(asyncio.gather(*waiting, return_exceptions=True), 1)
    assert [type(end) for end in ends] == [ShutdownError, ShutdownError]


async def test_with_a_storage_what_is_not_sent_stays(
    make_chain: MakeChain, make_host: Any, make_logs: MakeLogs, push: Any, telemetry: Any
) -> None:
    storage = MemoryStorage()  # stands for one that outlives the process
    push.script += [RetryableError("down")]
    chain = make_chain({"num_consumers": 1, "storage": "disk"}, initial_interval="30s")
    async with chain.lifespan(make_host(disk=storage)):
        for body in "abc":
            await chain.consume(make_logs(body))
        await asyncio.sleep(10)
    assert (push.delivered, telemetry.sent) == ([], (0, 0, 0))
    again = make_chain({"num_consumers": 1, "storage": "disk"})
    async with again.lifespan(make_host(disk=storage)):
        await asyncio.sleep(1)
    assert (push.delivered, telemetry.sent) == (["a", "b", "c"], (3, 0, 0))


async def test_a_cancelled_lifespan_still_accounts(
    make_chain: MakeChain, make_host: Any, make_logs: MakeLogs, push: Any, telemetry: Any
) -> None:
    push.script += [100.0]
    chain = make_chain(timeout_s=0.0)

    async def run() -> None:
        async with chain.lifespan(make_host(drain_s=100.0)):
            await chain.consume(make_logs("a"))
            await asyncio.sleep(1000)

    task = asyncio.ensure_future(run())
    await asyncio.sleep(1)
    task.cancel()
    await asyncio.sleep(1)
    task.cancel()  # impatient, while it drains
    with pytest.raises(asyncio.CancelledError):
        await task
    assert telemetry.sent == (0, 1, 0)
