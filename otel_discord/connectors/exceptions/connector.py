"""Tells the failures of each batch of spans at once, each once for its trace."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from otel_discord.component import ACCEPTED, Host, Outlets, Receipt, Settings
from otel_discord.component.instrument_list import PREFIX
from otel_discord.component.instruments import counter
from otel_discord.connectors.exceptions.config import ExceptionsConfig
from otel_discord.connectors.exceptions.failures import failures
from otel_discord.connectors.exceptions.records import records
from otel_discord.connectors.exceptions.requests import requests
from otel_discord.connectors.exceptions.told import Told
from otel_discord.ottl import ConditionSequence, ContextKind, ErrorMode, OttlError, SpanItem, each_span, parse_condition
from otel_discord.ottl.told_once import ToldOnce
from otel_discord.signals import Batch, Signal, TracesBatch


class ExceptionsConnector:
    """Makes log records of what failed."""

    def __init__(
        self,
        settings: Settings,
        config: ExceptionsConfig,
        outlets: Outlets,
        *,
        wall_clock_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._id = settings.id
        self._logger = settings.logger
        self._config = config
        self._outlet = outlets.by_signal.get(Signal.LOGS)
        self._wall_clock_ns = wall_clock_ns
        self._told = self._new_memory()
        self._labels = {"connector": str(settings.id)}
        self._counter = counter(settings.meter, f"{PREFIX}exceptions_total")
        self._count(0, 0)
        self._errors = ToldOnce(self._tell_error)
        self._matches = self._condition()

    @asynccontextmanager
    async def lifespan(self, host: Host) -> AsyncIterator[None]:
        """Remember over a reload what was told; nothing else is held open."""
        kept = host.kept(f"exceptions connector {self._id}", self._new_memory)
        kept.window_s, kept.max_entries = self._told.window_s, self._told.max_entries
        self._told = kept
        try:
            yield
        finally:
            for text, count in self._errors.counts.items():
                self._logger.warning("a condition could not be evaluated %d times: %s", count, text)
            if self._told.let_go:
                self._logger.info("%d entries were forgotten early: deduplication::max_entries", self._told.let_go)

    async def consume(self, batch: Batch) -> Receipt:
        """Pass the failures of a batch on, where there are any that were not told yet.

        Raises:
            ComponentError: nobody took them; they are told when the batch comes again.
        """
        if self._outlet is None or not isinstance(batch, TracesBatch):
            return ACCEPTED
        found = failures(each_span(batch), self._matches, error_spans=self._config.error_spans)
        if not found:
            return ACCEPTED
        new, noted = self._told.new_ones(found, asyncio.get_running_loop().time())
        if not new:
            self._count(0, len(found))
            return ACCEPTED
        told = records(new, self._config.dimensions, self._wall_clock_ns(), requests(new, each_span(batch)))
        try:
            receipt = await self._outlet.consume(told)
        except BaseException:
            self._told.forget(noted)
            raise
        self._count(len(new), len(found) - len(new))
        return Receipt(0, receipt.message)  # what was rejected are records, not spans

    def _count(self, told: int, repeated: int) -> None:
        self._counter.add(told, {**self._labels, "outcome": "told"})
        self._counter.add(repeated, {**self._labels, "outcome": "repeated"})

    def _new_memory(self) -> Told:
        return Told(self._config.deduplication.window, self._config.deduplication.max_entries)

    def _condition(self) -> Callable[[SpanItem], bool]:
        if not self._config.where:
            return lambda _: True
        parsed = parse_condition(self._config.where, ContextKind.SPAN, clock=self._wall_clock_ns)
        return ConditionSequence([parsed], ErrorMode.IGNORE, self._errors).matches

    def _tell_error(self, condition: str, error: OttlError) -> None:
        self._logger.warning("a condition cannot be evaluated, so its span is not told: %s: %s", condition, error)
