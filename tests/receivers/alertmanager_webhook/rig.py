"""A running receiver with a sink behind it, and requests over real sockets."""

import asyncio
import io
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import orjson

from otel_discord.component import Outlets
from otel_discord.receivers.alertmanager_webhook.factory import FACTORY
from otel_discord.signals import Signal
from otel_discord.testing.host import NopHost
from otel_discord.testing.sinks import Sink
from otel_discord.testing.telemetry import InMemoryTelemetry, settings

ALERTS = {
    "version": "4",
    "status": "firing",
    "alerts": [
        {"status": "firing", "labels": {"alertname": "A", "job": "shop"}, "fingerprint": "f1"},
        {"status": "resolved", "labels": {"alertname": "B", "job": "shop"}, "fingerprint": "f2"},
    ],
}


@dataclass
class Reply:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def said(self) -> Any:
        return orjson.loads(self.body)


@dataclass
class Running:
    receiver: Any
    sink: Sink
    host: NopHost
    telemetry: InMemoryTelemetry
    session: aiohttp.ClientSession
    life: AsyncExitStack
    scheme: str = "http"

    async def close(self, *, drain_s: float) -> None:
        self.host.drain_deadline_s = asyncio.get_running_loop().time() + drain_s
        await self.life.aclose()

    async def request(self, method: str, path: str, body: Any, headers: Mapping[str, str], **more: Any) -> Reply:
        if isinstance(body, bytes) and len(body) > 2**20:
            body = io.BytesIO(body)  # aiohttp warns of larger bytes
        url = f"{self.scheme}://127.0.0.1:{self.receiver.port}{path}"
        async with self.session.request(method, url, data=body, headers=headers, **more) as response:
            return Reply(response.status, response.headers, await response.read())

    async def post(self, payload: Any = ALERTS, path: str = "/", *, method: str = "POST", **headers: str) -> Reply:
        body = payload if isinstance(payload, bytes) else orjson.dumps(payload)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.request(method, path, body, {"Content-Type": "application/json", **named})


def config(**keys: Any) -> Any:
    return FACTORY.config.model_validate({"endpoint": "127.0.0.1:0", **keys})


def make(outlets: Outlets | None = None, telemetry: InMemoryTelemetry | None = None, **keys: Any) -> Any:
    outlets = outlets or Outlets({Signal.LOGS: Sink()})
    return FACTORY.create(settings("alertmanager_webhook", telemetry), config(**keys), outlets)


@asynccontextmanager
async def running(sink: Sink | None = None, extensions: Any = None, **keys: Any) -> AsyncIterator[Running]:
    sink, host, telemetry = sink or Sink(), NopHost(extensions or {}), InMemoryTelemetry()
    receiver = make(Outlets({Signal.LOGS: sink}), telemetry, **keys)
    async with (
        AsyncExitStack() as life,
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as session,
    ):
        await life.enter_async_context(receiver.lifespan(host))
        yield Running(receiver, sink, host, telemetry, session, life)
