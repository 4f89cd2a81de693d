"""The HTTP server: aiohttp's low-level one, since there are three paths and no framework is needed."""

import asyncio
import gzip
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from aiohttp import web

from otel_discord.component.http_connections import BoundedServer, ConnectionLimits
from otel_discord.component.listening_sockets import listening_sockets
from otel_discord.config.host_port import format_host_port
from otel_discord.receivers.otlp.answers import CONTENT_TYPES, HttpAnswer, http_error, success_body
from otel_discord.receivers.otlp.config import HttpConfig
from otel_discord.receivers.otlp.connections import receiving_server
from otel_discord.receivers.otlp.cors import cors_headers, is_preflight
from otel_discord.receivers.otlp.decompress import too_large
from otel_discord.receivers.otlp.door import Door
from otel_discord.receivers.otlp.file_limit import accepted_at_once, files_limit_and_open, room_for_connections
from otel_discord.receivers.otlp.http_requests import (
    ExportRequest,
    accepts_gzip,
    answer_format,
    body_deadline_s,
    read_head,
    signal_paths,
)
from otel_discord.receivers.otlp.intake import INLINE_BYTES, OVERLOADED, Incoming
from otel_discord.receivers.otlp.refusal import Reason, Refusal
from otel_discord.receivers.otlp.unix_sockets import listen_unix, remove_unix_path

_GZIP_FROM_BYTES: Final = 1024
_TLS_HANDSHAKE_S: Final = 10.0
_LAST_ANSWERS_S: Final = 0.5
_UNAUTHENTICATED: Final = Refusal(Reason.UNAUTHENTICATED, "authentication failed")


class ExportHandler:
    """Answers requests: what to answer is decided elsewhere, this reads and writes."""

    def __init__(self, config: HttpConfig, door: Door) -> None:
        self._config = config
        self._intake = door.intake
        self._limits = door.limits
        self._authenticator = door.authenticator
        self._paths = signal_paths(config, door.intake.consumers)

    async def answer(self, request: web.BaseRequest) -> web.Response:
        """Return the response to one request."""
        preflight = is_preflight(request.method, request.headers)
        if preflight and self._config.cors is not None and request.path in self._paths:
            answer = HttpAnswer(204, b"")
        else:
            answer = await self._export(request)
        return self._response(request, answer, preflight=preflight)

    def answer_error(self, request: web.BaseRequest, status: int, message: str) -> web.Response:
        """Return the response to what is not HTTP or breaks its rules (400), or to a failure of ours (500)."""
        first_line = message.strip().partition("\n")[0].rstrip(":")
        refusal = Refusal(Reason.INVALID, f"not a valid HTTP request: {first_line[:200]}")
        if status >= 500:
            refusal = Refusal(Reason.UNAVAILABLE, "the receiver failed; its log says why; try again")
        answer = http_error(self._intake.failed(refusal, "http"), answer_format(request.headers))
        response = web.Response(status=answer.status, body=answer.body, headers=answer.headers)
        response.force_close()
        return response

    async def _export(self, request: web.BaseRequest) -> HttpAnswer:
        form = answer_format(request.headers)
        head = self._read_head(request)
        if isinstance(head, Refusal):
            return http_error(self._intake.failed(head, "http"), form)
        if request.headers.get("Expect", "").lower() == "100-continue":
            await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            request.writer.output_size = 0
        body = await self._read_body(request)
        if isinstance(body, Refusal):
            return http_error(self._intake.failed(body, "http"), form)
        incoming = Incoming(head.signal, body, head.content_encoding, form, self._limits, "http")
        outcome = await self._intake.take(incoming)
        if isinstance(outcome, Refusal):
            return http_error(outcome, form)
        return HttpAnswer(200, success_body(head.signal, outcome, form), {"Content-Type": CONTENT_TYPES[form]})

    def _read_head(self, request: web.BaseRequest) -> ExportRequest | Refusal:
        if self._authenticator is not None:
            headers = {name.lower(): value for name, value in request.headers.items()}
            if not self._authenticator.authenticate(headers):
                return _UNAUTHENTICATED
        return read_head(
            request.method,
            request.path,
            request.headers,
            paths=self._paths,
            content_encodings=self._config.compression_algorithms,
            max_body_bytes=self._limits.max_body_bytes,
        )

    async def _read_body(self, request: web.BaseRequest) -> bytes | Refusal:
        """Return the body as sent, at most the limit, within its deadline; large ones only while there is memory."""
        content, read_timeout_s = request.content, self._config.read_timeout
        chunks: list[bytes] = []
        size = held = 0
        start_s = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(read_timeout_s or None) as deadline:
                while chunk := await content.readany():
                    size += len(chunk)
                    if size > self._limits.max_body_bytes:
                        return too_large(self._limits.max_body_bytes)
                    if size > INLINE_BYTES:
                        share = self._intake.uploads.try_take(len(chunk))
                        if share is None:
                            return OVERLOADED
                        held += share
                    chunks.append(chunk)
                    if read_timeout_s:
                        deadline.reschedule(start_s + body_deadline_s(read_timeout_s, size))
        except TimeoutError:
            return Refusal(Reason.TIMED_OUT, "the body did not arrive in time")
        except (web.RequestPayloadError, ConnectionError) as error:
            return Refusal(Reason.INVALID, f"the body cannot be read: {error}")
        finally:
            if held:
                self._intake.uploads.give_back(held)
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    def _response(self, request: web.BaseRequest, answer: HttpAnswer, *, preflight: bool) -> web.Response:
        headers = {**self._config.response_headers, **answer.headers}
        if self._config.cors is not None:
            headers.update(cors_headers(self._config.cors, request.headers, preflight=preflight))
        body = answer.body
        if len(body) >= _GZIP_FROM_BYTES and accepts_gzip(request.headers):
            body = gzip.compress(body, mtime=0)
            headers["Content-Encoding"] = "gzip"
        response = web.Response(status=answer.status, body=body, headers=headers)
        if not self._config.keep_alives_enabled or not request.content.is_eof() or answer.status == 408:
            response.force_close()
        return response


class HttpServer:
    """A running server; ``port`` is the one it got, 0 on a unix socket."""

    def __init__(self, server: BoundedServer, listeners: list[asyncio.Server], port: int, address: str) -> None:
        self._server = server
        self._listeners = listeners
        self.port = port
        self.address = address

    def stop_listening(self) -> None:
        """Take no new connections; those open stay."""
        for listener in self._listeners:
            listener.close()

    async def stop(self) -> None:
        """Close idle connections, let the last answers out, and close the rest."""
        self.stop_listening()
        await asyncio.sleep(0)  # connections just accepted become known to the server first
        self._server.pre_shutdown()
        await self._server.shutdown(_LAST_ANSWERS_S)


@asynccontextmanager
async def serve_http(config: HttpConfig, door: Door) -> AsyncIterator[HttpServer]:
    """Run an HTTP server.

    Raises:
        StartError: the endpoint is in use or cannot be used.
    """
    handler = ExportHandler(config, door)
    room = room_for_connections(*files_limit_and_open())
    connection_limits = ConnectionLimits(
        config.max_connections or room, config.read_header_timeout, config.idle_timeout
    )
    backlog = accepted_at_once(room)
    server = receiving_server(
        handler.answer, answer_error=handler.answer_error, limits=connection_limits, logger=door.logger
    )
    loop = asyncio.get_running_loop()
    context = door.certificates.new_context() if door.certificates else None
    handshake_s = _TLS_HANDSHAKE_S if context else None
    bound, port, address = _bind(config, f"{door.key_path}::endpoint")
    listeners: list[asyncio.Server] = []
    try:
        for one in bound:
            if config.transport == "unix":
                listener = await loop.create_unix_server(
                    server, sock=one, backlog=backlog, ssl=context, ssl_handshake_timeout=handshake_s
                )
            else:
                listener = await loop.create_server(
                    server, sock=one, backlog=backlog, ssl=context, ssl_handshake_timeout=handshake_s
                )
            listeners.append(listener)
        door.logger.info("receiving OTLP/HTTP on %s", address)
        running = HttpServer(server, listeners, port, address)
        yield running
    finally:
        for listener in listeners:
            listener.close()
        await server.shutdown(0)
        for one in bound:
            one.close()
        if config.transport == "unix":
            remove_unix_path(config.endpoint)


def _bind(config: HttpConfig, key_path: str) -> tuple[list[socket.socket], int, str]:
    if config.transport == "unix":
        return [listen_unix(config.endpoint, key_path)], 0, config.endpoint
    bound = listening_sockets(config.endpoint, key_path)
    address = bound[0].getsockname()
    return bound, int(address[1]), format_host_port(address)
