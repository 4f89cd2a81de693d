"""A processor that keeps the last words of each body."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pydantic import Field

from otel_discord.component import Consumer, Host, ProcessorFactory, Receipt, Settings, Stability
from otel_discord.config import StrictModel
from otel_discord.signals import Batch, LogsBatch, Signal


class TailWordsConfig(StrictModel):
    """How much to keep."""

    count: int = Field(default=1, ge=1)
    """Words."""


class TailWords:
    """Changes a copy: the batch itself is shared with other pipelines."""

    def __init__(self, config: TailWordsConfig, next_consumer: Consumer) -> None:
        self._count = config.count
        self._next = next_consumer

    @asynccontextmanager
    async def lifespan(self, host: Host) -> AsyncIterator[None]:
        """Nothing to open."""
        yield

    async def consume(self, batch: Batch) -> Receipt:
        """Pass a shortened copy on."""
        if not isinstance(batch, LogsBatch):
            return await self._next.consume(batch)
        shortened = batch.copy()
        for _, _, record in shortened.records():
            record.body.string_value = " ".join(record.body.string_value.split()[-self._count :])
        return await self._next.consume(shortened)


def _create(_settings: Settings, config: TailWordsConfig, _signal: Signal, next_consumer: Consumer) -> TailWords:
    return TailWords(config, next_consumer)


FACTORY = ProcessorFactory(
    type_name="tail_words", config=TailWordsConfig, signals={Signal.LOGS: Stability.ALPHA}, create=_create
)
