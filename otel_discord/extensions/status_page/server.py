"""The HTTP server: bounded connections, bodies, times and requests in hand; everything else is the door's."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qsl

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from otel_discord.extensions.status_page.exchange import Answer, Ask, text_answer
from otel_discord.extensions.status_page.gate import SAFE_HEADERS

MOST_CONNECTIONS: Final = 128
MOST_BODY_BYTES: Final = 64 * 1024
MOST_FIELDS: Final = 50
FIRST_HEAD_S: Final = 10.0
IDLE_S: Final = 30.0
ANSWER_S: Final = 15.0
WRITE_S: Final = 15.0
"""A reader that takes longer to take an answer in is let go."""
_COME_AGAIN: Final = {"Retry-After": "1"}

Answering = Callable[[Ask], Awaitable[Answer]]


class _Connection(RequestHandler):
    """One connection; what is not HTTP gets a line of text and no stack trace."""

    __slots__ = ()

    def __init__(self, manager: web.Server, **settings: Any) -> None:
        super().__init__(manager, **settings)

    def handle_error(
        self,
        request: web.BaseRequest,  # noqa: ARG002
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002
    ) -> web.StreamResponse:
        """Return the answer."""
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            self.logger.error("answering a request of the status page failed", exc_info=exc)
        response = _response(text_answer(HTTPStatus(status), HTTPStatus(status).phrase))
        response.force_close()
        return response


class Server(web.Server):
    """aiohttp's low-level server with bounds."""

    def __init__(self, answer: Answering, logger: logging.Logger, max_requests: int) -> None:
        super().__init__(self._handle)
        self._answer = answer
        self._logger = logger
        self._max_requests = max_requests
        self._in_hand = 0
        self._open = 0
        self._first_heads: dict[RequestHandler, asyncio.TimerHandle] = {}

    def __call__(self) -> RequestHandler:
        """Return the protocol of a new connection."""
        return _Connection(
            self,
            loop=asyncio.get_running_loop(),
            keepalive_timeout=IDLE_S,
            lingering_time=1.0,
            access_log=None,
            logger=self._logger,
        )

    def connection_made(self, handler: RequestHandler, transport: asyncio.Transport) -> None:
        """Count a connection; close it where there are too many, or where no request comes in time."""
        super().connection_made(handler, transport)
        self._open += 1
        loop = asyncio.get_running_loop()
        if self._open > MOST_CONNECTIONS:
            loop.call_soon(transport.abort)
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
        if self._in_hand >= self._max_requests:
            busy = text_answer(HTTPStatus.SERVICE_UNAVAILABLE, "Many are asking at once; try again in a second.")
            return await _written(request, Answer(busy.status, busy.body, busy.content_type, _COME_AGAIN))
        self._in_hand += 1
        try:
            return await _written(request, await self._answered(request))
        finally:
            self._in_hand -= 1

    async def _answered(self, request: web.BaseRequest) -> Answer:
        try:
            async with asyncio.timeout(ANSWER_S):
                return await self._answer(await _ask(request))
        except TimeoutError:
            return text_answer(HTTPStatus.GATEWAY_TIMEOUT, "The service took too long to say.")
        except _UnfitBodyError as error:
            return text_answer(error.status, error.status.phrase)
        except Exception:  # the page is a guest: what fails here is logged and ends here
            self._logger.exception("a page of the status page failed")
            return text_answer(HTTPStatus.INTERNAL_SERVER_ERROR, "This page failed; the service's log says why.")


class _UnfitBodyError(Exception):
    def __init__(self, status: HTTPStatus) -> None:
        super().__init__(status.phrase)
        self.status = status


async def _ask(request: web.BaseRequest) -> Ask:
    fields: Mapping[str, str] = {}
    if request.method == "POST":
        fields = await _fields(request)
    return Ask(
        method="GET" if request.method == "HEAD" else request.method,
        path=request.path,
        query=_first(request.query),
        form=fields,
        headers={name.lower(): request.headers[name] for name in request.headers},
        cookies=dict(request.cookies),
        is_encrypted=request.secure,
    )


async def _fields(request: web.BaseRequest) -> Mapping[str, str]:
    if request.content_type != "application/x-www-form-urlencoded":
        raise _UnfitBodyError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
    body = b""
    while chunk := await request.content.readany():
        body += chunk
        if len(body) > MOST_BODY_BYTES:
            raise _UnfitBodyError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        raise _UnfitBodyError(HTTPStatus.BAD_REQUEST) from None
    return {name: value.replace("\r\n", "\n") for name, value in reversed(pairs)}


def _first(values: Any) -> dict[str, str]:
    return {name: values[name] for name in values}


async def _written(request: web.BaseRequest, answer: Answer) -> web.StreamResponse:
    """Send an answer; who does not take it in time loses the connection, so that nothing piles up."""
    response = _response(answer)
    try:
        async with asyncio.timeout(WRITE_S):
            await response.prepare(request)
            await response.write_eof()
    except TimeoutError:
        if request.transport is not None:
            request.transport.abort()
    return response


def _response(answer: Answer) -> web.Response:
    headers = {**SAFE_HEADERS, **answer.headers, "Content-Type": f"{answer.content_type}; charset=utf-8"}
    return web.Response(status=answer.status, body=answer.body, headers=headers)
