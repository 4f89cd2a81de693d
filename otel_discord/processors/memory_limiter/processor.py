"""Measures at intervals, and refuses batches while there is too much."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from otel_discord.component import Consumer, Host, Receipt, RetryableError, Settings, Status
from otel_discord.component.instruments import ProcessorInstruments
from otel_discord.processors.memory_limiter.config import MemoryLimiterConfig
from otel_discord.processors.memory_limiter.limits import MIB, Turn, Watch, limits_of
from otel_discord.processors.memory_limiter.process_memory import Memory
from otel_discord.signals import Batch

_REASON: Final = "memory"
_RETRY_AT_LEAST_S: Final = 1.0


class MemoryLimiter:
    """Lets batches through, or tells who sends them to come back."""

    def __init__(
        self, settings: Settings, config: MemoryLimiterConfig, next_consumer: Consumer, memory: Memory
    ) -> None:
        self._logger = settings.logger
        self._interval_s = config.check_interval
        self._memory = memory
        self._next = next_consumer
        self._instruments = ProcessorInstruments(settings.meter, str(settings.id))
        self._watch = Watch(
            limits_of(config, 0 if config.limit_mib else memory.total_bytes()),
            soft_pause_s=config.min_gc_interval_when_soft_limited,
            hard_pause_s=config.min_gc_interval_when_hard_limited,
        )

    @asynccontextmanager
    async def lifespan(self, host: Host) -> AsyncIterator[None]:
        """Measure at each interval as long as this lasts."""
        limits = self._watch.limits
        self._logger.info(
            "batches are refused from %d MiB of memory on; the hard limit is %d MiB",
            limits.soft_bytes // MIB,
            limits.hard_bytes // MIB,
        )
        async with asyncio.TaskGroup() as tasks:
            checking = tasks.create_task(self._check_at_intervals(host))
            try:
                yield
            finally:
                checking.cancel()
                self._watch.is_refusing = False

    async def consume(self, batch: Batch) -> Receipt:
        """Pass the batch on.

        Raises:
            RetryableError: too much memory is in use.
        """
        if self._watch.is_refusing:
            self._instruments.refused(batch.signal, batch.item_count)
            raise RetryableError(
                "too much memory is in use; send it again later",
                retry_after_s=max(self._interval_s, _RETRY_AT_LEAST_S),
                reason=_REASON,
            )
        self._instruments.accepted(batch.signal, batch.item_count)
        return await self._next.consume(batch)

    async def _check_at_intervals(self, host: Host) -> None:
        while True:
            await asyncio.sleep(self._interval_s)
            self._check(host)

    def _check(self, host: Host) -> None:
        used_bytes = self._memory.used_bytes()
        if self._watch.wants_collection(used_bytes, asyncio.get_running_loop().time()):
            self._logger.info("memory in use: %d MiB; collecting garbage", used_bytes // MIB)
            self._memory.collect()
            used_bytes = self._memory.used_bytes()
        match self._watch.judge(used_bytes):
            case Turn.REFUSE:
                soft_mib = self._watch.limits.soft_bytes // MIB
                why = f"memory in use: {used_bytes // MIB} MiB, soft limit: {soft_mib} MiB; batches are refused"
                self._logger.warning("%s", why)
                host.report_status(Status.RECOVERABLE, error=why)
            case Turn.RESUME:
                self._logger.info("memory in use: %d MiB; batches are let through again", used_bytes // MIB)
                host.report_status(Status.OK)
