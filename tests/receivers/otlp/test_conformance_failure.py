"""The OTLP checklist of servers, items 23 to 34, over real sockets: failure, and what a client does next."""

import asyncio
import gzip
import logging

import grpc
import pytest
from google.rpc.error_details_pb2 import BadRequest, RetryInfo
from google.rpc.status_pb2 import Status

from otel_discord.component import PermanentError, QueueFullError, Receipt, RetryableError, ShutdownError
from otel_discord.signals import Signal
from otel_discord.testing.sinks import Sink
from tests.receivers.otlp.conforming import LOGS, LOGS_BYTES, LOGS_JSON, UNKNOWN_BYTES, record_json
from tests.receivers.otlp.rig import JSON, PROTOBUF, running, trailers


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
