"""The service's providers on real ports: the page, the push over gRPC and HTTP, the end within its time."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Iterator
from concurrent import futures
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import aiohttp
import grpc
import pytest
from aiohttp import web
from opentelemetry import metrics as global_metrics
from opentelemetry import trace as global_trace
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2, metrics_service_pb2_grpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc
from opentelemetry.trace import StatusCode

from otel_discord.component import ACCEPTED, ComponentId, Kind, Receipt, StartError
from otel_discord.component.instruments_discord import DiscordInstruments
from otel_discord.config import Secret
from otel_discord.service.telemetry.config import TelemetryConfig
from otel_discord.service.telemetry.own_telemetry import PROCESS_ID_KEY
from otel_discord.service.telemetry.redact import Redactor
from otel_discord.service.telemetry.self_telemetry import SelfTelemetry
from otel_discord.signals import Batch, TracesBatch

DISCORD = ComponentId("discord", "ops")


def pull(port: int = 0) -> dict[str, Any]:
    return {"pull": {"exporter": {"prometheus": {"host": "127.0.0.1", "port": port}}}}


def telemetry(section: dict[str, Any], redactor: Redactor | None = None) -> SelfTelemetry:
    return SelfTelemetry(TelemetryConfig.model_validate(section), version="1.2.3", redactor=redactor)


async def fetch(url: str) -> tuple[int, str, str]:
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        return response.status, response.headers.get("Content-Type", ""), await response.text()


class Sink(trace_service_pb2_grpc.TraceServiceServicer, metrics_service_pb2_grpc.MetricsServiceServicer):
    """Keeps what is pushed to it."""

    def __init__(self) -> None:
        self.traces: list[trace_service_pb2.ExportTraceServiceRequest] = []
        self.metrics: list[metrics_service_pb2.ExportMetricsServiceRequest] = []
        self.headers: list[dict[str, str]] = []

    def Export(self, request: Any, context: Any) -> Any:  # noqa: N802  gRPC's name
        self.headers.append(dict(context.invocation_metadata()))
        if isinstance(request, trace_service_pb2.ExportTraceServiceRequest):
            self.traces.append(request)
            return trace_service_pb2.ExportTraceServiceResponse()
        self.metrics.append(request)
        return metrics_service_pb2.ExportMetricsServiceResponse()

    async def receive(self, request: web.Request) -> web.Response:
        self.headers.append({key.lower(): value for key, value in request.headers.items()})
        body = await request.read()
        if request.path == "/v1/traces":
            self.traces.append(trace_service_pb2.ExportTraceServiceRequest.FromString(body))
        else:
            self.metrics.append(metrics_service_pb2.ExportMetricsServiceRequest.FromString(body))
        return web.Response(content_type="application/x-protobuf")

    def spans(self) -> list[Any]:
        return [
            span
            for request in self.traces
            for part in request.resource_spans
            for scope in part.scope_spans
            for span in scope.spans
        ]


@contextmanager
def grpc_sink(sink: Sink) -> Iterator[str]:
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=2))
    trace_service_pb2_grpc.add_TraceServiceServicer_to_server(sink, server)
    metrics_service_pb2_grpc.add_MetricsServiceServicer_to_server(sink, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(0).wait(5)


@asynccontextmanager
async def http_sink(sink: Sink) -> AsyncIterator[str]:
    application = web.Application()
    application.router.add_post("/v1/traces", sink.receive)
    application.router.add_post("/v1/metrics", sink.receive)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def push(protocol: str, endpoint: str, **more: Any) -> dict[str, Any]:
    otlp = {"otlp": {"protocol": protocol, "endpoint": endpoint, "insecure": True, **more}}
    return {
        "metrics": {"readers": [pull(), {"periodic": {"interval": "60s", "exporter": otlp}}]},
        "traces": {"processors": [{"batch": {"schedule_delay": "50ms", "exporter": otlp}}]},
        "resource": {"deployment.environment.name": "test", "service.version": None},
    }


async def test_the_page(parse_prometheus):
    own = telemetry({"metrics": {"readers": [pull()]}})
    async with own.lifespan():
        settings = own.settings(DISCORD, Kind.EXPORTER)
        assert settings.logger.name == "otel_discord.exporter.discord/ops"
        DiscordInstruments(settings.meter, str(DISCORD)).destination("a").rate_limited("shared", 1.5, 1_700_000_000.0)
        own.instruments.reloaded(successful=True)
        base = f"http://{own.endpoints['prometheus']}"
        status, content_type, text = await fetch(f"{base}/metrics")
        assert (status, content_type) == (200, "text/plain; version=0.0.4; charset=utf-8")
        families = parse_prometheus(text)
        assert (await fetch(f"{base}/"))[0] == 404
    assert families["otel_discord_last_429_timestamp_seconds"].value(exporter="discord/ops", destination="a") == 1.7e9
    assert families["otel_discord_config_last_reload_successful"].value() == 1
    assert 1e6 < families["otelcol_process_memory_rss"].value() < 1e11
    assert families["otelcol_process_uptime"].value() < 60
    assert families["otelcol_process_cpu_seconds"].type == "counter"
    assert own.endpoints == {}
    with pytest.raises(aiohttp.ClientConnectionError):
        await fetch(f"{base}/metrics")


async def test_a_taken_port_is_said_and_nothing_stays_open():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(StartError, match=rf"Prometheus page: cannot listen on 127.0.0.1:{port}: the port is taken"):
            async with telemetry({"metrics": {"readers": [pull(), pull(port)]}}).lifespan():
                pass


async def test_nothing_configured_costs_nothing_and_global_providers_stay_alone():
    before = global_metrics.get_meter_provider(), global_trace.get_tracer_provider()
    own = telemetry({"metrics": {"level": "none"}})
    async with own.lifespan():
        settings = own.settings(DISCORD, Kind.EXPORTER)
        with settings.tracer.start_as_current_span("exporter/discord/logs") as span:
            assert not span.is_recording()
        next_consumer = Door()
        assert own.door(next_consumer) is next_consumer
        assert own.endpoints == {}
        assert (global_metrics.get_meter_provider(), global_trace.get_tracer_provider()) == before


class Door:
    def __init__(self) -> None:
        self.seen: list[Batch] = []

    async def consume(self, batch: Batch) -> Receipt:
        self.seen.append(batch)
        return ACCEPTED


@pytest.mark.parametrize("protocol", ["grpc", "http/protobuf"])
async def test_push(protocol):
    sink, redactor = Sink(), Redactor()
    redactor.add([Secret("planted-secret")])
    with grpc_sink(sink) as over_grpc:
        async with http_sink(sink) as over_http:
            endpoint = over_grpc if protocol == "grpc" else over_http
            own = telemetry(push(protocol, endpoint, headers={"X-Key": "header-value"}, compression="gzip"), redactor)
            async with own.lifespan():
                settings = own.settings(DISCORD, Kind.EXPORTER)
                DiscordInstruments(settings.meter, str(DISCORD)).destination("a").message_sent(embeds=1, attempts=1)
                with settings.tracer.start_as_current_span("attempt") as span:
                    span.set_attribute("destination", "a")
                    span.set_attribute("seen", ["planted-secret", "b"])
                    span.record_exception(OSError("https://discord.com/api/webhooks/12/planted-token-value"))
                    span.set_status(StatusCode.ERROR, "Bearer planted-token-value")
    (span,) = sink.spans()
    assert span.name == "attempt"
    assert b"planted" not in b"".join(request.SerializeToString() for request in sink.traces)
    assert span.status.message == "Bearer [REDACTED]"
    metrics = {
        metric.name
        for request in sink.metrics
        for part in request.resource_metrics
        for scope in part.scope_metrics
        for metric in scope.metrics
    }
    assert {"otel_discord_messages_sent_total", "otelcol_process_uptime"} <= metrics
    resource = {entry.key: entry.value.string_value for entry in sink.traces[0].resource_spans[0].resource.attributes}
    assert resource["service.name"] == "otel-discord"
    assert resource["deployment.environment.name"] == "test"
    assert "service.version" not in resource
    assert resource["service.instance.id"] == resource[PROCESS_ID_KEY]
    assert all(headers["x-key"] == "header-value" for headers in sink.headers)


async def test_own_spans_pushed_to_the_own_receiver_end_there():
    """A receiver of this process that traces what it receives: no span begets another."""
    sink, passed = Sink(), Door()
    async with http_sink(sink) as endpoint:
        own = telemetry(push("http/protobuf", endpoint))
        async with own.lifespan():
            door = own.door(passed)
            tracer = own.settings(ComponentId("otlp"), Kind.RECEIVER).tracer
            with tracer.start_as_current_span("receiver/otlp/LogsReceived"):
                pass
            seen = 0
            deadline = time.monotonic() + 1.0
            while time.monotonic() < deadline:
                await asyncio.sleep(0.02)
                for request in sink.traces[seen:]:
                    seen += 1
                    with tracer.start_as_current_span("receiver/otlp/TraceDataReceived"):
                        assert await door.consume(TracesBatch(request)) == ACCEPTED
    assert seen >= 1
    assert [span.name for span in sink.spans()] == ["receiver/otlp/LogsReceived"]
    assert passed.seen == []


@pytest.mark.parametrize("protocol", ["grpc", "http/protobuf"])
async def test_the_end_is_bounded_when_nobody_answers(protocol, caplog, monkeypatch):
    monkeypatch.setattr("otel_discord.service.telemetry.self_telemetry.SHUTDOWN_TIMEOUT_S", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:  # accepts, never answers
        own = telemetry(push(protocol, f"127.0.0.1:{silent.getsockname()[1]}", timeout="2s"))
        async with own.lifespan():
            with own.settings(DISCORD, Kind.EXPORTER).tracer.start_as_current_span("lost"):
                pass
            ends = time.monotonic()
        assert time.monotonic() - ends < 2.0
    assert any("were not pushed within" in record.message for record in caplog.records)


async def test_a_missing_certificate_is_a_start_error():
    with pytest.raises(StartError, match=r"cannot read /nowhere/ca\.pem"):
        async with telemetry(push("grpc", "https://127.0.0.1:1", certificate="/nowhere/ca.pem")).lifespan():
            pass


async def test_the_environment_does_not_reach_in(monkeypatch, parse_prometheus):
    monkeypatch.setenv("OTEL_SERVICE_NAME", "someone-else")
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "service.name=someone-else")
    sink = Sink()
    async with http_sink(sink) as endpoint, telemetry(push("http/protobuf", endpoint)).lifespan():
        pass
    assert b"someone-else" not in sink.metrics[0].SerializeToString()
