"""Clients that vanish, dawdle, or speak badly: each is answered, and none of them costs the others."""

import asyncio
import gc
import json
import logging

import pytest

from tests.receivers.otlp.receiving import LOGS, LOGS_BYTES, until
from tests.receivers.otlp.rig import running

# --- clients that vanish or dawdle --------------------------------------------------------------------------------


async def test_a_cancelled_client_leaves_no_batch_half_handed_over() -> None:
    async with running() as otlp:
        otlp.sink.block()
        call = asyncio.create_task(otlp.call(LOGS))
        await until(lambda: otlp.sink.offered == 1)
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)
        await asyncio.sleep(0.05)
        otlp.sink.unblock()
        await until(lambda: otlp.sink.item_count == 3)
        await until(lambda: otlp.telemetry.value("otelcol_receiver_accepted_log_records") == 3)
        assert otlp.telemetry.value("otelcol_receiver_refused_log_records") == 0
        assert otlp.sink.offered == 1


async def test_a_client_that_disconnects_mid_body_does_no_harm(caplog: pytest.LogCaptureFixture) -> None:
    async with running() as otlp:
        _, writer = await asyncio.open_connection("127.0.0.1", otlp.receiver.http_port)
        writer.write(
            b"POST /v1/logs HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\nabc"
        )
        await writer.drain()
        await asyncio.sleep(0.05)
        writer.close()
        await writer.wait_closed()
        assert (await otlp.post(LOGS_BYTES)).status == 200
        assert otlp.sink.offered == 1
    assert [r for r in caplog.records if r.levelno >= logging.ERROR] == []


async def raw(otlp, *pieces: bytes, pause_s: float = 0.0) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", otlp.receiver.http_port)
    try:
        for piece in pieces:
            writer.write(piece)
            await asyncio.sleep(pause_s)
        return await asyncio.wait_for(reader.read(65_536), 5)
    except ConnectionError:
        return b""
    finally:
        writer.close()


async def test_slow_headers_and_silent_connections_are_closed() -> None:
    async with running(http__read_header_timeout="200ms") as otlp:
        loop = asyncio.get_running_loop()
        start_s = loop.time()
        slow = raw(otlp, *[bytes([c]) for c in b"POST /v1/logs HTTP/1.1\r\nHost: x\r\nX-A: "], b"y" * 20, pause_s=0.05)
        assert await asyncio.gather(slow, raw(otlp), raw(otlp, b"POST ")) == [b"", b"", b""]
        assert loop.time() - start_s < 4
        assert (await otlp.post(LOGS_BYTES)).status == 200


async def test_a_connection_that_sends_requests_outlives_the_wait_for_its_first_headers() -> None:
    async with running(http__read_header_timeout="200ms") as otlp:
        reader, writer = await asyncio.open_connection("127.0.0.1", otlp.receiver.http_port)
        head = b"POST /v1/logs HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n"
        for _ in range(3):
            writer.write(head + b"{}")
            answer = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
            assert answer.startswith(b"HTTP/1.1 200 ")
            await reader.readexactly(2)
            await asyncio.sleep(0.25)
        writer.close()


async def test_a_slow_body_is_answered_and_closed() -> None:
    async with running(http__read_timeout="200ms") as otlp:
        head = b"POST /v1/logs HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n"
        answer = await raw(otlp, head, b"{")
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert b'"code":4' in answer


async def test_many_slow_clients_do_not_stop_others() -> None:
    async with running(http__read_header_timeout="2s") as otlp, asyncio.TaskGroup() as slow:
        for _ in range(100):
            slow.create_task(raw(otlp, b"POST /v1/lo"))
        await asyncio.sleep(0.1)
        assert (await otlp.post(LOGS_BYTES)).status == 200


async def test_connections_are_capped_without_a_trace(caplog: pytest.LogCaptureFixture) -> None:
    async with running(http__max_connections=3) as otlp:
        assert (await otlp.post(LOGS_BYTES)).status == 200
        others = [await asyncio.open_connection("127.0.0.1", otlp.receiver.http_port) for _ in range(5)]
        ends = await asyncio.gather(*(asyncio.wait_for(r.read(), 0.3) for r, _ in others), return_exceptions=True)
        assert sum(isinstance(end, TimeoutError) for end in ends) == 2
        for _, writer in others:
            writer.close()
        assert (await otlp.post(LOGS_BYTES)).status == 200
    gc.collect()  # tells of tasks that failed and that nobody asked
    assert [r for r in caplog.records if r.levelno >= logging.WARNING] == []


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST /v1/logs HTTP/1.1\r\nA" + b"a" * 9000 + b": b\r\n\r\n",
        b"POST /v1/logs HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    ],
    ids=["tls", "version", "long header", "negative length"],
)
async def test_what_is_not_http_is_answered_without_a_trace(garbage: bytes, caplog: pytest.LogCaptureFixture) -> None:
    async with running() as otlp:
        head, _, body = (await raw(otlp, garbage)).partition(b"\r\n\r\n")
        assert b" 400 " in head.splitlines()[0]
        assert json.loads(body)["message"].startswith("not a valid HTTP request: ")
    assert [r for r in caplog.records if r.levelno >= logging.WARNING] == []


class BrokenAuthenticator:
    def authenticate(self, headers) -> bool:
        raise RuntimeError("a bug")


async def test_a_failure_of_ours_is_503_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    async with running(extensions={"guard": BrokenAuthenticator()}, http__auth={"authenticator": "guard"}) as otlp:
        reply = await otlp.post(LOGS_BYTES)
        assert (reply.status, reply.rpc_status().code) == (503, 14)
        assert "a bug" in caplog.text


async def test_broken_chunks_are_400() -> None:
    async with running() as otlp:
        head = (
            b"POST /v1/logs HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        assert b" 400 " in (await raw(otlp, head + b"zz\r\nx\r\n")).splitlines()[0]


async def test_curl_with_a_large_body_is_told_to_continue() -> None:
    async with running() as otlp:
        head = (
            "POST /v1/logs HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\nConnection: close\r\n"
            f"Expect: 100-continue\r\nContent-Length: {len(LOGS_BYTES)}\r\n\r\n"
        )
        reader, writer = await asyncio.open_connection("127.0.0.1", otlp.receiver.http_port)
        writer.write(head.encode())
        assert await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 2) == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(LOGS_BYTES)
        assert (await asyncio.wait_for(reader.read(), 2)).startswith(b"HTTP/1.1 200 OK")
        writer.close()


async def test_an_oversize_body_is_refused_as_soon_as_that_is_known() -> None:
    async with running(http__max_request_body_size=1000) as otlp:
        head = b"POST /v1/logs HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        assert (await raw(otlp, head + b"Content-Length: 99999999999\r\n\r\n")).startswith(b"HTTP/1.1 413 ")
        chunk = b"400\r\n" + b"x" * 1024 + b"\r\n"
        assert (await raw(otlp, head + b"Transfer-Encoding: chunked\r\n\r\n" + chunk)).startswith(b"HTTP/1.1 413 ")
