"""FakeDiscord behind a real socket: HTTP as clients of any language speak it, with resets and silences that are real.

Beside Discord's paths it answers ``GET /_fake/…`` (see ``journal_api``), so that other processes can ask what arrived.
"""

import asyncio
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from socket import SO_LINGER, SOL_SOCKET
from typing import Final

from aiohttp import web

from otel_discord.testing.fake_discord import limits_of_discord as limits
from otel_discord.testing.fake_discord.exchange import Cut, FakeRequest, FakeResponse
from otel_discord.testing.fake_discord.fake import FakeDiscord
from otel_discord.testing.fake_discord.journal_api import journal_routes
from otel_discord.testing.fake_discord.multipart_form import MalformedFormError, read_form
from otel_discord.testing.fake_discord.page import page_routes
from otel_discord.testing.fake_discord.state import FakeWebhook

_MAX_BYTES: Final = limits.REQUEST_BYTES + 1024 * 1024
_UNKNOWN_IN_FLIGHT_S: Final = 0.05
"""How long before its arrival a request may have been sent without knowing of an answer then under way."""


@dataclass(slots=True)
class FakeDiscordServer:
    """Where a served fake is reached."""

    fake: FakeDiscord
    host: str
    port: int
    _runner: web.AppRunner

    @property
    def base_url(self) -> str:
        """``http://host:port``."""
        return f"http://{self.host}:{self.port}"

    @property
    def endpoint(self) -> str:
        """What the exporter's ``endpoint`` is to be: ``http://host:port/api/v10``."""
        return f"{self.base_url}/api/v10"

    def webhook_url(self, webhook: FakeWebhook) -> str:
        """Return a webhook's URL on this server, in the unversioned form that people copy."""
        return f"{self.base_url}/api/webhooks/{webhook.id}/{webhook.token}"

    async def stop_listening(self) -> None:
        """Refuse connections from now on; those that are open end."""
        for site in list(self._runner.sites):
            await site.stop()
        await asyncio.sleep(0)  # connections just accepted become known to the server first
        for connection in list(self._runner.server.connections if self._runner.server else ()):
            connection.force_close()
            if connection.transport is not None:
                connection.transport.abort()

    async def listen_again(self) -> None:
        """Take connections again, on the same port."""
        await web.TCPSite(self._runner, self.host, self.port, reuse_address=True).start()


@asynccontextmanager
async def serve_fake_discord(
    fake: FakeDiscord, *, host: str = "127.0.0.1", port: int = 0
) -> AsyncIterator[FakeDiscordServer]:
    """Serve a fake; port 0 takes a free one. Webhook URLs of the fake point to the server as long as it runs."""
    application = web.Application(client_max_size=_MAX_BYTES)
    application.add_routes([*page_routes(fake), *journal_routes(fake)])
    application.router.add_route("*", "/{path:.*}", _handler(fake))
    runner = web.AppRunner(application, handler_cancellation=True, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        server = FakeDiscordServer(fake, host, runner.addresses[0][1], runner)
        with _pointing_to(fake, server.endpoint):
            yield server
    finally:
        await runner.cleanup()


@contextmanager
def _pointing_to(fake: FakeDiscord, endpoint: str) -> Iterator[None]:
    before = fake.endpoint
    fake.endpoint = endpoint
    try:
        yield
    finally:
        fake.endpoint = before


def _handler(fake: FakeDiscord) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def handle(request: web.Request) -> web.StreamResponse:
        there_s, back_s = fake.latency.draw()
        try:
            data = await request.read()
        except web.HTTPRequestEntityTooLarge:
            data = b""
        await asyncio.sleep(there_s)
        now_s = fake.now()
        arrived = _arrived(request, data, now_s - there_s - _UNKNOWN_IN_FLIGHT_S)
        with fake.in_flight(arrived):
            response = fake.handle(arrived, now_s, answer_takes_s=back_s)
            await asyncio.sleep(back_s)
            if response.wire.cut in {Cut.REFUSED, Cut.UPLOAD}:
                return _reset(request)
            await _stall(response)
            if response.wire.cut is Cut.BEFORE_HEADERS:
                return _reset(request)
            if response.wire.cut is Cut.MID_BODY or response.wire.chunk_bytes:
                return await _in_pieces(request, response)
        answer = web.Response(status=response.status, headers=dict(response.headers), body=response.body)
        if response.wire.close:
            answer.force_close()
        return answer

    return handle


def _arrived(request: web.Request, data: bytes, sent_at_s: float) -> FakeRequest:
    headers = {name.lower(): value for name, value in request.headers.items()}
    parts = None
    content_type = headers.get("content-type", "")
    if content_type.startswith("multipart/form-data"):
        try:
            parts = read_form(content_type, data)
        except MalformedFormError:
            parts = ()
    return FakeRequest(
        method=request.method,
        path=request.path,
        query=dict(request.query),
        headers=headers,
        body=data if parts is None else b"",
        parts=parts,
        size_bytes=max(len(data), request.content_length or 0),
        sent_at_s=sent_at_s,
    )


async def _stall(response: FakeResponse) -> None:
    seconds = response.wire.stall_s
    # The handler is cancelled when the client goes; a day is longer than any of them waits.
    await asyncio.sleep(min(seconds, 86_400.0))


def _reset(request: web.Request) -> web.Response:
    """Break the connection with RST and return an answer that will never leave."""
    transport = request.transport
    if transport is not None:
        raw = transport.get_extra_info("socket")
        if raw is not None:
            raw.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    return web.Response()


async def _in_pieces(request: web.Request, response: FakeResponse) -> web.StreamResponse:
    answer = web.StreamResponse(status=response.status, headers=dict(response.headers))
    answer.content_length = len(response.body)
    await answer.prepare(request)
    body, wire = response.body, response.wire
    if wire.cut is Cut.MID_BODY:
        await answer.write(body[: len(body) // 2])
        await asyncio.sleep(0.02)  # lets the half leave before the reset overtakes it
        return _reset(request)
    for start in range(0, len(body), wire.chunk_bytes):
        await asyncio.sleep(wire.chunk_interval_s)
        await answer.write(body[start : start + wire.chunk_bytes])
    return answer
