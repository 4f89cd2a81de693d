"""One batch to several consumers at once. The batch is shared; nobody changes it."""

import asyncio
from collections.abc import Sequence

from otel_discord.component import Consumer, Receipt
from otel_discord.component.answers import combine
from otel_discord.signals import Batch


def fan_out(consumers: Sequence[Consumer]) -> Consumer:
    """Return a consumer that passes each batch to all of these; a single one is returned itself."""
    return consumers[0] if len(consumers) == 1 else FanOut(consumers)


class FanOut:
    """Waits for every consumer, whatever the others say: a slow one is never cancelled because another failed."""

    def __init__(self, consumers: Sequence[Consumer]) -> None:
        self._consumers = tuple(consumers)

    async def consume(self, batch: Batch) -> Receipt:
        """Pass the batch to all, at the same time, and return what they say together (:func:`combine`).

        Raises:
            RetryableError: at least one asks for another try; those that have accepted get the batch again then.
            PermanentError: nobody asks for another try, and at least one refuses for good.
        """
        answers = await asyncio.gather(*(each.consume(batch) for each in self._consumers), return_exceptions=True)
        return combine(answers)
