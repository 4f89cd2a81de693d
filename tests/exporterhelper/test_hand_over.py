"""An exporter that a reload exchanges leaves its queue to its successor: nothing is dropped, nothing sent twice."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from otel_discord.component.consumer import ACCEPTED
from otel_discord.component.errors import RetryableError, ShutdownError
from otel_discord.exporterhelper.chain import ExporterChain
from otel_discord.exporterhelper.config import CollectorRetryConfig, CollectorSendingQueueConfig
from otel_discord.signals.batch import LogsBatch

pytestmark = pytest.mark.looptime
MakeChain = Callable[..., ExporterChain]
MakeLogs = Callable[..., LogsBatch]


@pytest.fixture
def make_chain(telemetry: Any, push: Any) -> MakeChain:
    def make(**queue: Any) -> ExporterChain:
        return ExporterChain(
            telemetry.settings,
            push,
            sending_queue=CollectorSendingQueueConfig.model_validate(queue),
            retry_on_failure=CollectorRetryConfig.model_validate({"initial_interval": "30s"}),
            timeout_s=20.0,
        )

    return make


@pytest.mark.parametrize("batch", [None, {"flush_timeout": "100ms", "min_size": 1}])
async def test_what_waits_goes_to_the_successor(
    make_chain: MakeChain, make_host: Any, make_logs: MakeLogs, push: Any, telemetry: Any, batch: Any, caplog: Any
) -> None:
    host = make_host()
    queue = {"num_consumers": 1} | ({"batch": batch} if batch else {})
    names = [f"record {number}" for number in range(20)]
    push.script += [RetryableError("away")]
    chain = make_chain(**queue)
    async with chain.lifespan(host):
        for name in names:
            assert await chain.consume(make_logs(name)) is ACCEPTED
        await asyncio.sleep(1)  # the first waits for its next try
        host.hands_over = True
    assert len(push.delivered) <= 1  # with `batch` one is formed already and goes out
    host.hands_over = False
    async with make_chain(**queue).lifespan(host):
        await asyncio.sleep(1)
    assert sorted(push.delivered) == sorted(names)
    assert telemetry.sent == (20, 0, 0)
    assert "not sent" not in caplog.text


async def test_what_is_in_flight_ends_first(
    make_chain: MakeChain, make_host: Any, make_logs: MakeLogs, push: Any
) -> None:
    host = make_host()
    push.script += [3.0]
    chain = make_chain(num_consumers=1)
    async with chain.lifespan(host):
        await chain.consume(make_logs("first"))
        await chain.consume(make_logs("second"))
        await asyncio.sleep(1)
        host.hands_over = True
    assert push.delivered == ["first"]
    assert asyncio.get_running_loop().time() == 3
    host.hands_over = False
    async with make_chain().lifespan(host):
        await asyncio.sleep(1)
    assert push.delivered == ["first", "second"]


async def test_who_waits_for_the_result_asks_again_and_is_sent_once(
    make_chain: MakeChain, make_host: Any, make_logs: MakeLogs, push: Any
) -> None:
    host = make_host()
    push.script += [3.0]
    settings = {"num_consumers": 1, "wait_for_result": True}
    chain = make_chain(**settings)
    async with chain.lifespan(host):
        first, second = (asyncio.create_task(chain.consume(make_logs(name))) for name in ("first", "second"))
        await asyncio.sleep(1)
        host.hands_over = True
    assert await first == ACCEPTED
    with pytest.raises(ShutdownError):
        await second
    host.hands_over = False
    chain = make_chain(**settings)
    async with chain.lifespan(host):
        await chain.consume(make_logs("second"))
    assert push.delivered == ["first", "second"]


async def test_where_the_queue_is(make_chain: MakeChain) -> None:
    memory, disk, none = make_chain(), make_chain(storage="file_storage"), make_chain(enabled=False)
    assert make_chain(num_consumers=1).has_queue_of(memory)
    assert make_chain(storage="file_storage").has_queue_of(disk)
    assert not disk.has_queue_of(memory)
    assert not memory.has_queue_of(disk)
    assert not memory.has_queue_of(none)
    assert not none.has_queue_of(memory)
