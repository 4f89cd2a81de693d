"""The page ``/metrics`` that Prometheus reads, and the SDK reader behind it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from opentelemetry.sdk.metrics.export import MetricReader, MetricsData

from otel_discord.component.listening_sockets import listening_sockets
from otel_discord.config.host_port import format_host_port
from otel_discord.service.telemetry.config import PrometheusConfig
from otel_discord.service.telemetry.exposition import CONTENT_TYPE, exposition

COLLECT_TIMEOUT_MS = 5_000
SHUTDOWN_TIMEOUT_S = 1.0


class PullReader(MetricReader):
    """Collects when somebody looks."""

    def __init__(self) -> None:
        super().__init__()
        self._latest: MetricsData | None = None

    def page(self) -> str:
        """Collect and return the page as text. Takes about a millisecond; callbacks run in the caller's thread."""
        return exposition(self.data())

    def data(self) -> MetricsData | None:
        """Collect and return what there is; as quick as :meth:`page`."""
        self._latest = None
        self.collect(timeout_millis=COLLECT_TIMEOUT_MS)
        return self._latest

    def _receive_metrics(
        self,
        metrics_data: MetricsData,
        timeout_millis: float = 10_000,  # noqa: ARG002  the SDK passes it
        **_: Any,
    ) -> None:
        self._latest = metrics_data

    def shutdown(self, timeout_millis: float = 30_000, **_: Any) -> None:
        """Nothing to close: the server is."""


@asynccontextmanager
async def prometheus_server(config: PrometheusConfig, reader: PullReader) -> AsyncIterator[str]:
    """Serve ``GET /metrics`` while the block runs; yields the bound address, ``127.0.0.1:8888``.

    Raises:
        StartError: the port is taken, or the address is not this machine's.
    """

    async def metrics(_: web.Request) -> web.Response:
        return web.Response(body=reader.page().encode(errors="replace"), headers={"Content-Type": CONTENT_TYPE})

    host = f"[{config.host}]" if ":" in config.host else config.host
    endpoint = f"{host}:{config.port}"
    sockets = listening_sockets(endpoint, "service::telemetry::metrics: the Prometheus page")
    app = web.Application()
    app.router.add_get("/metrics", metrics)
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=SHUTDOWN_TIMEOUT_S)
    try:
        await runner.setup()
        for listener in sockets:
            await web.SockSite(runner, listener).start()
        yield format_host_port(sockets[0].getsockname())
    finally:
        await runner.cleanup()
        for listener in sockets:
            listener.close()
