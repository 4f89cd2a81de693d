"""Connections of the HTTP server: how many, how long for the first headers, how long without a request.

aiohttp has the idle time; the other two bounds, and answers in OTLP's form to what is not HTTP, are added here.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

_FOR_EVER_S = 10.0 * 365 * 86_400
_LINGERING_S = 5.0
"""How long a body that nobody wants is read on, so that the client sees its answer instead of a reset."""


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """Bounds of connections; 0 seconds is for ever."""

    max_connections: int
    read_header_timeout_s: float
    idle_timeout_s: float


class Connection(RequestHandler):
    """One connection; a request that is not HTTP gets its answer without a stack trace in the log."""

    __slots__ = ("_answer_error",)

    def __init__(self, manager: "Server", **settings: Any) -> None:
        super().__init__(manager, **settings)
        self._answer_error = manager.answer_error

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Return the answer to what could not be read as a request; a failure of ours is logged."""
        if status >= 500:
            self.logger.error("answering an HTTP request failed", exc_info=exc)
        return self._answer_error(request, status, message or str(exc or ""))


class Server(web.Server):
    """aiohttp's low-level server with bounded connections."""

    def __init__(
        self,
        handler: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]],
        *,
        answer_error: Callable[[web.BaseRequest, int, str], web.StreamResponse],
        limits: ConnectionLimits,
        logger: logging.Logger,
    ) -> None:
        async def answer(request: web.BaseRequest) -> web.StreamResponse:
            self.head_arrived(request.protocol)
            return await handler(request)

        super().__init__(answer)
        self.answer_error = answer_error
        self._limits = limits
        self._logger = logger
        self._open_connections = 0
        self._first_heads: dict[RequestHandler, asyncio.TimerHandle] = {}

    def __call__(self) -> RequestHandler:
        """Return the protocol of a new connection."""
        return Connection(
            self,
            loop=asyncio.get_running_loop(),
            keepalive_timeout=self._limits.idle_timeout_s or _FOR_EVER_S,
            lingering_time=_LINGERING_S,
            auto_decompress=False,
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
        self.head_arrived(handler)

    def head_arrived(self, handler: RequestHandler) -> None:
        """Note that a connection's first headers are there."""
        timer = self._first_heads.pop(handler, None)
        if timer is not None:
            timer.cancel()
