"""Sink, host, settings, builders, leak check."""

import asyncio
from typing import Any, Protocol, runtime_checkable

import pytest

from otel_discord.component.consumer import ACCEPTED, Receipt
from otel_discord.component.errors import PermanentError, RetryableError, StartError
from otel_discord.component.host import Host, Status
from otel_discord.signals.any_value import to_plain
from otel_discord.testing.host import NopHost
from otel_discord.testing.leaks import no_leaked_tasks
from otel_discord.testing.otlp import any_value, logs_batch, metrics_batch, traces_batch
from otel_discord.testing.sinks import Sink
from otel_discord.testing.telemetry import InMemoryTelemetry, settings

pytestmark = pytest.mark.looptime


async def test_a_sink_answers_as_told_and_keeps_what_it_took() -> None:
    sink = Sink()
    sink.answer_next(RetryableError("busy"), PermanentError("no"), Receipt(rejected=1, message="one"))
    for kind in (RetryableError, PermanentError):
        with pytest.raises(kind):
            await sink.consume(logs_batch())
    assert await sink.consume(logs_batch(2)) == Receipt(1, "one")
    assert await sink.consume(metrics_batch(3)) is ACCEPTED
    assert (sink.offered, sink.item_count, sink.bodies) == (4, 5, ["record 0", "record 1"])


async def test_a_sink_blocks_until_it_is_told() -> None:
    sink = Sink(always=Receipt(message="warning"))
    sink.block()
    task = asyncio.ensure_future(sink.consume(logs_batch()))
    with pytest.raises(AssertionError, match="0 of 1 items"):
        await sink.wait_for_items(1, timeout_s=1)
    sink.unblock()
    await sink.wait_for_items(1)
    assert (await task).message == "warning"


@runtime_checkable
class Greets(Protocol):
    def greet(self) -> str: ...


class Greeter:
    def greet(self) -> str:
        return "hello"


def test_a_host_finds_extensions_and_keeps_statuses() -> None:
    host = NopHost({"greeter/one": Greeter(), "other": object()})
    seen: Host = host
    assert seen.extension("greeter/one", Greets).greet() == "hello"
    for name in ("other", "absent"):
        with pytest.raises(StartError, match=name):
            seen.extension(name, Greets)
    seen.report_status(Status.RECOVERABLE, "discord", "busy")
    assert (host.statuses, host.events[0].error, seen.drain_deadline_s) == ([Status.RECOVERABLE], "busy", None)


def test_telemetry_is_read_back_by_name() -> None:
    telemetry = InMemoryTelemetry()
    made = settings("discord/ops", telemetry)
    assert str(made.id) == "discord/ops"
    counter = made.meter.create_counter("sent")
    counter.add(2, {"to": "a"})
    counter.add(3, {"to": "b"})
    histogram = made.meter.create_histogram("took")
    histogram.record(0.5)
    histogram.record(0.7)
    with made.tracer.start_as_current_span("post"):
        pass
    assert (telemetry.value("sent"), telemetry.value("sent", to="b"), telemetry.value("sent", to="c")) == (5, 3, 0)
    assert (telemetry.value("took"), telemetry.value("absent")) == (2, 0)
    assert telemetry.metric_names() == {"sent", "took"}
    assert [span.name for span in telemetry.spans()] == ["post"] == [span.name for span in telemetry.spans("post")]


def test_without_telemetry_nothing_is_kept() -> None:
    made = settings()
    made.meter.create_counter("sent").add(1)
    with made.tracer.start_as_current_span("post"):
        pass
    assert str(made.id) == "nop"


@pytest.mark.parametrize("value", ["", "x", True, 0, -(2**63), 1.5, b"\0", ["a", 1, [None]], {"a": {"b": [1.0]}}, None])
def test_any_value_and_back(value: Any) -> None:
    assert to_plain(any_value(value)) == value


def test_builders_count_and_number() -> None:
    logs = logs_batch(3, first=5, body=lambda n: {"n": n}, attributes={"k": [1]}, severity=17)
    assert [to_plain(record.body) for _, _, record in logs.records()] == [{"n": 5}, {"n": 6}, {"n": 7}]
    assert (logs.highest_severity(), metrics_batch(4).item_count, traces_batch(2).item_count) == (17, 4, 2)


async def test_a_leaked_task_is_named_and_ended() -> None:
    async def forgotten() -> None:
        await asyncio.Event().wait()

    tasks = []
    with pytest.raises(AssertionError, match="forgotten"):
        async with no_leaked_tasks():
            tasks.append(asyncio.create_task(forgotten()))
    assert tasks[0].cancelled()
    async with no_leaked_tasks():
        await asyncio.create_task(asyncio.sleep(1))
