"""What the transport sends and by which way: bodies, files, TLS, proxies, its lifetime."""

import asyncio
import io
import json
from pathlib import Path
from typing import IO, Any

import aiohttp
import pytest
import trustme

from otel_discord.discord_api.http import HttpRequest
from otel_discord.discord_api.models import FilePart
from otel_discord.discord_api.multipart import FileUnreadableError
from otel_discord.discord_api.transport import AiohttpTransport
from tests.discord_api.sending import MESSAGE, fail, post, send, transport

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
