"""Decisions without a server: behind grpcio-testing, as gRPC would call them, and answer by answer."""

import grpc
import grpc_testing
import orjson
import pytest
from google.protobuf import json_format
from google.protobuf.internal import api_implementation
from google.rpc.status_pb2 import Status
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2

from otel_discord.component import ACCEPTED, PermanentError, QueueFullError, Receipt, RetryableError, StartError
from otel_discord.receivers.otlp.answers import (
    GRPC_CODES,
    HTTP_STATUSES,
    MAX_ERROR_MESSAGE_BYTES,
    grpc_error,
    http_error,
    refusal_of,
    shorten,
    status_of,
    success_body,
)
from otel_discord.receivers.otlp.ingest import DecodingLimits, WireFormat, require_fast_protobuf
from otel_discord.receivers.otlp.refusal import Reason, Refusal
from otel_discord.signals import Signal
from otel_discord.testing.otlp import logs_request
from tests.receivers.otlp.rig import ingest

SERVICE = logs_service_pb2.DESCRIPTOR.services_by_name["LogsService"]
CODES = {code.value[0]: code for code in grpc.StatusCode}


class SynchronousServicer:
    """The same decisions as the asyncio server's, around a pipeline that answers at once."""

    def __init__(self, answer: Receipt | Exception) -> None:
        self.answer = answer
        self.taken = 0

    def Export(self, request, context):  # noqa: N802 - the name in the protocol
        batch = ingest(Signal.LOGS, request.SerializeToString(), WireFormat.PROTOBUF, DecodingLimits(2**26))
        assert not isinstance(batch, Refusal)
        if isinstance(self.answer, Exception):
            error = grpc_error(refusal_of(self.answer))
            context.abort(CODES[error.code], error.message)
        self.taken += batch.item_count
        body = success_body(Signal.LOGS, self.answer, WireFormat.PROTOBUF)
        return logs_service_pb2.ExportLogsServiceResponse.FromString(body)


def export(answer: Receipt | Exception):
    servicer = SynchronousServicer(answer)
    server = grpc_testing.server_from_dictionary({SERVICE: servicer}, grpc_testing.strict_real_time())
    call = server.invoke_unary_unary(SERVICE.methods_by_name["Export"], (), logs_request(3), None)
    response, _, code, details = call.termination()
    return servicer, response, code, details


def test_grpc_success() -> None:
    servicer, response, code, _ = export(ACCEPTED)
    assert (servicer.taken, response, code) == (3, logs_service_pb2.ExportLogsServiceResponse(), grpc.StatusCode.OK)


def test_grpc_partial_success() -> None:
    _, response, code, _ = export(Receipt(2, "too old"))
    assert code is grpc.StatusCode.OK
    assert (response.partial_success.rejected_log_records, response.partial_success.error_message) == (2, "too old")


def test_grpc_refusals() -> None:
    servicer, _, code, details = export(QueueFullError("sending queue is full"))
    assert (servicer.taken, code, details) == (0, grpc.StatusCode.UNAVAILABLE, "sending queue is full")
    _, _, code, details = export(PermanentError("never"))
    assert (code, details) == (grpc.StatusCode.INVALID_ARGUMENT, "never")
    assert [name for name, _ in grpc_error(refusal_of(PermanentError("never"))).trailers] == ["grpc-status-details-bin"]


def test_clients_read_nothing_of_what_is_behind_us() -> None:
    error = RetryableError("the storage is away: 10.1.2.3, port 5432 failed", outside="the storage is away")
    _, _, code, details = export(error)
    assert (code, details) == (grpc.StatusCode.UNAVAILABLE, "the storage is away")
    assert b"5432" not in http_error(refusal_of(error), WireFormat.JSON).body


def test_every_reason_has_a_code_and_only_one_asks_for_another_try() -> None:
    assert GRPC_CODES.keys() == HTTP_STATUSES.keys() == set(Reason)
    retried_http = {429, 502, 503, 504}
    retried_grpc = {"CANCELLED", "ABORTED", "OUT_OF_RANGE", "UNAVAILABLE", "DATA_LOSS"}
    for reason in Reason:
        refusal = Refusal(reason, "why")
        assert (HTTP_STATUSES[reason] in retried_http) == refusal.retryable
        assert (CODES[GRPC_CODES[reason]].name in retried_grpc) == refusal.retryable
        assert HTTP_STATUSES[reason] != 500
        assert ("Retry-After" in http_error(refusal, WireFormat.JSON).headers) == refusal.retryable
        assert (len(grpc_error(refusal).trailers) == 2) == refusal.retryable


@given(
    st.sampled_from(Reason),
    st.text(max_size=60),
    st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=20),
    st.floats(0.001, 8),
)
def test_both_forms_of_a_status_say_the_same(reason: Reason, message: str, field: str, delay_s: float) -> None:
    refusal = Refusal(reason, message, field, delay_s)
    binary = Status.FromString(http_error(refusal, WireFormat.PROTOBUF).body)
    text = json_format.Parse(http_error(refusal, WireFormat.JSON).body, Status())
    assert (text.code, text.message, len(text.details)) == (binary.code, binary.message, len(binary.details))
    assert [d.type_url for d in text.details] == [d.type_url for d in binary.details]
    assert orjson.loads(http_error(refusal, WireFormat.JSON).body)["message"] == binary.message


@given(st.text(alphabet=st.characters(), max_size=500), st.integers(10, 200))
def test_shortened_text_fits_and_keeps_both_ends(text: str, max_bytes: int) -> None:
    short = shorten(text, max_bytes)
    assert len(short.encode()) <= max_bytes
    if len(text.encode("utf-8", "replace")) <= max_bytes:
        assert short == text.encode("utf-8", "replace").decode()


def test_half_a_surrogate_in_a_message_does_no_harm() -> None:
    assert status_of(Refusal(Reason.INVALID, "a\ud800b")).message == "a?b"
    assert success_body(Signal.LOGS, Receipt(1, "\udfff"), WireFormat.JSON)


@pytest.mark.parametrize("text", ["x", "é", "😀"])
def test_trailers_fit_in_what_clients_read(text: str) -> None:
    error = grpc_error(Refusal(Reason.INVALID, text * 100_000, field="f" * 300))
    percent_encoded = sum(1 if 32 <= byte < 127 else 3 for byte in error.message.encode())
    assert len(error.message.encode()) <= MAX_ERROR_MESSAGE_BYTES
    assert percent_encoded + sum(len(value) * 4 // 3 for _, value in error.trailers) < 8_000


def test_the_slow_protobuf_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    require_fast_protobuf()
    monkeypatch.setattr(api_implementation, "Type", lambda: "python")
    with pytest.raises(StartError, match="install a protobuf wheel"):
        require_fast_protobuf()
