"""Asks the table about each batch and passes the parts on, all at the same time."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

from otel_discord.component import ACCEPTED, Host, Outlets, PermanentError, Receipt, Settings, StartError
from otel_discord.connectors.routing.answer import answer
from otel_discord.connectors.routing.config import RoutingConfig
from otel_discord.connectors.routing.split import split
from otel_discord.connectors.routing.table import table_of
from otel_discord.ottl import OttlError
from otel_discord.ottl.told_once import ToldOnce
from otel_discord.signals import Batch, Signal


class RoutingConnector:
    """Chooses the pipelines of each record, span, metric or data point."""

    def __init__(self, settings: Settings, config: RoutingConfig, outlets: Outlets) -> None:
        """Compile the table.

        Raises:
            StartError: it names a pipeline that does not receive from this connector.
        """
        self._logger = settings.logger
        self._pipelines = outlets.by_pipeline
        for path, name in _named(config):
            if name not in self._pipelines:
                raise StartError(f'{path}: pipeline "{name}" does not receive from this connector')
        self._errors = ToldOnce(self._tell_error)
        self._tables = {signal: table_of(config, signal, self._errors) for signal in Signal}

    @asynccontextmanager
    async def lifespan(self, host: Host) -> AsyncIterator[None]:  # noqa: ARG002 - the contract's name
        """Say at the end how often a condition failed; nothing is held open."""
        try:
            yield
        finally:
            for text, count in self._errors.counts.items():
                self._logger.warning("a condition could not be evaluated %d times: %s", count, text)

    async def consume(self, batch: Batch) -> Receipt:
        """Pass the parts on, and answer for all of them together (:func:`answer`).

        Raises:
            RetryableError: a pipeline asks for another try.
            PermanentError: everything was refused for good, or a condition in mode propagate cannot be evaluated.
        """
        try:
            parts = split(batch, self._tables[batch.signal])
        except OttlError as error:
            raise PermanentError(f"a routing condition cannot be evaluated: {error}") from error
        if not parts.parts:
            return ACCEPTED
        if len(parts.parts) == 1:
            ((name, part),) = parts.parts.items()
            if part is batch:
                return await self._pipelines[name].consume(batch)
        waits = [self._pipelines[name].consume(part) for name, part in parts.parts.items()]
        answers = await asyncio.gather(*waits, return_exceptions=True)
        return answer(dict(zip(parts.parts, answers, strict=True)), parts.counts)

    def _tell_error(self, condition: str, error: OttlError) -> None:
        self._logger.warning("a condition cannot be evaluated, so it does not hold: %s: %s", condition, error)


def _named(config: RoutingConfig) -> Iterator[tuple[str, str]]:
    for place, route in enumerate(config.table):
        for inner, name in enumerate(route.pipelines):
            yield f"table::{place}::pipelines::{inner}", name
    for inner, name in enumerate(config.default_pipelines):
        yield f"default_pipelines::{inner}", name
