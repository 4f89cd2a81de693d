"""Takes batches in for a fleet: each shard gets its part, all in one step, whichever replica works on it."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from otel_discord.component import QueueFullError
from otel_discord.component.fleet import Fleet, Part
from otel_discord.component.instruments import ExporterInstruments
from otel_discord.exporterhelper.config import Overflow, SendingQueueConfig
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

    async def accept(self, batch: LogsBatch, priority: int, places: Places) -> None:
        """Store what of a batch goes somewhere; ``places`` says which runs its resources belong to.

        Raises:
            QueueFullError: a shard has no room, and waiting for it is not asked for; nothing was stored.
            RetryableError: the storage cannot take it now; nothing was stored.
            ShutdownError: the fleet is closed.
        """
        shares = self.splitter.split(batch, places)
        if not shares:
            return
        if priority <= NORMAL_PRIORITY:
            here = [self.engines[shard] for shard in shares if shard in self.engines]
            await asyncio.gather(*(engine.keep_pace() for engine in here))
        accepted_ns = int(self.wall_clock() * 1e9)
        parts = {shard: Part(each.batch, self._priority(each, priority), accepted_ns) for shard, each in shares.items()}
        ids = await self._put(parts, batch.item_count)
        for shard, batch_id in ids.items():
            engine, share = self.engines.get(shard), shares[shard]
            if engine is not None:
                engine.took_in(batch_id, share.batch.item_count, share.places)

    def _priority(self, share: Share, priority: int) -> int:
        return self.router.priority(share.highest) if share.highest else priority

    async def _put(self, parts: Mapping[int, Part], records: int) -> Mapping[int, int]:
        makes_room = self.settings.overflow is Overflow.DROP_OLDEST
        until_s = asyncio.get_running_loop().time() + _MAKING_ROOM_S
        while True:
            try:
                return await self.fleet.put(parts)
            except QueueFullError:
                left_s = until_s - asyncio.get_running_loop().time()
                if not self.settings.block_on_overflow and not (makes_room and left_s > 0):
                    self.instruments.enqueue_failed(Signal.LOGS, records)
                    raise
                with suppress(TimeoutError):
                    async with asyncio.timeout(None if self.settings.block_on_overflow else left_s):
                        await self.fleet.wait_for_room(parts)
