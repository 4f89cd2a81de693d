"""Opens what was built, downstream first, and closes it the other way round, on one stack."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from otel_discord.component import Listening
from otel_discord.service.build import Built
from otel_discord.service.holder import held
from otel_discord.service.host import ServiceHost


@asynccontextmanager
async def running(
    built: Built, host: ServiceHost, logger: logging.Logger, shutdown_timeout_s: float
) -> AsyncIterator[None]:
    """Hold every component open: extensions, exporters, connectors and processors, receivers; close receivers first.

    On leaving, all together have ``shutdown_timeout_s`` to finish what was accepted; who needs longer is cancelled.

    Raises:
        StartError: a component did not start; those that did are closed again.
    """
    async with AsyncExitStack() as stack:
        try:
            for each in built.extensions:
                await stack.enter_async_context(held(each.component, each.name, host, logger))
                host.add_extension(str(each.id), each.component)
            for each in built.nodes:
                await stack.enter_async_context(held(each.component, each.name, host, logger))
            host.ready = True
            yield
        finally:
            host.begin_drain(asyncio.get_running_loop().time() + shutdown_timeout_s)


def bound_endpoints(built: Built) -> dict[str, str]:
    """Return the addresses that components listen on, as ``{"otlp grpc": "127.0.0.1:4317"}``."""
    return {
        f"{each.id} {protocol}": address
        for each in (*built.extensions, *built.nodes)
        if isinstance(each.component, Listening)
        for protocol, address in each.component.endpoints.items()
    }
