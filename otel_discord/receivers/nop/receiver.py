"""Receives nothing: for pipelines that are to be valid but idle."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from otel_discord.component import Host


class NopReceiver:
    """Opens, closes, and passes nothing on."""

    @asynccontextmanager
    async def lifespan(self, host: Host) -> AsyncIterator[None]:  # noqa: ARG002 - the contract's name
        """Do nothing between opening and closing."""
        yield
