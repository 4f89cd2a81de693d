"""The OTLP checklist of servers, items 1 to 16, over real sockets: transport, size, headers."""

import gzip

import grpc
import orjson
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse

from otel_discord.component import PermanentError, Receipt
from otel_discord.receivers.otlp.config import OtlpConfig
from otel_discord.signals import otlp_json
from otel_discord.testing.otlp import logs_request
from otel_discord.testing.sinks import Sink
from tests.receivers.otlp.conforming import ALL, LOGS, LOGS_BYTES, LOGS_JSON, UNKNOWN_BYTES
from tests.receivers.otlp.rig import JSON, PROTOBUF, running, trailers


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
