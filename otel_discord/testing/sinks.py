"""The end of a pipeline in a test: a consumer that keeps what it gets and answers as told."""

import asyncio
from collections.abc import Callable, Sequence
from typing import TypeAlias

from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from otel_discord.component.consumer import ACCEPTED, Receipt
from otel_discord.component.errors import ComponentError
from otel_discord.signals.any_value import Plain, to_plain
from otel_discord.signals.batch import Batch, LogsBatch

Verdict: TypeAlias = Receipt | ComponentError
"""What a sink answers: a receipt, or an error that it raises."""


class Sink:
    """A :class:`~otel_discord.component.consumer.Consumer` that collects batches.

    ``batches`` holds what was accepted, in order; ``offered`` counts every call, accepted or not.

        sink = Sink()
        sink.answer_next(RetryableError("busy"), RetryableError("busy"))   # then it accepts again
    """

    def __init__(self, *, always: Verdict = ACCEPTED, decide: Callable[[Batch], Verdict] | None = None) -> None:
        """Answer ``always``, or what ``decide`` says of a batch."""
        self.batches: list[Batch] = []
        self.offered = 0
        self._decide = decide or (lambda _: always)
        self._next: list[Verdict] = []
        self._open = asyncio.Event()
        self._open.set()
        self._arrived = asyncio.Condition()

    def answer_next(self, *verdicts: Verdict) -> None:
        """Answer the next calls with these, one each; after them as before."""
        self._next += verdicts

    def block(self) -> None:
        """Let every call wait until :meth:`unblock`."""
        self._open.clear()

    def unblock(self) -> None:
        """Let waiting calls go on."""
        self._open.set()

    async def consume(self, batch: Batch) -> Receipt:
        """Take a batch, or raise, as told.

        Raises:
            ComponentError: the one that the sink was told to raise.
        """
        self.offered += 1
        await self._open.wait()
        verdict = self._next.pop(0) if self._next else self._decide(batch)
        if isinstance(verdict, ComponentError):
            raise verdict
        async with self._arrived:
            self.batches.append(batch)
            self._arrived.notify_all()
        return verdict

    @property
    def item_count(self) -> int:
        """Records, data points and spans accepted so far."""
        return sum(batch.item_count for batch in self.batches)

    @property
    def log_records(self) -> Sequence[LogRecord]:
        """Every log record accepted, in order."""
        return [record for batch in self.batches if isinstance(batch, LogsBatch) for _, _, record in batch.records()]

    @property
    def bodies(self) -> Sequence[Plain]:
        """The bodies of the log records accepted, in order."""
        return [to_plain(record.body) for record in self.log_records]

    async def wait_for_items(self, count: int, *, timeout_s: float = 5.0) -> None:
        """Return once ``count`` items were accepted.

        Raises:
            AssertionError: they were not in time; says how many there are.
        """
        try:
            async with asyncio.timeout(timeout_s), self._arrived:
                await self._arrived.wait_for(lambda: self.item_count >= count)
        except TimeoutError:
            raise AssertionError(f"{self.item_count} of {count} items after {timeout_s} s") from None
