"""Passes everything on at once.

A batcher that has answered OK and waits for more holds records in memory that a crash would take, so this one does not
wait: the exporters gather on their own, behind their queue.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from otel_discord.component import Consumer, Host, Receipt, Settings
from otel_discord.signals import Batch


class BatchProcessor:
    """Stands where configurations of the Collector have a batcher."""

    def __init__(self, settings: Settings, next_consumer: Consumer) -> None:
        self._logger = settings.logger
        self._next = next_consumer

    @asynccontextmanager
    async def lifespan(self, host: Host) -> AsyncIterator[None]:  # noqa: ARG002 - the contract's name
        """Say once that nothing is gathered here."""
        self._logger.warning(
            "the batch processor passes everything on at once, so that nothing that was accepted waits in memory;"
            " exporters gather on their own (sending_queue.batch), and this processor may be left out"
        )
        yield

    async def consume(self, batch: Batch) -> Receipt:
        """Pass the batch on and return what the next consumer says."""
        return await self._next.consume(batch)
