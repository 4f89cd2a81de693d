"""Passes on what the rules leave of a batch."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from otel_discord.component import ACCEPTED, Consumer, Host, PermanentError, Receipt, Settings
from otel_discord.component.instruments import FilterInstruments
from otel_discord.ottl import OttlError
from otel_discord.ottl.told_once import ToldOnce
from otel_discord.processors.filter.apply import filtered
from otel_discord.processors.filter.config import FilterConfig
from otel_discord.processors.filter.polarity import doubts
from otel_discord.processors.filter.rules import compile_rules
from otel_discord.signals import Signal
from otel_discord.signals.batch import Batch


class FilterProcessor:
    """Drops what matches; with ``keep``, also what does not."""

    def __init__(self, settings: Settings, config: FilterConfig, signal: Signal, next_consumer: Consumer) -> None:
        """Compile the conditions of a signal.

        Raises:
            StartError: a key of ``spans::include`` or ``exclude`` that spans do not have.
        """
        self._next = next_consumer
        self._logger = settings.logger
        self._instruments = FilterInstruments(settings.meter, str(settings.id), signal)
        self._doubts = list(doubts(config, signal))
        self._errors = ToldOnce(self._tell_error)
        self._rules = compile_rules(config, signal, self._errors)

    @asynccontextmanager
    async def lifespan(self, host: Host) -> AsyncIterator[None]:  # noqa: ARG002 - the contract's name
        """Say at the start what looks wrong, at the end how often a condition failed; nothing is held open."""
        for doubt in self._doubts:
            self._logger.warning("%s", doubt)
        try:
            yield
        finally:
            for text, count in self._errors.counts.items():
                self._logger.warning("a condition could not be evaluated %d times: %s", count, text)

    async def consume(self, batch: Batch) -> Receipt:
        """Pass on what is left of a batch; the batch itself where that is all of it.

        Raises:
            PermanentError: a condition in mode propagate cannot be evaluated.
        """
        try:
            left = filtered(batch, self._rules)
        except OttlError as error:
            raise PermanentError(f"a filter condition cannot be evaluated: {error}") from error
        if left is not batch:
            self._instruments.filtered(batch.item_count - (left.item_count if left else 0))
        return ACCEPTED if left is None else await self._next.consume(left)

    def _tell_error(self, condition: str, error: OttlError) -> None:
        self._logger.warning("a condition cannot be evaluated, so it drops nothing: %s: %s", condition, error)
