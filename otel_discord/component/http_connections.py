"""Connections of an HTTP server: how many, how long for the first headers, how long without a request.

aiohttp has the idle time; the other two bounds, and answers of the server's own kind to what is not HTTP, are added
here.
"""

import asyncio
import logging
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

AnswerError: TypeAlias = Callable[[web.BaseRequest, int, str, BaseException | None], web.StreamResponse]
"""Given the status, aiohttp's words (they may repeat what was sent) and what was raised, returns the answer to what is
not HTTP or breaks its rules (400), or to a failure of ours (500), which it logs as well."""
_FOR_EVER_S: Final = 10.0 * 365 * 86_400
_TLS_HANDSHAKE_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """Bounds of connections; 0 seconds is for ever."""

    max_connections: int
    read_header_timeout_s: float
    idle_timeout_s: float


class _Connection(RequestHandler):
    """One connection; a request that is not HTTP gets its answer without a stack trace in the log."""

    __slots__ = ("_answer_error",)

    def __init__(self, manager: "BoundedServer", **settings: Any) -> None:
        super().__init__(manager, **settings)
        self._answer_error = manager.answer_error

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Return the answer to what could not be read as a request, or failed."""
        return self._answer_error(request, status, message or "", exc)


class BoundedServer(web.Server):
    """aiohttp's low-level server with bounded connections.

    Args:
        handler: answers a request.
        lingering_s: how long a body that nobody wants is read on, so that the client sees its answer instead of a
            reset.
        auto_decompress: whether bodies are decompressed as they are read.
    """

    def __init__(
        self,
        handler: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]],
        *,
        answer_error: AnswerError,
        limits: ConnectionLimits,
        lingering_s: float,
        logger: logging.Logger,
        auto_decompress: bool = False,
    ) -> None:
        async def answer(request: web.BaseRequest) -> web.StreamResponse:
            self._head_arrived(request.protocol)
            return await handler(request)

        super().__init__(answer)
        self.answer_error = answer_error
        self._limits = limits
        self._lingering_s = lingering_s
        self._auto_decompress = auto_decompress
        self._logger = logger
        self._open_connections = 0
        self._first_heads: dict[RequestHandler, asyncio.TimerHandle] = {}

    def __call__(self) -> RequestHandler:
        """Return the protocol of a new connection."""
        return _Connection(
            self,
            loop=asyncio.get_running_loop(),
            keepalive_timeout=self._limits.idle_timeout_s or _FOR_EVER_S,
            lingering_time=self._lingering_s,
            auto_decompress=self._auto_decompress,
            access_log=None,
            logger=self._logger,
        )

    def connection_made(self, handler: RequestHandler, transport: asyncio.Transport) -> None:
        """Count a connection; close it where there are too many, or where no request comes in time."""
        super().connection_made(handler, transport)
        self._open_connections += 1
        loop = asyncio.get_running_loop()
        if self._open_connections > self._limits.max_connections:
            loop.call_soon(transport.abort)  # at once, its task would begin without its connection, and fail
        elif self._limits.read_header_timeout_s:
            self._first_heads[handler] = loop.call_later(self._limits.read_header_timeout_s, handler.force_close)

    def connection_lost(self, handler: RequestHandler, exc: BaseException | None = None) -> None:
        """Forget a connection."""
        super().connection_lost(handler, exc)
        self._open_connections -= 1
        self._head_arrived(handler)

    def _head_arrived(self, handler: RequestHandler) -> None:
        timer = self._first_heads.pop(handler, None)
        if timer is not None:
            timer.cancel()


@asynccontextmanager
async def serving(
    server: web.Server,
    bound: list[socket.socket],
    *,
    context: ssl.SSLContext | None,
    backlog: int,
    last_answers_s: float,
) -> AsyncIterator[list[asyncio.Server]]:
    """Listen on sockets while the block runs.

    At its end no connection is taken any more, answers on their way get ``last_answers_s``, and the sockets are closed.
    """
    listeners: list[asyncio.Server] = []
    try:
        for one in bound:
            listener = await asyncio.get_running_loop().create_server(
                server,
                sock=one,
                backlog=backlog,
                ssl=context,
                ssl_handshake_timeout=_TLS_HANDSHAKE_S if context is not None else None,
            )
            listeners.append(listener)
        yield listeners
    finally:
        for listener in listeners:
            listener.close()
        await asyncio.sleep(0)  # connections just accepted become known to the server first
        server.pre_shutdown()
        await server.shutdown(last_answers_s)
        for one in bound:
            one.close()


async def written(request: web.BaseRequest, response: web.Response, within_s: float) -> web.Response:
    """Send an answer; who does not take it in time loses the connection, so that nothing piles up."""
    try:
        async with asyncio.timeout(within_s):
            await response.prepare(request)
            await response.write_eof()
    except TimeoutError:
        if request.transport is not None:
            request.transport.abort()
    return response
