"""The server of ``preview --serve``: on this machine only, for the one who started it."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aiohttp import web

from otel_discord.component import StartError
from otel_discord.discord_api.html_style import STYLE
from otel_discord.service.preview.desk import Desk
from otel_discord.service.preview.otlp_input import MAX_INPUT_BYTES
from otel_discord.service.preview.page import DOCUMENT, POLICY
from otel_discord.service.preview.show import Wanted

_HOST: Final = "127.0.0.1"
_ASSETS: Final = Path(__file__).parent / "assets"
_BEAT_S: Final = 15.0
_END_S: Final = 1.0
_HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_IMAGES: Final = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def serve_previews(wanted: Wanted, *, version: str, port: int, say: Callable[[str], object]) -> int:
    """Serve until Ctrl-C or SIGTERM; return the exit code.

    Raises:
        StartError: the port is taken.
    """
    return asyncio.run(_serve(wanted, version, port, say))


async def _serve(wanted: Wanted, version: str, port: int, say: Callable[[str], object]) -> int:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):
            loop.add_signal_handler(number, stopping.set)
    desk = Desk(wanted, version)
    runner = web.AppRunner(application(desk, stopping), access_log=None, shutdown_timeout=_END_S)
    await runner.setup()
    try:
        site = web.TCPSite(runner, _HOST, port)
        try:
            await site.start()
        except OSError as error:
            raise StartError(f"port {port} cannot be used ({error.strerror}): give another one with --port") from None
        address = runner.addresses[0]
        desk.origin = f"http://localhost:{address[1]}"
        say(f"{desk.origin}/ shows the preview; it follows every change of the files. Ctrl-C ends it.")
        watching = asyncio.create_task(desk.watch(), name="preview")
        ended = asyncio.create_task(stopping.wait(), name="stop")
        try:
            await asyncio.wait({watching, ended}, return_when=asyncio.FIRST_COMPLETED)
            if watching.done():
                watching.result()
        finally:
            watching.cancel()
            ended.cancel()
            await asyncio.wait({watching, ended})
    finally:
        stopping.set()
        await runner.cleanup()
    return 0


def application(desk: Desk, stopping: asyncio.Event) -> web.Application:
    """Return the server."""
    app = web.Application(middlewares=[_guarded], client_max_size=MAX_INPUT_BYTES)
    answers = _Answers(desk, stopping)
    app.add_routes(
        [
            web.get("/", _text(DOCUMENT, "text/html")),
            web.get("/preview.css", _text(STYLE + _asset("preview.css"), "text/css")),
            web.get("/preview.js", _text(_asset("preview.js"), "text/javascript")),
            web.get("/favicon.ico", _text("", "image/x-icon")),
            web.get("/view", answers.view),
            web.get("/files/{key}", answers.file),
            web.put("/input", answers.paste),
            web.get("/events", answers.events),
        ]
    )
    return app


@web.middleware
async def _guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer only who asks for this machine by name: a page elsewhere must not read along under its own."""
    if request.url.host not in {"localhost", "127.0.0.1"}:
        raise web.HTTPForbidden(text="this page is for localhost")
    response = await handler(request)
    if not response.prepared:
        response.headers.update(_HEADERS)
    return response


def _asset(name: str) -> str:
    return (_ASSETS / name).read_text(encoding="utf-8")


def _text(text: str, content_type: str) -> Handler:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(text=text, content_type=content_type)

    return answer


@dataclass(frozen=True, slots=True)
class _Answers:
    """What changes with the state of the desk."""

    desk: Desk
    stopping: asyncio.Event

    async def view(self, _: web.Request) -> web.StreamResponse:
        return web.json_response(self.desk.view())

    async def file(self, request: web.Request) -> web.StreamResponse:
        found = self.desk.files.get(request.match_info["key"])
        if found is None:
            raise web.HTTPNotFound
        # Only pictures are shown as such; whatever else a record brings along is text.
        kind = _IMAGES.get(Path(found.name).suffix.lower(), "text/plain")
        return web.Response(body=found.content, content_type=kind)

    async def paste(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("X-Preview") != "1":  # which a form of another page cannot send
            raise web.HTTPForbidden(text="only the page itself may do this")
        return web.Response(text=await self.desk.paste(await request.read()))

    async def events(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={**_HEADERS, "Content-Type": "text/event-stream"})
        await response.prepare(request)
        number = 0
        with suppress(ConnectionResetError):
            while not self.stopping.is_set():
                now = await _next(self.desk, number, self.stopping)
                await response.write(f"data: {now}\n\n".encode() if now != number else b": still here\n\n")
                number = now
        return response


async def _next(desk: Desk, number: int, stopping: asyncio.Event) -> int:
    """Return the number of the next state; the same one where none comes, or the server stops."""
    waiting = asyncio.create_task(desk.after(number, _BEAT_S))
    ended = asyncio.create_task(stopping.wait())
    try:
        await asyncio.wait({waiting, ended}, return_when=asyncio.FIRST_COMPLETED)
        return desk.number
    finally:
        waiting.cancel()
        ended.cancel()
        await asyncio.wait({waiting, ended})
