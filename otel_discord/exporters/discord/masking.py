"""Masks what comes in, before it is stored anywhere: so queue, dead letters and messages never hold a secret."""

import asyncio
from typing import Final

from otel_discord.redaction import Masker, mask_logs
from otel_discord.signals import LogsBatch

_IN_THE_LOOP_BYTES: Final = 1024 * 1024
"""Larger batches (mostly attachments) are masked in a thread, so that others need not wait."""


class Masking:
    """Of one exporter; without a masker everything passes as it is."""

    def __init__(self, masker: Masker | None) -> None:
        self._masker = masker

    def text(self, text: str) -> str:
        """Return a text as it may be stored and shown."""
        return text if self._masker is None else self._masker.mask_text(text)

    async def masked(self, batch: LogsBatch) -> LogsBatch:
        """Return the batch as it may be stored and shown: the same one where there is nothing to mask."""
        if self._masker is None:
            return batch
        if batch.size_bytes <= _IN_THE_LOOP_BYTES:
            return mask_logs(self._masker, batch)
        try:
            return await asyncio.to_thread(mask_logs, self._masker, batch)
        except RuntimeError:  # the interpreter ends: there are no threads to be had any more
            return mask_logs(self._masker, batch)
