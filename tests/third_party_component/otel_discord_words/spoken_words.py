"""A receiver that passes configured lines on as log records."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs, ScopeLogs

from otel_discord.component import Host, Outlets, ReceiverFactory, Settings, Stability
from otel_discord.config import StrictModel
from otel_discord.signals import LogsBatch, Signal


class SpokenWordsConfig(StrictModel):
    """What to say."""

    lines: tuple[str, ...]
    """One log record each."""


class SpokenWords:
    """Says everything once, from the moment it is open."""

    def __init__(self, config: SpokenWordsConfig, outlets: Outlets) -> None:
        self._lines = config.lines
        self._next = outlets.by_signal[Signal.LOGS]

    @asynccontextmanager
    async def lifespan(self, host: Host) -> AsyncIterator[None]:
        """Speak in a task of its own."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._speak())
            yield

    async def _speak(self) -> None:
        records = [LogRecord(body=AnyValue(string_value=line)) for line in self._lines]
        logs = ResourceLogs(scope_logs=[ScopeLogs(log_records=records)])
        await self._next.consume(LogsBatch(ExportLogsServiceRequest(resource_logs=[logs])))


def _create(_settings: Settings, config: SpokenWordsConfig, outlets: Outlets) -> SpokenWords:
    return SpokenWords(config, outlets)


FACTORY = ReceiverFactory(
    type_name="spoken_words", config=SpokenWordsConfig, signals={Signal.LOGS: Stability.DEVELOPMENT}, create=_create
)
