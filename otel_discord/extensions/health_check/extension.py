"""The extension: a small HTTP server on loopback that reads the status board and changes nothing."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Final

import orjson
from aiohttp import web

from otel_discord.component import Host, Settings, StartError, StatusBoard
from otel_discord.component.listening_sockets import listening_sockets
from otel_discord.config.host_port import format_host_port
from otel_discord.extensions.health_check.answer import Answer, ready_answer, status_answer
from otel_discord.extensions.health_check.config import HealthCheckConfig

SHUTDOWN_TIMEOUT_S: Final = 1.0
_NOT_FALSE: Final = frozenset({"0", "false", "no"})


class HealthCheck:
    """Answers from the moment that extensions open, before receivers do, until after they have closed."""

    def __init__(self, settings: Settings, config: HealthCheckConfig) -> None:
        self._id = settings.id
        self._config = config
        self._endpoints: dict[str, str] = {}

    @property
    def endpoints(self) -> Mapping[str, str]:
        """The bound address: ``{"http": "127.0.0.1:13133"}``."""
        return dict(self._endpoints)

    @asynccontextmanager
    async def lifespan(self, host: Host) -> AsyncIterator[None]:
        """Serve while the block runs.

        Raises:
            StartError: the address cannot be listened on, or the host has no status board.
        """
        if not isinstance(host, StatusBoard):
            raise StartError("the host keeps no board of statuses, so there is nothing to show")
        sockets = listening_sockets(self._config.address, "endpoint")
        runner = web.AppRunner(
            self._application(host, host), access_log=None, handle_signals=False, shutdown_timeout=SHUTDOWN_TIMEOUT_S
        )
        try:
            await runner.setup()
            for listener in sockets:
                await web.SockSite(runner, listener).start()
            self._endpoints["http"] = format_host_port(sockets[0].getsockname())
            yield
        finally:
            self._endpoints.clear()
            await runner.cleanup()
            for listener in sockets:
                listener.close()

    def _application(self, host: Host, board: StatusBoard) -> web.Application:
        application = web.Application()
        pages: dict[str, Callable[[web.Request], Awaitable[web.Response]]] = {}

        async def status(request: web.Request) -> web.Response:
            verbose = request.query.get("verbose")
            return _response(
                status_answer(
                    board,
                    self._config.component_health,
                    time.time(),
                    pipeline=request.query.get("pipeline", ""),
                    verbose=verbose is not None and verbose.lower() not in _NOT_FALSE,
                    closing=host.drain_deadline_s is not None,
                )
            )

        async def ready(_: web.Request) -> web.Response:
            answer = ready_answer(board, time.time())
            texts = self._config.response_body
            text = texts.healthy if answer.status is HTTPStatus.OK else texts.unhealthy
            return web.Response(status=answer.status, text=text) if text else _response(answer)

        if self._config.http.status.enabled:
            pages[self._config.http.status.path] = status
        if not self._config.use_v2:
            pages[self._config.path] = ready
        for path, page in pages.items():
            application.router.add_get(path, page)
        return application


def _response(answer: Answer) -> web.Response:
    return web.Response(
        status=answer.status,
        body=orjson.dumps(answer.document),
        content_type="application/json",
        headers={"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"},
    )
