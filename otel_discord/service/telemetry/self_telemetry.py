"""Meters, tracers and loggers for components, from providers that are private to the service.

The process may be instrumented for other reasons: global providers are neither used nor set, and no ``OTEL_*``
variable of the environment reaches the resource.
"""

import asyncio
import logging
import threading
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

from opentelemetry.metrics import MeterProvider, NoOpMeterProvider
from opentelemetry.sdk.metrics import AlwaysOffExemplarFilter
from opentelemetry.sdk.metrics import MeterProvider as SdkMeterProvider
from opentelemetry.sdk.metrics.export import MetricExporter, MetricReader, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.trace import NoOpTracerProvider, TracerProvider

from otel_discord.component.component import ComponentId, Kind
from otel_discord.component.consumer import Consumer
from otel_discord.component.factory import Settings
from otel_discord.component.instruments import ServiceInstruments
from otel_discord.component.service_view import Reading
from otel_discord.service.telemetry.config import PeriodicReaderConfig, TelemetryConfig
from otel_discord.service.telemetry.otlp_push import metric_exporter
from otel_discord.service.telemetry.own_telemetry import PROCESS_ID, PROCESS_ID_KEY, OwnTelemetryDoor
from otel_discord.service.telemetry.process_metrics import observe_process
from otel_discord.service.telemetry.prometheus import PullReader, prometheus_server
from otel_discord.service.telemetry.readings import readings
from otel_discord.service.telemetry.redact import Redactor
from otel_discord.service.telemetry.spans import tracer_provider

SCOPE: Final = "otel_discord"
SHUTDOWN_TIMEOUT_S: Final = 3.0
"""Longest time for the last push of own metrics and spans, both together."""

_logger = logging.getLogger(f"{SCOPE}.service.telemetry")


class SelfTelemetry:
    """What the service says about itself. Before and after its lifespan nothing is measured."""

    def __init__(self, config: TelemetryConfig, *, version: str, redactor: Redactor | None = None) -> None:
        self._config = config
        self._version = version
        self._redactor = redactor or Redactor()
        self._endpoints: dict[str, str] = {}
        self._ends: dict[str, Callable[[], object]] = {}
        self._inside: PullReader | None = None
        self._meters: MeterProvider = NoOpMeterProvider()
        self._tracers: TracerProvider = NoOpTracerProvider()
        self.instruments = ServiceInstruments(self._meters.get_meter(SCOPE))

    @property
    def endpoints(self) -> Mapping[str, str]:
        """Bound addresses: ``{"prometheus": "127.0.0.1:8888"}``; empty before the lifespan."""
        return dict(self._endpoints)

    def readings(self) -> Sequence[Reading]:
        """Return our own numbers now; none at ``metrics::level: none`` and outside of the lifespan."""
        return readings(self._inside.data()) if self._inside is not None else ()

    def settings(self, component_id: ComponentId, kind: Kind) -> Settings:
        """Return what a new component gets; its meter is the same again for the same id, as after a reload."""
        name = f"{SCOPE}.{kind.value}.{component_id}"
        return Settings(
            id=component_id,
            meter=self._meters.get_meter(name, self._version),
            tracer=self._tracers.get_tracer(name, self._version),
            logger=logging.getLogger(name),
            version=self._version,
        )

    def door(self, next_consumer: Consumer) -> Consumer:
        """Return what a receiver hands its batches to, so that own telemetry does not go round in a circle.

        Without OTLP push that is ``next_consumer`` itself.
        """
        pushes = self._config.traces.active or any(reader.periodic for reader in self._config.metrics.active_readers)
        return OwnTelemetryDoor(next_consumer) if pushes else next_consumer

    @asynccontextmanager
    async def lifespan(self) -> AsyncIterator[None]:
        """Open the readers and exporters; on leaving push what is left, for at most ``SHUTDOWN_TIMEOUT_S``.

        Raises:
            StartError: a port is taken, a certificate cannot be read, a package is missing.
        """
        async with AsyncExitStack() as stack:
            stack.callback(self._silence)
            stack.push_async_callback(self._end)
            if self._config.traces.active:
                spans = tracer_provider(self._config.traces, self._resource(), self._redactor)
                self._ends["spans"] = spans.shutdown
                self._tracers = spans
            if self._config.metrics.active_readers:
                await self._open_metrics(stack)
            yield

    async def _open_metrics(self, stack: AsyncExitStack) -> None:
        active = self._config.metrics.active_readers
        # What may fail comes before what starts threads.
        pushed = [
            (reader.periodic, metric_exporter(reader.periodic.exporter.otlp)) for reader in active if reader.periodic
        ]
        pages = [(reader.pull.exporter.prometheus, PullReader()) for reader in active if reader.pull]
        # Each reader keeps every number once more: who looks from inside shares the first page's.
        inside = pages[0][1] if pages else PullReader()
        pulled = [reader for _, reader in pages] or [inside]
        readers = [*pulled, *(_periodic_reader(*reader) for reader in pushed)]
        provider = SdkMeterProvider(
            readers, self._resource(), exemplar_filter=AlwaysOffExemplarFilter(), shutdown_on_exit=False
        )
        self._ends["metrics"] = lambda: provider.shutdown(timeout_millis=SHUTDOWN_TIMEOUT_S * 1000)
        meter = provider.get_meter(SCOPE, self._version)
        stack.enter_context(observe_process(meter, started_s=time.monotonic()))
        for number, (page, pull_reader) in enumerate(pages):
            address = await stack.enter_async_context(prometheus_server(page, pull_reader))
            self._endpoints["prometheus" if number == 0 else f"prometheus/{number + 1}"] = address
        self._meters, self._inside = provider, inside
        self.instruments = ServiceInstruments(meter)

    def _resource(self) -> Resource:
        attributes: dict[str, str | None] = {
            "service.name": "otel-discord",
            "service.version": self._version,
            "service.instance.id": PROCESS_ID,
            **self._config.resource,
            PROCESS_ID_KEY: PROCESS_ID,
        }
        return Resource({key: value for key, value in attributes.items() if value is not None})

    async def _end(self) -> None:
        await asyncio.gather(*(_bounded(what, shutdown) for what, shutdown in self._ends.items()))
        self._ends.clear()

    def _silence(self) -> None:
        self._inside = None
        self._meters, self._tracers = NoOpMeterProvider(), NoOpTracerProvider()
        self.instruments = ServiceInstruments(self._meters.get_meter(SCOPE))
        self._endpoints.clear()


def _periodic_reader(config: PeriodicReaderConfig, exporter: MetricExporter) -> MetricReader:
    return PeriodicExportingMetricReader(
        exporter,
        export_interval_millis=config.interval * 1000,
        export_timeout_millis=config.timeout * 1000,
    )


async def _bounded(what: str, shutdown: Callable[[], object]) -> None:
    """Run the SDK's blocking shutdown in a thread that is left behind when it takes too long."""

    def run() -> None:
        try:
            shutdown()
        except Exception as error:  # noqa: BLE001  the SDK raises bare Exception; the service ends either way
            _logger.warning("own %s could not be ended in order", what, extra={"error": str(error)})

    thread = threading.Thread(target=run, name=f"own-{what}-shutdown", daemon=True)
    thread.start()
    await asyncio.to_thread(thread.join, SHUTDOWN_TIMEOUT_S)
    if thread.is_alive():
        _logger.warning("own %s were not pushed within %g s; the rest is dropped", what, SHUTDOWN_TIMEOUT_S)
