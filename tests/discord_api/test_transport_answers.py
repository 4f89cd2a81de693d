"""What the transport makes of answers that fail to come, break off, or are not what they should be."""

import asyncio
import gzip
import io
import time
import zlib
from typing import Any

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from otel_discord.discord_api.http import HttpRequest, TransportError
from otel_discord.discord_api.models import FilePart
from tests.discord_api.sending import fail, post, send, transport

# ------------------------------------------------------------------------------------------- no answer


async def test_nobody_listens() -> None:
    server = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    error = await fail(post(f"http://127.0.0.1:{port}/api/webhooks/1/SECRET"))
    assert (error.sent, error.timed_out) == (False, False)
    assert "refused" in str(error)


class SlowResolver(AbstractResolver):
    def __init__(self, delay_s: float) -> None:
        self.delay_s = delay_s
        self.asked = 0

    async def resolve(self, host: str, port: int = 0, family: int = 0) -> list[ResolveResult]:
        self.asked += 1
        await asyncio.sleep(self.delay_s)
        raise OSError(None, f"NXDOMAIN {host}")

    async def close(self) -> None:
        pass


async def test_a_name_that_is_not_resolved_was_never_sent() -> None:
    error = await fail(post("http://discord.test/api/webhooks/1/SECRET"), resolver=SlowResolver(0))
    assert (error.sent, error.timed_out) == (False, False)
    assert "discord.test" in str(error)


async def test_a_slow_name_server_costs_the_connect_timeout_and_one_question() -> None:
    resolver = SlowResolver(30)
    async with transport(resolver=resolver, connect_timeout_s=0.1) as door:
        began = time.monotonic()
        for _ in range(3):
            with pytest.raises(TransportError) as caught:
                await door.send(post("http://discord.test/api/webhooks/1/SECRET"))
            assert (caught.value.sent, caught.value.timed_out) == (False, True)
        assert time.monotonic() - began < 2
    assert resolver.asked == 1


@pytest.mark.parametrize("files", [False, True])
async def test_silence_after_the_body_may_have_been_delivery(raw_server: Any, files: bool) -> None:
    async def script(peer: Any) -> None:
        await peer.request()
        await asyncio.sleep(30)

    raw_server.script = script
    parts = (FilePart("a.txt", lambda: io.BytesIO(b"x" * 200_000), 200_000),) if files else ()
    began = time.monotonic()
    error = await fail(post(raw_server.url, files=parts))
    assert (error.sent, error.timed_out) == (True, True)
    assert 0.4 < time.monotonic() - began < 1.5


async def test_silence_inside_a_large_body_was_no_delivery(raw_server: Any) -> None:
    async def script(peer: Any) -> None:
        await asyncio.sleep(30)

    raw_server.script = script
    large = FilePart("a.bin", lambda: b"x" * 20_000_000, 20_000_000)
    error = await fail(post(raw_server.url, files=(large,)))
    assert (error.sent, error.timed_out) == (False, True)


async def test_a_reset_inside_a_large_body_was_no_delivery(raw_server: Any) -> None:
    async def script(peer: Any) -> None:
        await peer.reader.readexactly(1000)
        peer.reset()

    raw_server.script = script
    large = FilePart("a.bin", lambda: io.BytesIO(b"x" * 20_000_000), 20_000_000)
    error = await fail(post(raw_server.url, files=(large,)), total_timeout_s=5)
    assert (error.sent, error.timed_out) == (False, False)


@pytest.mark.parametrize("rst", [True, False])
async def test_a_connection_that_ends_after_the_body_may_have_been_delivery(raw_server: Any, rst: bool) -> None:
    async def script(peer: Any) -> None:
        await peer.request()
        if rst:
            peer.reset()

    raw_server.script = script
    error = await fail(post(raw_server.url))
    assert (error.sent, error.timed_out) == (True, False)
    assert raw_server.connections == 1, "a POST is never repeated behind our back"


@pytest.mark.parametrize("method", ["POST", "PATCH"])
async def test_a_kept_connection_that_closes_is_not_retried_for_what_creates(raw_server: Any, method: str) -> None:
    async def script(peer: Any) -> None:
        await peer.request()
        await peer.answer(b"{}")
        await peer.request()

    raw_server.script = script
    async with transport() as door:
        await door.send(HttpRequest(method=method, url=raw_server.url, json={}))
        with pytest.raises(TransportError) as caught:
            await door.send(HttpRequest(method=method, url=raw_server.url, json={}))
    assert caught.value.sent
    assert raw_server.connections == 1


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x00\xff\x00\xff" * 100 + b"\r\n\r\n",
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"SSH-2.0-OpenSSH_9\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nxx\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 1000 + b"\r\n",
    ],
)
async def test_garbage_is_no_answer(raw_server: Any, garbage: bytes) -> None:
    async def script(peer: Any) -> None:
        await peer.request()
        await peer.send(garbage)

    raw_server.script = script
    error = await fail(post(raw_server.url))
    assert error.sent


async def test_an_answer_that_breaks_off_in_its_headers_still_has_a_status(raw_server: Any) -> None:
    async def script(peer: Any) -> None:
        await peer.request()
        await peer.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Half: ye")

    raw_server.script = script
    try:
        response = await send(post(raw_server.url))
    except TransportError as error:
        pytest.fail(f"the status was not seen: {error}")
    assert (response.status, response.body_complete) == (200, False)


# ------------------------------------------------------------------------------------------- broken answers


@pytest.mark.parametrize(
    "answer",
    [
        b'HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n{"id":"1"',
        b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{"id":"1"\r\n',
    ],
)
@pytest.mark.parametrize("end", ["close", "reset", "stall"])
async def test_a_body_that_is_cut_keeps_its_status(raw_server: Any, answer: bytes, end: str) -> None:
    async def script(peer: Any) -> None:
        await peer.request()
        await peer.send(answer)
        if end == "stall":
            await asyncio.sleep(30)
        await asyncio.sleep(0.05)
        if end == "reset":
            peer.reset()

    raw_server.script = script
    began = time.monotonic()
    response = await send(post(raw_server.url))
    assert (response.status, response.body_complete) == (200, False)
    assert time.monotonic() - began < 1.5


async def test_a_body_that_turns_into_garbage_keeps_its_status(raw_server: Any) -> None:
    async def script(peer: Any) -> None:
        await peer.request()
        await peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n")
        await asyncio.sleep(0.05)
        await peer.send(b"zz\r\nxx\r\n0\r\n\r\n")

    raw_server.script = script
    response = await send(post(raw_server.url))
    assert (response.status, response.body, response.body_complete) == (200, b"{", False)


async def test_a_slow_body_has_a_deadline_of_its_own(raw_server: Any) -> None:
    async def script(peer: Any) -> None:
        await peer.request()
        await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n")
        for _ in range(999):
            await peer.send(b"x")
            await asyncio.sleep(0.05)

    raw_server.script = script
    began = time.monotonic()
    response = await send(post(raw_server.url), total_timeout_s=5)
    assert (response.status, response.body_complete) == (200, False)
    assert response.body.startswith(b"xx")
    assert time.monotonic() - began < 1.5


async def test_a_huge_body_is_read_to_64_kib(raw_server: Any) -> None:
    sent = 0

    async def script(peer: Any) -> None:
        nonlocal sent
        await peer.request()
        await peer.send(b"HTTP/1.1 500 No\r\nContent-Length: 999999999\r\n\r\n")
        while True:
            await peer.send(b"x" * 100_000)
            sent += 100_000

    raw_server.script = script
    response = await send(post(raw_server.url))
    assert (response.status, len(response.body), response.body_complete) == (500, 65_536, False)
    assert sent < 50_000_000


async def test_a_body_of_exactly_64_kib_is_complete(raw_server: Any) -> None:
    async def script(peer: Any) -> None:
        await peer.request()
        await peer.answer(b"x" * 65_536)

    raw_server.script = script
    response = await send(post(raw_server.url))
    assert (len(response.body), response.body_complete) == (65_536, True)


@pytest.mark.parametrize(
    ("encoding", "body", "expected", "complete"),
    [
        (b"gzip", gzip.compress(b'{"id":"1"}'), b'{"id":"1"}', True),
        (b"deflate", zlib.compress(b'{"id":"1"}'), b'{"id":"1"}', True),
        (b"GZIP", gzip.compress(b"x" * 30_000_000), b"x" * 65_536, False),
        (b"gzip", gzip.compress(b"hello")[:-9], b"hello", False),
        (b"gzip", b"not gzip at all", b"", False),
        (b"br", b"whatever", b"", False),
        (b"gzip, gzip", gzip.compress(gzip.compress(b"x")), b"", False),
        (b"gzip", gzip.compress(b"") * 50_000, b"", True),
    ],
    # Named, since compressed bytes hold the time and would be another name in each worker.
    ids=["gzip", "deflate", "bomb", "cut", "not-gzip", "brotli", "twice", "many-members"],
)
async def test_compression_that_nobody_asked_for_is_bounded(
    raw_server: Any, encoding: bytes, body: bytes, expected: bytes, complete: bool
) -> None:
    async def script(peer: Any) -> None:
        head, _ = await peer.request()
        assert b"accept-encoding: identity" in head.lower()
        await peer.answer(body, headers=b"Content-Encoding: " + encoding + b"\r\n")

    raw_server.script = script
    response = await send(post(raw_server.url))
    assert response.status == 200
    assert response.body == expected
    assert response.body_complete == (complete and len(body) <= 65_536)


async def test_a_redirect_is_an_answer_and_not_followed(raw_server: Any) -> None:
    async def script(peer: Any) -> None:
        await peer.request()
        await peer.answer(b"", status=b"307 Go", headers=b"Location: /elsewhere\r\n")

    raw_server.script = script
    response = await send(post(raw_server.url))
    assert (response.status, response.headers["location"]) == (307, "/elsewhere")
    assert raw_server.connections == 1


async def test_an_answer_before_the_body_was_read_is_taken(raw_server: Any) -> None:
    async def script(peer: Any) -> None:
        await peer.reader.readuntil(b"\r\n\r\n")
        await peer.answer(b'{"code":40005}', status=b"413 Large")
        await asyncio.sleep(1)

    raw_server.script = script
    large = FilePart("a.bin", lambda: b"x" * 20_000_000, 20_000_000)
    response = await send(post(raw_server.url, files=(large,)))
    assert (response.status, response.body) == (413, b'{"code":40005}')
