"""Accepts everything and does nothing with it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from otel_discord.component import ACCEPTED, Host, Receipt
from otel_discord.signals import Batch


class NopExporter:
    """Where data ends."""

    @asynccontextmanager
    async def lifespan(self, host: Host) -> AsyncIterator[None]:  # noqa: ARG002 - the contract's name
        """Do nothing between opening and closing."""
        yield

    async def consume(self, batch: Batch) -> Receipt:  # noqa: ARG002 - the contract's name
        """Accept the batch and let it go."""
        return ACCEPTED
