"""Every signal goes on as it is, each to its own pipelines."""

from typing import Any

import pytest
from pydantic import ValidationError

from otel_discord.component import ACCEPTED, Outlets, Receipt, RetryableError
from otel_discord.connectors.forward.config import ForwardConfig
from otel_discord.connectors.forward.factory import FACTORY
from otel_discord.service.config_file import load_configuration
from otel_discord.service.registry import Registry
from otel_discord.signals import Batch, Signal
from otel_discord.testing.component_contract import check_cancelled, check_never_started, check_start_and_stop
from otel_discord.testing.otlp import logs_batch, metrics_batch, traces_batch
from otel_discord.testing.sinks import Sink
from otel_discord.testing.telemetry import settings

CONFIG = """
receivers: {nop: }
connectors: {forward: , forward/b: }
exporters: {nop: }
service:
  pipelines:
    logs/in: {receivers: [nop], exporters: [forward, forward/b]}
    logs/out: {receivers: [forward, forward/b], exporters: [nop]}
    traces/in: {receivers: [nop], exporters: [forward]}
    traces/out: {receivers: [forward], exporters: [nop]}
"""


def make(outlets: dict[Signal, Any]) -> Any:
    return FACTORY.create(settings("forward"), ForwardConfig(), Outlets(outlets))


@pytest.mark.parametrize("batch", [logs_batch(), metrics_batch(), traces_batch()], ids=lambda b: b.signal)
async def test_a_batch_goes_to_the_pipelines_of_its_signal(batch: Batch) -> None:
    sinks: dict[Signal, Any] = {signal: Sink(always=Receipt(0, signal)) for signal in Signal}
    assert await make(sinks).consume(batch) == Receipt(0, batch.signal)
    assert [signal for signal, sink in sinks.items() if sink.batches] == [batch.signal]
    assert sinks[batch.signal].batches[0] is batch


async def test_a_refusal_goes_back() -> None:
    with pytest.raises(RetryableError):
        await make({Signal.LOGS: Sink(always=RetryableError("busy"))}).consume(logs_batch())


async def test_a_signal_without_a_pipeline_ends_here() -> None:
    assert await make({}).consume(logs_batch()) == ACCEPTED


def test_it_is_found_by_its_name_and_takes_no_keys() -> None:
    load_configuration([f"yaml:{CONFIG}"], [], Registry.from_entry_points(), {})
    with pytest.raises(ValidationError):
        ForwardConfig.model_validate({"table": []})


@pytest.mark.looptime
async def test_its_lifetime_is_as_it_must_be() -> None:
    for check in (check_never_started, check_start_and_stop, check_cancelled):
        await check(lambda: make({Signal.LOGS: Sink()}))
