"""The OTLP checklist of servers, items 17 to 22, over real sockets: success, whole and partial."""

from google.protobuf import json_format
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest, ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from otel_discord.component import Receipt
from otel_discord.signals import otlp_json
from otel_discord.testing.sinks import Sink
from tests.receivers.otlp.conforming import ALL, LOGS, LOGS_BYTES, LOGS_JSON
from tests.receivers.otlp.rig import JSON, PROTOBUF, running


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
