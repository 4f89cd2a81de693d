"""The receiver's life: a start with one clear message or none, a close within its deadline, a count of what it took."""

import asyncio
import logging
import socket

import grpc
import pytest

from otel_discord.component import PermanentError, Receipt, RetryableError, StartError
from otel_discord.component.endpoints import Listening
from otel_discord.testing.host import NopHost
from otel_discord.testing.otlp import metrics_request, traces_request
from tests.receivers.otlp.receiving import LOGS, LOGS_BYTES, receiver, until
from tests.receivers.otlp.rig import JSON, config, running

# --- starting -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("protocol", ["grpc", "http"])
async def test_a_port_in_use_is_one_clear_message(protocol: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        endpoint = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(StartError) as caught:
            async with receiver(config(**{f"{protocol}__endpoint": endpoint})).lifespan(NopHost()):
                raise AssertionError("started")
    assert endpoint in str(caught.value)
    assert f"receivers::otlp::protocols::{protocol}::endpoint" in str(caught.value)


async def test_localhost_with_one_of_its_addresses_taken_does_not_start() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        endpoint = f"localhost:{taken.getsockname()[1]}"
        with pytest.raises(StartError):
            async with receiver(config(grpc__endpoint=endpoint)).lifespan(NopHost()):
                raise AssertionError("started")


async def test_a_second_receiver_cannot_share_a_port_silently() -> None:
    async with running() as otlp:
        for protocol in ("grpc", "http"):
            with pytest.raises(StartError):
                async with receiver(config(**{f"{protocol}__endpoint": otlp.receiver.endpoints[protocol]})).lifespan(
                    NopHost()
                ):
                    raise AssertionError("started")


async def test_ports_are_free_again_after_closing() -> None:
    async with running() as otlp:
        ports = otlp.receiver.grpc_port, otlp.receiver.http_port
        await otlp.call(LOGS)
        await otlp.post(LOGS_BYTES)
    again = config(grpc__endpoint=f"127.0.0.1:{ports[0]}", http__endpoint=f"127.0.0.1:{ports[1]}")
    async with running(receiver_config=again) as otlp:
        await otlp.call(LOGS)
        assert otlp.sink.item_count == 3


async def test_it_says_where_it_listens(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        async with running() as otlp:
            assert isinstance(otlp.receiver, Listening)
            assert otlp.receiver.endpoints["http"] == f"127.0.0.1:{otlp.receiver.http_port}"
            assert otlp.receiver.endpoints["http"] in caplog.text
            assert otlp.receiver.endpoints["grpc"] in caplog.text
    assert "reached from the network" not in caplog.text


async def test_a_port_open_to_the_network_is_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    async with receiver(config(http__endpoint="0.0.0.0:0")).lifespan(NopHost()):
        assert "protocols::http::endpoint" in caplog.text
        assert "can be reached from the network" in caplog.text


async def test_a_missing_authenticator_stops_the_start() -> None:
    with pytest.raises(StartError, match=r"protocols::http::auth::authenticator: .*guard"):
        async with receiver(config(http__auth={"authenticator": "guard"})).lifespan(NopHost()):
            raise AssertionError("started")


# --- closing ------------------------------------------------------------------------------------------------------


async def test_closing_finishes_requests_in_hand() -> None:
    async with running() as otlp:
        otlp.sink.block()
        answers = [asyncio.create_task(otlp.call(LOGS)), asyncio.create_task(otlp.post(LOGS_BYTES))]
        await until(lambda: otlp.sink.offered == 2)
        asyncio.get_running_loop().call_later(0.2, otlp.sink.unblock)
        await otlp.close(drain_s=10)
        first, second = await asyncio.gather(*answers)
        assert first == b""
        assert second.status == 200
        assert otlp.sink.item_count == 6


async def test_closing_ends_at_the_deadline_and_tells_clients_to_try_again() -> None:
    async with running() as otlp:
        otlp.sink.block()
        answers = [asyncio.create_task(otlp.call(LOGS)), asyncio.create_task(otlp.post(LOGS_BYTES))]
        await until(lambda: otlp.sink.offered == 2)
        start_s = asyncio.get_running_loop().time()
        await otlp.close(drain_s=1)
        assert asyncio.get_running_loop().time() - start_s < 2.5
        first, second = await asyncio.gather(*answers, return_exceptions=True)
        assert first.code() is grpc.StatusCode.UNAVAILABLE
        assert second.status == 503
        assert otlp.sink.item_count == 0
        assert otlp.telemetry.value("otelcol_receiver_refused_log_records") == 6
        assert otlp.telemetry.value("otelcol_receiver_accepted_log_records") == 0


async def test_while_closing_open_connections_are_told_to_try_again() -> None:
    async with running() as otlp:
        await otlp.post(b"{}", JSON)  # a connection that stays open
        otlp.sink.block()
        held = asyncio.create_task(otlp.call(LOGS))
        await until(lambda: otlp.sink.offered == 1)
        closing = asyncio.create_task(otlp.close(drain_s=5))
        await asyncio.sleep(0.1)
        reply = await otlp.post(LOGS_BYTES)
        assert (reply.status, reply.headers["Retry-After"]) == (503, "1")
        otlp.sink.unblock()
        await closing
        assert await held == b""
        assert otlp.sink.item_count == 3


# --- what it counts -----------------------------------------------------------------------------------------------


async def test_items_and_requests_are_counted_by_transport() -> None:
    async with running() as otlp:
        await otlp.call(LOGS)
        await otlp.call(metrics_request(4), "metrics")
        await otlp.post(traces_request(5).SerializeToString(), path="/v1/traces")
        otlp.sink.answer_next(Receipt(1, "old"), PermanentError("no"), RetryableError("busy"))
        await otlp.post(LOGS_BYTES)
        await otlp.post(LOGS_BYTES)
        await otlp.call_error(LOGS)
        await otlp.call_error(b"\xff")
        await otlp.post(b"{", JSON)
        await otlp.post(b"", "text/plain")
        of = otlp.telemetry.value
        assert of("otelcol_receiver_accepted_log_records", receiver="otlp", transport="grpc") == 3
        assert of("otelcol_receiver_accepted_metric_points", receiver="otlp", transport="grpc") == 4
        assert of("otelcol_receiver_accepted_spans", receiver="otlp", transport="http") == 5
        assert of("otelcol_receiver_accepted_log_records", transport="http") == 2
        assert of("otelcol_receiver_refused_log_records", transport="http") == 1 + 3
        assert of("otelcol_receiver_refused_log_records", transport="grpc") == 3
        assert of("otelcol_receiver_requests", outcome="failure") == 3
        assert of("otelcol_receiver_requests", outcome="refused") == 2
        assert of("otelcol_receiver_requests", outcome="success") == 4
        names = [span.name for span in otlp.telemetry.spans()]
        assert names[:3] == [
            "receiver/otlp/LogsReceived",
            "receiver/otlp/MetricsReceived",
            "receiver/otlp/TraceDataReceived",
        ]
