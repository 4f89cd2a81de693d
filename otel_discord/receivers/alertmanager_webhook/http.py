"""The HTTP server: reads a request's head and body within their bounds, and writes the answer."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

from aiohttp import web

from otel_discord.component import Authenticator, Settings
from otel_discord.component.http_connections import ConnectionLimits, serving
from otel_discord.component.server_certificates import CertificateFiles
from otel_discord.config.host_port import format_host_port
from otel_discord.receivers.alertmanager_webhook.answers import Answer
from otel_discord.receivers.alertmanager_webhook.config import AlertmanagerWebhookConfig
from otel_discord.receivers.alertmanager_webhook.intake import OVERLOADED, Intake, Room
from otel_discord.receivers.otlp.connections import receiving_server
from otel_discord.receivers.otlp.decompress import CONTENT_ENCODINGS, too_large
from otel_discord.receivers.otlp.file_limit import accepted_at_once, files_limit_and_open, room_for_connections
from otel_discord.receivers.otlp.http_requests import body_deadline_s
from otel_discord.receivers.otlp.refusal import Reason, Refusal

_LAST_ANSWERS_S: Final = 0.5


class AlertHandler:
    """Answers requests."""

    def __init__(
        self, config: AlertmanagerWebhookConfig, intake: Intake, authenticator: Authenticator | None = None
    ) -> None:
        self._config = config
        self._intake = intake
        self._authenticator = authenticator
        self._paths = {"", config.path.rstrip("/")}

    async def answer(self, request: web.BaseRequest) -> web.Response:
        """Return the response to one request."""
        refusal = self._read_head(request)
        if refusal is not None:
            return _response(request, self._intake.failed(refusal))
        if request.headers.get("Expect", "").lower() == "100-continue":
            await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            request.writer.output_size = 0
        with self._intake.room() as room:
            body = await self._read_body(request, room)
            if isinstance(body, Refusal):
                return _response(request, self._intake.failed(body))
            return _response(request, await self._intake.take(body, _content_encoding(request)))

    def answer_error(self, request: web.BaseRequest, status: int, message: str) -> web.Response:
        """Return the response to what is not HTTP or breaks its rules (400), or to a failure of ours (503)."""
        first_line = message.strip().partition("\n")[0].rstrip(":")
        refusal = Refusal(Reason.INVALID, f"not a valid HTTP request: {first_line[:200]}")
        if status >= 500:
            refusal = Refusal(Reason.UNAVAILABLE, "the receiver failed; its log says why; try again")
        response = _response(request, self._intake.failed(refusal))
        response.force_close()
        return response

    def _read_head(self, request: web.BaseRequest) -> Refusal | None:
        if self._authenticator is not None:
            headers = {name.lower(): value for name, value in request.headers.items()}
            if not self._authenticator.authenticate(headers):
                return Refusal(Reason.UNAUTHENTICATED, "authentication failed")
        if request.path.rstrip("/") not in self._paths:
            return Refusal(
                Reason.NOT_FOUND, f"nothing is received at {request.path[:100]!r}; post to {self._config.path}"
            )
        if request.method not in {"POST", "PUT"}:  # Grafana can be told to use either
            return Refusal(Reason.METHOD_NOT_ALLOWED, f"{request.method[:20]} is not allowed; send alerts with POST")
        encoding = _content_encoding(request)
        if encoding not in CONTENT_ENCODINGS:
            return Refusal(Reason.INVALID, f"Content-Encoding {encoding[:40]!r} is not supported; use gzip")
        declared = request.headers.get("Content-Length", "")
        if declared.isdigit() and int(declared[:20]) > self._config.max_request_body_size:
            return too_large(self._config.max_request_body_size)
        return None

    async def _read_body(self, request: web.BaseRequest, room: Room) -> bytes | Refusal:
        read_timeout_s, max_bytes = self._config.read_timeout, self._config.max_request_body_size
        chunks: list[bytes] = []
        size = 0
        start_s = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(read_timeout_s or None) as deadline:
                while chunk := await request.content.readany():
                    size += len(chunk)
                    if size > max_bytes:
                        return too_large(max_bytes)
                    if not room.grow(len(chunk)):
                        return OVERLOADED
                    chunks.append(chunk)
                    if read_timeout_s:
                        deadline.reschedule(start_s + body_deadline_s(read_timeout_s, size))
        except TimeoutError:
            return Refusal(Reason.TIMED_OUT, "the body did not arrive in time")
        except (web.RequestPayloadError, ConnectionError) as error:
            return Refusal(Reason.INVALID, f"the body cannot be read: {error}")
        return b"".join(chunks)


class AlertServer:
    """A running server; ``address`` is where it is bound."""

    def __init__(self, listeners: list[asyncio.Server], bound: list[socket.socket]) -> None:
        self._listeners = listeners
        self._bound = bound
        self.address = format_host_port(bound[0].getsockname())

    def stop_listening(self, leave_to: Callable[[list[socket.socket]], None] | None = None) -> None:
        """Take no new connections; those open stay. ``leave_to`` gets the sockets before they are closed."""
        if leave_to is not None:
            leave_to(self._bound)
        for listener in self._listeners:
            listener.close()


@asynccontextmanager
async def serve_alerts(
    settings: Settings,
    config: AlertmanagerWebhookConfig,
    handler: AlertHandler,
    certificates: CertificateFiles | None,
    bound: list[socket.socket],
) -> AsyncIterator[AlertServer]:
    """Run the server on sockets that listen, and which it closes; leaving lets the last answers out."""
    room = room_for_connections(*files_limit_and_open())
    limits = ConnectionLimits(room, config.read_timeout, config.idle_timeout)
    server = receiving_server(handler.answer, answer_error=handler.answer_error, limits=limits, logger=settings.logger)
    async with AsyncExitStack() as stack:
        for one in bound:
            stack.enter_context(one)
        context = certificates.new_context() if certificates else None
        listeners = await stack.enter_async_context(
            serving(server, bound, context=context, backlog=accepted_at_once(room), last_answers_s=_LAST_ANSWERS_S)
        )
        running = AlertServer(listeners, bound)
        settings.logger.info("receiving alerts on %s", running.address)
        yield running


def _content_encoding(request: web.BaseRequest) -> str:
    encoding = request.headers.get("Content-Encoding", "").strip().lower()
    return "" if encoding == "identity" else encoding


def _response(request: web.BaseRequest, answer: Answer) -> web.Response:
    response = web.Response(status=answer.status, body=answer.body, headers=answer.headers)
    if not request.content.is_eof() or answer.status == 408:
        response.force_close()
    return response
