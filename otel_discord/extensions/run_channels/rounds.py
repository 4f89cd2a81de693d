"""Looks, now and then and when an exporter is turned away, whether running runs still have channel and webhook."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from otel_discord.component.errors import RetryableError
from otel_discord.discord_api.bot.answers import Done
from otel_discord.extensions.run_channels.bench import Bench
from otel_discord.extensions.run_channels.book import Book
from otel_discord.extensions.run_channels.guild_views import GuildViews
from otel_discord.extensions.run_channels.mending import Mender
from otel_discord.extensions.run_channels.runs import Placement, Run, State

EVERY_S: Final = 600.0
NOT_BEFORE_S: Final = 60.0
"""Of one run: an exporter that is turned away says so again and again."""


@dataclass(slots=True, kw_only=True)
class Rounds:
    """Of one extension. Two requests for each guild that has running runs, and more for what seems to be missing."""

    bench: Bench
    book: Book
    views: GuildViews
    mender: Mender
    _called: set[str] = field(default_factory=set)
    _looked_s: dict[str, float] = field(default_factory=dict)
    """When a run was looked at because of a call."""
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def call(self, run_id: str) -> None:
        """Discord takes nothing any more at a run's webhook: look at it soon."""
        is_known = self.book.get(run_id) is not None
        if is_known and self.bench.clock() - self._looked_s.get(run_id, float("-inf")) >= NOT_BEFORE_S:
            self._called.add(run_id)
            self._news.set()

    async def run(self) -> None:
        """Look, until cancelled."""
        next_s = self.bench.clock() + EVERY_S
        while True:
            try:
                async with asyncio.timeout(max(0.0, next_s - self.bench.clock())):
                    await self._news.wait()
            except TimeoutError:
                next_s = self.bench.clock() + EVERY_S
                await self._go_round()
            await self._answer_calls()

    async def _answer_calls(self) -> None:
        self._news.clear()
        while self._called:
            run_id = self._called.pop()
            self._looked_s[run_id] = self.bench.clock()
            await self._look_at((run_id,))

    async def _go_round(self) -> None:
        self._looked_s = {run_id: at_s for run_id, at_s in self._looked_s.items() if self.book.get(run_id) is not None}
        by_guild: dict[str, list[Run]] = {}
        for run in self.book:
            if run.state is State.RUNNING:
                by_guild.setdefault(run.key.guild_id, []).append(run)
        for guild_id, runs in by_guild.items():
            await self._look_at(run.run_id for run in await self._missing(guild_id, runs))

    async def _missing(self, guild_id: str, runs: list[Run]) -> list[Run]:
        """Return the runs of which something is not in the guild's lists; what has no list is not missed."""
        listed, hooks = await self.views.channels(guild_id), await self.bench.api.guild_webhooks(guild_id)
        channels = {channel.id for channel in listed.value} if isinstance(listed, Done) else None
        webhooks = {webhook.id for webhook in hooks.value} if isinstance(hooks, Done) else None
        threads: set[str] | None = None
        if any(run.placement is not Placement.CHANNEL for run in runs):
            active = await self.bench.api.active_threads(guild_id)
            threads = {thread.id for thread in active.value} if isinstance(active, Done) else None
        missing = []
        for run in runs:
            there = channels if run.placement is Placement.CHANNEL else threads
            lacks_channel = there is not None and run.channel_id not in there
            if lacks_channel or (webhooks is not None and run.webhook_id not in webhooks):
                missing.append(run)
        return missing

    async def _look_at(self, run_ids: Iterable[str]) -> None:
        for run_id in run_ids:
            try:
                await self.mender.look(run_id)
            except RetryableError as error:
                self.bench.tell_once(f"mend {run_id}", "a run cannot be mended now", run=run_id, why=str(error))
            except Exception:  # whatever it is, the other runs are looked at
                self.bench.logger.exception("looking at a run failed", extra={"run": run_id})
