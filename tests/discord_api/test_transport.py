"""The transport against a server that misbehaves on purpose; times are small and real."""

import asyncio
import gzip
import io
import json
import time
import zlib
from pathlib import Path
from typing import IO, Any

import aiohttp
import pytest
import trustme
from aiohttp.abc import AbstractResolver, ResolveResult

from otel_discord.discord_api.http import HttpRequest, HttpResponse, TransportError
from otel_discord.discord_api.models import FilePart
from otel_discord.discord_api.multipart import FileUnreadableError
from otel_discord.discord_api.transport import AiohttpTransport

MESSAGE = {"content": "grüße", "allowed_mentions": {"parse": []}}


def transport(**settings: Any) -> AiohttpTransport:
    quick = {"connect_timeout_s": 0.5, "total_timeout_s": 0.5, "answer_timeout_s": 0.3}
    return AiohttpTransport(**(quick | settings))


def post(url: str, **parts: Any) -> HttpRequest:
    return HttpRequest(method="POST", url=url, json=MESSAGE, headers={"User-Agent": "DiscordBot (x, 1)"}, **parts)


async def send(request: HttpRequest, **settings: Any) -> HttpResponse:
    async with transport(**settings) as door:
        return await door.send(request)


async def fail(request: HttpRequest, **settings: Any) -> TransportError:
    async with transport(**settings) as door:
        with pytest.raises(TransportError) as caught:
            await door.send(request)
    assert "SECRET" not in str(caught.value)
    assert "webhooks" not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__cause__ is None
    return caught.value


# ------------------------------------------------------------------------------------------- what goes out


async def test_one_request_and_its_answer(raw_server: Any) -> None:
    seen: list[tuple[bytes, bytes]] = []

    async def script(peer: Any) -> None:
        seen.append(await peer.request())
        await peer.answer(b'{"id":"1"}', headers=b"X-RateLimit-Remaining: 4\r\nSet-Cookie: a=b\r\n")
        seen.append(await peer.request())
        await peer.answer(b"{}")

    raw_server.script = script
    async with transport() as door:
        response = await door.send(post(raw_server.url + "?wait=true"))
        await door.send(post(raw_server.url))
    assert (response.status, response.body, response.body_complete) == (200, b'{"id":"1"}', True)
    assert response.headers["x-ratelimit-remaining"] == "4"
    head, body = seen[0]
    assert head.startswith(b"POST /api/v10/webhooks/123/SECRET-TOKEN?wait=true HTTP/1.1\r\n")
    assert b"User-Agent: DiscordBot (x, 1)\r\n" in head
    assert b"Content-Type: application/json\r\n" in head
    assert json.loads(body) == MESSAGE
    assert b"cookie" not in seen[1][0].lower(), "no cookies are kept"
    assert raw_server.connections == 1, "the connection is kept alive"


async def test_a_get_has_no_body(raw_server: Any) -> None:
    async def script(peer: Any) -> None:
        head, body = await peer.request()
        assert body == b""
        assert b"content-length" not in head.lower()
        await peer.answer(b"{}")

    raw_server.script = script
    assert (await send(HttpRequest(method="GET", url=raw_server.url))).status == 200


async def test_files_go_as_a_form_that_is_built_anew_each_time(raw_server: Any, tmp_path: Path) -> None:
    bodies: list[tuple[bytes, bytes]] = []
    handles: list[IO[bytes]] = []
    content = bytes(range(256)) * 1000
    (tmp_path / "big.bin").write_bytes(content)

    def reopen() -> IO[bytes]:
        handles.append((tmp_path / "big.bin").open("rb"))
        return handles[-1]

    async def script(peer: Any) -> None:
        for _ in range(2):
            bodies.append(await peer.request())
            await peer.answer(b'{"id":"1"}')

    raw_server.script = script
    files = (
        FilePart('../tr"a\r\nce.txt', lambda: b"short", 5, "text/plain"),
        FilePart("big.bin", reopen, len(content), "bad\r\nX: y"),
        FilePart("empty", lambda: b"", 0),
    )
    async with transport() as door:
        for _ in range(2):
            assert (await door.send(post(raw_server.url, files=files))).status == 200
    assert len(handles) == 2
    assert all(handle.closed for handle in handles)
    for head, body in bodies:
        boundary = head.split(b"boundary=")[1].split(b"\r\n")[0]
        parts = body.split(b"\r\n--" + boundary)
        assert parts[0].startswith(
            b"--" + boundary + b'\r\nContent-Disposition: form-data; name="payload_json"\r\n'
            b"Content-Type: application/json\r\n\r\n"
        )
        assert json.loads(parts[0].split(b"\r\n\r\n", 1)[1]) == MESSAGE
        assert parts[1] == (
            b'\r\nContent-Disposition: form-data; name="files[0]"; filename="tr_a_ce.txt"\r\n'
            b"Content-Type: text/plain\r\n\r\nshort"
        )
        assert b'name="files[1]"; filename="big.bin"\r\nContent-Type: application/octet-stream' in parts[2]
        assert parts[2].split(b"\r\n\r\n", 1)[1] == content
        assert parts[3].endswith(b"\r\n\r\n")
        assert parts[4] == b"--\r\n"


async def test_a_lone_surrogate_does_not_stop_a_message(raw_server: Any) -> None:
    async def script(peer: Any) -> None:
        _, body = await peer.request()
        assert json.loads(body) == {"content": "a?b"}
        await peer.answer(b"{}")

    raw_server.script = script
    await send(HttpRequest(method="POST", url=raw_server.url, json={"content": "a\ud800b"}))


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


# ------------------------------------------------------------------------------------------- TLS, proxy, files


async def test_a_certificate_nobody_vouches_for_gets_no_request() -> None:
    server, port = await _tls_server(trustme.CA())
    error = await fail(post(f"https://127.0.0.1:{port}/api/webhooks/1/SECRET"))
    server.close()
    assert (error.sent, error.timed_out) == (False, False)
    assert "certificate" in str(error)


async def test_a_trusted_certificate_is_needed_for_this_very_host() -> None:
    import ssl

    authority = trustme.CA()
    server, port = await _tls_server(authority)
    context = ssl.create_default_context()
    authority.configure_trust(context)
    assert (await send(post(f"https://127.0.0.1:{port}/x"), ssl_context=context)).status == 200
    error = await fail(post(f"https://localhost:{port}/api/webhooks/1/SECRET"), ssl_context=context)
    server.close()
    assert not error.sent


async def _tls_server(authority: trustme.CA) -> tuple[asyncio.Server, int]:
    import ssl

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(65_536)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
        writer.close()

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    return server, server.sockets[0].getsockname()[1]


async def test_plain_http_where_tls_was_due_is_not_sent(raw_server: Any) -> None:
    async def script(peer: Any) -> None:
        await peer.reader.read(100)
        await peer.send(b"HTTP/1.1 400 Bad\r\n\r\n")

    raw_server.script = script
    error = await fail(post(raw_server.url.replace("http://", "https://")))
    assert not error.sent


async def test_requests_can_go_through_a_proxy(raw_server: Any) -> None:
    async def script(peer: Any) -> None:
        head, _ = await peer.request()
        assert head.startswith(b"POST http://discord.test/api/webhooks/1/SECRET HTTP/1.1\r\n")
        await peer.answer(b'{"id":"1"}')

    raw_server.script = script
    proxy_url = f"http://127.0.0.1:{raw_server.port}"
    response = await send(post("http://discord.test/api/webhooks/1/SECRET"), proxy_url=proxy_url)
    assert response.body == b'{"id":"1"}'


async def test_a_proxy_that_refuses_has_sent_nothing(raw_server: Any) -> None:
    async def script(peer: Any) -> None:
        head, _ = await peer.request()
        assert head.startswith(b"CONNECT discord.test:443")
        assert b"proxy-authorization: Basic dXNlcjpwdw==".lower() in head.lower()
        await peer.answer(b"", status=b"407 Who are you")

    raw_server.script = script
    error = await fail(
        post("https://discord.test/api/webhooks/1/SECRET"), proxy_url=f"http://user:pw@127.0.0.1:{raw_server.port}"
    )
    assert not error.sent
    assert "pw" not in str(error)


async def test_a_file_that_cannot_be_opened_is_named(raw_server: Any, tmp_path: Path) -> None:
    raw_server.script = None
    missing = FilePart("trace.txt", lambda: (tmp_path / "trace.txt").open("rb"), 10)
    error = await fail(post(raw_server.url, files=(missing,)))
    assert isinstance(error, FileUnreadableError)
    assert not error.sent
    assert str(error) == "attachment trace.txt cannot be read: No such file or directory"


class Shrinking(io.BytesIO):
    """A file that loses its end between being measured and being read."""

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(min(size or 0, 100)) if self.tell() < 500 else b""


async def test_a_file_that_shrinks_stops_the_request(raw_server: Any) -> None:
    async def script(peer: Any) -> None:
        await peer.request()

    raw_server.script = script
    shrinking = FilePart("trace.txt", lambda: Shrinking(b"x" * 1000), 1000)
    error = await fail(post(raw_server.url, files=(shrinking,)))
    assert isinstance(error, FileUnreadableError)
    assert "shorter" in str(error)


async def test_a_cancelled_request_closes_its_file_and_its_connection(raw_server: Any) -> None:
    closed = asyncio.Event()

    async def script(peer: Any) -> None:
        await peer.request()
        assert await peer.reader.read() == b""
        closed.set()

    raw_server.script = script
    handle = io.BytesIO(b"x")
    async with transport(total_timeout_s=30) as door:
        task = asyncio.create_task(door.send(post(raw_server.url, files=(FilePart("a", lambda: handle, 1),))))
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.wait_for(closed.wait(), 1)
    assert handle.closed


async def test_it_is_used_within_its_lifetime() -> None:
    with pytest.raises(RuntimeError):
        await AiohttpTransport().send(HttpRequest(method="GET", url="http://127.0.0.1:1/"))


def test_the_http_client_is_new_enough_to_be_safe() -> None:
    assert tuple(int(part) for part in aiohttp.__version__.split(".")[:3]) >= (3, 14, 4)
