"""Stage: bounds one attempt in time."""

import asyncio

from otel_discord.component.consumer import Receipt
from otel_discord.component.errors import RetryableError
from otel_discord.config.duration import format_duration
from otel_discord.exporterhelper.sender import Sender
from otel_discord.signals.batch import Batch


class TimeoutSender:
    """Ends an attempt after ``timeout_s``; 0 is no bound."""

    def __init__(self, following: Sender, timeout_s: float) -> None:
        self._following = following
        self._timeout_s = timeout_s

    async def send(self, batch: Batch) -> Receipt:
        """Make one attempt.

        Raises:
            RetryableError: it took too long; whether the batch arrived is unknown.
        """
        if not self._timeout_s:
            return await self._following(batch)
        try:
            async with asyncio.timeout(self._timeout_s) as deadline:
                return await self._following(batch)
        except TimeoutError:
            if not deadline.expired():
                raise
            spelled = format_duration(self._timeout_s)
            raise RetryableError(f"no answer within {spelled}", reason="timeout") from None
