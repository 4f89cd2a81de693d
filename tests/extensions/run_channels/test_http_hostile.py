"""Clients that speak something else than HTTP, or slowly, or without end."""

import asyncio
import logging
import socket

import aiohttp
import pytest

from otel_discord.extensions.run_channels import http_door
from tests.extensions.run_channels.doors import (
    NEW,
    TOKEN,
    FakeDesk,
    http_site,
)


def _raw(address: str, sent: bytes) -> bytes:
    host, _, port = address.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        connection.sendall(sent)
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
            if b"\r\n\r\n" in answer and answer.rstrip().endswith(b"}"):
                break
        return answer


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00 this is TLS\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /runs HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        b"POST /runs HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n",
        b"GET " + b"/" * 20_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 20_000 + b"\r\n\r\n",
    ],
)
async def test_what_is_not_http_gets_a_line_and_no_traceback(sent: bytes, caplog: pytest.LogCaptureFixture):
    async with http_site(FakeDesk()) as site:
        answer = await asyncio.to_thread(_raw, site.url, sent)
        assert b" 400 Bad Request" in answer.partition(b"\r\n")[0]
        assert b'"code":"bad_request"' in answer
        assert b"Traceback" not in answer
        assert b"aiohttp" not in answer
        assert b"xxxx" not in answer  # what was sent may have been a token
    assert not [each for each in caplog.records if each.exc_info]


@pytest.mark.parametrize(
    "target",
    [
        b"/runs?pageToken=\xff\xfe",
        b"/runs?pageToken=%ff%00",
        b"/runs?pageToken=%ED%A0%80",
        b"/runs?state=\xed\xa0\x80&\xff=1",
        b"/runs?%ED%A0%80=%ED%A0%80",
        b"/runs?limit=%D9%A1",
        b"/runs?limit=+1&limit=1e1",
        b"/runs?" + b"&" * 50,
        b"/runs?" + b"a&" * 50,
        b"/runs/\xff",
        b"/runs/%00",
        b"/runs/1%0d%0aX-Evil:%201",
        b"/runs/" + b"9" * 5000,
        b"/runs/%C2%B2",
        b"http://evil.example/runs/1",
        b"/runs/../runs/1",
        b"*",
    ],
)
async def test_targets_that_nobody_means(target: bytes, caplog: pytest.LogCaptureFixture):
    async with http_site(FakeDesk()) as site:
        head = b"GET " + target + b" HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " + TOKEN.encode() + b"\r\n\r\n"
        answer = await asyncio.to_thread(_raw, site.url, head)
        assert answer.partition(b" ")[2][:3] in {b"200", b"400", b"404"}
        assert b"X-Evil: 1" not in answer
    assert not [each for each in caplog.records if each.exc_info]


async def test_a_body_that_never_comes_is_not_waited_for(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(http_door, "BODY_S", 0.1)
    async with http_site(FakeDesk()) as site:
        head = f"POST /runs HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {TOKEN}\r\n".encode()
        head += b"Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
        answer = await asyncio.to_thread(_raw, site.url, head)
        assert answer.startswith(b"HTTP/1.1 408")


async def test_a_client_that_asks_first_is_told_to_go_on():
    async with (
        http_site(FakeDesk()) as site,
        site.session.post(
            f"{site.url}/runs", json=NEW, headers={"Authorization": f"Bearer {TOKEN}"}, expect100=True
        ) as answer,
    ):
        assert answer.status == 201


async def test_connections_that_say_nothing_are_closed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(http_door, "FIRST_HEAD_S", 0.1)
    async with http_site(FakeDesk()) as site:
        assert await asyncio.to_thread(_raw, site.url, b"GET /heal") == b""


async def test_beyond_so_many_connections_the_next_is_closed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(http_door, "MOST_CONNECTIONS", 2)
    async with http_site(FakeDesk()) as site:
        host, _, port = site.url.removeprefix("http://").partition(":")
        held = [await asyncio.open_connection(host, int(port)) for _ in range(2)]
        with pytest.raises(aiohttp.ClientError):
            await site.ask("GET", "/healthz")
        for _, writer in held:
            writer.close()
            await writer.wait_closed()


async def test_two_servers_do_not_share_an_address():
    from otel_discord.component import StartError

    async with http_site(FakeDesk()) as site:
        with pytest.raises(StartError, match=r"here.*taken"):
            async with http_door.serve_http(
                site.url.removeprefix("http://"), site.front, context=None, key_path="here", logger=logging.getLogger()
            ):
                pass
