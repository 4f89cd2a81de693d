"""FakeDiscord in process: what ``discord_api`` sends, without a socket, on the loop's clock (virtual or real)."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import parse_qsl, urlsplit

from otel_discord.discord_api.http import HttpRequest, HttpResponse, TransportError
from otel_discord.discord_api.models import FilePart
from otel_discord.testing.fake_discord.exchange import Cut, FakeRequest, FakeResponse, FormPart
from otel_discord.testing.fake_discord.fake import FakeDiscord

MAX_BODY_BYTES = 64 * 1024
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


class FakeTransport:
    """Carries requests to a :class:`FakeDiscord` and meets its faults as a real connection would.

    ``timeout_s`` bounds one request in all. ``user_agent`` is sent where a request names none, as a session does.
    """

    def __init__(
        self,
        fake: FakeDiscord,
        *,
        timeout_s: float = 10.0,
        user_agent: str = "DiscordBot (https://example.invalid, 1.0)",
    ) -> None:
        self._fake = fake
        self._timeout_s = timeout_s
        self._user_agent = user_agent

    async def send(self, request: HttpRequest) -> HttpResponse:
        """Return the fake's answer.

        Raises:
            TransportError: refused, broken or silent, as a fault says.
        """
        there_s, back_s = self._fake.latency.draw()
        loop = asyncio.get_running_loop()
        deadline_s = loop.time() + self._timeout_s
        arriving = fake_request(request, self._user_agent, sent_at_s=loop.time())
        async with self._under_way(arriving):
            await _sleep_until(min(loop.time() + there_s, deadline_s), before=deadline_s)
            response = self._fake.handle(arriving, loop.time(), answer_takes_s=back_s)
            return await _deliver(response, back_s, deadline_s)

    @asynccontextmanager
    async def _under_way(self, request: FakeRequest) -> AsyncIterator[None]:
        with self._fake.in_flight(request):
            yield


async def _deliver(response: FakeResponse, back_s: float, deadline_s: float) -> HttpResponse:
    loop = asyncio.get_running_loop()
    wire = response.wire
    if wire.cut is Cut.REFUSED:
        raise TransportError("connection refused", sent=False, timed_out=False)
    await _sleep_until(loop.time() + back_s + wire.stall_s, before=deadline_s)
    if wire.cut in {Cut.UPLOAD, Cut.BEFORE_HEADERS}:
        raise TransportError("connection reset", sent=wire.cut is Cut.BEFORE_HEADERS, timed_out=False)
    body = response.body[:MAX_BODY_BYTES]
    complete = True
    if wire.cut is Cut.MID_BODY:
        body, complete = body[: len(body) // 2], False
    elif wire.chunk_bytes:
        body, complete = await _drip(body, wire.chunk_bytes, wire.chunk_interval_s, deadline_s)
    headers = {name.lower(): value for name, value in response.headers.items()}
    return HttpResponse(status=response.status, headers=headers, body=body, body_complete=complete)


async def _drip(body: bytes, chunk_bytes: int, interval_s: float, deadline_s: float) -> tuple[bytes, bool]:
    loop = asyncio.get_running_loop()
    for end in range(0, len(body), chunk_bytes):
        if loop.time() + interval_s > deadline_s:
            await asyncio.sleep(max(0.0, deadline_s - loop.time()))
            return body[:end], False
        await asyncio.sleep(interval_s)
    return body, True


async def _sleep_until(when_s: float, *, before: float) -> None:
    loop = asyncio.get_running_loop()
    if when_s > before:
        await asyncio.sleep(max(0.0, before - loop.time()))
        raise TransportError("no answer in time", sent=True, timed_out=True)
    await asyncio.sleep(max(0.0, when_s - loop.time()))


def fake_request(request: HttpRequest, user_agent: str, *, sent_at_s: float | None = None) -> FakeRequest:
    """Return what of a request would go over the wire: JSON bytes, or the parts of a form."""
    split = urlsplit(request.url)
    headers = {"user-agent": user_agent} | {name.lower(): value for name, value in request.headers.items()}
    body = b""
    parts: tuple[FormPart, ...] | None = None
    if request.json is not None or request.files:
        encoded = _encoded(request.json)
        if request.files:
            files = (_file_part(index, part) for index, part in enumerate(request.files))
            parts = (FormPart("payload_json", encoded, None, "application/json"), *files)
            headers["content-type"] = "multipart/form-data; boundary=fake"
        else:
            body = encoded
            headers.setdefault("content-type", "application/json")
    return FakeRequest(
        method=request.method.upper(),
        path=split.path,
        query=dict(parse_qsl(split.query, keep_blank_values=True)),
        headers=headers,
        body=body,
        parts=parts,
        sent_at_s=sent_at_s,
    )


def _encoded(value: object) -> bytes:
    # A lone surrogate becomes bytes that are not UTF-8, which the fake refuses and notes.
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def _file_part(index: int, part: FilePart) -> FormPart:
    opened = part.open()
    if isinstance(opened, bytes):
        data = opened
    else:
        with opened:
            data = opened.read()
    return FormPart(f"files[{index}]", data, part.filename, part.content_type)
