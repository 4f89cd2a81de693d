"""The processor: a batch comes, is masked, and goes on."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Final

from otel_discord.component import Consumer, Host, Receipt
from otel_discord.processors.redaction.config import RedactionProcessorConfig
from otel_discord.processors.redaction.rules import Rules
from otel_discord.processors.redaction.walk import RuleWalk
from otel_discord.redaction import Masker, mask_batch
from otel_discord.signals import Batch

_IN_THE_LOOP_BYTES: Final = 1024 * 1024
"""Larger batches are masked in a thread, so that others need not wait."""


class RedactionProcessor:
    """Masks every batch, and passes on the same one where nothing was found."""

    def __init__(self, config: RedactionProcessorConfig, next_consumer: Consumer) -> None:
        self._next = next_consumer
        self._mask = partial(mask_batch, Masker(config.plan()), walk=partial(RuleWalk, Rules(config)))

    @asynccontextmanager
    async def lifespan(self, host: Host) -> AsyncIterator[None]:  # noqa: ARG002 - the contract's name
        """Do nothing between opening and closing."""
        yield

    async def consume(self, batch: Batch) -> Receipt:
        """Pass the masked batch on and return what the next consumer says."""
        if batch.size_bytes > _IN_THE_LOOP_BYTES:
            return await self._next.consume(await asyncio.to_thread(self._mask, batch))
        return await self._next.consume(self._mask(batch))
