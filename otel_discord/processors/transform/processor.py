"""Runs the statements over a copy of each batch."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from otel_discord.component import Consumer, Host, PermanentError, Receipt, Settings
from otel_discord.ottl import OttlError
from otel_discord.ottl.told_once import ToldOnce
from otel_discord.processors.transform.apply import step_of, transformed
from otel_discord.processors.transform.config import TransformConfig
from otel_discord.processors.transform.group import Group
from otel_discord.signals import Batch, Signal


class TransformProcessor:
    """Changes what passes."""

    def __init__(self, settings: Settings, config: TransformConfig, signal: Signal, next_consumer: Consumer) -> None:
        self._next = next_consumer
        self._logger = settings.logger
        self._errors = ToldOnce(self._tell_error)
        groups = [group for group in config.groups(signal) if isinstance(group, Group)]
        self._steps = [step_of(group, self._errors) for group in groups]

    @asynccontextmanager
    async def lifespan(self, host: Host) -> AsyncIterator[None]:  # noqa: ARG002 - the contract's name
        """Say at the end how often a statement failed; nothing is held open."""
        try:
            yield
        finally:
            for text, count in self._errors.counts.items():
                self._logger.warning("a statement failed %d times: %s", count, text)

    async def consume(self, batch: Batch) -> Receipt:
        """Pass the changed copy on, or the batch itself where no statement was run.

        Raises:
            PermanentError: a statement in mode propagate failed.
        """
        try:
            changed = transformed(batch, self._steps)
        except OttlError as error:
            raise PermanentError(f"a statement of the transform processor failed: {error}") from error
        return await self._next.consume(changed)

    def _tell_error(self, statement: str, error: OttlError) -> None:
        self._logger.warning("a statement failed and is passed over: %s: %s", statement, error)
