"""A scripted OTLP/gRPC server on a real port, and exporters that send to it."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc
import pytest
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2 as logs_pb2
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2 as metrics_pb2
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as trace_pb2

from otel_discord.exporters.otlp_grpc.config import OtlpGrpcConfig
from otel_discord.exporters.otlp_grpc.factory import FACTORY
from otel_discord.testing.host import NopHost
from otel_discord.testing.telemetry import InMemoryTelemetry, settings

SERVICES = {
    "logs": ("opentelemetry.proto.collector.logs.v1.LogsService", logs_pb2, "ExportLogsService"),
    "metrics": ("opentelemetry.proto.collector.metrics.v1.MetricsService", metrics_pb2, "ExportMetricsService"),
    "traces": ("opentelemetry.proto.collector.trace.v1.TraceService", trace_pb2, "ExportTraceService"),
}


@dataclass
class Refusal:
    """A status to answer with."""

    code: grpc.StatusCode
    trailing: tuple[tuple[str, bytes], ...] = ()


@dataclass
class Call:
    """A request as it came."""

    signal: str
    request: Any
    at_s: float
    peer: str
    metadata: dict[str, str | bytes]


@dataclass
class ScriptedServer:
    """Answers in turn with a refusal, a response, or after a wait; then always with success."""

    script: deque[Refusal | float | Any] = field(default_factory=deque)
    calls: list[Call] = field(default_factory=list)
    port: int = 0

    @asynccontextmanager
    async def running(self, credentials: grpc.ServerCredentials | None = None) -> AsyncIterator["ScriptedServer"]:
        server = grpc.aio.server(options=[("grpc.max_receive_message_length", -1)])
        for signal, (service, module, prefix) in SERVICES.items():
            handler = grpc.unary_unary_rpc_method_handler(
                self._answer_to(signal, getattr(module, f"{prefix}Response")),
                request_deserializer=getattr(module, f"{prefix}Request").FromString,
                response_serializer=lambda message: message.SerializeToString(),
            )
            server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(service, {"Export": handler})])
        address = f"127.0.0.1:{self.port}"
        if credentials is None:
            self.port = server.add_insecure_port(address)
        else:
            self.port = server.add_secure_port(address, credentials)
        await server.start()
        try:
            yield self
        finally:
            await server.stop(grace=0)

    def _answer_to(self, signal: str, response_type: Any) -> Callable[..., Any]:
        async def answer(request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> Any:
            metadata = dict(context.invocation_metadata() or ())
            now_s = asyncio.get_running_loop().time()
            self.calls.append(Call(signal, request, now_s, context.peer(), metadata))
            step = self.script.popleft() if self.script else response_type()
            if isinstance(step, float):
                await asyncio.sleep(step)
                step = response_type()
            if isinstance(step, Refusal):
                await context.abort(step.code, "as scripted", step.trailing)
            return step

        return answer

    @property
    def bodies(self) -> list[str]:
        return [
            record.body.string_value
            for call in self.calls
            for resource in call.request.resource_logs
            for scope in resource.scope_logs
            for record in scope.log_records
        ]


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    async with ScriptedServer().running() as running:
        yield running


@pytest.fixture
def telemetry() -> InMemoryTelemetry:
    return InMemoryTelemetry()


@pytest.fixture
def open_exporter(telemetry: InMemoryTelemetry) -> Callable[..., Any]:
    @asynccontextmanager
    async def opened(port: int, drain_s: float = 3.0, name: str = "next", **keys: Any) -> AsyncIterator[Any]:
        quick = {"initial_interval": "20ms", "max_interval": "100ms", "max_elapsed_time": "5s", "multiplier": 2.0}
        written = {
            "endpoint": f"127.0.0.1:{port}",
            "tls": {"insecure": True},
            "retry_on_failure": {**quick, "randomization_factor": 0.0},
            **keys,
        }
        exporter = FACTORY.create(settings(f"otlp_grpc/{name}", telemetry), OtlpGrpcConfig.model_validate(written))
        host = NopHost()
        async with exporter.lifespan(host):
            yield exporter
            host.drain_deadline_s = asyncio.get_running_loop().time() + drain_s

    return opened


@pytest.fixture
def refusal() -> type[Refusal]:
    return Refusal


@pytest.fixture
def new_server() -> type[ScriptedServer]:
    return ScriptedServer
