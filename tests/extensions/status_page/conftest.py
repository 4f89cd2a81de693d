"""A page of the shop on a real port, and a way to ask it."""

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import aiohttp
import pytest
from opentelemetry.metrics import NoOpMeter
from opentelemetry.trace import NoOpTracer

from otel_discord.component import ComponentId, Settings
from otel_discord.extensions.status_page.config import StatusPageConfig
from otel_discord.extensions.status_page.extension import StatusPage

SETTINGS = Settings(ComponentId("status_page"), NoOpMeter("t"), NoOpTracer(), logging.getLogger("test"), "0.9.0")
Serve = Callable[..., AbstractAsyncContextManager["Site"]]


class Site:
    """What answers at an address; ``form_token`` is read from a page."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self.url = url
        self.session = session

    async def get(self, path: str, **headers: str) -> tuple[int, str]:
        async with self.session.get(self.url + path, headers=headers, allow_redirects=False) as answer:
            return answer.status, await answer.text()

    async def post(self, path: str, fields: dict[str, Any], headers: dict[str, str] | None = None, token: str = ""):
        token = token or await self.form_token()
        body = {"form_token": token, **fields}
        async with self.session.post(self.url + path, data=body, headers=headers or {}) as answer:
            return answer.status, await answer.text()

    async def form_token(self) -> str:
        _, html = await self.get("/alerts")
        return html.split('name="form_token" value="')[1].split('"')[0]


@pytest.fixture
def serve() -> Serve:
    @asynccontextmanager
    async def serving(service: Any, **keys: Any) -> AsyncIterator[Site]:
        page = StatusPage(SETTINGS, StatusPageConfig(endpoint="127.0.0.1:0", **keys))
        jar = aiohttp.CookieJar(unsafe=True)
        async with page.lifespan(service), aiohttp.ClientSession(cookie_jar=jar) as session:
            yield Site(f"http://{page.endpoints['http']}", session)

    return serving
