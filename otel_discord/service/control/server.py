"""The service's end of the socket: HTTP/1.1, a question a request, the answer as JSON, one object a line."""

import asyncio
import logging
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any, Final

import orjson
from aiohttp import web

from otel_discord.component import ComponentError, StartError
from otel_discord.service.control import socket_file
from otel_discord.service.control.command import Command, RefusedError

KEY_PATH: Final = "service::control::endpoint"
NDJSON: Final = "application/x-ndjson"
SHUTDOWN_TIMEOUT_S: Final = 1.0
"""How long answers under way may go on once everything else is closed."""
PATIENCE_S: Final = 60.0
"""How long who asked may leave a line unread."""
MAX_QUESTION_BYTES: Final = 4 * 1024 * 1024

_logger = logging.getLogger("otel_discord.service.control")


class ControlSocket:
    """Answers ``POST /v1/<command>`` from before the first component opens until after the last one has closed."""

    def __init__(
        self,
        path: Path,
        commands: Sequence[Command],
        *,
        redact: Callable[[str], str],
        why_not: Callable[[], str] = lambda: "",
    ) -> None:
        """``why_not`` says why most commands cannot be answered now ("the service is starting"); "" when they can."""
        self.path = path
        self._commands = {command.name: command for command in commands}
        self._redact = redact
        self._why_not = why_not
        self._open = asyncio.Event()
        self._listener: socket.socket | None = None
        self._identity = (0, 0)

    @asynccontextmanager
    async def lifespan(self) -> AsyncIterator[None]:
        """Answer while the block runs; a directory that is not there yet is waited for (:meth:`listen`).

        Raises:
            StartError: the socket cannot be opened.
        """
        application = web.Application(client_max_size=MAX_QUESTION_BYTES)
        application.router.add_route("*", "/{path:.*}", self._handle)
        runner = web.AppRunner(application, access_log=None, handle_signals=False, shutdown_timeout=SHUTDOWN_TIMEOUT_S)
        serving = asyncio.create_task(self._serve(runner), name="control socket")
        try:
            await runner.setup()
            if self.path.parent.is_dir():
                self.listen()
            yield
        finally:
            if self._listener is not None:
                socket_file.remove(self.path, self._identity)
            serving.cancel()
            await asyncio.wait([serving])
            await runner.cleanup()
            if self._listener is not None:
                self._listener.close()

    def listen(self) -> None:
        """Open the socket unless it is open: to be called again once the storage has made its directory.

        Raises:
            StartError: the socket cannot be opened.
        """
        if self._listener is None:
            self._listener = socket_file.listen(self.path, KEY_PATH)
            self._identity = socket_file.identity_of(self.path)
            self._open.set()
            _logger.info("Commands are answered on %s", self.path)

    async def _serve(self, runner: web.AppRunner) -> None:
        await self._open.wait()
        if self._listener is not None:
            await web.SockSite(runner, self._listener).start()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        name = request.path.removeprefix("/v1/")
        command = self._commands.get(name) if request.path.startswith("/v1/") else None
        if command is None:
            return self._refusal(404, f"there is no command {name!r} here; there are: {', '.join(self._commands)}")
        if request.method != "POST":
            return self._refusal(405, "commands are asked with POST")
        try:
            arguments = orjson.loads(await request.read() or b"{}")
        except orjson.JSONDecodeError as error:
            return self._refusal(400, f"the arguments are not JSON: {error}")
        if not isinstance(arguments, dict):
            return self._refusal(400, "the arguments are not a JSON object")
        if not command.at_any_time and (reason := self._why_not()):
            return self._refusal(503, reason)
        return await self._answer(request, command, arguments)

    async def _answer(self, request: web.Request, command: Command, arguments: Mapping[str, Any]) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": NDJSON, "Cache-Control": "no-store"})
        await response.prepare(request)
        try:
            async with aclosing(self._lines(command, arguments)) as lines:
                async for line in lines:
                    async with asyncio.timeout(PATIENCE_S):
                        await response.write(line)
            await response.write_eof()
        except (ConnectionError, TimeoutError):
            _logger.debug("who asked for %s did not wait for the end of the answer", command.name)
        return response

    async def _lines(self, command: Command, arguments: Mapping[str, Any]) -> AsyncGenerator[bytes, None]:
        answers = command.run(arguments)
        try:
            async for answer in answers:
                yield self._line(answer)
        except (RefusedError, StartError, ComponentError) as error:
            yield self._line({"error": str(error)})
        except Exception:
            _logger.exception("the command %s failed", command.name)
            yield self._line({"error": f"{command.name} failed in the service; its log says why"})
        finally:
            if close := getattr(answers, "aclose", None):
                await close()

    def _line(self, answer: Mapping[str, Any]) -> bytes:
        return self._redact(orjson.dumps(dict(answer)).decode()).encode() + b"\n"

    def _refusal(self, status: int, words: str) -> web.Response:
        return web.Response(status=status, body=self._line({"error": words}), content_type=NDJSON)
