"""Counts each batch and passes the counts on as metrics."""

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from otel_discord.component import ACCEPTED, Host, Outlets, Receipt, Settings
from otel_discord.connectors.count.config import CONTEXTS, CountConfig
from otel_discord.connectors.count.counting import Definition, Matches, definition
from otel_discord.connectors.count.walk import counted
from otel_discord.ottl import ConditionSequence, ContextKind, ErrorMode, OttlError, parse_condition
from otel_discord.signals import Batch, Signal


class CountConnector:
    """Makes delta sums of what passes."""

    def __init__(self, settings: Settings, config: CountConfig, outlets: Outlets) -> None:
        self._logger = settings.logger
        self._outlet = outlets.by_signal.get(Signal.METRICS)
        self._definitions = {section: self._section(config, section) for section in CONTEXTS}

    @asynccontextmanager
    async def lifespan(self, host: Host) -> AsyncIterator[None]:  # noqa: ARG002 - the contract's name
        """Do nothing between opening and closing: no count outlives its batch."""
        yield

    async def consume(self, batch: Batch) -> Receipt:
        """Pass the counts of a batch on, where there are any."""
        if self._outlet is None:
            return ACCEPTED
        metrics = counted(batch, self._definitions, time.time_ns())
        if metrics is None:
            return ACCEPTED
        receipt = await self._outlet.consume(metrics)
        return Receipt(0, receipt.message)  # what was rejected are counts, not what was counted

    def _section(self, config: CountConfig, section: str) -> Sequence[Definition]:
        return [
            definition(name, metric, self._matches(metric.conditions, CONTEXTS[section]))
            for name, metric in config.of_section(section).items()
        ]

    def _matches(self, conditions: Sequence[str], context: ContextKind) -> Matches | None:
        if not conditions:
            return None
        parsed = [parse_condition(text, context, clock=time.time_ns) for text in conditions]
        return ConditionSequence(parsed, ErrorMode.IGNORE, self._tell_error).matches

    def _tell_error(self, condition: str, error: OttlError) -> None:
        self._logger.warning("a condition cannot be evaluated, so it does not count: %s: %s", condition, error)
