"""Components of a third party, written with public names only. Type-checked by `make lint`, never run.

A change that breaks this file breaks somebody's component: it is a change of the API.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import assert_type

import otel_discord
from otel_discord.component import (
    ACCEPTED,
    Authenticator,
    Connector,
    ConnectorFactory,
    Consumer,
    Exporter,
    ExporterFactory,
    ExtensionFactory,
    Factory,
    Host,
    Listening,
    Outlets,
    PermanentError,
    Processor,
    ProcessorFactory,
    QueueLimits,
    Receipt,
    ReceiverFactory,
    RetryableError,
    Settings,
    Stability,
    StartError,
    Status,
    Storage,
    WorkQueue,
)
from otel_discord.config import Duration, Secret, StrictModel, parse_duration
from otel_discord.exporterhelper import (
    CollectorRetryConfig,
    CollectorSendingQueueConfig,
    ExporterChain,
    Sender,
)
from otel_discord.signals import (
    Batch,
    LogsBatch,
    MetricsBatch,
    Plain,
    Severity,
    Signal,
    TracesBatch,
    attributes_to_dict,
    effective_severity,
    find_attribute,
    to_plain,
)
from otel_discord.testing import (
    FarEnd,
    InMemoryTelemetry,
    NopHost,
    Sink,
    check_component,
    check_exporter,
    check_receiver,
    logs_batch,
    no_leaked_tasks,
    settings,
)
from otel_discord.testing.fake_discord import FakeDiscord, assert_each_once, serve_fake_discord

assert_type(otel_discord.__version__, str)


# ---------------------------------------------------------------------------------------------------------- an exporter


class PagerConfig(StrictModel):
    """What the user writes."""

    url: str
    token: Secret = Secret("")
    timeout: Duration = parse_duration("5s")
    sending_queue: CollectorSendingQueueConfig = CollectorSendingQueueConfig()
    retry_on_failure: CollectorRetryConfig = CollectorRetryConfig()


class Pager:
    """Sends what is worst."""

    def __init__(self, given: Settings, config: PagerConfig) -> None:
        self._config = config
        self._logger = given.logger
        push: Sender = self._push
        self._chain = ExporterChain(
            given,
            push,
            sending_queue=config.sending_queue,
            retry_on_failure=config.retry_on_failure,
            timeout_s=config.timeout,
            signals=[Signal.LOGS],
        )

    @asynccontextmanager
    async def lifespan(self, host: Host) -> AsyncIterator[None]:
        """Run the chain."""
        if not self._config.token:
            raise StartError("token is missing")
        async with self._chain.lifespan(host):
            host.report_status(Status.OK)
            yield

    async def consume(self, batch: Batch) -> Receipt:
        """Queue a batch."""
        return await self._chain.consume(batch)

    async def _push(self, batch: Batch) -> Receipt:
        if not isinstance(batch, LogsBatch):
            raise PermanentError("logs only", reason="wrong_signal")
        assert_type(batch, LogsBatch)
        for resource, scope, record in batch.records():
            assert_type(find_attribute(resource.attributes, "service.name"), Plain)
            assert_type(attributes_to_dict(record.attributes), dict[str, Plain])
            severity = effective_severity(record.severity_number, record.severity_text)
            if severity >= Severity.FATAL:
                self._logger.info("%s %s", scope.name, to_plain(record.body))
        if batch.highest_severity() < Severity.ERROR:
            raise RetryableError("later", retry_after_s=3.0)
        return Receipt(rejected=1, message="one too many")


def create_pager(given: Settings, config: PagerConfig) -> Exporter:
    """Make one."""
    return Pager(given, config)


PAGER: Factory = ExporterFactory(
    type_name="pager", config=PagerConfig, signals={Signal.LOGS: Stability.ALPHA}, create=create_pager
)


# ----------------------------------------------------------- a receiver, a processor, a connector, an extension


class Nothing(StrictModel):
    """No settings."""


class Doorbell:
    """Receives."""

    def __init__(self, outlets: Outlets) -> None:
        self._next: Mapping[Signal, Consumer] = outlets.by_signal

    @property
    def endpoints(self) -> Mapping[str, str]:
        """Where it listens."""
        return {"doorbell": "127.0.0.1:1"}

    @asynccontextmanager
    async def lifespan(self, host: Host) -> AsyncIterator[None]:
        """Guard the door."""
        guard = host.extension("keys", Authenticator)
        assert_type(guard, Authenticator)
        assert_type(guard.authenticate({"authorization": ""}), bool)
        assert_type(host.drain_deadline_s, float | None)
        yield

    async def ring(self) -> Receipt:
        """Pass something on."""
        return await self._next[Signal.LOGS].consume(logs_batch())


listening: Listening = Doorbell(Outlets(by_signal={}))
DOORBELL: Factory = ReceiverFactory(
    type_name="doorbell",
    config=Nothing,
    signals=dict.fromkeys(Signal, Stability.BETA),
    create=lambda given, config, outlets: Doorbell(outlets),
)


class Sieve:
    """Passes on a changed copy; as a connector it also counts."""

    def __init__(self, following: Consumer) -> None:
        self._following = following

    @asynccontextmanager
    async def lifespan(self, host: Host) -> AsyncIterator[None]:
        """Need nothing."""
        yield

    async def consume(self, batch: Batch) -> Receipt:
        """Keep what is left."""
        match batch:
            case LogsBatch():
                kept = batch.copy()
                del kept.request.resource_logs[1:]
                return await self._following.consume(kept) if kept.item_count else ACCEPTED
            case MetricsBatch() | TracesBatch():
                return await self._following.consume(batch)


def create_sieve(given: Settings, config: Nothing, signal: Signal, following: Consumer) -> Processor:
    """Make one."""
    return Sieve(following)


def create_sluice(given: Settings, config: Nothing, outlets: Outlets) -> Connector:
    """Make one."""
    return Sieve(outlets.by_pipeline["logs/all"])


SIEVE: Factory = ProcessorFactory(
    type_name="sieve", config=Nothing, signals={Signal.LOGS: Stability.STABLE}, create=create_sieve
)
SLUICE: Factory = ConnectorFactory(
    type_name="sluice", config=Nothing, signals={(Signal.LOGS, Signal.LOGS): Stability.ALPHA}, create=create_sluice
)


class Cellar:
    """Stores."""

    @asynccontextmanager
    async def lifespan(self, host: Host) -> AsyncIterator[None]:
        """Need nothing."""
        yield

    def open_queue(self, owner: str, limits: QueueLimits) -> AbstractAsyncContextManager[WorkQueue]:
        """Refuse."""
        raise StartError(f"no room for {owner}: {limits.size} {limits.sizer}")


storage: Storage = Cellar()
CELLAR: Factory = ExtensionFactory(
    type_name="cellar", config=Nothing, stability=Stability.DEVELOPMENT, create=lambda given, config: Cellar()
)


# ------------------------------------------------------------------------------------------------------- its tests


async def test_the_pager(far_end: FarEnd, unread: Sequence[int]) -> None:
    """Use the rehearsal room."""
    telemetry = InMemoryTelemetry()
    pager = Pager(settings("pager", telemetry), PagerConfig(url="x", token=Secret("t")))
    host, sink = NopHost(), Sink()
    async with no_leaked_tasks(), pager.lifespan(host):
        await pager.consume(logs_batch(3, severity=Severity.FATAL, attributes={"k": "v"}))
    assert_type(telemetry.value("otelcol_exporter_sent_log_records"), float)
    assert_type(sink.bodies, Sequence[Plain])
    await check_component(lambda: pager)
    await check_exporter(lambda: far_end)
    async with serve_fake_discord(FakeDiscord()) as server:
        assert_each_once(server.fake, unread)


__all__ = ["CELLAR", "DOORBELL", "PAGER", "SIEVE", "SLUICE", "check_receiver", "listening", "storage"]
