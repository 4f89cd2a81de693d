"""A queue with one place, taken, and a Discord that does not answer: what clients are told, and what becomes of it."""

import http.client
import json
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import grpc
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2_grpc import LogsServiceStub
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from tests.interop.arrivals import assert_delivered, embeds_expected
from tests.interop.delivery import patient_environment
from tests.interop.far_end import FarEnd
from tests.interop.otlp_json import request
from tests.interop.plan import Plan, Record, plan
from tests.interop.processes import READY_S, Child, running
from tests.interop.service import Service

BATCH = 12
WAITING_S = 1.0
FIRST = Record("first0", 0, "takes the only place", 17, "ERROR", {"order.id": 0})


def take_the_only_place(service: Service) -> None:
    status, _, body = post(service, [FIRST])
    assert (status, body) == (200, b"{}")


def post(service: Service, records: Sequence[Record]) -> tuple[int, http.client.HTTPMessage, bytes]:
    connection = http.client.HTTPConnection(service.http, timeout=READY_S)
    try:
        connection.request("POST", "/v1/logs", request(records), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def refused_call(service: Service) -> grpc.RpcError:
    """Send one record over gRPC and return the error that is the answer."""
    sent = ExportLogsServiceRequest()
    sent.resource_logs.add().scope_logs.add().log_records.append(LogRecord(severity_number=17))
    with grpc.insecure_channel(service.grpc) as channel:
        try:
            LogsServiceStub(channel).Export(sent, timeout=READY_S)
        except grpc.RpcError as error:
            return error
    raise AssertionError("accepted, though the queue is full")


def assert_delivers_after_refusals(
    command: Sequence[str | Path], protocol: str, service: Service, far_end: FarEnd, folder: Path
) -> None:
    """Let a client send into the full queue; once Discord answers again, everything arrives, once and in order."""
    with _sent_into_the_full_queue(command, protocol, service, far_end, folder):
        service.wait_for_refusals(_transport(protocol), BATCH)


def assert_delivers_after_waiting(
    command: Sequence[str | Path], protocol: str, service: Service, far_end: FarEnd, folder: Path
) -> None:
    """The same without a single refusal: the client waits for its answer."""
    with _sent_into_the_full_queue(command, protocol, service, far_end, folder) as client:
        time.sleep(WAITING_S)
        assert client.process.poll() is None, "it did not wait"
        assert service.refused(_transport(protocol)) == 0


@contextmanager
def _sent_into_the_full_queue(
    command: Sequence[str | Path], protocol: str, service: Service, far_end: FarEnd, folder: Path
) -> Iterator[Child]:
    wanted = plan("patient", streams=1, count=2 * BATCH, flush_each=BATCH)
    path = wanted.write(folder / "plan.json")
    with ExitStack() as stack:
        with far_end.stalled():
            take_the_only_place(service)
            client = stack.enter_context(
                running([*command, path], folder, "client", **patient_environment(service, protocol))
            )
            yield client
        finished = client.finished()
    assert finished.code == 0, f"{finished.out}\n{finished.err}"
    everything = Plan([FIRST, *wanted.records])
    far_end.wait_for(embeds_expected(everything))
    service.stop()
    assert_delivered(far_end, everything)


def _transport(protocol: str) -> str:
    return "grpc" if protocol == "grpc" else "http"


def message_of(body: bytes) -> str:
    return str(json.loads(body)["message"])
