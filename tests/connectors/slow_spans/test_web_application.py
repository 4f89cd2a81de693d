"""Two web applications with the OpenTelemetry SDK, over real sockets: what is slow and what failed is in Discord."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.propagate import extract, inject
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, Status, StatusCode, Tracer

from otel_discord.component import Consumer, Outlets
from otel_discord.connectors.exceptions.factory import FACTORY as EXCEPTIONS
from otel_discord.connectors.slow_spans.factory import FACTORY as SLOW_SPANS
from otel_discord.service.fanout import fan_out
from otel_discord.signals import Signal
from otel_discord.testing.fake_discord import FakeDiscord
from otel_discord.testing.host import NopHost
from otel_discord.testing.telemetry import settings
from tests.exporters.discord.rig import running as running_discord
from tests.receivers.otlp.rig import running as running_receiver

SLOW_S = 0.4


class OutOfBreadError(Exception):
    """What the shop raises."""


@asynccontextmanager
async def tracing(service: str, port: int) -> AsyncIterator[Tracer]:
    provider = TracerProvider(resource=Resource({"service.name": service}), shutdown_on_exit=False)
    exporter = OTLPSpanExporter(endpoint=f"http://127.0.0.1:{port}/v1/traces")
    provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=100))
    try:
        yield provider.get_tracer("a web framework")
    finally:
        await asyncio.to_thread(provider.shutdown)


def instrumented(tracer: Tracer) -> Any:
    """Return a middleware as instrumentations of web frameworks are."""

    @web.middleware
    async def middleware(request: web.Request, handler: Any) -> web.StreamResponse:
        attributes = {"http.request.method": request.method, "http.route": request.path}
        name = f"{request.method} {request.path}"
        context = extract(request.headers)
        with tracer.start_as_current_span(
            name, context, SpanKind.SERVER, attributes, record_exception=False, set_status_on_exception=False
        ) as span:
            try:
                return await handler(request)
            except OutOfBreadError:
                span.set_status(Status(StatusCode.ERROR))
                span.set_attribute("http.response.status_code", 500)
                return web.Response(status=500)

    return middleware


def payments(tracer: Tracer) -> web.Application:
    async def charge(_: web.Request) -> web.Response:
        with tracer.start_as_current_span("ask the bank"):
            await asyncio.sleep(SLOW_S)
        return web.Response()

    application = web.Application(middlewares=[instrumented(tracer)])
    application.router.add_post("/charges", charge)
    return application


def shop(tracer: Tracer, payments_url: str) -> web.Application:
    async def checkout(_: web.Request) -> web.Response:
        with tracer.start_as_current_span("SELECT cart", kind=SpanKind.CLIENT):
            await asyncio.sleep(0.02)
        with tracer.start_as_current_span("POST", kind=SpanKind.CLIENT):
            headers: dict[str, str] = {}
            inject(headers)
            async with (
                aiohttp.ClientSession() as session,
                session.post(f"{payments_url}/charges", headers=headers) as response,
            ):
                await response.read()
        return web.Response()

    async def bread(_: web.Request) -> web.Response:
        with tracer.start_as_current_span("look into the oven"), tracer.start_as_current_span("count loaves"):
            raise OutOfBreadError("no bread left")

    application = web.Application(middlewares=[instrumented(tracer)])
    application.router.add_get("/checkout", checkout)
    application.router.add_get("/bread", bread)
    return application


@asynccontextmanager
async def connectors(to: Consumer) -> AsyncIterator[Consumer]:
    outlets = Outlets({Signal.LOGS: to})
    keys = {"limits": [{"where": "span.kind == SPAN_KIND_SERVER", "over": "300ms"}], "wait": "1s"}
    slow = SLOW_SPANS.create(settings("slow_spans"), SLOW_SPANS.config.model_validate(keys), outlets)
    failed = EXCEPTIONS.create(settings("exceptions"), EXCEPTIONS.config.model_validate({}), outlets)
    async with slow.lifespan(NopHost()), failed.lifespan(NopHost()):
        yield fan_out([slow, failed])


async def test_what_is_slow_and_what_failed_is_told_once_with_its_path() -> None:
    fake = FakeDiscord("unlimited")
    async with (
        running_discord(fake) as discord,
        connectors(discord.exporter) as traces,
        running_receiver(sink=traces, signals=(Signal.TRACES,)) as otlp,
        tracing("shop", otlp.receiver.http_port) as of_shop,
        tracing("payments", otlp.receiver.http_port) as of_payments,
        TestServer(payments(of_payments)) as payments_server,
        TestServer(shop(of_shop, str(payments_server.make_url("")).rstrip("/"))) as shop_server,
        aiohttp.ClientSession() as client,
    ):
        for path in ("/checkout", "/bread"):
            async with client.get(shop_server.make_url(path)) as response:
                await response.read()
        async with asyncio.timeout(20):
            while sum(len(message.embeds) for message in fake.messages) < 2:
                await asyncio.sleep(0.05)
        await asyncio.sleep(1.5)  # a third one would come in this time
    embeds = [embed for message in fake.messages for embed in message.embeds]
    assert len(embeds) == 2
    (slow,) = [embed for embed in embeds if "took" in embed["title"]]
    (failed,) = [embed for embed in embeds if "took" not in embed["title"]]
    assert re.search(r"GET /checkout took \d+\S* ms \(limit 300 ms\)", slow["title"])
    assert re.search(
        r"mostly POST /charges \(payments\) › ask the bank: \d+\S* ms, \d+ %\n"
        r"\d+ % POST /charges \(payments\) · \d+ % SELECT cart",
        slow["description"],
    )
    assert "shop" in slow["description"]
    assert "OutOfBreadError: no bread left" in failed["title"]
    assert "count loaves failed" in failed["description"]
    assert "raise OutOfBreadError" in failed["description"]
    fake.assert_clean()
