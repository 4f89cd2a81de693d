"""The one method that carries data, and what it answers."""

from dataclasses import dataclass
from typing import Protocol

from otel_discord.signals.batch import Batch


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a batch that was accepted: all of it, or all but ``rejected`` items.

    ``rejected`` items were refused for good and are not to be sent again; ``message`` says why (OTLP's
    partial_success). ``rejected == 0`` with a message is a warning about a batch accepted in full.
    """

    rejected: int = 0
    message: str = ""


ACCEPTED = Receipt()


class Consumer(Protocol):
    """Something that data is passed to. It never knows who is before it or what comes after its next."""

    async def consume(self, batch: Batch) -> Receipt:
        """Take the batch over, or raise.

        Once it has returned, the batch is this consumer's to deliver. The batch is shared: never change it.

        Raises:
            PermanentError: never send this again.
            RetryableError: nothing was taken; try again, after ``retry_after_s`` if given.
        """
        ...
