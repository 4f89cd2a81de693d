"""Makes room in a guild that has as many channels as Discord allows: the oldest archived runs go before their time."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable

from otel_discord.extensions.run_channels.bench import Bench
from otel_discord.extensions.run_channels.runs import Placement, Run, State


class Room:
    """Of one extension. ``clean`` deletes an archived run's channel and returns whether it is gone."""

    def __init__(
        self, bench: Bench, runs: Callable[[], Iterable[Run]], clean: Callable[[str], Awaitable[bool]]
    ) -> None:
        self._bench = bench
        self._runs = runs
        self._clean = clean
        self._locks: dict[str, asyncio.Lock] = {}

    async def make_room(self, guild_id: str) -> bool:
        """Delete the channel of the run that was archived first; return whether a channel has gone."""
        if not self._bench.config.make_room:
            return False
        async with self._locks.setdefault(guild_id, asyncio.Lock()):
            oldest = min(self._archived(guild_id), key=lambda run: (run.archived_ms, run.run_id), default=None)
            if oldest is None:
                return False
            self._bench.logger.warning(
                "the guild has as many channels as Discord allows; the oldest archived run goes before its time",
                extra={"guild": guild_id, "run": oldest.run_id, "channel": oldest.channel_id},
            )
            return await self._clean(oldest.run_id)

    def _archived(self, guild_id: str) -> Iterable[Run]:
        return (
            run
            for run in self._runs()
            if run.state is State.ARCHIVED and run.key.guild_id == guild_id and run.placement is Placement.CHANNEL
        )
