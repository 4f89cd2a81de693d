"""Stage: repeats an attempt that may succeed later."""

import asyncio
import logging
from collections.abc import Callable

from otel_discord.component.consumer import Receipt
from otel_discord.component.errors import RetryableError, ShutdownError
from otel_discord.exporterhelper.backoff import BackoffPolicy, BackoffState, GiveUp, after_failure
from otel_discord.exporterhelper.sender import Sender
from otel_discord.signals.batch import Batch


class RetrySender:
    """Waits as ``backoff`` says, until ``stopping`` is set; a partial success is a success."""

    def __init__(
        self,
        following: Sender,
        policy: BackoffPolicy,
        stopping: asyncio.Event,
        *,
        dice: Callable[[], float],
        logger: logging.Logger,
    ) -> None:
        self._following = following
        self._policy = policy
        self._stopping = stopping
        self._dice = dice
        self._logger = logger

    async def send(self, batch: Batch) -> Receipt:
        """Make attempts until one ends the matter.

        Raises:
            PermanentError: the other side refused for good.
            RetryableError: all attempts failed; the last one's message.
            ShutdownError: an attempt failed and there is no time for another.
        """
        loop = asyncio.get_running_loop()
        state = BackoffState(started_at_s=loop.time())
        while True:
            try:
                return await self._following(batch)
            except ShutdownError:
                raise
            except RetryableError as error:
                decision = after_failure(
                    self._policy, state, now_s=loop.time(), dice=self._dice(), retry_after_s=error.retry_after_s
                )
                if isinstance(decision, GiveUp):
                    raise RetryableError(
                        f"no more retries left: {error}", retry_after_s=error.retry_after_s, reason=error.reason
                    ) from error
                self._logger.info("sending failed, trying again in %.3g s: %s", decision.delay_s, error)
                state = decision.state
                await self._wait(decision.delay_s, error)

    async def _wait(self, delay_s: float, failure: RetryableError) -> None:
        try:
            async with asyncio.timeout(delay_s):
                await self._stopping.wait()
        except TimeoutError:
            return
        raise ShutdownError(f"stopped while waiting to try again: {failure}") from failure
