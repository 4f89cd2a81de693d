"""Does nothing."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from otel_discord.component import Host


class NopExtension:
    """Opens and closes."""

    @asynccontextmanager
    async def lifespan(self, host: Host) -> AsyncIterator[None]:  # noqa: ARG002 - the contract's name
        """Do nothing between opening and closing."""
        yield
