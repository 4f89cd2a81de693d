"""What is left of batches, and what is written on it."""

import logging
import random
from typing import Any

import pytest

from otel_discord.component import ACCEPTED, RetryableError
from otel_discord.processors.probabilistic_sampler.config import ProbabilisticSamplerConfig
from otel_discord.processors.probabilistic_sampler.factory import FACTORY
from otel_discord.signals import LogsBatch, Signal, TracesBatch, attributes_to_dict
from otel_discord.testing.component_contract import check_cancelled, check_never_started, check_start_and_stop
from otel_discord.testing.host import NopHost
from otel_discord.testing.otlp import key_values, logs_batch, traces_batch
from otel_discord.testing.sinks import Sink
from otel_discord.testing.telemetry import settings


def make(sink: Sink, signal: Signal = Signal.LOGS, **keys: Any) -> Any:
    config = ProbabilisticSamplerConfig.model_validate({"sampling_percentage": 50, **keys})
    return FACTORY.create(settings("probabilistic_sampler"), config, signal, sink)


def logs(count: int = 200, *, with_trace: bool = True, **attributes: Any) -> LogsBatch:
    dice = random.Random(7)
    batch = logs_batch(count, attributes=attributes)
    for _, _, record in batch.records():
        record.trace_id = dice.randbytes(16) if with_trace else b""
    return batch


def traces(count: int = 200, *, state: str = "", **attributes: Any) -> TracesBatch:
    dice = random.Random(7)
    batch = traces_batch(count)
    for span in batch.request.resource_spans[0].scope_spans[0].spans:
        span.trace_id = dice.randbytes(16)
        span.trace_state = state
        span.attributes.extend(key_values(attributes))
    return batch


def kept_ids(sink: Sink) -> set[bytes]:
    ids = {record.trace_id for record in sink.log_records}
    for batch in sink.batches:
        if isinstance(batch, TracesBatch):
            ids |= {span.trace_id for span in batch.request.resource_spans[0].scope_spans[0].spans}
    return ids


@pytest.mark.parametrize("mode", ["hash_seed", "proportional", "equalizing"])
async def test_the_share_is_kept_and_the_same_of_logs_and_traces(mode: str) -> None:
    of_logs, of_traces, again = Sink(), Sink(), Sink()
    shared = logs()
    before = shared.request.SerializeToString()
    await make(of_logs, mode=mode).consume(shared)
    await make(again, mode=mode).consume(shared)
    await make(of_traces, Signal.TRACES, mode=mode).consume(traces())
    assert 70 < of_logs.item_count < 130
    assert kept_ids(of_logs) == kept_ids(again) == kept_ids(of_traces)
    assert shared.request.SerializeToString() == before


async def test_another_seed_keeps_others_and_less_is_a_part_of_more() -> None:
    sinks = {keys: Sink() for keys in ((50, 0), (50, 22), (20, 0))}
    for (percentage, seed), sink in sinks.items():
        await make(sink, sampling_percentage=percentage, hash_seed=seed).consume(logs())
    assert kept_ids(sinks[50, 0]) != kept_ids(sinks[50, 22])
    assert kept_ids(sinks[20, 0]) < kept_ids(sinks[50, 0])


async def test_resource_and_scope_stay_with_what_is_kept() -> None:
    sink, batch = Sink(), logs()
    batch.request.resource_logs[0].schema_url = "r"
    batch.request.resource_logs[0].scope_logs[0].schema_url = "s"
    batch.request.MergeFrom(logs_batch(1, resource={"service.name": "no trace id"}).request)
    await make(sink).consume(batch)
    (kept,) = sink.batches[0].request.resource_logs  # type: ignore[union-attr]  # the second one kept nothing
    assert attributes_to_dict(kept.resource.attributes)["service.name"] == "shop"
    assert (kept.schema_url, kept.scope_logs[0].schema_url, kept.scope_logs[0].scope.name) == ("r", "s", "testing")


async def test_nothing_left_is_not_passed_on() -> None:
    sink = Sink()
    assert await make(sink, sampling_percentage=0).consume(logs()) == ACCEPTED
    assert await make(sink, Signal.TRACES, sampling_percentage=0).consume(traces()) == ACCEPTED
    assert sink.offered == 0


async def test_threshold_and_randomness_are_written() -> None:
    hashed, consistent, spans = Sink(), Sink(), Sink()
    await make(hashed).consume(logs())
    attributes = attributes_to_dict(hashed.log_records[0].attributes)
    assert attributes["sampling.threshold"] == "8"
    assert int(str(attributes["sampling.randomness"]), 16) >= 8 << 52
    await make(consistent, mode="proportional", sampling_percentage=25).consume(logs())
    assert attributes_to_dict(consistent.log_records[0].attributes) == {"sampling.threshold": "c"}
    await make(spans, Signal.TRACES, mode="equalizing").consume(traces(state="rojo=1,ot=x:y"))
    kept: Any = spans.batches[0].request
    assert kept.resource_spans[0].scope_spans[0].spans[0].trace_state == "ot=th:8;x:y,rojo=1"


async def test_a_batch_that_was_sampled_so_already_goes_on_as_it_is() -> None:
    first, second = Sink(), Sink()
    await make(first, mode="equalizing").consume(logs())
    await make(second, mode="equalizing").consume(first.batches[0])
    assert second.batches[0] is first.batches[0]


async def test_an_attribute_is_random_enough() -> None:
    sink, batch = Sink(), logs(with_trace=False)
    for number, (_, _, record) in enumerate(batch.records()):
        record.attributes.extend(key_values({"id": f"record {number}"}))
    await make(sink, from_attribute="id").consume(batch)
    assert 70 < sink.item_count < 130
    by_record = Sink()
    await make(by_record, from_attribute="id", attribute_source="record").consume(batch)
    assert by_record.bodies == sink.bodies
    whole = Sink()
    await make(whole, from_attribute="pod", attribute_source="record").consume(logs(pod="one"))
    assert whole.item_count in {0, 200}


async def test_without_randomness_the_door_is_closed_or_open(caplog: pytest.LogCaptureFixture) -> None:
    closed, opened, batch = Sink(), Sink(), logs(3, with_trace=False)
    with caplog.at_level(logging.WARNING):
        await make(closed).consume(batch)
    assert closed.offered == 0
    assert "3 items left out: no randomness" in caplog.text
    await make(opened, fail_closed=False).consume(batch)
    assert opened.batches[0] is batch


@pytest.mark.parametrize(
    ("priority", "kept"),
    [(0, {0}), (0.0, {0}), (100, {200}), (250, {200}), (True, range(70, 130)), ("100", range(70, 130)),
     (float("nan"), range(70, 130)), (10, range(5, 40)), (90, range(160, 196)), (-1, {0})],
)  # fmt: skip
async def test_a_record_may_have_a_percentage_of_its_own(priority: Any, kept: Any) -> None:
    sink = Sink()
    await make(sink, sampling_priority="priority").consume(logs(priority=priority))
    assert sink.item_count in kept


@pytest.mark.parametrize(
    ("priority", "kept"),
    [(0, {0}), (1, {200}), (0.5, {200}), ("0", {0}), ("2", {200}), ("x", range(70, 130)), (-1, range(70, 130))],
)
async def test_a_span_may_have_a_priority(priority: Any, kept: Any) -> None:
    sink = Sink()
    await make(sink, Signal.TRACES).consume(traces(**{"sampling.priority": priority}))
    assert sink.item_count in kept


async def test_a_tracestate_that_cannot_be_read_is_a_problem_and_left_alone() -> None:
    closed, opened, batch = Sink(), Sink(), traces(2, state="ot=th:nothex")
    await make(closed, Signal.TRACES, mode="proportional").consume(batch)
    await make(opened, Signal.TRACES, mode="proportional", fail_closed=False).consume(batch)
    assert closed.offered == 0
    assert opened.batches[0] is batch


async def test_a_refusal_goes_back() -> None:
    with pytest.raises(RetryableError):
        await make(Sink(always=RetryableError("busy"))).consume(logs())


async def test_what_keeps_nothing_in_fourteen_bits_is_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        async with make(Sink(), sampling_percentage=0.001).lifespan(NopHost()):
            pass
    assert "keeps nothing" in caplog.text


@pytest.mark.looptime
async def test_its_lifetime_is_as_it_must_be() -> None:
    for check in (check_never_started, check_start_and_stop, check_cancelled):
        await check(lambda: make(Sink()))
