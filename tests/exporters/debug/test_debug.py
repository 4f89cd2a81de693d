"""What a person sees."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from pydantic import ValidationError

from otel_discord.exporters.debug.config import DebugConfig, Verbosity
from otel_discord.exporters.debug.factory import FACTORY
from otel_discord.exporters.debug.sampling import Sampler
from otel_discord.exporters.debug.text import lines_of
from otel_discord.signals.batch import MetricsBatch
from otel_discord.testing.host import NopHost
from otel_discord.testing.otlp import logs_batch, metrics_batch, traces_batch
from otel_discord.testing.telemetry import InMemoryTelemetry, settings

BATCHES = [logs_batch(2), metrics_batch(3), traces_batch(4)]


def test_basic_is_a_line_with_counts() -> None:
    assert [list(lines_of(batch, Verbosity.BASIC)) for batch in BATCHES] == [
        ["Logs: 1 resources, 2 log records"],
        ["Metrics: 1 resources, 1 metrics, 3 data points"],
        ["Traces: 1 resources, 4 spans"],
    ]


def test_normal_is_a_line_for_each() -> None:
    batch = logs_batch(2, severity_text="ERROR", attributes={"user": 7, "tags": ["a", "b"]})
    assert list(lines_of(batch, Verbosity.NORMAL))[1:] == [
        '  ERROR record 0 user=7 tags=["a", "b"]',
        '  ERROR record 1 user=7 tags=["a", "b"]',
    ]
    assert list(lines_of(metrics_batch(1), Verbosity.NORMAL))[1:] == ["  requests 1 1 n=0"]
    ids = "0102030405060708090a0b0c0d0e0f10 0000000000000001"
    assert list(lines_of(traces_batch(1), Verbosity.NORMAL))[1:] == [f"  operation {ids} 100 ms n=0"]


def test_detailed_is_every_field() -> None:
    text = "\n".join(lines_of(logs_batch(1, attributes={"user": 7}), Verbosity.DETAILED))
    for part in (
        "service.name = shop",
        "severity_number: SEVERITY_NUMBER_ERROR (17)",
        "time_unix_nano: 1767225600000000000 (2026-01-01 00:00:00.000000000 UTC)",
        "body: record 0",
        "attributes: user = 7",
    ):
        assert part in text
    assert "span_id: 0000000000000001" in "\n".join(lines_of(traces_batch(1), Verbosity.DETAILED))


def test_every_kind_of_metric_can_be_shown() -> None:
    request = ExportMetricsServiceRequest()
    scope = request.resource_metrics.add().scope_metrics.add()
    for kind in ("sum", "gauge", "histogram", "exponential_histogram", "summary"):
        metric = scope.metrics.add(name=kind)
        getattr(metric, kind).data_points.add(time_unix_nano=1)
    scope.metrics.add(name="empty")
    for verbosity in Verbosity:
        assert len(list(lines_of(MetricsBatch(request), verbosity))) >= 1
    assert len(list(lines_of(MetricsBatch(request), Verbosity.NORMAL))) == 6


@given(st.text(), st.text(), st.integers(0, 2**64 - 1))
def test_no_telemetry_steers_a_terminal(body: str, key: str, time_ns: int) -> None:
    batch = logs_batch(
        1, body=lambda _: body.encode("utf-8", "ignore").decode(), attributes={"k": [key.encode("utf-8", "ignore")]}
    )
    batch.request.resource_logs[0].scope_logs[0].log_records[0].time_unix_nano = time_ns
    for verbosity in Verbosity:
        for line in lines_of(batch, verbosity):
            assert not any(ord(char) < 32 or 127 <= ord(char) < 160 for char in line)


def test_sampling_shows_the_first_ones_of_a_second_and_some_more() -> None:
    sampler = Sampler(2, 3)
    assert [sampler.admits(5.1) for _ in range(9)] == [True, True, False, False, True, False, False, True, False]
    assert sampler.admits(6.0)
    none_more = Sampler(1, 0)
    assert [none_more.admits(1.0) for _ in range(3)] == [True, False, False]
    everything = Sampler(2, 1)
    assert all(everything.admits(1.0) for _ in range(20))


async def test_it_speaks_through_the_log(caplog: Any) -> None:
    caplog.set_level("INFO")
    telemetry = InMemoryTelemetry()
    exporter = FACTORY.create(settings("debug", telemetry), DebugConfig())
    async with exporter.lifespan(NopHost()):
        for batch in BATCHES:
            await exporter.consume(batch)
    assert [record.getMessage().split(":")[0] for record in caplog.records] == ["Logs", "Metrics", "Traces"]
    assert telemetry.value("otelcol_exporter_sent_spans") == 4


async def test_or_to_stderr(capsys: pytest.CaptureFixture[str], caplog: Any) -> None:
    config = DebugConfig.model_validate({"use_internal_logger": False, "verbosity": "normal"})
    exporter = FACTORY.create(settings("debug"), config)
    async with exporter.lifespan(NopHost()):
        await exporter.consume(logs_batch(1))
    assert capsys.readouterr().err == "Logs: 1 resources, 1 log records\n  severity=17 record 0\n"
    assert caplog.text == ""


@pytest.mark.parametrize("keys", [{"verbosity": "loud"}, {"sampling_initial": -1}, {"loglevel": "debug"}])
def test_what_is_refused(keys: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        DebugConfig.model_validate(keys)
