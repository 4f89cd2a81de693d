"""One answer for what several consumers said of the same batch. Pure."""

from collections.abc import Iterable, Sequence

from otel_discord.component.consumer import Receipt
from otel_discord.component.errors import PermanentError, QueueFullError, RetryableError, ShutdownError


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
