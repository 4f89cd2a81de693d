"""A stand-in for the API of run channels, in a thread: answers as told, and remembers what it was asked."""

import asyncio
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

TOKEN = "a-token-of-this-test"
WEBHOOK = f"https://discord.com/api/webhooks/123456789012345678/{'w' * 68}"
CREATED = {
    "channelId": "345678901234567890",
    "webhookUrl": WEBHOOK,
    "runId": "7f3kq2ab4cde5fgh",
    "expiresAt": "2026-11-23T12:00:00Z",
}
RUN = {
    "channelId": "345678901234567890",
    "runId": "7f3kq2ab4cde5fgh",
    "guildId": "42",
    "taskId": "build",
    "attempt": 1,
    "shortId": "ab12",
    "state": "running",
    "outcome": "",
    "createdAt": "2026-11-22T12:00:00Z",
    "expiresAt": "2026-11-23T12:00:00Z",
    "steps": 3,
    "lastStep": "compile",
    "errors": 1,
    "warnings": 12345,
}
ENDED = {"status": "archived", "channelId": "345678901234567890", "runId": "7f3kq2ab4cde5fgh", "expiresAt": "x"}
CHANNEL = CREATED["channelId"]
KEY = ["--task-id", "build", "--attempt", "1", "--short-id", "ab12", "--guild-id", "42"]
Call = Callable[..., int]
"""Runs ``otel-discord runs`` against a service; returns the exit code."""


@dataclass(frozen=True)
class Reply:
    status: int = 200
    body: Any = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


def refused(status: int, code: str, message: str, retry_after: str = "", **fields: str) -> Reply:
    error = {"code": code, "message": message, "requestId": "r-1", **({"fields": fields} if fields else {})}
    return Reply(status, {"error": error}, {"Retry-After": retry_after} if retry_after else {})


@dataclass
class Asked:
    method: str
    path: str
    query: dict[str, str]
    body: Any
    headers: Mapping[str, str]


@dataclass
class Service:
    """What it answers next: the last reply stays."""

    endpoint: str = ""
    replies: list[Reply] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.json() if request.can_read_body else None
        self.asked.append(Asked(request.method, request.path, dict(request.query), body, dict(request.headers)))
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        if isinstance(reply.body, str):
            return web.Response(status=reply.status, text=reply.body, headers=reply.headers)
        return web.json_response(reply.body, status=reply.status, headers=reply.headers)


@contextmanager
def serving(*replies: Reply, ssl: Any = None) -> Iterator[Service]:
    """Serve on a free port of 127.0.0.1."""
    service = Service(replies=list(replies))
    loop = asyncio.new_event_loop()
    ready, over = threading.Event(), asyncio.Event()

    async def serve() -> None:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", service.answer)
        runner = web.AppRunner(app, shutdown_timeout=1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=ssl)
        await site.start()
        service.endpoint = f"{'https' if ssl else 'http'}://127.0.0.1:{runner.addresses[0][1]}"
        ready.set()
        try:
            await over.wait()
        finally:
            await runner.cleanup()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    assert ready.wait(10)
    try:
        yield service
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(10)
        loop.close()
