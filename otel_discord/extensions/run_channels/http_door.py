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
from typing import Any, Final

import orjson
from aiohttp import web
from aiohttp.web_protocol import RequestHandler

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
TLS_HANDSHAKE_S: Final = 10.0
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


class _Connection(RequestHandler):
    """One connection; what is not HTTP gets its answer in JSON, and no stack trace."""

    __slots__ = ()

    def __init__(self, manager: web.Server, **settings: Any) -> None:
        super().__init__(manager, **settings)

    def handle_error(
        self,
        request: web.BaseRequest,  # noqa: ARG002
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Return the answer."""
        request_id = uuid.uuid4().hex
        refusal = HttpRefusal(HTTPStatus.BAD_REQUEST, "bad_request", _why(message or ""))
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            self.logger.error("answering a request failed", exc_info=exc, extra={"request_id": request_id})
            message = "this failed; the service's log has it by the request's id"
            refusal = HttpRefusal(HTTPStatus.INTERNAL_SERVER_ERROR, "internal", message)
        response = _response(refusal_answer(refusal, request_id), request_id)
        response.force_close()
        return response


class _Server(web.Server):
    """aiohttp's low-level server with bounded connections."""

    def __init__(self, front: HttpFront, logger: logging.Logger) -> None:
        super().__init__(self._handle)
        self._front = front
        self._logger = logger
        self._open = 0
        self._first_heads: dict[RequestHandler, asyncio.TimerHandle] = {}

    def __call__(self) -> RequestHandler:
        """Return the protocol of a new connection."""
        return _Connection(
            self,
            loop=asyncio.get_running_loop(),
            keepalive_timeout=IDLE_S,
            lingering_time=2.0,
            auto_decompress=False,
            access_log=None,
            logger=self._logger,
        )

    def connection_made(self, handler: RequestHandler, transport: asyncio.Transport) -> None:
        """Count a connection; close it where there are too many, or where no request comes in time."""
        super().connection_made(handler, transport)
        self._open += 1
        loop = asyncio.get_running_loop()
        if self._open > MOST_CONNECTIONS:
            loop.call_soon(transport.abort)  # at once, its task would begin without its connection, and fail
        else:
            self._first_heads[handler] = loop.call_later(FIRST_HEAD_S, handler.force_close)

    def connection_lost(self, handler: RequestHandler, exc: BaseException | None = None) -> None:
        """Forget a connection."""
        super().connection_lost(handler, exc)
        self._open -= 1
        self._head_arrived(handler)

    def _head_arrived(self, handler: RequestHandler) -> None:
        timer = self._first_heads.pop(handler, None)
        if timer is not None:
            timer.cancel()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        self._head_arrived(request.protocol)
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
        return await _written(request, response)


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


async def _written(request: web.BaseRequest, response: web.Response) -> web.StreamResponse:
    """Send an answer; who does not take it in time loses the connection, so that nothing piles up."""
    try:
        async with asyncio.timeout(WRITE_S):
            await response.prepare(request)
            await response.write_eof()
    except TimeoutError:
        if request.transport is not None:
            request.transport.abort()
    return response


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
    server = _Server(front, logger)
    loop = asyncio.get_running_loop()
    listeners: list[asyncio.Server] = []
    try:
        for one in sockets:
            handshake_s = TLS_HANDSHAKE_S if context is not None else None
            listener = await loop.create_server(
                server, sock=one, backlog=128, ssl=context, ssl_handshake_timeout=handshake_s
            )
            listeners.append(listener)
        yield format_host_port(sockets[0].getsockname())
    finally:
        for listener in listeners:
            listener.close()
        await asyncio.sleep(0)  # connections just accepted become known to the server first
        server.pre_shutdown()
        await server.shutdown(LAST_ANSWERS_S)
        for one in sockets:
            one.close()
