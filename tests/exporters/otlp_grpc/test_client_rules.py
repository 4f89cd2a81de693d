"""The client's rules of the conformance checklist (docs: items 52 to 65), by number. 56 and 57 are about OTLP/HTTP."""

import asyncio
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import grpc
import pytest
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.duration_pb2 import Duration
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsPartialSuccess,
    ExportLogsServiceResponse,
)

from otel_discord.component.errors import PermanentError, RetryableError
from otel_discord.testing.otlp import logs_batch

RETRYABLE = {"CANCELLED", "DEADLINE_EXCEEDED", "ABORTED", "OUT_OF_RANGE", "UNAVAILABLE", "DATA_LOSS"}
CODES = [code for code in grpc.StatusCode if code is not grpc.StatusCode.OK]


def retry_info(delay_s: float, how: str) -> tuple[tuple[str, bytes], ...]:
    info = RetryInfo(retry_delay=Duration(seconds=int(delay_s), nanos=round(delay_s % 1 * 1e9)))
    if how == "google.rpc.retryinfo-bin":
        return ((how, info.SerializeToString()),)
    detail = AnyMessage()
    detail.Pack(info)
    return ((how, Status(code=8, message="slow down", details=[detail]).SerializeToString()),)


async def until(condition: Callable[[], bool], within_s: float = 5.0) -> None:
    async with asyncio.timeout(within_s):
        while not condition():
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("code", CODES, ids=lambda code: code.name)
async def test_52_the_retry_table_is_honoured(
    code: grpc.StatusCode, server: Any, open_exporter: Any, refusal: Any, telemetry: Any
) -> None:
    server.script += [refusal(code)]
    async with open_exporter(server.port, sending_queue={"enabled": False}) as exporter:
        if code.name in RETRYABLE:
            await exporter.consume(logs_batch(2))
        else:
            with pytest.raises(PermanentError) as raised:
                await exporter.consume(logs_batch(2))
            assert raised.value.reason == code.name.lower()
    assert len(server.calls) == (2 if code.name in RETRYABLE else 1)


@pytest.mark.parametrize("how", ["grpc-status-details-bin", "google.rpc.retryinfo-bin"])
async def test_53_resource_exhausted_is_retried_only_with_retry_info(
    how: str, server: Any, open_exporter: Any, refusal: Any
) -> None:
    exhausted = grpc.StatusCode.RESOURCE_EXHAUSTED
    async with open_exporter(server.port, sending_queue={"enabled": False}) as exporter:
        server.script += [refusal(exhausted, retry_info(0.0, how))]
        await exporter.consume(logs_batch())
        assert len(server.calls) == 2
        for broken in ((), ((how, b"\xff\xff"),)):
            server.calls.clear()
            server.script += [refusal(exhausted, broken)]
            with pytest.raises(PermanentError):
                await exporter.consume(logs_batch())
            assert len(server.calls) == 1


async def test_54_what_is_not_retryable_is_dropped_and_counted(
    server: Any, open_exporter: Any, refusal: Any, telemetry: Any, caplog: Any
) -> None:
    server.script += [refusal(grpc.StatusCode.INVALID_ARGUMENT)]
    async with open_exporter(server.port, sending_queue={"num_consumers": 1}) as exporter:
        await exporter.consume(logs_batch(3))
        await exporter.consume(logs_batch(1))
    assert len(server.calls) == 2
    assert telemetry.value("otelcol_exporter_send_failed_log_records") == 3
    assert telemetry.value("otelcol_exporter_sent_log_records") == 1
    assert "3 logs dropped (reason: invalid_argument): INVALID_ARGUMENT: as scripted" in caplog.text


async def test_55_a_partial_success_is_counted_and_never_retried(
    server: Any, open_exporter: Any, telemetry: Any, caplog: Any
) -> None:
    partial = ExportLogsPartialSuccess(rejected_log_records=2, error_message="too old")
    server.script += [ExportLogsServiceResponse(partial_success=partial)]
    async with open_exporter(server.port) as exporter:
        await exporter.consume(logs_batch(5))
    assert len(server.calls) == 1
    assert telemetry.value("otelcol_exporter_sent_log_records") == 3
    assert telemetry.value("otelcol_exporter_send_failed_log_records") == 2
    assert "too old" in caplog.text


async def test_55_a_warning_is_logged(server: Any, open_exporter: Any, telemetry: Any, caplog: Any) -> None:
    server.script += [
        ExportLogsServiceResponse(partial_success=ExportLogsPartialSuccess(error_message="use the new port"))
    ]
    async with open_exporter(server.port) as exporter:
        await exporter.consume(logs_batch(5))
    assert telemetry.value("otelcol_exporter_sent_log_records") == 5
    assert "use the new port" in caplog.text


async def test_58_waits_grow_exponentially(server: Any, open_exporter: Any, refusal: Any) -> None:
    server.script += [refusal(grpc.StatusCode.UNAVAILABLE)] * 3
    async with open_exporter(server.port, sending_queue={"enabled": False}) as exporter:
        await exporter.consume(logs_batch())
    times = [call.at_s for call in server.calls]
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert len(gaps) == 3
    assert all(gap >= least for gap, least in zip(gaps, (0.02, 0.04, 0.08), strict=True))


async def test_59_a_lost_connection_means_sending_again(new_server: Any, open_exporter: Any, telemetry: Any) -> None:
    server = new_server()
    server.script += [30.0]  # the answer never comes
    async with server.running():
        open_house = open_exporter(server.port, retry_on_failure={"initial_interval": "50ms", "max_interval": "50ms"})
        exporter = await open_house.__aenter__()
        await exporter.consume(logs_batch())
        await until(lambda: len(server.calls) == 1)
    async with server.running():
        await until(lambda: len(server.calls) == 2)
        await open_house.__aexit__(None, None, None)
    assert telemetry.value("otelcol_exporter_sent_log_records") == 1
    assert telemetry.value("otelcol_exporter_send_failed_log_records") == 0


@pytest.mark.parametrize("code", [grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED])
async def test_60_it_waits_as_long_as_it_is_told(
    code: grpc.StatusCode, server: Any, open_exporter: Any, refusal: Any
) -> None:
    server.script += [refusal(code, retry_info(0.4, "grpc-status-details-bin"))]
    async with open_exporter(server.port, sending_queue={"enabled": False}) as exporter:
        await exporter.consume(logs_batch())
    assert server.calls[1].at_s - server.calls[0].at_s >= 0.4


async def test_61_a_request_over_64_mib_is_not_sent_and_counted(
    server: Any, open_exporter: Any, telemetry: Any, caplog: Any
) -> None:
    async with open_exporter(server.port) as exporter:
        await exporter.consume(logs_batch(1, body="x" * (64 * 1024 * 1024)))
        await exporter.consume(logs_batch(2))
    assert len(server.calls) == 1
    assert telemetry.value("otelcol_exporter_send_failed_log_records") == 1
    assert "reason: request_too_large" in caplog.text


async def test_62_a_response_over_the_limit_is_not_retried(server: Any, open_exporter: Any) -> None:
    huge = ExportLogsPartialSuccess(error_message="x" * (4 * 1024 * 1024))
    server.script += [ExportLogsServiceResponse(partial_success=huge)]
    async with open_exporter(server.port, sending_queue={"enabled": False}) as exporter:
        with pytest.raises(PermanentError):
            await exporter.consume(logs_batch())
    assert len(server.calls) == 1


async def test_63_requests_run_side_by_side_on_one_kept_connection(server: Any, open_exporter: Any) -> None:
    server.script += [0.3] * 8
    async with open_exporter(server.port, sending_queue={"num_consumers": 4}) as exporter:
        for number in range(8):
            await exporter.consume(logs_batch(first=number))
        await until(lambda: len(server.calls) == 8)
    starts = [call.at_s for call in server.calls]
    assert starts[3] - starts[0] < 0.25
    assert starts[4] - starts[0] >= 0.25
    assert len({call.peer for call in server.calls}) == 1


async def test_64_one_slow_destination_delays_no_other(
    server: Any, new_server: Any, open_exporter: Any, refusal: Any
) -> None:
    batch = logs_batch(3)
    before = batch.request.SerializeToString()
    server.script += [refusal(grpc.StatusCode.UNAVAILABLE)] * 1000
    async with (
        new_server().running() as other,
        open_exporter(server.port, name="down", drain_s=0.1) as down,
        open_exporter(other.port, name="up") as up,
    ):
        await down.consume(batch)
        await up.consume(batch)
        await until(lambda: len(other.calls) == 1)
    assert other.calls[0].request == batch.request
    assert batch.request.SerializeToString() == before


async def test_65_pending_requests_are_sent_at_shutdown_and_the_rest_is_recorded(
    server: Any, open_exporter: Any, telemetry: Any, caplog: Any
) -> None:
    server.script += [0.1, 0.1, 30.0]
    async with open_exporter(server.port, drain_s=0.6, sending_queue={"num_consumers": 1}) as exporter:
        for number in range(4):
            await exporter.consume(logs_batch(10, first=number * 10))
    assert telemetry.value("otelcol_exporter_sent_log_records") == 20
    assert telemetry.value("otelcol_exporter_send_failed_log_records") == 20
    assert "stopped with 20 logs in 2 batches not sent (reason: shutdown)" in caplog.text


async def test_nobody_there_is_retryable(new_server: Any, open_exporter: Any) -> None:
    async with new_server().running() as gone:
        port = gone.port
    async with open_exporter(port, sending_queue={"enabled": False}, retry_on_failure={"enabled": False}) as exporter:
        with pytest.raises(RetryableError, match="UNAVAILABLE"):
            await exporter.consume(logs_batch())
