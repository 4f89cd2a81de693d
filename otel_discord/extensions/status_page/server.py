"""The HTTP server: bounded connections, bodies, times and requests in hand; everything else is the door's."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qsl

from aiohttp import web

from otel_discord.component.http_connections import BoundedServer, ConnectionLimits, written
from otel_discord.extensions.status_page.exchange import Answer, Ask, text_answer
from otel_discord.extensions.status_page.gate import SAFE_HEADERS

MOST_CONNECTIONS: Final = 128
MOST_BODY_BYTES: Final = 64 * 1024
MOST_FIELDS: Final = 50
FIRST_HEAD_S: Final = 10.0
IDLE_S: Final = 30.0
LINGERING_S: Final = 1.0
ANSWER_S: Final = 15.0
WRITE_S: Final = 15.0
"""A reader that takes longer to take an answer in is let go."""
_COME_AGAIN: Final = {"Retry-After": "1"}

Answering = Callable[[Ask], Awaitable[Answer]]


class Server(BoundedServer):
    """Bounds requests in hand too; what is not HTTP gets a line of text and no stack trace."""

    def __init__(self, answer: Answering, logger: logging.Logger, max_requests: int) -> None:
        super().__init__(
            self._handle,
            answer_error=self._answer_error,
            limits=ConnectionLimits(MOST_CONNECTIONS, FIRST_HEAD_S, IDLE_S),
            lingering_s=LINGERING_S,
            logger=logger,
            auto_decompress=True,
        )
        self._answer = answer
        self._logger = logger
        self._max_requests = max_requests
        self._in_hand = 0

    def _answer_error(
        self,
        request: web.BaseRequest,  # noqa: ARG002
        status: int,
        message: str,  # noqa: ARG002
        error: BaseException | None,
    ) -> web.StreamResponse:
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            self._logger.error("answering a request of the status page failed", exc_info=error)
        response = _response(text_answer(HTTPStatus(status), HTTPStatus(status).phrase))
        response.force_close()
        return response

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        if self._in_hand >= self._max_requests:
            busy = text_answer(HTTPStatus.SERVICE_UNAVAILABLE, "Many are asking at once; try again in a second.")
            come_again = Answer(busy.status, busy.body, busy.content_type, _COME_AGAIN)
            return await written(request, _response(come_again), WRITE_S)
        self._in_hand += 1
        try:
            return await written(request, _response(await self._answered(request)), WRITE_S)
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


def _response(answer: Answer) -> web.Response:
    headers = {**SAFE_HEADERS, **answer.headers, "Content-Type": f"{answer.content_type}; charset=utf-8"}
    return web.Response(status=answer.status, body=answer.body, headers=headers)
