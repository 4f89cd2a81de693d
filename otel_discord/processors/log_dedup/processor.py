"""Holds records to the end of the interval, and lets them out; what is let out is kept until somebody has taken it."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from itertools import compress
from typing import Final

from otel_discord.component import (
    ACCEPTED,
    Consumer,
    Host,
    PermanentError,
    Receipt,
    RetryableError,
    Settings,
)
from otel_discord.ottl import ConditionSequence, ContextKind, ErrorMode, LogItem, OttlError, parse_condition
from otel_discord.processors.log_dedup.config import LogDedupConfig
from otel_discord.processors.log_dedup.fields import split_field
from otel_discord.processors.log_dedup.held import Held, Sighting, Sightings
from otel_discord.processors.log_dedup.zones import zone_of
from otel_discord.signals import Batch, LogsBatch

_MIB: Final = 1024 * 1024
_FIRST_PAUSE_S: Final = 0.25
_LONGEST_PAUSE_S: Final = 10.0


class LogDedup:
    """Lets one of many identical records through, late, with their count."""

    def __init__(self, settings: Settings, config: LogDedupConfig, next_consumer: Consumer) -> None:
        self._logger = settings.logger
        self._config = config
        self._next = next_consumer
        self._zone = zone_of(config.timezone)
        self._sightings = Sightings(
            [split_field(each) for each in config.exclude_fields], [split_field(each) for each in config.include_fields]
        )
        self._held = Held(max_distinct=config.max_distinct, max_bytes=config.max_mib * _MIB)
        self._leaving: tuple[LogsBatch, int] | None = None
        """What was let out and not yet taken, and how many records it stands for."""
        parsed = [parse_condition(text, ContextKind.LOG, clock=time.time_ns) for text in config.conditions]
        self._conditions = ConditionSequence(parsed, ErrorMode.IGNORE, self._tell_error) if parsed else None
        self._is_open = False
        self._closing = asyncio.Event()

    @asynccontextmanager
    async def lifespan(self, host: Host) -> AsyncIterator[None]:
        """Let out at each interval, and at the end whatever is held, within the host's deadline."""
        self._is_open = True
        try:
            async with asyncio.timeout(None) as limit:
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(self._let_out_at_intervals())
                    try:
                        yield
                    finally:
                        self._is_open = False
                        self._closing.set()
                        limit.reschedule(host.drain_deadline_s)
                await self._empty()
        except TimeoutError:
            if not limit.expired():
                raise
        finally:
            self._is_open = False
            self._tell_lost()

    async def consume(self, batch: Batch) -> Receipt:
        """Hold what is to be held, and pass the rest on.

        Raises:
            ComponentError: the rest was not taken; then nothing is held either.
        """
        if not self._is_open or not isinstance(batch, LogsBatch):
            return await self._next.consume(batch)
        sightings = list(self._sightings.each(batch))
        holds = self._to_hold(batch, sightings)
        if not any(holds):
            return await self._next.consume(batch)
        receipt = ACCEPTED if all(holds) else await self._next.consume(_without(batch, holds))
        if self._is_open:
            self._held.add(list(compress(sightings, holds)), time.time_ns())
        else:  # it was closed while the rest was on its way, so nobody would let these out any more
            await self._next.consume(_without(batch, [not each for each in holds]))
        return receipt

    def _to_hold(self, batch: LogsBatch, sightings: Sequence[Sighting]) -> list[bool]:
        conditions = self._conditions
        if conditions is None:
            return self._held.fitting(sightings)
        wanted = [
            conditions.matches(LogItem(record, scope_group.scope, group.resource, scope_group, group))
            for group in batch.request.resource_logs
            for scope_group in group.scope_logs
            for record in scope_group.log_records
        ]
        fits = iter(self._held.fitting(list(compress(sightings, wanted))))
        return [each and next(fits) for each in wanted]

    async def _let_out_at_intervals(self) -> None:
        loop = asyncio.get_running_loop()
        due_s = loop.time() + self._config.interval
        while not await self._is_closing_until(due_s):
            due_s = max(due_s, loop.time()) + self._config.interval
            pause_s = _FIRST_PAUSE_S
            while not await self._offer():
                if await self._is_closing_until(loop.time() + pause_s):
                    return
                pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)

    async def _is_closing_until(self, until_s: float) -> bool:
        """Wait until a loop time, or for the end; return whether it is that."""
        with suppress(TimeoutError):
            async with asyncio.timeout_at(until_s):
                await self._closing.wait()
        return self._closing.is_set()

    async def _empty(self) -> None:
        """Let everything out, however often that takes."""
        pause_s = _FIRST_PAUSE_S
        while self._leaving is not None or self._held.records:
            if not await self._offer():
                await asyncio.sleep(pause_s)
                pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)

    async def _offer(self) -> bool:
        """Offer what was let out, or what is held now; return whether that is settled."""
        if self._leaving is None:
            if not (records := self._held.records):
                return True
            batch = self._held.let_out(
                count_key=self._config.log_count_attribute,
                zone=self._zone,
                now_ns=time.time_ns(),
                keeps_time=self._config.timestamp_mode == "preserved",
            )
            self._leaving = batch, records
        batch, records = self._leaving
        try:
            await self._next.consume(batch)
        except RetryableError as error:
            self._logger.info("%d records that were held are not taken yet: %s", records, error)
            return False
        except PermanentError as error:
            self._logger.error("%d records that were held are lost: %s", records, error)  # noqa: TRY400  it says why
        self._leaving = None
        return True

    def _tell_lost(self) -> None:
        lost = self._held.records + (self._leaving[1] if self._leaving else 0)
        if lost:
            self._logger.error("%d records that were held are lost: nobody took them before the end", lost)

    def _tell_error(self, condition: str, error: OttlError) -> None:
        self._logger.warning("a condition cannot be evaluated, so its record passes: %s: %s", condition, error)


def _without(batch: LogsBatch, left_out: Sequence[bool]) -> LogsBatch:
    """Return a batch of the records that are not left out."""
    copy = batch.copy()
    place = len(left_out)
    for group in reversed(copy.request.resource_logs):
        for scope_group in reversed(group.scope_logs):
            for index in reversed(range(len(scope_group.log_records))):
                place -= 1
                if left_out[place]:
                    del scope_group.log_records[index]
        for index in reversed(range(len(group.scope_logs))):
            if not group.scope_logs[index].log_records:
                del group.scope_logs[index]
    for index in reversed(range(len(copy.request.resource_logs))):
        if not copy.request.resource_logs[index].scope_logs:
            del copy.request.resource_logs[index]
    return copy
