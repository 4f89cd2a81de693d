"""One answer to whoever sent a batch, for what the pipelines said of its parts. Pure."""

from collections.abc import Mapping

from otel_discord.component import PermanentError, Receipt
from otel_discord.component.answers import combine
from otel_discord.connectors.routing.split import Targets

Answers = Mapping[str, Receipt | BaseException]


def answer(answers: Answers, counts: Mapping[Targets, int]) -> Receipt:
    """Return the answer: what some pipeline refused for good is rejected, the rest is accepted.

    Raises:
        RetryableError: a pipeline asks for another try; the others get their parts again then.
        PermanentError: every item was refused for good.
        BaseException: an error that is none of ours, as it is.
    """
    refused = {pipeline: error for pipeline, error in answers.items() if isinstance(error, BaseException)}
    others = [error for error in refused.values() if not isinstance(error, PermanentError)]
    rejected = sum(count for targets, count in counts.items() if not refused.keys().isdisjoint(targets))
    if others or (refused and rejected >= sum(counts.values())):
        return combine(list(answers.values()))
    receipts = [each for each in answers.values() if isinstance(each, Receipt)]
    said = [*(str(error) for error in refused.values()), *(receipt.message for receipt in receipts)]
    rejected += sum(receipt.rejected for receipt in receipts)
    return Receipt(min(rejected, sum(counts.values())), "; ".join(dict.fromkeys(text for text in said if text)))
