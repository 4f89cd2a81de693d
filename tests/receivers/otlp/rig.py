"""A running receiver with a sink behind it, and clients that speak to it over real sockets."""

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import grpc
import pytest
from google.rpc.status_pb2 import Status

from otel_discord.component import Outlets
from otel_discord.receivers.otlp.factory import FACTORY
from otel_discord.receivers.otlp.ingest import DecodingLimits, WireFormat, parse, weigh
from otel_discord.receivers.otlp.refusal import Refusal
from otel_discord.signals import Batch, Signal
from otel_discord.testing.host import NopHost
from otel_discord.testing.sinks import Sink
from otel_discord.testing.telemetry import InMemoryTelemetry, settings

PROTOBUF = "application/x-protobuf"
JSON = "application/json"
SERVICES = {
    "logs": "opentelemetry.proto.collector.logs.v1.LogsService",
    "metrics": "opentelemetry.proto.collector.metrics.v1.MetricsService",
    "traces": "opentelemetry.proto.collector.trace.v1.TraceService",
}


@dataclass
class Reply:
    status: int
    headers: Any
    body: bytes

    @property
    def content_type(self) -> str:
        return self.headers.get("Content-Type", "")

    def rpc_status(self) -> Status:
        """The body as google.rpc.Status, in the format that its Content-Type names."""
        if self.content_type == PROTOBUF:
            return Status.FromString(self.body)
        assert self.content_type == JSON
        from google.protobuf import json_format

        return json_format.Parse(self.body, Status())


@dataclass
class Running:
    receiver: Any
    sink: Sink
    host: NopHost
    telemetry: InMemoryTelemetry
    session: aiohttp.ClientSession
    channel: grpc.aio.Channel
    life: AsyncExitStack

    async def close(self, *, drain_s: float) -> None:
        """Close the receiver, which has ``drain_s`` to finish, while its clients are still there."""
        self.host.drain_deadline_s = asyncio.get_running_loop().time() + drain_s
        await self.life.aclose()

    @property
    def http_url(self) -> str:
        return f"http://127.0.0.1:{self.receiver.http_port}"

    async def request(self, method: str, path: str = "/v1/logs", body: Any = b"", **headers: str) -> Reply:
        if isinstance(body, bytes) and len(body) > 2**20:
            body = io.BytesIO(body)  # aiohttp warns of larger bytes
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.session.request(
            method,
            self.http_url + path,
            data=body,
            headers=named,
            skip_auto_headers=("Content-Type", "Accept-Encoding"),
        ) as response:
            return Reply(response.status, response.headers, await response.read())

    async def post(self, body: Any, content_type: str = PROTOBUF, path: str = "/v1/logs", **headers: str) -> Reply:
        return await self.request("POST", path, body, Content_Type=content_type, **headers)

    async def call(self, request: Any, signal: str = "logs", **options: Any) -> bytes:
        """Call Export with a message, or with any bytes; the answer is bytes too."""
        body = request if isinstance(request, bytes) else request.SerializeToString()
        call = self.channel.unary_unary(f"/{SERVICES[signal]}/Export")(body, timeout=15, **options)
        return await call

    async def call_error(self, request: Any, signal: str = "logs", **options: Any) -> grpc.aio.AioRpcError:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await self.call(request, signal, **options)
        return caught.value


def trailers(error: grpc.aio.AioRpcError) -> dict[str, bytes]:
    return dict(error.trailing_metadata() or ())


def config(**changes: Any) -> Any:
    """The receiver's configuration on free ports; keys of grpc and http as ``grpc__key`` and ``http__key``."""
    grpc_section: dict[str, Any] = {"endpoint": "127.0.0.1:0"}
    http_section: dict[str, Any] = {"endpoint": "127.0.0.1:0"}
    rest: dict[str, Any] = {}
    for name, value in changes.items():
        section, _, key = name.partition("__")
        {"grpc": grpc_section, "http": http_section}.get(section, rest)[key or name] = value
    return FACTORY.config.model_validate({"protocols": {"grpc": grpc_section, "http": http_section}, **rest})


@asynccontextmanager
async def running(
    *,
    sink: Any = None,
    signals: tuple[Signal, ...] = tuple(Signal),
    extensions: Any = None,
    receiver_config: Any = None,
    **changes: Any,
) -> AsyncIterator[Running]:
    sink = sink or Sink()
    host = NopHost(extensions or {})
    telemetry = InMemoryTelemetry()
    outlets = Outlets(dict.fromkeys(signals, sink))
    receiver = FACTORY.create(settings("otlp", telemetry), receiver_config or config(**changes), outlets)
    async with (
        AsyncExitStack() as life,
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20), auto_decompress=False) as session,
    ):
        await life.enter_async_context(receiver.lifespan(host))
        async with grpc.aio.insecure_channel(
            f"127.0.0.1:{receiver.grpc_port}", options=[("grpc.max_send_message_length", -1)]
        ) as channel:
            yield Running(receiver, sink, host, telemetry, session, channel, life)


def ingest(signal: Signal, body: bytes, wire_format: WireFormat, limits: DecodingLimits) -> Batch | Refusal:
    """Weigh and parse in one step, as the receiver does in two with a memory budget between."""
    weight = weigh(signal, body, wire_format, limits)
    return weight if isinstance(weight, Refusal) else parse(signal, body, wire_format, limits.strict_json)
