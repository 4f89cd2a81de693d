"""Records are held to the interval's end and none is lost on the way."""

import asyncio
import logging
from typing import Any

import pytest

from otel_discord.component import ACCEPTED, PermanentError, Receipt, RetryableError
from otel_discord.processors.log_dedup.config import LogDedupConfig
from otel_discord.processors.log_dedup.factory import FACTORY
from otel_discord.signals import Signal, attributes_to_dict
from otel_discord.testing.component_contract import check_cancelled, check_never_started, check_start_and_stop
from otel_discord.testing.host import NopHost
from otel_discord.testing.leaks import no_leaked_tasks
from otel_discord.testing.otlp import logs_batch
from otel_discord.testing.sinks import Sink
from otel_discord.testing.telemetry import settings


def make(sink: Sink, **keys: Any) -> Any:
    return FACTORY.create(settings("log_dedup"), LogDedupConfig.model_validate(keys), Signal.LOGS, sink)


def counts(sink: Sink) -> list[Any]:
    return [attributes_to_dict(record.attributes).get("log_count") for record in sink.log_records]


@pytest.mark.looptime
async def test_one_leaves_at_the_end_of_each_interval() -> None:
    sink = Sink()
    async with (dedup := make(sink)).lifespan(NopHost()):
        assert await dedup.consume(logs_batch(3, body="same")) == ACCEPTED
        await asyncio.sleep(9)
        await dedup.consume(logs_batch(2, body="same"))
        assert sink.offered == 0
        await asyncio.sleep(2)
        assert counts(sink) == [5]
        await dedup.consume(logs_batch(1, body="same"))
        await asyncio.sleep(10)
        assert counts(sink) == [5, 1]
        await asyncio.sleep(100)
        assert sink.offered == 2


@pytest.mark.looptime
async def test_what_no_condition_holds_for_passes_at_once() -> None:
    sink = Sink()
    conditions = ['attributes["id"] == 1', "severity_number < SEVERITY_NUMBER_WARN"]
    async with (dedup := make(sink, conditions=conditions)).lifespan(NopHost()):
        batch = logs_batch(2, body="info", severity=9)
        batch.request.MergeFrom(logs_batch(2, body="error", severity=17).request)
        batch.request.MergeFrom(logs_batch(1, body="id", severity=17, attributes={"id": 1}).request)
        before = batch.request.SerializeToString()
        await dedup.consume(batch)
        assert sink.bodies == ["error", "error"]
        assert len(sink.batches[0].request.resource_logs) == 1  # type: ignore[union-attr]  # logs; nothing empty
        assert batch.request.SerializeToString() == before
        only = logs_batch(1, body="error", severity=17)
        await dedup.consume(only)
        assert sink.batches[1] is only
    assert sink.bodies[3:] == ["info", "id"]
    assert counts(sink)[3:] == [2, 1]


@pytest.mark.looptime
async def test_a_condition_that_fails_lets_its_record_pass(caplog: pytest.LogCaptureFixture) -> None:
    sink = Sink()
    async with (dedup := make(sink, conditions=['Substring(body, 90, 1) == "x"'])).lifespan(NopHost()):
        with caplog.at_level(logging.WARNING):
            await dedup.consume(logs_batch(1))
        assert sink.item_count == 1
    assert "its record passes" in caplog.text


@pytest.mark.looptime
async def test_at_its_end_everything_leaves() -> None:
    sink, host = Sink(), NopHost()
    async with no_leaked_tasks(), (dedup := make(sink)).lifespan(host):
        await dedup.consume(logs_batch(3, body="same"))
        host.drain_deadline_s = asyncio.get_running_loop().time() + 5
    assert counts(sink) == [3]


@pytest.mark.looptime
async def test_after_its_end_everything_passes() -> None:
    sink = Sink()
    async with (dedup := make(sink)).lifespan(NopHost()):
        pass
    batch = logs_batch(3, body="same")
    await dedup.consume(batch)
    assert sink.batches == [batch]


@pytest.mark.looptime
async def test_what_is_not_taken_is_offered_again_and_meanwhile_more_is_held() -> None:
    sink = Sink()
    sink.answer_next(*[RetryableError("busy")] * 6)
    async with (dedup := make(sink, interval="1s")).lifespan(NopHost()):
        await dedup.consume(logs_batch(4, body="same"))
        await asyncio.sleep(2)
        await dedup.consume(logs_batch(2, body="same"))
        await asyncio.sleep(60)
    assert counts(sink) == [4, 2]
    assert sink.offered == 8


@pytest.mark.looptime
async def test_also_at_its_end() -> None:
    sink, host, loop = Sink(), NopHost(), asyncio.get_running_loop()
    sink.answer_next(*[RetryableError("busy")] * 3)
    async with (dedup := make(sink)).lifespan(host):
        await dedup.consume(logs_batch(4, body="same"))
        host.drain_deadline_s = loop.time() + 5
    assert counts(sink) == [4]


@pytest.mark.looptime
@pytest.mark.parametrize("is_blocked", [True, False])
async def test_but_not_beyond_the_deadline(is_blocked: bool, caplog: pytest.LogCaptureFixture) -> None:
    sink, host, loop = Sink(always=RetryableError("busy")), NopHost(), asyncio.get_running_loop()
    if is_blocked:
        sink.block()
    async with (dedup := make(sink, interval="1s")).lifespan(host):
        await dedup.consume(logs_batch(4, body="same"))
        await asyncio.sleep(1.5)
        await dedup.consume(logs_batch(1, body="same"))
        began_s = loop.time()
        host.drain_deadline_s = began_s + 5
    assert loop.time() - began_s == pytest.approx(5)
    assert "5 records that were held are lost" in caplog.text


@pytest.mark.looptime
async def test_what_is_refused_for_good_is_said(caplog: pytest.LogCaptureFixture) -> None:
    sink = Sink(always=PermanentError("no"))
    async with (dedup := make(sink, interval="1s")).lifespan(NopHost()):
        await dedup.consume(logs_batch(4, body="same"))
        await asyncio.sleep(10)
    assert sink.offered == 1
    assert "4 records that were held are lost: no" in caplog.text


@pytest.mark.looptime
async def test_where_the_rest_is_refused_nothing_is_held() -> None:
    sink = Sink()
    sink.answer_next(RetryableError("busy"), Receipt(1, "said"))
    async with (dedup := make(sink, max_distinct=1)).lifespan(NopHost()):
        with pytest.raises(RetryableError):
            await dedup.consume(logs_batch(3))
        assert await dedup.consume(logs_batch(3)) == Receipt(1, "said")
        assert sink.bodies == ["record 1", "record 2"]
    assert counts(sink)[2:] == [1]


@pytest.mark.looptime
async def test_what_is_on_its_way_while_it_closes_is_not_lost() -> None:
    sink = Sink()
    async with asyncio.TaskGroup() as tasks:
        async with (dedup := make(sink, max_distinct=1)).lifespan(NopHost()):
            sink.block()
            consuming = tasks.create_task(dedup.consume(logs_batch(3)))
            await asyncio.sleep(1)
        assert not consuming.done()
        sink.unblock()
    assert sorted(map(str, sink.bodies)) == ["record 0", "record 1", "record 2"]


@pytest.mark.looptime
async def test_many_of_one_record_take_the_room_of_one() -> None:
    sink = Sink()
    async with (dedup := make(sink)).lifespan(NopHost()):
        for _ in range(50):
            await dedup.consume(logs_batch(100, body="same"))
        assert dedup._held._bytes < 200
    assert counts(sink) == [5000]


@pytest.mark.looptime
async def test_its_lifetime_is_as_it_must_be() -> None:
    for check in (check_never_started, check_start_and_stop, check_cancelled):
        await check(lambda: make(Sink()))
