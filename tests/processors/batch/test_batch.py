"""Nothing waits; the Collector's keys are taken and checked."""

import logging
from typing import Any

import pytest
from pydantic import ValidationError

from otel_discord.component import Receipt
from otel_discord.processors.batch.config import BatchConfig
from otel_discord.processors.batch.factory import FACTORY
from otel_discord.signals import Batch, Signal
from otel_discord.testing.component_contract import check_cancelled, check_never_started, check_start_and_stop
from otel_discord.testing.host import NopHost
from otel_discord.testing.otlp import logs_batch, metrics_batch, traces_batch
from otel_discord.testing.sinks import Sink
from otel_discord.testing.telemetry import settings


def make(sink: Sink, signal: Signal = Signal.LOGS) -> Any:
    return FACTORY.create(settings("batch"), BatchConfig(), signal, sink)


@pytest.mark.parametrize("batch", [logs_batch(1), metrics_batch(2), traces_batch(3)], ids=lambda b: b.signal)
async def test_everything_goes_on_at_once_as_it_is(batch: Batch) -> None:
    sink = Sink(always=Receipt(1, "said"))
    assert await make(sink, batch.signal).consume(batch) == Receipt(1, "said")
    assert sink.batches[0] is batch


async def test_it_says_so_once(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        async with (processor := make(Sink())).lifespan(NopHost()):
            await processor.consume(logs_batch())
            await processor.consume(logs_batch())
    assert ["passes everything on at once" in each.getMessage() for each in caplog.records] == [True]


def test_the_collectors_keys_load() -> None:
    keys = {"timeout": "10s", "send_batch_size": 10000, "send_batch_max_size": 11000}
    more = {"metadata_keys": ["tenant_id"], "metadata_cardinality_limit": 50}
    assert BatchConfig.model_validate(keys | more).timeout == 10.0
    assert BatchConfig.model_validate({"timeout": "0s", "send_batch_size": 0}).send_batch_size == 0


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"timeout": "-1s"}, "must not be negative"),
        ({"timeout": 10}, "has no unit"),
        ({"send_batch_size": 10, "send_batch_max_size": 5}, "at least send_batch_size"),
        ({"metadata_keys": ["a", "A"]}, "names a key twice"),
        ({"size": 1}, "Extra inputs"),
    ],
)
def test_wrong_ones_are_refused(keys: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        BatchConfig.model_validate(keys)


@pytest.mark.looptime
async def test_its_lifetime_is_as_it_must_be() -> None:
    for check in (check_never_started, check_start_and_stop, check_cancelled):
        await check(lambda: make(Sink()))
