"""The exporters of the real OpenTelemetry SDK deliver, are throttled, and are let in by a token."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter as GrpcLogs
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcSpans
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter as HttpLogs
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter as HttpMetrics
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

from otel_discord.component import RetryableError
from tests.receivers.otlp.rig import Running, running

COUNT = 20


def emit_logs(exporter: Any) -> None:
    provider = LoggerProvider(shutdown_on_exit=False)
    provider.add_log_record_processor(SimpleLogRecordProcessor(exporter))
    logger = provider.get_logger("shop")
    for number in range(COUNT):
        logger.emit(
            LogRecord(
                timestamp=1, severity_number=SeverityNumber.ERROR, body=f"record {number}", attributes={"n": number}
            )
        )
    provider.shutdown()


def grpc_logs(otlp: Running, **more: Any) -> GrpcLogs:
    return GrpcLogs(endpoint=f"127.0.0.1:{otlp.receiver.grpc_port}", insecure=True, **more)


def http_logs(otlp: Running, **more: Any) -> HttpLogs:
    return HttpLogs(endpoint=f"{otlp.http_url}/v1/logs", **more)


@pytest.mark.parametrize(
    "exporter",
    [
        grpc_logs,
        http_logs,
        lambda otlp: http_logs(otlp, compression=Compression.Gzip),
        lambda otlp: http_logs(otlp, compression=Compression.Deflate),
    ],
    ids=["grpc", "http", "http gzip", "http deflate"],
)
async def test_every_log_record_arrives_once_and_in_order(exporter: Callable[[Running], Any]) -> None:
    async with running() as otlp:
        await asyncio.to_thread(emit_logs, exporter(otlp))
        assert list(otlp.sink.bodies) == [f"record {n}" for n in range(COUNT)]


@pytest.mark.parametrize("exporter", [grpc_logs, http_logs], ids=["grpc", "http"])
async def test_a_busy_pipeline_makes_them_wait_as_told_and_loses_nothing(exporter: Callable[[Running], Any]) -> None:
    async with running() as otlp:
        otlp.sink.answer_next(RetryableError("busy", retry_after_s=1.0))
        loop = asyncio.get_running_loop()
        start_s = loop.time()
        await asyncio.to_thread(emit_logs, exporter(otlp))
        assert 0.9 < loop.time() - start_s < 3.5
        assert otlp.sink.item_count == COUNT
        assert otlp.sink.offered == COUNT + 1


class Token:
    def authenticate(self, headers) -> bool:
        return headers.get("authorization") == "Bearer secret"


async def test_a_token_lets_them_in() -> None:
    guard = {"authenticator": "guard"}
    async with running(extensions={"guard": Token()}, grpc__auth=guard, http__auth=guard) as otlp:
        await asyncio.to_thread(emit_logs, grpc_logs(otlp, headers={"authorization": "Bearer secret"}))
        await asyncio.to_thread(emit_logs, http_logs(otlp, headers={"Authorization": "Bearer secret"}))
        assert otlp.sink.item_count == 2 * COUNT


async def test_spans_and_metrics_arrive() -> None:
    def work(otlp: Running) -> None:
        tracers = TracerProvider(shutdown_on_exit=False)
        endpoint = f"127.0.0.1:{otlp.receiver.grpc_port}"
        tracers.add_span_processor(SimpleSpanProcessor(GrpcSpans(endpoint=endpoint, insecure=True)))
        with tracers.get_tracer("shop").start_as_current_span("checkout"):
            pass
        tracers.shutdown()
        reader = PeriodicExportingMetricReader(HttpMetrics(endpoint=f"{otlp.http_url}/v1/metrics"), 60_000)
        meters = MeterProvider(metric_readers=[reader], shutdown_on_exit=False)
        meters.get_meter("shop").create_histogram("duration").record(1.5)
        meters.shutdown()

    async with running() as otlp:
        await asyncio.to_thread(work, otlp)
        spans, metrics = otlp.sink.batches
        assert spans.request.resource_spans[0].scope_spans[0].spans[0].name == "checkout"
        assert metrics.request.resource_metrics[0].scope_metrics[0].metrics[0].name == "duration"
