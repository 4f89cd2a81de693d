"""Joins and forks pipelines of one signal."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from otel_discord.component import ACCEPTED, Host, Outlets, Receipt
from otel_discord.signals import Batch


class ForwardConnector:
    """Passes every batch on as it is."""

    def __init__(self, outlets: Outlets) -> None:
        self._outlets = outlets.by_signal

    @asynccontextmanager
    async def lifespan(self, host: Host) -> AsyncIterator[None]:  # noqa: ARG002 - the contract's name
        """Do nothing between opening and closing."""
        yield

    async def consume(self, batch: Batch) -> Receipt:
        """Pass the batch on; a signal that no pipeline after this one carries ends here."""
        outlet = self._outlets.get(batch.signal)
        return await outlet.consume(batch) if outlet else ACCEPTED
