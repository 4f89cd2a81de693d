"""The server's side of the OTLP checklist, one test an item, over real sockets (docs/reference/otlp-conformance.md)."""

import asyncio
import base64
import gzip
import logging

import grpc
import orjson
import pytest
from google.protobuf import json_format
from google.rpc.error_details_pb2 import BadRequest, RetryInfo
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest, ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from otel_discord.component import PermanentError, QueueFullError, Receipt, RetryableError, ShutdownError
from otel_discord.exporters.discord.facts import record_facts
from otel_discord.exporters.discord.facts_source import source_facts
from otel_discord.receivers.otlp.config import OtlpConfig
from otel_discord.signals import (
    LogsBatch,
    Severity,
    Signal,
    attributes_to_dict,
    effective_severity,
    otlp_json,
    severity_range,
    span_id_hex,
    to_plain,
    trace_id_hex,
)
from otel_discord.testing.otlp import logs_request, metrics_request, traces_request
from otel_discord.testing.sinks import Sink
from tests.receivers.otlp.rig import JSON, PROTOBUF, running, trailers

LOGS = logs_request(3)
LOGS_BYTES = LOGS.SerializeToString()
LOGS_JSON = otlp_json.encode(LOGS)
ALL = {
    "logs": (logs_request(2), ExportLogsServiceResponse, "rejected_log_records"),
    "metrics": (metrics_request(3), ExportMetricsServiceResponse, "rejected_data_points"),
    "traces": (traces_request(4), ExportTraceServiceResponse, "rejected_spans"),
}
UNKNOWN_BYTES = b"\xff\xff\xff\xff"


def record_json(**fields: object) -> bytes:
    return orjson.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": [fields]}]}]})


async def received(record: dict[str, object], **changes: object) -> LogRecord:
    """Send one record as JSON over HTTP and return it as the pipeline gets it."""
    async with running(**changes) as otlp:
        reply = await otlp.post(record_json(**record), JSON)
        assert reply.status == 200, reply.body
        (only,) = otlp.sink.log_records
        return only


# --- transport, size, headers -----------------------------------------------------------------------------------


async def test_01_plain_and_gzip_on_both_transports() -> None:
    async with running() as otlp:
        await otlp.call(LOGS)
        await otlp.call(LOGS, compression=grpc.Compression.Gzip)
        assert (await otlp.post(LOGS_BYTES)).status == 200
        assert (await otlp.post(gzip.compress(LOGS_BYTES), Content_Encoding="gzip")).status == 200
        assert (await otlp.post(gzip.compress(LOGS_JSON), JSON, Content_Encoding="gzip")).status == 200
        assert otlp.sink.item_count == 5 * 3


async def test_02_grpc_limit_holds_after_decompression() -> None:
    async with running(grpc__max_recv_msg_size_mib=1) as otlp:
        bomb = logs_request(1, body="x" * 10 * 2**20)
        for options in ({}, {"compression": grpc.Compression.Gzip}):
            error = await otlp.call_error(bomb, **options)
            assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
            assert "google.rpc.retryinfo-bin" not in trailers(error)
        await otlp.call(LOGS)
        assert otlp.sink.item_count == 3


async def test_03_grpc_limit_is_settable_and_64_mib_by_default() -> None:
    assert OtlpConfig.model_validate({"protocols": {"grpc": None}}).protocols.grpc.max_body_bytes == 64 * 2**20
    async with running() as otlp:
        await otlp.call(logs_request(1, body="x" * (63 * 2**20)))
        error = await otlp.call_error(logs_request(1, body="x" * (65 * 2**20)))
        assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED


async def test_04_http_limit_holds_after_decompression() -> None:
    async with running(http__max_request_body_size=10_000) as otlp:
        large = logs_request(1, body="x" * 20_000).SerializeToString()
        for body, headers in (
            (large, {}),
            (gzip.compress(large), {"Content_Encoding": "gzip"}),
            (gzip.compress(b"\0" * 10_000_000), {"Content_Encoding": "gzip"}),
        ):
            reply = await otlp.post(body, **headers)
            assert reply.status == 413
            assert reply.content_type == PROTOBUF
            assert "10000 bytes" in reply.rpc_status().message
        reply = await otlp.post(b" " * 20_000, JSON)
        assert (reply.status, reply.content_type) == (413, JSON)
        assert reply.rpc_status().message
        assert otlp.sink.offered == 0


async def test_05_http_limit_is_settable_and_64_mib_by_default() -> None:
    assert OtlpConfig.model_validate({"protocols": {"http": None}}).protocols.http.max_body_bytes == 64 * 2**20
    async with running() as otlp:
        assert (await otlp.post(logs_request(1, body="x" * (63 * 2**20)).SerializeToString())).status == 200
        assert (await otlp.post(logs_request(1, body="x" * (65 * 2**20)).SerializeToString())).status == 413


async def test_06_responses_stay_far_below_4_mib() -> None:
    async with running(sink=Sink(always=Receipt(1, "why " * 5_000_000))) as otlp:
        assert len(await otlp.call(LOGS)) < 4 * 2**20
        assert len((await otlp.post(LOGS_BYTES)).body) < 4 * 2**20
        assert len((await otlp.post(LOGS_JSON, JSON)).body) < 4 * 2**20


async def test_07_long_partial_success_text_is_shortened() -> None:
    async with running(sink=Sink(always=Receipt(1, "cause" + "é" * 5_000_000 + "effect"))) as otlp:
        partial = ExportLogsServiceResponse.FromString(await otlp.call(LOGS)).partial_success
        assert partial.rejected_log_records == 1
        assert partial.error_message.startswith("cause")
        assert partial.error_message.endswith("effect")
        assert (await otlp.post(LOGS_JSON, JSON)).status == 200
    async with running(sink=Sink(always=PermanentError("é" * 5_000_000))) as otlp:
        error = await otlp.call_error(LOGS)
        assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert "é" in error.details()
        assert (await otlp.post(LOGS_BYTES)).status == 400


def test_08_default_ports() -> None:
    protocols = OtlpConfig.model_validate({"protocols": {"grpc": None, "http": None}}).protocols
    assert (protocols.grpc.endpoint, protocols.http.endpoint) == ("localhost:4317", "localhost:4318")


async def test_09_only_post_carries_data() -> None:
    async with running() as otlp:
        for method in ("GET", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"):
            reply = await otlp.request(method, "/v1/logs", Content_Type=PROTOBUF)
            assert reply.status == 405
            assert reply.headers["Allow"] == "POST"
            if method != "HEAD":
                assert reply.content_type == PROTOBUF
                assert reply.rpc_status().message
        assert otlp.sink.offered == 0


async def test_10_one_port_serves_protobuf_and_json() -> None:
    async with running() as otlp:
        for signal, (request, _, _) in ALL.items():
            assert (await otlp.post(request.SerializeToString(), PROTOBUF, f"/v1/{signal}")).status == 200
            assert (await otlp.post(otlp_json.encode(request), JSON, f"/v1/{signal}")).status == 200
        by_pairs = zip(otlp.sink.batches[::2], otlp.sink.batches[1::2], strict=True)
        assert all(one.request == other.request for one, other in by_pairs)


async def test_11_paths_and_custom_paths() -> None:
    async with running() as otlp:
        for signal, (request, _, _) in ALL.items():
            assert (await otlp.post(request.SerializeToString(), path=f"/v1/{signal}")).status == 200
        assert [batch.signal for batch in otlp.sink.batches] == ["logs", "metrics", "traces"]
        reply = await otlp.post(LOGS_BYTES, path="/v1/nothing")
        assert (reply.status, reply.content_type) == (404, PROTOBUF)
    async with running(http__logs_url_path="custom/l") as otlp:
        assert (await otlp.post(LOGS_BYTES, path="/custom/l")).status == 200
        assert (await otlp.post(LOGS_BYTES, path="/v1/logs")).status == 404
        assert (await otlp.post(ALL["traces"][0].SerializeToString(), path="/v1/traces")).status == 200


async def test_12_answers_have_the_requests_content_type() -> None:
    async with running() as otlp:
        for form, good, bad in ((PROTOBUF, LOGS_BYTES, UNKNOWN_BYTES), (JSON, LOGS_JSON, b"{")):
            assert (await otlp.post(good, form)).content_type == form
            reply = await otlp.post(bad, form)
            assert (reply.status, reply.content_type) == (400, form)
            assert reply.rpc_status().message
            reply = await otlp.post(good, form, "/nowhere")
            assert (reply.status, reply.content_type) == (404, form)


async def test_13_media_type_ignores_case_and_parameters() -> None:
    async with running() as otlp:
        for name in (
            "application/json; charset=utf-8",
            "APPLICATION/JSON",
            "application/json;a=b",
            "Application/Json ;c",
        ):
            reply = await otlp.post(LOGS_JSON, name)
            assert (reply.status, reply.content_type) == (200, JSON)
        assert (await otlp.post(LOGS_BYTES, "Application/X-Protobuf; v=1")).status == 200


async def test_14_other_or_no_media_type_is_415() -> None:
    async with running() as otlp:
        for name in ("text/plain", "application/protobuf", "application/jsonx", "application/grpc", ""):
            reply = await otlp.post(LOGS_BYTES, name)
            assert reply.status == 415
            assert reply.rpc_status().message
        assert (await otlp.request("POST", "/v1/logs", LOGS_BYTES)).status == 415


async def test_15_long_answers_are_gzipped_for_who_reads_it() -> None:
    async with running(sink=Sink(always=Receipt(2, "because " * 1000))) as otlp:
        reply = await otlp.post(LOGS_JSON, JSON, Accept_Encoding="gzip")
        assert reply.headers["Content-Encoding"] == "gzip"
        assert orjson.loads(gzip.decompress(reply.body))["partialSuccess"]["rejectedLogRecords"] == "2"
        for accepted in ("identity", "gzip;q=0", ""):
            reply = await otlp.post(LOGS_JSON, JSON, Accept_Encoding=accepted)
            assert "Content-Encoding" not in reply.headers
            assert orjson.loads(reply.body)


async def test_16_grpc_and_http_have_ports_of_their_own() -> None:
    async with running() as otlp:
        assert otlp.receiver.grpc_port != otlp.receiver.http_port
        await otlp.call(LOGS)
        assert (await otlp.post(LOGS_BYTES)).status == 200


# --- success, partial success, failure --------------------------------------------------------------------------


async def test_17_full_success_is_an_empty_response() -> None:
    async with running() as otlp:
        for signal, (request, _, _) in ALL.items():
            assert await otlp.call(request, signal) == b""
            reply = await otlp.post(request.SerializeToString(), PROTOBUF, f"/v1/{signal}")
            assert (reply.status, reply.content_type, reply.body) == (200, PROTOBUF, b"")
            reply = await otlp.post(otlp_json.encode(request), JSON, f"/v1/{signal}")
            assert (reply.status, reply.content_type, reply.body) == (200, JSON, b"{}")


async def test_18_empty_request_succeeds_without_the_pipeline() -> None:
    async with running() as otlp:
        for signal in ALL:
            assert await otlp.call(b"", signal) == b""
            assert (await otlp.post(b"", PROTOBUF, f"/v1/{signal}")).status == 200
            reply = await otlp.post(b"{}", JSON, f"/v1/{signal}")
            assert (reply.status, reply.body) == (200, b"{}")
        assert otlp.sink.offered == 0


async def test_19_empty_envelopes_succeed_without_the_pipeline() -> None:
    envelopes = {
        "logs": ExportLogsServiceRequest(
            resource_logs=[{}, {"resource": {}, "scope_logs": [{"scope": {"name": "s"}}]}]
        ),
        "metrics": ExportMetricsServiceRequest(
            resource_metrics=[{"scope_metrics": [{"metrics": [{"name": "m"}, {"name": "g", "gauge": {}}]}]}]
        ),
        "traces": ExportTraceServiceRequest(resource_spans=[{"scope_spans": [{}]}]),
    }
    async with running() as otlp:
        for signal, request in envelopes.items():
            assert await otlp.call(request, signal) == b""
            assert (await otlp.post(otlp_json.encode(request), JSON, f"/v1/{signal}")).status == 200
        assert otlp.sink.offered == 0


async def test_20_partial_success_counts_exactly() -> None:
    async with running(sink=Sink(always=Receipt(2, "two were too old"))) as otlp:
        for signal, (request, response_type, field) in ALL.items():
            form = (
                response_type.FromString(await otlp.call(request, signal)),
                response_type.FromString(
                    (await otlp.post(request.SerializeToString(), PROTOBUF, f"/v1/{signal}")).body
                ),
                json_format.Parse(
                    (await otlp.post(otlp_json.encode(request), JSON, f"/v1/{signal}")).body, response_type()
                ),
            )
            for response in form:
                assert getattr(response.partial_success, field) == 2
                assert response.partial_success.error_message == "two were too old"


async def test_21_partial_success_always_says_why() -> None:
    async with running(sink=Sink(always=Receipt(1))) as otlp:
        response = ExportLogsServiceResponse.FromString(await otlp.call(LOGS))
        assert response.partial_success.error_message == "1 log records were rejected; do not send them again"


async def test_22_a_warning_rejects_nothing_and_has_a_message() -> None:
    async with running(sink=Sink(always=Receipt(0, "attributes were cut"))) as otlp:
        for body, form in ((LOGS_BYTES, PROTOBUF), (LOGS_JSON, JSON)):
            reply = await otlp.post(body, form)
            response = ExportLogsServiceResponse()
            if form == JSON:
                json_format.Parse(reply.body, response)
            else:
                response.ParseFromString(reply.body)
            assert reply.status == 200
            assert response.partial_success.rejected_log_records == 0
            assert response.partial_success.error_message == "attributes were cut"


async def test_23_every_http_failure_has_a_status_body() -> None:
    for verdict in (PermanentError("no"), RetryableError("busy"), None):
        async with running(sink=Sink(always=verdict or Receipt())) as otlp:
            for form, body in ((PROTOBUF, LOGS_BYTES), (JSON, LOGS_JSON)):
                replies = [
                    await otlp.post(UNKNOWN_BYTES, form),
                    await otlp.post(body, form, Content_Encoding="br"),
                    await otlp.post(body, form, "/nowhere"),
                    await otlp.request("GET", Content_Type=form),
                ]
                if verdict:
                    replies.append(await otlp.post(body, form))
                for reply in replies:
                    assert 400 <= reply.status < 600
                    assert reply.content_type == form
                    assert isinstance(reply.rpc_status(), Status)
                    assert reply.rpc_status().message


async def test_24_status_has_message_and_code() -> None:
    async with running(sink=Sink(always=PermanentError("the tenant is unknown"))) as otlp:
        status = (await otlp.post(LOGS_BYTES)).rpc_status()
        assert (status.code, status.message) == (3, "the tenant is unknown")
        error = await otlp.call_error(LOGS)
        assert error.details() == "the tenant is unknown"


async def test_25_undecodable_data_is_400_with_bad_request() -> None:
    async with running() as otlp:
        for body, form in (
            (UNKNOWN_BYTES, PROTOBUF),
            (LOGS_BYTES[:-1], PROTOBUF),
            (b"{", JSON),
            (b"", JSON),
            (b"[]", JSON),
            (record_json(traceId="xyz"), JSON),
        ):
            reply = await otlp.post(body, form)
            assert reply.status == 400
            status = reply.rpc_status()
            detail = BadRequest()
            assert status.details[0].Unpack(detail)
            assert detail.field_violations[0].description == status.message
        assert detail.field_violations[0].field == "resourceLogs[0].scopeLogs[0].logRecords[0].traceId"


async def test_26_grpc_permanent_is_invalid_argument() -> None:
    async with running(sink=Sink(always=PermanentError("never"))) as otlp:
        for request in (LOGS, UNKNOWN_BYTES):
            error = await otlp.call_error(request)
            assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
            status = Status.FromString(trailers(error)["grpc-status-details-bin"])
            assert status.code == 3
            assert status.details[0].Unpack(BadRequest())
            assert "google.rpc.retryinfo-bin" not in trailers(error)


async def test_27_grpc_retryable_is_unavailable_with_retry_info_twice() -> None:
    for verdict in (RetryableError("busy"), QueueFullError("full"), ShutdownError("stopping")):
        async with running(sink=Sink(always=verdict)) as otlp:
            error = await otlp.call_error(LOGS)
            assert error.code() is grpc.StatusCode.UNAVAILABLE
            inside, beside = RetryInfo(), RetryInfo.FromString(trailers(error)["google.rpc.retryinfo-bin"])
            assert Status.FromString(trailers(error)["grpc-status-details-bin"]).details[0].Unpack(inside)
            assert inside == beside
            assert inside.retry_delay.ToTimedelta().total_seconds() == 1.0


async def test_28_overload_is_503_with_retry_after() -> None:
    async with running(sink=Sink(always=QueueFullError("sending queue is full", retry_after_s=2.5))) as otlp:
        for body, form in ((LOGS_BYTES, PROTOBUF), (LOGS_JSON, JSON)):
            reply = await otlp.post(body, form)
            assert reply.status == 503
            assert reply.headers["Retry-After"] == "3"
            info = RetryInfo()
            assert reply.rpc_status().details[0].Unpack(info)
            assert info.retry_delay.ToTimedelta().total_seconds() == 2.5


async def test_29_transient_is_never_500_and_permanent_never_503(caplog: pytest.LogCaptureFixture) -> None:
    def broken(_: object) -> Receipt:
        raise RuntimeError("a bug, secret inside")

    with caplog.at_level(logging.ERROR):
        async with running(sink=Sink(decide=broken)) as otlp:
            reply = await otlp.post(LOGS_BYTES)
            assert (reply.status, "secret" in reply.rpc_status().message) == (503, False)
            assert len(caplog.records) == 1
            assert (await otlp.call_error(LOGS)).code() is grpc.StatusCode.UNAVAILABLE
    async with running(sink=Sink(always=PermanentError("never"))) as otlp:
        assert (await otlp.post(LOGS_BYTES)).status == 400
        assert (await otlp.post(UNKNOWN_BYTES)).status == 400


async def test_30_retry_delay_is_short_enough_for_an_sdk() -> None:
    for asked_s, told_s in (
        (None, 1),
        (0.2, 1),
        (3, 3),
        (7, 7),
        (60, 8),
        (float("nan"), 1),
        (float("inf"), 8),
        (-1, 1),
    ):
        async with running(sink=Sink(always=RetryableError("busy", retry_after_s=asked_s))) as otlp:
            assert (await otlp.post(LOGS_BYTES)).headers["Retry-After"] == str(told_s)


async def test_31_bad_content_encoding_is_400() -> None:
    async with running() as otlp:
        broken = gzip.compress(LOGS_BYTES)
        for body, encoding in (
            (LOGS_BYTES, "br"),
            (LOGS_BYTES, "gzip"),
            (broken[:-5], "gzip"),
            (broken[:20] + b"\xff\xff\xff" + broken[23:], "gzip"),
            (LOGS_BYTES, "deflate"),
            (LOGS_BYTES, "zstd"),
            (broken, "gzip, gzip"),
        ):
            reply = await otlp.post(body, Content_Encoding=encoding)
            assert reply.status == 400, encoding
            assert reply.rpc_status().code == 3
        assert otlp.sink.offered == 0


async def test_32_unwired_signal_is_unimplemented_or_404() -> None:
    async with running(signals=(Signal.LOGS,)) as otlp:
        await otlp.call(LOGS)
        assert (await otlp.call_error(b"", "traces")).code() is grpc.StatusCode.UNIMPLEMENTED
        assert (await otlp.post(b"", path="/v1/metrics")).status == 404


class OneToken:
    def authenticate(self, headers) -> bool:
        return headers.get("authorization") == "Bearer right"


async def test_33_failed_authentication_is_401_or_unauthenticated() -> None:
    guard = {"authenticator": "guard"}
    async with running(extensions={"guard": OneToken()}, grpc__auth=guard, http__auth=guard) as otlp:
        for metadata in ((), (("authorization", "Bearer wrong"),)):
            error = await otlp.call_error(LOGS, metadata=metadata)
            assert error.code() is grpc.StatusCode.UNAUTHENTICATED
        for headers in ({}, {"Authorization": "Bearer wrong"}):
            reply = await otlp.post(LOGS_JSON, JSON, **headers)
            assert (reply.status, reply.content_type) == (401, JSON)
            assert "WWW-Authenticate" in reply.headers
            assert reply.rpc_status().code == 16
        assert otlp.sink.offered == 0
        await otlp.call(LOGS, metadata=(("authorization", "Bearer right"),))
        assert (await otlp.post(LOGS_BYTES, Authorization="Bearer right")).status == 200
        assert otlp.sink.item_count == 6


async def test_34_acknowledged_only_after_the_pipeline_accepted() -> None:
    async with running() as otlp:
        otlp.sink.block()
        answers = [asyncio.create_task(otlp.call(LOGS)), asyncio.create_task(otlp.post(LOGS_BYTES))]
        while otlp.sink.offered < 2:
            await asyncio.sleep(0.005)
        await asyncio.sleep(0.05)
        assert not any(answer.done() for answer in answers)
        otlp.sink.unblock()
        assert await answers[0] == b""
        assert (await answers[1]).status == 200


# --- JSON -------------------------------------------------------------------------------------------------------


async def test_35_ids_are_hex_in_any_case() -> None:
    record = await received({"traceId": "5B8EFFF798038103D269B633813FC60C", "spanId": "eee19b7ec3c1b174"})
    assert record.trace_id.hex() == "5b8efff798038103d269b633813fc60c"
    assert record.span_id.hex() == "eee19b7ec3c1b174"
    async with running() as otlp:
        span = {"traceId": "AA" * 16, "spanId": "bB" * 8, "parentSpanId": "Cc" * 8, "links": [{"traceId": "dD" * 16}]}
        body = orjson.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]})
        assert (await otlp.post(body, JSON, "/v1/traces")).status == 200
        sent = otlp.sink.batches[0].request.resource_spans[0].scope_spans[0].spans[0]
        assert (sent.parent_span_id, sent.links[0].trace_id) == (b"\xcc" * 8, b"\xdd" * 16)
        for wrong in ("xyz", "abc", base64.b64encode(b"\xff" * 16).decode(), 12):
            assert (await otlp.post(record_json(traceId=wrong), JSON)).status == 400


async def test_36_enums_are_integers_and_names_only_when_lenient() -> None:
    assert (await received({"severityNumber": 17})).severity_number == 17
    assert (await received({"severityNumber": "SEVERITY_NUMBER_ERROR"})).severity_number == 17
    assert orjson.loads(otlp_json.encode(LogRecord(severity_number=17))) == {"severityNumber": 17}
    for strict in ({"http__strict_json": True}, {"strict_json": True}):
        async with running(**strict) as otlp:
            assert (await otlp.post(record_json(severityNumber=17), JSON)).status == 200
            assert (await otlp.post(record_json(severityNumber="SEVERITY_NUMBER_ERROR"), JSON)).status == 400


async def test_37_unknown_fields_are_ignored_at_every_level() -> None:
    extra = {"someday": {"x": [1, None, {"y": "z"}]}, "other": 1}
    body = {
        "resourceLogs": [
            {
                "resource": {"attributes": [{"key": "k", "value": {"stringValue": "v", **extra}, **extra}], **extra},
                "scopeLogs": [{"scope": {"name": "s", **extra}, "logRecords": [{"flags": 1, **extra}], **extra}],
                **extra,
            }
        ],
        **extra,
    }
    for strict in (False, True):
        async with running(http__strict_json=strict) as otlp:
            assert (await otlp.post(orjson.dumps(body), JSON)).status == 200
            assert otlp.sink.log_records[0].flags == 1
            resource = otlp.sink.batches[0].request.resource_logs[0].resource
            assert attributes_to_dict(resource.attributes) == {"k": "v"}


async def test_38_keys_are_lower_camel_case() -> None:
    record = {"severityText": "a", "event_name": "b", "time_unix_nano": "5"}
    lenient = await received(record)
    assert (lenient.severity_text, lenient.event_name, lenient.time_unix_nano) == ("a", "b", 5)
    strict = await received(record, http__strict_json=True)
    assert (strict.severity_text, strict.event_name, strict.time_unix_nano) == ("a", "", 0)
    assert b"timeUnixNano" in otlp_json.encode(LogRecord(time_unix_nano=1))


async def test_39_64_bit_integers_as_strings_and_numbers() -> None:
    big = 1_790_000_000_123_456_789
    for written in (big, str(big)):
        assert (await received({"timeUnixNano": written})).time_unix_nano == big
        assert (await received({"body": {"intValue": written}})).body.int_value == big
    assert (await received({"body": {"intValue": str(-(2**63))}})).body.int_value == -(2**63)
    assert orjson.loads(otlp_json.encode(LogRecord(time_unix_nano=big))) == {"timeUnixNano": str(big)}


async def test_40_bytes_special_doubles_and_null() -> None:
    assert (
        await received({"body": {"bytesValue": base64.b64encode(b"\0\xff").decode()}})
    ).body.bytes_value == b"\0\xff"
    assert (await received({"body": {"doubleValue": "Infinity"}})).body.double_value == float("inf")
    assert (await received({"body": {"doubleValue": "-Infinity"}})).body.double_value == float("-inf")
    not_a_number = (await received({"body": {"doubleValue": "NaN"}})).body.double_value
    assert not_a_number != not_a_number
    nulls = dict.fromkeys(("body", "attributes", "severityNumber", "traceId", "timeUnixNano", "flags"))
    assert await received(nulls) == LogRecord()


async def test_41_json_content_type_on_requests_and_answers() -> None:
    async with running() as otlp:
        assert (await otlp.post(LOGS_JSON, JSON)).content_type == JSON
        assert (await otlp.post(b"{", JSON)).content_type == JSON
        assert (await otlp.post(LOGS_JSON, PROTOBUF)).status == 400


# --- log data model ---------------------------------------------------------------------------------------------


async def facts(**fields: object):
    async with running() as otlp:
        assert (await otlp.post(record_json(**fields), JSON)).status == 200
        ((resource, scope, record),) = otlp.sink.batches[0].records()
        return record_facts(source_facts(resource.SerializeToString()), scope, record)


async def test_42_timestamp_falls_back_to_observed() -> None:
    assert (await facts(timeUnixNano="5", observedTimeUnixNano="7")).time_unix_ns == 5
    assert (await facts(observedTimeUnixNano="7")).time_unix_ns == 7


async def test_43_ids_of_zeros_or_the_wrong_length_are_no_ids() -> None:
    for trace_id in ("", "00" * 16, "ab" * 15, "ab" * 17):
        assert trace_id_hex((await received({"traceId": trace_id})).trace_id) == ""
    for span_id in ("", "00" * 8, "ab" * 7):
        assert span_id_hex((await received({"spanId": span_id})).span_id) == ""
    assert trace_id_hex((await received({"traceId": "AB" * 16})).trace_id) == "ab" * 16


async def test_44_upper_bits_of_flags_do_no_harm() -> None:
    record = await received({"flags": 0xFFFFFF01})
    assert record.flags & 0xFF == 1


async def test_45_bodies_and_attributes_of_every_type() -> None:
    values = {
        "string": "s",
        "true": True,
        "int": -5,
        "double": 1.5,
        "bytes": b"\xff\0",
        "array": ["a", 1, None, ["b"]],
        "map": {"a": {"b": [1]}},
        "empty": None,
    }
    async with running() as otlp:
        for value in values.values():
            await otlp.call(logs_request(1, body=lambda _, value=value: value, attributes=values))
            reply = await otlp.post(
                otlp_json.encode(logs_request(1, body=lambda _, v=value: v, attributes=values)), JSON
            )
            assert reply.status == 200
        assert list(otlp.sink.bodies) == [v for value in values.values() for v in (value, value)]
        assert all(attributes_to_dict(record.attributes) == values for record in otlp.sink.log_records)


async def test_46_strindex_outside_profiles_counts_as_absent() -> None:
    record = await received(
        {
            "body": {"stringValueStrindex": 5},
            "attributes": [{"keyStrindex": 3, "value": {"stringValue": "x"}}, {"key": "a", "value": {"intValue": "1"}}],
        }
    )
    assert to_plain(record.body) is None
    assert attributes_to_dict(record.attributes) == {"a": 1}


async def test_47_severity_is_compared_by_number() -> None:
    ranges = {
        1: Severity.TRACE,
        8: Severity.DEBUG,
        9: Severity.INFO,
        16: Severity.WARN,
        17: Severity.ERROR,
        24: Severity.FATAL,
    }
    for number, severity in ranges.items():
        record = await received({"severityNumber": number, "severityText": "whatever"})
        assert severity_range(effective_severity(record.severity_number, record.severity_text)) is severity
    for number in (0, 25, 99, -1):
        record = await received({"severityNumber": number})
        assert severity_range(record.severity_number) is Severity.UNSPECIFIED


async def test_48_severity_label_is_short_name_and_text() -> None:
    assert (await facts(severityNumber=9, severityText="Informational")).severity_label == "INFO (Informational)"
    assert (await facts(severityNumber=9)).severity_label == "INFO"


async def test_49_event_name_marks_an_event() -> None:
    assert (await facts(eventName="alert.firing")).event_name == "alert.firing"
    assert (await facts(severityText="x")).event_name == ""


async def test_50_duplicate_attribute_keys_do_not_crash() -> None:
    pairs = [{"key": "k", "value": {"intValue": str(n)}} for n in range(3)]
    record = await received({"attributes": pairs})
    assert [pair.key for pair in record.attributes] == ["k", "k", "k"]
    assert attributes_to_dict(record.attributes) == {"k": 2}
    async with running() as otlp:
        twice = b'{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"flags":1,"flags":2}]}]}]}'
        assert (await otlp.post(twice, JSON)).status == 200


async def test_51_counts_schema_and_scope_are_preserved() -> None:
    request = logs_request(1)
    resource_logs = request.resource_logs[0]
    resource_logs.schema_url = "https://opentelemetry.io/schemas/1.44.0"
    resource_logs.resource.dropped_attributes_count = 3
    scope_logs = resource_logs.scope_logs[0]
    scope_logs.schema_url = "https://opentelemetry.io/schemas/1.43.0"
    scope_logs.scope.version = "2.1"
    scope_logs.scope.dropped_attributes_count = 4
    scope_logs.log_records[0].dropped_attributes_count = 5
    async with running() as otlp:
        await otlp.call(request)
        assert (await otlp.post(request.SerializeToString())).status == 200
        assert (await otlp.post(otlp_json.encode(request), JSON)).status == 200
        assert [batch.request for batch in otlp.sink.batches] == [request] * 3
        as_sent = request.SerializeToString()
        assert [batch.wire for batch in otlp.sink.batches if isinstance(batch, LogsBatch)] == [as_sent, as_sent, b""]


def test_every_item_of_the_servers_side_has_one_test() -> None:
    numbers = sorted(int(name[5:7]) for name in globals() if name.startswith("test_") and name[5:7].isdigit())
    assert numbers == list(range(1, 52))
