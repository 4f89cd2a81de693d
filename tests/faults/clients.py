"""OTLP clients that keep the ledger: they send again what was not answered OK, as the specification has it."""

import asyncio
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

import aiohttp
import grpc
import grpc.aio
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2_grpc import LogsServiceStub

from otel_discord.testing.otlp import logs_request
from tests.faults.books import Ledger
from tests.sending.markers import STREAM, marker

RETRY_S = 0.1
REQUEST_TIMEOUT_S = 15.0
_RETRYABLE_HTTP = {429, 502, 503, 504}
_RETRYABLE_GRPC = {
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.ABORTED,
    grpc.StatusCode.CANCELLED,
}


class RefusedForGoodError(Exception):
    """The service answered that this request must not come again."""


def request_of(ids: Sequence[int], severity: int = 17, text: str = "fault matrix") -> ExportLogsServiceRequest:
    """Return records that carry the ids."""
    return logs_request(len(ids), body=lambda n: f"{marker(ids[n])} {text}", severity=severity)


@dataclass(slots=True)
class Client:
    """One sender: its ids ascend, and it sends one request at a time."""

    ledger: Ledger
    number: int
    http_port: int
    grpc_port: int
    _next: "itertools.count[int]" = field(init=False)

    def __post_init__(self) -> None:
        self._next = itertools.count(self.number * STREAM)

    def new_ids(self, count: int) -> list[int]:
        """Return ids that nobody had before."""
        return [next(self._next) for _ in range(count)]

    async def send(
        self,
        count: int = 1,
        *,
        severity: int = 17,
        via: str = "http",
        text: str = "fault matrix",
        deadline_s: float = 30.0,
    ) -> list[int]:
        """Send new records in one request, again and again until it is answered OK; return their ids.

        Raises:
            TimeoutError: it was not accepted in time; the ids are not in the books then.
            RefusedForGoodError: the answer says that it must not come again.
        """
        ids = self.new_ids(count)
        request = request_of(ids, severity, text)
        async with asyncio.timeout(deadline_s):
            while not await self.offer(ids, request, severity, via=via):
                await asyncio.sleep(RETRY_S)
        return ids

    async def offer(
        self, ids: Sequence[int], request: ExportLogsServiceRequest, severity: int = 17, *, via: str = "http"
    ) -> bool:
        """Send a request once; return whether it was accepted."""
        self.ledger.send(ids)
        status, retryable = await (self._by_http(request) if via == "http" else self._by_grpc(request))
        self.ledger.answers[status] += 1
        if status in {"200", "OK"}:
            self.ledger.accept(ids, severity)
            return True
        if not retryable:
            raise RefusedForGoodError(status)
        return False

    async def _by_http(self, request: ExportLogsServiceRequest) -> tuple[str, bool]:
        headers = {"Content-Type": "application/x-protobuf"}
        url = f"http://127.0.0.1:{self.http_port}/v1/logs"
        timeout = aiohttp.ClientTimeout(total=REQUEST_TIMEOUT_S)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.post(url, data=request.SerializeToString(), headers=headers) as answer,
            ):
                await answer.read()
                return str(answer.status), answer.status in _RETRYABLE_HTTP
        except (aiohttp.ClientError, TimeoutError, OSError):
            return "no answer", True

    async def _by_grpc(self, request: ExportLogsServiceRequest) -> tuple[str, bool]:
        try:
            async with grpc.aio.insecure_channel(f"127.0.0.1:{self.grpc_port}") as channel:
                await LogsServiceStub(channel).Export(request, timeout=REQUEST_TIMEOUT_S)
                return "OK", True
        except grpc.aio.AioRpcError as error:
            code = error.code()
            return code.name, code in _RETRYABLE_GRPC
