"""``sending_queue.batch``: when batches leave, what is in them, and who hears of their end."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from otel_discord.component.consumer import ACCEPTED, Receipt
from otel_discord.component.errors import PermanentError, RetryableError, ShutdownError
from otel_discord.exporterhelper.chain import ExporterChain
from otel_discord.exporterhelper.config import CollectorRetryConfig, CollectorSendingQueueConfig
from otel_discord.signals.batch import LogsBatch
from otel_discord.store.memory import MemoryStorage

pytestmark = pytest.mark.looptime
MakeLogs = Callable[..., LogsBatch]
MakeChain = Callable[..., ExporterChain]


@pytest.fixture
def make_chain(telemetry: Any, push: Any) -> MakeChain:
    def make(batch: dict[str, Any], max_request_bytes: int = 0, **queue: Any) -> ExporterChain:
        return ExporterChain(
            telemetry.settings,
            push,
            sending_queue=CollectorSendingQueueConfig.model_validate({"batch": batch, **queue}),
            retry_on_failure=CollectorRetryConfig.model_validate({"enabled": False}),
            timeout_s=0.0,
            max_request_bytes=max_request_bytes,
        )

    return make


async def test_small_requests_wait_for_each_other(
    make_chain: MakeChain, make_host: Any, make_logs: MakeLogs, push: Any, telemetry: Any
) -> None:
    chain = make_chain({"flush_timeout": "1s"})
    async with chain.lifespan(make_host()):
        for body in "abc":
            await chain.consume(make_logs(body))
            await asyncio.sleep(0.3)
        await asyncio.sleep(5)
        await chain.consume(make_logs("d"))
        await asyncio.sleep(5)
    assert push.attempts == [(1.0, ["a", "b", "c"]), (6.9, ["d"])]
    assert telemetry.sent == (4, 0, 0)


async def test_a_batch_of_min_size_leaves_at_once(
    make_chain: MakeChain, make_host: Any, make_logs: MakeLogs, push: Any
) -> None:
    chain = make_chain({"min_size": 3, "flush_timeout": "10s"})
    async with chain.lifespan(make_host()):
        await chain.consume(make_logs("a", "b"))
        await chain.consume(make_logs("c", "d"))
        await asyncio.sleep(1)
        assert push.attempts == [(0.0, ["a", "b", "c", "d"])]
        await chain.consume(make_logs("e"))
        await asyncio.sleep(10.5)
    assert push.attempts[1] == (11.0, ["e"])


async def test_max_size_fills_and_splits(
    make_chain: MakeChain, make_host: Any, make_logs: MakeLogs, push: Any, telemetry: Any
) -> None:
    chain = make_chain({"min_size": 3, "max_size": 3, "flush_timeout": "10s"}, num_consumers=1)
    async with chain.lifespan(make_host()):
        await chain.consume(make_logs("a", "b"))
        await chain.consume(make_logs("c", "d", "e", "f", "g", "h", "i", "j"))
        await asyncio.sleep(1)
        assert [sent for _, sent in push.attempts] == [["a", "b", "c"], ["d", "e", "f"], ["g", "h", "i"]]
    assert push.delivered[-1] == "j"
    assert telemetry.sent == (10, 0, 0)


async def test_bytes_count_too_and_a_large_record_takes_nobody_with_it(
    make_chain: MakeChain, make_host: Any, make_logs: MakeLogs, push: Any, telemetry: Any
) -> None:
    chain = make_chain({"sizer": "bytes", "min_size": 0, "max_size": 300}, num_consumers=1)
    async with chain.lifespan(make_host()):
        await chain.consume(make_logs("a", "b", "x" * 1000, "c"))
        await asyncio.sleep(1)
    assert [[body[0] for body in sent] for _, sent in push.attempts] == [["a", "b"], ["x"], ["c"]]


async def test_each_original_hears_of_its_own_end(
    make_chain: MakeChain, make_host: Any, make_logs: MakeLogs, push: Any, telemetry: Any
) -> None:
    push.script += [ACCEPTED, PermanentError("no"), Receipt(1, "one too old")]
    batch = {"min_size": 2, "max_size": 2, "flush_timeout": "1s"}
    chain = make_chain(batch, num_consumers=1, wait_for_result=True)
    async with chain.lifespan(make_host()):
        ends = await asyncio.gather(
            chain.consume(make_logs("a")),
            chain.consume(make_logs("b", "c")),
            chain.consume(make_logs("d")),
            chain.consume(make_logs("e", "f")),
            return_exceptions=True,
        )
    assert [sent for _, sent in push.attempts] == [["a", "b"], ["c", "d"], ["e", "f"]]
    assert ends[0] == Receipt()
    assert [type(end) for end in ends[1:3]] == [PermanentError, PermanentError]
    assert ends[3] == Receipt(1, "one too old")
    assert telemetry.sent == (3, 3, 0)


async def test_rejected_items_of_a_merged_batch_sum_up(
    make_chain: MakeChain, make_host: Any, make_logs: MakeLogs, push: Any
) -> None:
    push.script += [Receipt(3, "old")]
    chain = make_chain({"flush_timeout": "1s"}, wait_for_result=True)
    async with chain.lifespan(make_host()):
        ends = await asyncio.gather(*(chain.consume(make_logs("x", "y")) for _ in range(3)))
    assert sum(end.rejected for end in ends) == 3


async def test_room_is_free_when_the_whole_original_has_ended(
    make_chain: MakeChain, make_host: Any, make_logs: MakeLogs, push: Any, telemetry: Any
) -> None:
    push.script += [1.0, 1.0]
    chain = make_chain({"min_size": 1, "max_size": 1}, num_consumers=1)
    async with chain.lifespan(make_host()):
        await chain.consume(make_logs("a", "b"))
        await asyncio.sleep(1.5)
        assert telemetry.value("otelcol_exporter_queue_size") == 1
        await asyncio.sleep(1)
        assert telemetry.value("otelcol_exporter_queue_size") == 0


async def test_as_many_batches_at_once_as_consumers(
    make_chain: MakeChain, make_host: Any, make_logs: MakeLogs, push: Any
) -> None:
    push.script += [1.0] * 6
    chain = make_chain({"min_size": 1, "max_size": 1}, num_consumers=2)
    async with chain.lifespan(make_host()):
        await chain.consume(make_logs(*"abcdef"))
        await asyncio.sleep(10)
    assert push.most_running == 2
    assert push.times == [0, 0, 1, 1, 2, 2]


async def test_merging_makes_no_request_too_large(
    make_chain: MakeChain, make_host: Any, make_logs: MakeLogs, push: Any
) -> None:
    chain = make_chain({"flush_timeout": "1s"}, max_request_bytes=1000, num_consumers=1)
    async with chain.lifespan(make_host()):
        for letter in "abc":
            await chain.consume(make_logs(letter * 400))
        await asyncio.sleep(5)
    assert [[body[0] for body in sent] for _, sent in push.attempts] == [["a", "b"], ["c"]]


async def test_closing_sends_what_is_forming(
    make_chain: MakeChain, make_host: Any, make_logs: MakeLogs, push: Any, telemetry: Any
) -> None:
    chain = make_chain({"flush_timeout": "1h"})
    async with chain.lifespan(make_host()):
        await chain.consume(make_logs("a"))
        await asyncio.sleep(1)
        await chain.consume(make_logs("b"))
    assert push.attempts == [(1.0, ["a", "b"])]
    assert telemetry.sent == (2, 0, 0)


async def test_what_the_deadline_leaves_is_counted(
    make_chain: MakeChain, make_host: Any, make_logs: MakeLogs, push: Any, telemetry: Any
) -> None:
    push.script += [100.0]
    chain = make_chain({"min_size": 1}, num_consumers=1)
    async with chain.lifespan(make_host(drain_s=2.0)):
        for body in "abc":
            await chain.consume(make_logs(body))
            await asyncio.sleep(0.1)
    assert push.delivered == []
    assert telemetry.sent == (0, 3, 0)


async def test_a_failed_batch_counts_only_its_own_records(
    make_chain: MakeChain, make_host: Any, make_logs: MakeLogs, push: Any, telemetry: Any, caplog: Any
) -> None:
    push.script += [ACCEPTED, RetryableError("down", reason="unavailable")]
    chain = make_chain({"min_size": 2, "max_size": 2}, num_consumers=1)
    async with chain.lifespan(make_host()):
        await chain.consume(make_logs("a", "b", "c", "d"))
        await asyncio.sleep(5)
    assert telemetry.sent == (2, 2, 0)
    assert "2 logs dropped (reason: unavailable)" in caplog.text


async def test_with_a_storage_an_unfinished_original_stays(
    make_chain: MakeChain, make_host: Any, make_logs: MakeLogs, push: Any
) -> None:
    storage = MemoryStorage()
    push.script += [ACCEPTED, ShutdownError("stopped")]
    chain = make_chain({"min_size": 1, "max_size": 1}, num_consumers=1, storage="disk")
    async with chain.lifespan(make_host(disk=storage)):
        await chain.consume(make_logs("a", "b"))
        await asyncio.sleep(1)
    async with chain.lifespan(make_host(disk=storage)):
        await asyncio.sleep(1)
    assert push.delivered == ["a", "a", "b"]


async def test_what_does_not_fit_beside_others_waits_for_its_own_batch(
    make_chain: MakeChain, make_host: Any, make_logs: MakeLogs, push: Any
) -> None:
    chain = make_chain({"flush_timeout": "1s", "sizer": "bytes", "min_size": 500, "max_size": 600}, num_consumers=1)
    async with chain.lifespan(make_host()):
        for letter in "abc":
            await chain.consume(make_logs(letter * 400))
        await asyncio.sleep(5)
    assert [(time, [body[0] for body in sent]) for time, sent in push.attempts] == [(0, ["a"]), (0, ["b"]), (1, ["c"])]
