"""FakeDiscord in process: what ``discord_api`` sends, without a socket, on the loop's clock (virtual or real)."""

import asyncio
from urllib.parse import parse_qsl, urlsplit

from otel_discord.discord_api.answer_body import decode
from otel_discord.discord_api.http import HttpRequest, HttpResponse, TransportError
from otel_discord.discord_api.multipart import open_form
from otel_discord.discord_api.request_body import encode_json
from otel_discord.testing.fake_discord.exchange import Cut, FakeRequest, FakeResponse
from otel_discord.testing.fake_discord.fake import FakeDiscord
from otel_discord.testing.fake_discord.multipart_form import read_form

_NO_USER_AGENT = "Python/3 aiohttp/3"
"""What the HTTP library sends for a request that names none; Discord refuses it."""


class FakeTransport:
    """Carries requests to a :class:`FakeDiscord` and meets its faults as a real connection would.

    ``timeout_s`` bounds the time until the answer begins, ``answer_timeout_s`` that of its body.
    """

    def __init__(self, fake: FakeDiscord, *, timeout_s: float = 10.0, answer_timeout_s: float = 2.0) -> None:
        self._fake = fake
        self._timeout_s = timeout_s
        self._answer_timeout_s = answer_timeout_s

    async def send(self, request: HttpRequest) -> HttpResponse:
        """Return the fake's answer.

        Raises:
            TransportError: refused, broken or silent, as a fault says; or a file of the request cannot be read.
        """
        loop = asyncio.get_running_loop()
        there_s, back_s = self._fake.latency.draw()
        deadline_s = loop.time() + self._timeout_s
        arriving = fake_request(request, sent_at_s=loop.time())
        with self._fake.in_flight(arriving):
            await _wait(there_s, deadline_s)
            response = self._fake.handle(arriving, loop.time(), answer_takes_s=back_s)
            if response.wire.cut is Cut.REFUSED:
                raise TransportError("connection refused", sent=False, timed_out=False)
            await _wait(back_s + response.wire.stall_s, deadline_s)
            if response.wire.cut in {Cut.UPLOAD, Cut.BEFORE_HEADERS}:
                raise TransportError("connection reset", sent=response.wire.cut is not Cut.UPLOAD, timed_out=False)
            raw, complete = await self._receive(response, request.answer_max_bytes)
            body, whole = decode(raw, response.header("Content-Encoding") or "", request.answer_max_bytes)
        headers = {name.lower(): value for name, value in response.headers.items()}
        return HttpResponse(status=response.status, headers=headers, body=body, body_complete=complete and whole)

    async def _receive(self, response: FakeResponse, max_bytes: int) -> tuple[bytes, bool]:
        body, wire = response.body[:max_bytes], response.wire
        if wire.cut is Cut.MID_BODY:
            return body[: len(body) // 2], False
        if not wire.chunk_bytes:
            return body, len(body) == len(response.body)
        pieces = -(-len(body) // wire.chunk_bytes)
        in_time = int(self._answer_timeout_s / wire.chunk_interval_s) if wire.chunk_interval_s else pieces
        if pieces <= in_time:
            await asyncio.sleep(pieces * wire.chunk_interval_s)
            return body, len(body) == len(response.body)
        await asyncio.sleep(self._answer_timeout_s)
        return body[: in_time * wire.chunk_bytes], False


async def _wait(seconds: float, deadline_s: float) -> None:
    loop = asyncio.get_running_loop()
    left_s = max(0.0, deadline_s - loop.time())
    if seconds > left_s:
        await asyncio.sleep(left_s)
        raise TransportError("no answer in time", sent=True, timed_out=True)
    if seconds:
        await asyncio.sleep(seconds)


def fake_request(request: HttpRequest, *, sent_at_s: float | None = None) -> FakeRequest:
    """Return what of a request goes over the wire: the client's own bytes, read again.

    Raises:
        TransportError: a file of the request cannot be read.
    """
    split = urlsplit(request.url)
    headers = {"user-agent": _NO_USER_AGENT} | {name.lower(): value for name, value in request.headers.items()}
    body = b""
    parts = None
    size_bytes = 0
    if request.files:
        with open_form(encode_json(request.json), request.files) as form:
            content_type, size_bytes = form.content_type, form.size_bytes
            parts = read_form(content_type, b"".join(form.pieces()))
        headers["content-type"] = content_type
    elif request.json is not None:
        body = encode_json(request.json)
        headers.setdefault("content-type", "application/json")
    return FakeRequest(
        method=request.method.upper(),
        path=split.path,
        query=dict(parse_qsl(split.query, keep_blank_values=True)),
        headers=headers,
        body=body,
        parts=parts,
        size_bytes=size_bytes,
        sent_at_s=sent_at_s,
    )
