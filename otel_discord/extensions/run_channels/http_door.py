"""The HTTP door: bounded requests in, JSON out.

aiohttp's low-level server: connections, heads, bodies, answers and requests in hand each have a bound, so that slow or
endless clients cost nothing that others need.
"""

import asyncio
import json
import logging
import re
import ssl
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Final

import orjson
from aiohttp import web

from otel_discord.component.http_connections import BoundedServer, ConnectionLimits, serving, written
from otel_discord.component.listening_sockets import listening_sockets
from otel_discord.config.host_port import format_host_port
from otel_discord.extensions.run_channels.bodies import MOST_BODY_BYTES
from otel_discord.extensions.run_channels.http_answers import Answer, HttpRefusal, refusal_answer
from otel_discord.extensions.run_channels.http_api import Head, sane_request_id, too_large
from otel_discord.extensions.run_channels.http_front import HttpFront

MOST_CONNECTIONS: Final = 512
FIRST_HEAD_S: Final = 10.0
IDLE_S: Final = 60.0
BODY_S: Final = 10.0
WRITE_S: Final = 15.0
LINGERING_S: Final = 2.0
LAST_ANSWERS_S: Final = 1.0
_SAFE_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Content-Type": "application/json",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Server": "otel-discord",
    "X-Content-Type-Options": "nosniff",
}
_QUOTING: Final = re.compile(r":|\n|\bb['\"]")
"""From here on the parser repeats what was sent, which may hold a token."""


class _Door:
    """Speaks HTTP: what to answer is decided elsewhere."""

    def __init__(self, front: HttpFront, logger: logging.Logger) -> None:
        self._front = front
        self._logger = logger

    def answer_error(
        self,
        request: web.BaseRequest,  # noqa: ARG002
        status: int,
        message: str,
        error: BaseException | None,
    ) -> web.StreamResponse:
        """Return the answer to what is not HTTP, in JSON and without a stack trace, or to a failure of ours."""
        request_id = uuid.uuid4().hex
        refusal = HttpRefusal(HTTPStatus.BAD_REQUEST, "bad_request", _why(message))
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            self._logger.error("answering a request failed", exc_info=error, extra={"request_id": request_id})
            message = "this failed; the service's log has it by the request's id"
            refusal = HttpRefusal(HTTPStatus.INTERNAL_SERVER_ERROR, "internal", message)
        response = _response(refusal_answer(refusal, request_id), request_id)
        response.force_close()
        return response

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request."""
        request_id = sane_request_id(request.headers.get("X-Request-Id", "")) or uuid.uuid4().hex
        head = Head(
            method=request.method,
            target=request.raw_path,
            headers={name.lower(): request.headers[name] for name in request.headers},
            peer=str(request.remote or ""),
            request_id=request_id,
        )
        answer = await self._front.answer(head, lambda: _body(request))
        response = _response(answer, request_id)
        if not request.content.is_eof():
            response.force_close()
        return await written(request, response, WRITE_S)


async def _body(request: web.BaseRequest) -> bytes:
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_S):
            if request.headers.get("Expect", "").lower() == "100-continue":
                await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                request.writer.output_size = 0
            while chunk := await request.content.readany():
                body += chunk
                if len(body) > MOST_BODY_BYTES:
                    raise too_large()
    except TimeoutError:
        message = f"the body did not arrive within {BODY_S:g} s"
        raise HttpRefusal(HTTPStatus.REQUEST_TIMEOUT, "timed_out", message) from None
    except (web.RequestPayloadError, ConnectionError):
        raise HttpRefusal(HTTPStatus.BAD_REQUEST, "bad_request", "the body broke off") from None
    return bytes(body)


def _response(answer: Answer, request_id: str) -> web.Response:
    headers = {**_SAFE_HEADERS, **answer.headers, "X-Request-Id": request_id}
    try:
        body = orjson.dumps(answer.document)
    except TypeError:  # half of a surrogate pair, a key that is none
        body = json.dumps(answer.document).encode()
    return web.Response(status=answer.status, body=body, headers=headers)


def _why(message: str) -> str:
    words = _QUOTING.split(message, maxsplit=1)[0].strip()[:200]
    return f"not a valid HTTP request: {words}" if words and words.isprintable() else "not a valid HTTP request"


@asynccontextmanager
async def serve_http(
    endpoint: str, front: HttpFront, *, context: ssl.SSLContext | None, key_path: str, logger: logging.Logger
) -> AsyncIterator[str]:
    """Listen while the block runs; yields the bound ``host:port``.

    At the end no connection is taken any more, and answers on their way get a second.

    Raises:
        StartError: the endpoint is in use or cannot be used.
    """
    sockets = listening_sockets(endpoint, key_path)
    door = _Door(front, logger)
    limits = ConnectionLimits(MOST_CONNECTIONS, FIRST_HEAD_S, IDLE_S)
    server = BoundedServer(
        door.answer, answer_error=door.answer_error, limits=limits, lingering_s=LINGERING_S, logger=logger
    )
    async with serving(server, sockets, context=context, backlog=128, last_answers_s=LAST_ANSWERS_S):
        yield format_host_port(sockets[0].getsockname())
