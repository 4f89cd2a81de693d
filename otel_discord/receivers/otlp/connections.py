"""The HTTP server of receivers: clients that send too much see their answer, and failures are logged."""

import logging
from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web

from otel_discord.component.http_connections import BoundedServer, ConnectionLimits

_LINGERING_S: Final = 5.0


def receiving_server(
    handler: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]],
    *,
    answer_error: Callable[[web.BaseRequest, int, str], web.StreamResponse],
    limits: ConnectionLimits,
    logger: logging.Logger,
) -> BoundedServer:
    """Return a server; ``answer_error`` is given a status and a message, and answers what is not HTTP or failed."""

    def answer(request: web.BaseRequest, status: int, message: str, error: BaseException | None) -> web.StreamResponse:
        if status >= 500:
            logger.error("answering an HTTP request failed", exc_info=error)
        return answer_error(request, status, message or str(error or ""))

    return BoundedServer(handler, answer_error=answer, limits=limits, lingering_s=_LINGERING_S, logger=logger)
