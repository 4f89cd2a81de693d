"""Takes batches in for a fleet: each shard gets its part, all in one step, whichever replica works on it."""

import asyncio
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from otel_discord.component import QueueFullError, StoredBatch
from otel_discord.component.fleet import Fleet, Part, Turn
from otel_discord.component.instruments import ExporterInstruments
from otel_discord.exporterhelper.config import Overflow, SendingQueueConfig
from otel_discord.exporterhelper.spool import Spool
from otel_discord.exporters.discord.exporter import DiscordExporter
from otel_discord.exporters.discord.fleet.splitting import Share, Splitter
from otel_discord.exporters.discord.routing import NORMAL_PRIORITY, Router
from otel_discord.exporters.discord.sourced.live import Places
from otel_discord.signals import LogsBatch, Signal

_MAKING_ROOM_S: Final = 5.0
"""Who has the seat makes room where the oldest is dropped; nothing more may go where it has not by then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetIntake:
    """Of one exporter on one replica. ``engines`` are those that work here, by shard; ``wall_clock`` is Unix time."""

    fleet: Fleet
    splitter: Splitter
    router: Router
    settings: SendingQueueConfig
    instruments: ExporterInstruments
    engines: Mapping[int, DiscordExporter]
    wall_clock: Callable[[], float]
    places_of: Callable[[LogsBatch], Places]
    """Which runs the resources of a batch belong to."""
    spool: Spool | None = None

    async def accept(self, batch: LogsBatch, priority: int, places: Places) -> None:
        """Store what of a batch goes somewhere; ``places`` says which runs its resources belong to.

        Raises:
            QueueFullError: a shard has no room, and waiting for it is not asked for; nothing was stored.
            RetryableError: the storage cannot take it now; nothing was stored.
            ShutdownError: the fleet is closed.
        """
        accepted_ns = int(self.wall_clock() * 1e9)
        if self.spool is not None and not await self.spool.is_passed(batch.item_count):
            await self.spool.keep(batch, accepted_ns)
            return
        shares = self.splitter.split(batch, places)
        if not shares:
            return
        if priority <= NORMAL_PRIORITY:
            await self._keep_pace(shares)
        ids = await self._put(self._parts(shares, priority, accepted_ns), batch, accepted_ns)
        self._took_in(ids, shares)

    async def keep_pace(self) -> None:
        """Return when the engines here have caught up with what came, or after a moment."""
        await self._keep_pace(self.engines)

    async def put_spooled(self, stored: StoredBatch, turn: Turn) -> None:
        """Put what has waited in the spool; where it goes is found out only now.

        Raises:
            RetryableError: it is not taken now, or its turn has not come.
        """
        assert isinstance(stored.batch, LogsBatch)  # noqa: S101 - nothing else is kept
        shares = self.splitter.split(stored.batch, self.places_of(stored.batch))
        ids = await self.fleet.put(self._parts(shares, NORMAL_PRIORITY, stored.accepted_ns), turn)
        self._took_in(ids, shares)

    async def _keep_pace(self, shards: Collection[int]) -> None:
        await asyncio.gather(*(self.engines[shard].keep_pace() for shard in shards if shard in self.engines))

    def _took_in(self, ids: Mapping[int, int], shares: Mapping[int, Share]) -> None:
        for shard, batch_id in ids.items():
            engine, share = self.engines.get(shard), shares[shard]
            if engine is not None:
                engine.took_in(batch_id, share.batch.item_count, share.places)

    def _parts(self, shares: Mapping[int, Share], priority: int, accepted_ns: int) -> Mapping[int, Part]:
        return {
            shard: Part(each.batch, self.router.priority(each.highest) if each.highest else priority, accepted_ns)
            for shard, each in shares.items()
        }

    async def _put(self, parts: Mapping[int, Part], batch: LogsBatch, accepted_ns: int) -> Mapping[int, int]:
        """Return the ids of what was stored; none where it is in the spool."""
        makes_room = self.settings.overflow is Overflow.DROP_OLDEST
        until_s = asyncio.get_running_loop().time() + _MAKING_ROOM_S
        while True:
            try:
                putting = self.fleet.put(parts)
                if self.spool is None:
                    return await putting
                return await self.spool.through(putting, batch, accepted_ns) or {}
            except QueueFullError:
                left_s = until_s - asyncio.get_running_loop().time()
                if not self.settings.block_on_overflow and not (makes_room and left_s > 0):
                    self.instruments.enqueue_failed(Signal.LOGS, batch.item_count)
                    raise
                with suppress(TimeoutError):
                    async with asyncio.timeout(None if self.settings.block_on_overflow else left_s):
                        await self.fleet.wait_for_room(parts)
