"""Measures at intervals and passes the metrics on."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from otel_discord.component import ComponentError, Outlets, Settings
from otel_discord.component import Host as House
from otel_discord.component.instruments import ReceiverInstruments
from otel_discord.receivers.host_metrics.aside import Aside, Calls, HangsError
from otel_discord.receivers.host_metrics.config import HostMetricsConfig
from otel_discord.receivers.host_metrics.points import Attributes
from otel_discord.receivers.host_metrics.samples import Host, Machine
from otel_discord.receivers.host_metrics.scraping import Measured, Scraping
from otel_discord.receivers.host_metrics.to_otlp import add_resource
from otel_discord.signals import MetricsBatch, Signal

_NS: Final = 1_000_000_000
_TRANSPORT: Final = "scrape"


class HostMetricsReceiver:
    """Measures a machine."""

    def __init__(
        self,
        settings: Settings,
        config: HostMetricsConfig,
        outlets: Outlets,
        machine: Machine,
        *,
        wall_clock: Callable[[], float] = time.time,
        make_aside: Callable[[str], Calls] = Aside,
    ) -> None:
        self._logger = settings.logger
        self._version = settings.version
        self._config = config
        self._outlet = outlets.by_signal[Signal.METRICS]
        self._machine = machine
        self._wall_clock = wall_clock
        self._instruments = ReceiverInstruments(settings.meter, str(settings.id), _TRANSPORT)
        self._scraping = Scraping(
            machine, config.scrapers, timeout_s=config.timeout, logger=settings.logger, make_aside=make_aside
        )
        self._asking_host = make_aside("host")
        self._host: Host | None = None
        self._is_refused = False

    @asynccontextmanager
    async def lifespan(self, host: House) -> AsyncIterator[None]:  # noqa: ARG002 - the contract's name
        """Measure at each interval as long as this lasts; a measurement under way at its end is given up."""
        async with asyncio.TaskGroup() as tasks:
            measuring = tasks.create_task(self._at_intervals())
            try:
                yield
            finally:
                measuring.cancel()

    async def _at_intervals(self) -> None:
        loop = asyncio.get_running_loop()
        next_s = loop.time() + self._config.initial_delay
        while True:
            await asyncio.sleep(max(0.0, next_s - loop.time()))
            await self._measure()
            # Beats that were missed are not made up for.
            missed = max(0.0, loop.time() - next_s) // self._config.collection_interval
            next_s += (missed + 1) * self._config.collection_interval

    async def _measure(self) -> None:
        try:
            measured = await self._scraping.measure(self._wall_clock())
            machine = await self._which_host()
            batch = self._batch(measured, machine, int(self._wall_clock() * _NS))
        except Exception:  # one measurement that fails must not be the last one
            self._logger.exception("measuring failed")
            return
        if batch.item_count:
            await self._pass_on(batch)

    async def _which_host(self) -> Host:
        if self._host is None:
            try:
                self._host = await self._asking_host.call(self._machine.host, self._config.timeout)
            except (HangsError, OSError):
                return Host("", "", self._wall_clock())
        return self._host

    def _batch(self, measured: Measured, machine: Host, now_ns: int) -> MetricsBatch:
        request = ExportMetricsServiceRequest()
        resource: Attributes = {
            key: value for key, value in (("host.name", machine.name), ("os.type", machine.os_type)) if value
        }
        started_ns = int(machine.started_s * _NS)
        add_resource(request, resource, measured.points, start_ns=started_ns, now_ns=now_ns, version=self._version)
        if measured.process is not None:
            process = measured.process
            add_resource(
                request,
                {**resource, "process.pid": process.pid, "process.executable.name": process.executable},
                measured.process_points,
                start_ns=int(process.started_s * _NS),
                now_ns=now_ns,
                version=self._version,
            )
        return MetricsBatch(request)

    async def _pass_on(self, batch: MetricsBatch) -> None:
        """Give a measurement to the pipeline. One that is refused is gone: the next one is newer."""
        items = batch.item_count
        try:
            receipt = await self._outlet.consume(batch)
        except ComponentError as error:
            self._instruments.refused(Signal.METRICS, items)
            if not self._is_refused:
                self._logger.warning("the pipeline refuses measurements: %s", error)
            self._is_refused = True
            return
        except Exception:
            self._instruments.refused(Signal.METRICS, items)
            self._logger.exception("the pipeline failed on a measurement")
            return
        rejected = min(max(receipt.rejected, 0), items)
        self._instruments.accepted(Signal.METRICS, items - rejected)
        if rejected:
            self._instruments.refused(Signal.METRICS, rejected)
        if self._is_refused:
            self._logger.info("the pipeline takes measurements again")
        self._is_refused = False
