"""Passes everything on as it is."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from otel_discord.component import Consumer, Host, Receipt
from otel_discord.signals import Batch


class NopProcessor:
    """The shortest way from one consumer to the next."""

    def __init__(self, next_consumer: Consumer) -> None:
        self._next = next_consumer

    @asynccontextmanager
    async def lifespan(self, host: Host) -> AsyncIterator[None]:  # noqa: ARG002 - the contract's name
        """Do nothing between opening and closing."""
        yield

    async def consume(self, batch: Batch) -> Receipt:
        """Pass the batch on and return what the next consumer says."""
        return await self._next.consume(batch)
