"""One batch to several consumers at once. The batch is shared; nobody changes it."""

import asyncio
from collections.abc import Iterable, Sequence

from otel_discord.component import Consumer, PermanentError, QueueFullError, Receipt, RetryableError, ShutdownError
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


def combine(answers: Sequence[Receipt | BaseException]) -> Receipt:
    """Return one answer for several: the most that anyone rejected, with every reason once.

    Raises:
        RetryableError: with the longest delay that anyone asks for; of the kind that all share, where they share one.
        PermanentError: with every reason.
        BaseException: an error that is none of ours, where nobody asks for another try, goes on as it is.
    """
    errors = [answer for answer in answers if isinstance(answer, BaseException)]
    for error in errors:
        if not isinstance(error, Exception):
            raise error
    retryable = [error for error in errors if isinstance(error, RetryableError)]
    if retryable:
        raise _retry_later(retryable)
    for error in errors:
        if not isinstance(error, PermanentError):
            raise error
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise PermanentError(_joined(str(error) for error in errors))
    receipts = [answer for answer in answers if isinstance(answer, Receipt)]
    rejected = max((receipt.rejected for receipt in receipts), default=0)
    return Receipt(rejected, _joined(receipt.message for receipt in receipts))


def _retry_later(errors: Sequence[RetryableError]) -> RetryableError:
    if len(errors) == 1:
        return errors[0]
    delays = [error.retry_after_s for error in errors if error.retry_after_s is not None]
    reasons = {error.reason for error in errors}
    kind: type[RetryableError] = RetryableError
    for candidate in (QueueFullError, ShutdownError):
        if all(isinstance(error, candidate) for error in errors):
            kind = candidate
    return kind(
        _joined(str(error) for error in errors),
        retry_after_s=max(delays, default=None),
        reason=reasons.pop() if len(reasons) == 1 else "",
    )


def _joined(texts: Iterable[str]) -> str:
    return "; ".join(dict.fromkeys(text for text in texts if text))
