"""Runs the actions over the resources of a batch; copies it only where something changes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from otel_discord.component import Consumer, Host, Receipt, Settings
from otel_discord.processors.attributes.actions import compile_actions, edited
from otel_discord.processors.attributes.processor import warn_of_contexts
from otel_discord.processors.attributes.walk import apply_edits, copy_of, resources
from otel_discord.processors.resource.config import ResourceConfig
from otel_discord.signals import Batch


class ResourceProcessor:
    """Changes attributes of resources."""

    def __init__(self, settings: Settings, config: ResourceConfig, next_consumer: Consumer) -> None:
        self._next = next_consumer
        self._settings = settings
        self._config = config
        self._actions = compile_actions(config.attributes)

    @asynccontextmanager
    async def lifespan(self, host: Host) -> AsyncIterator[None]:  # noqa: ARG002 - the contract's name
        """Warn of what finds nothing here; nothing is held open."""
        warn_of_contexts(self._settings, self._config.attributes)
        yield

    async def consume(self, batch: Batch) -> Receipt:
        """Pass the batch, or a changed copy, on."""
        return await self._next.consume(self.edit(batch))

    def edit(self, batch: Batch) -> Batch:
        """Return the batch after the actions: the same one where nothing changes."""
        edits = (edited(resource.attributes, self._actions) for resource in resources(batch))
        found = {place: new for place, new in enumerate(edits) if new is not None}
        if not found:
            return batch
        copy = copy_of(batch)
        apply_edits(resources(copy), found)
        return copy
