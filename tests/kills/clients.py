"""Load: OTLP clients in threads that send again what was not answered OK, over HTTP and gRPC."""

import itertools
import random
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import grpc
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2_grpc import LogsServiceStub

from otel_discord.testing.otlp import logs_request
from tests.kills.ledger import Ledger
from tests.sending.answers import Answer
from tests.sending.by_http import HttpDoor
from tests.sending.markers import STREAM, marker

TIMEOUT_S = 10.0
RETRY_S = 0.05
WARN, ERROR, FATAL = 13, 17, 21
_WITHOUT_ANSWER = {
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.CANCELLED,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.UNKNOWN,
    grpc.StatusCode.INTERNAL,
}
_NEVER_CONNECTED = ("failed to connect", "connection refused", "connect failed")
_GRPC_OPTIONS = (
    ("grpc.enable_retries", 0),
    ("grpc.initial_reconnect_backoff_ms", 50),
    ("grpc.min_reconnect_backoff_ms", 50),
    ("grpc.max_reconnect_backoff_ms", 100),
)


class Sends(Protocol):
    """A connection to the service, over restarts of it."""

    def send(self, request: ExportLogsServiceRequest) -> tuple[Answer, str]:
        """Send once; return how it ended, and words where that should not happen."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


class ByHttp(HttpDoor):
    """OTLP/HTTP over one connection that is kept."""

    def __init__(self, port: int) -> None:
        super().__init__(port, TIMEOUT_S)

    def send(self, request: ExportLogsServiceRequest) -> tuple[Answer, str]:
        """Send once."""
        return self.post(request.SerializeToString())


class ByGrpc:
    """OTLP/gRPC over one channel."""

    def __init__(self, port: int) -> None:
        self._channel = grpc.insecure_channel(f"127.0.0.1:{port}", options=_GRPC_OPTIONS)
        self._stub = LogsServiceStub(self._channel)

    def send(self, request: ExportLogsServiceRequest) -> tuple[Answer, str]:
        """Send once."""
        try:
            self._stub.Export(request, timeout=TIMEOUT_S)
        except grpc.RpcError as error:
            code, details = error.code(), str(error.details()).lower()
            if any(words in details for words in _NEVER_CONNECTED):
                return Answer.REFUSED, ""
            if code in _WITHOUT_ANSWER:
                return Answer.NONE, ""
            return Answer.REFUSED, "" if code is grpc.StatusCode.RESOURCE_EXHAUSTED else f"gRPC {code}: {details}"
        return Answer.OK, ""

    def close(self) -> None:
        """Let go of the channel."""
        self._channel.close()


@dataclass(slots=True)
class Client:
    """One sender: its ids ascend, and it sends one request at a time until that is answered OK."""

    ledger: Ledger
    number: int
    sends: Sends
    dice: random.Random
    pause_s: float
    most_records: int = 6

    def run(self, over: threading.Event) -> None:
        """Send until it is over; what was begun is brought to its end."""
        ids = itertools.count(self.number * STREAM + 1)
        try:
            while not over.is_set():
                count = self.dice.randint(1, self.most_records)
                if self.dice.random() < 0.05:
                    count *= 5
                severities = self._severities(count)
                self.deliver([next(ids) for _ in range(count)], severities)
                over.wait(self.dice.uniform(0, 2 * self.pause_s))
        finally:
            self.sends.close()

    def deliver(self, ids: Sequence[int], severities: Sequence[int], deadline_s: float = 60.0) -> None:
        """Send a request again and again until it is answered OK.

        Raises:
            TimeoutError: it was not accepted in time.
        """
        request = request_of(ids, severities, long=self.dice.random() < 0.2)
        started_s = time.monotonic()
        self.ledger.add(ids, severities, started_s)
        while True:
            answer, complaint = self.sends.send(request)
            self.ledger.answered(ids, answer, time.monotonic())
            if complaint:
                self.ledger.complain(complaint)
            if answer is Answer.OK:
                return
            if time.monotonic() - started_s > deadline_s:
                raise TimeoutError(f"client {self.number}: not accepted within {deadline_s:g} s: {answer.value}")
            time.sleep(RETRY_S)

    def _severities(self, count: int) -> list[int]:
        if self.dice.random() < 0.1:
            return self.dice.choices([WARN, ERROR, FATAL], k=count)
        return self.dice.choices([WARN, ERROR, FATAL], weights=[3, 4, 1]) * count


def request_of(ids: Sequence[int], severities: Sequence[int], *, long: bool = False) -> ExportLogsServiceRequest:
    """Return records that carry the ids; ``long`` ones are compressed where they are stored."""
    words = " and so on" * 150 if long else ""
    request = logs_request(len(ids), body=lambda n: f"{marker(ids[n])} killed now and then{words}")
    for record, severity in zip(request.resource_logs[0].scope_logs[0].log_records, severities, strict=True):
        record.severity_number = severity  # type: ignore[assignment]  # the enum is open
    return request
