"""The receiver keeps what every receiver and every component promises, over both transports and both formats."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import aiohttp
import grpc
import pytest

from otel_discord.component import Outlets
from otel_discord.receivers.otlp.factory import FACTORY
from otel_discord.signals import LogsBatch, Signal, otlp_json
from otel_discord.testing.component_contract import check_component, check_failed_start
from otel_discord.testing.receiver_contract import Client, Told, check_receiver
from otel_discord.testing.sinks import Sink
from otel_discord.testing.telemetry import settings
from tests.receivers.otlp.rig import JSON, PROTOBUF, SERVICES, config


def make(outlets: Outlets | None = None) -> Any:
    return FACTORY.create(settings("otlp"), config(), outlets or Outlets(dict.fromkeys(Signal, Sink())))


class HttpClient:
    def __init__(self, session: aiohttp.ClientSession, url: str, form: str) -> None:
        self._session, self._url, self._form = session, url, form

    async def send(self, batch: LogsBatch) -> Told:
        body = otlp_json.encode(batch.request) if self._form == JSON else batch.request.SerializeToString()
        async with self._session.post(self._url, data=body, headers={"Content-Type": self._form}) as response:
            return {200: "accepted", 503: "retry", 400: "refused"}[response.status]  # type: ignore[return-value]


class GrpcClient:
    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._export = channel.unary_unary(f"/{SERVICES['logs']}/Export")

    async def send(self, batch: LogsBatch) -> Told:
        try:
            await self._export(batch.request.SerializeToString(), timeout=10)
        except grpc.aio.AioRpcError as error:
            told: dict[grpc.StatusCode, Told] = {
                grpc.StatusCode.UNAVAILABLE: "retry",
                grpc.StatusCode.INVALID_ARGUMENT: "refused",
            }
            return told[error.code()]
        return "accepted"


@asynccontextmanager
async def by_grpc(receiver: Any) -> AsyncIterator[Client]:
    async with grpc.aio.insecure_channel(f"127.0.0.1:{receiver.grpc_port}") as channel:
        yield GrpcClient(channel)


def by_http(form: str) -> Callable[[Any], AbstractAsyncContextManager[Client]]:
    @asynccontextmanager
    async def connect(receiver: Any) -> AsyncIterator[Client]:
        async with aiohttp.ClientSession() as session:
            yield HttpClient(session, f"http://127.0.0.1:{receiver.http_port}/v1/logs", form)

    return connect


@pytest.mark.parametrize("connect", [by_grpc, by_http(PROTOBUF), by_http(JSON)], ids=["grpc", "protobuf", "json"])
async def test_every_record_is_passed_on_or_given_back(connect: Any) -> None:
    await check_receiver(make, connect)


async def test_it_starts_and_stops_and_leaves_nothing_behind() -> None:
    await check_component(make)


async def test_a_failed_start_leaves_nothing_behind() -> None:
    def without_its_guard() -> Any:
        broken = config(http__auth={"authenticator": "nobody"})
        return FACTORY.create(settings("otlp"), broken, Outlets(dict.fromkeys(Signal, Sink())))

    await check_failed_start(without_its_guard)
