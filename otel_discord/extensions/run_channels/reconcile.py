"""Compares what the book knows of a guild's runs with what Discord has, after a start: each is made to fit the other.

Channels are known by their signed mark alone; one without it, or with another's, is nobody's business here.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from otel_discord.component import failpoint
from otel_discord.discord_api.bot.answers import Done, Failed, Failure, Limited, NotThere
from otel_discord.discord_api.bot.bot_api import TEXT, Channel, Webhook
from otel_discord.extensions.run_channels import life
from otel_discord.extensions.run_channels.adopting import Found, adopted
from otel_discord.extensions.run_channels.bench import Bench
from otel_discord.extensions.run_channels.book import Book
from otel_discord.extensions.run_channels.carrier import Carrier
from otel_discord.extensions.run_channels.categories import Categories
from otel_discord.extensions.run_channels.creating import own_webhooks
from otel_discord.extensions.run_channels.guild_views import GuildViews
from otel_discord.extensions.run_channels.guilds import Guilds
from otel_discord.extensions.run_channels.ledger import Ledger
from otel_discord.extensions.run_channels.marker import parse_marker
from otel_discord.extensions.run_channels.outcome import UNKNOWN_CHANNEL
from otel_discord.extensions.run_channels.placing_threads import Threads
from otel_discord.extensions.run_channels.runs import Placement, Run, State


@dataclass(slots=True, kw_only=True)
class Reconciler:
    """Of one extension."""

    bench: Bench
    book: Book
    ledger: Ledger
    carrier: Carrier
    views: GuildViews
    guilds: Guilds
    archive: Categories
    threads: Threads | None
    _looked_at: set[str] = field(default_factory=set)
    _locks: dict[str, asyncio.Lock] = field(default_factory=dict)

    def is_known(self, guild_id: str) -> bool:
        """Say whether a guild was looked at since the start."""
        return guild_id in self._looked_at

    def guilds_of_runs(self) -> set[str]:
        """Return the guilds in which runs are known."""
        return {run.key.guild_id for run in self.book}

    async def ensure(self, guild_id: str, *, again: bool = False) -> Failure | None:
        """Look at a guild unless that was done; return why it could not be."""
        if guild_id in self._looked_at and not again:
            return None
        guild = await self.guilds.guild(guild_id)
        if not isinstance(guild, Done):
            return guild
        async with self._locks.setdefault(guild_id, asyncio.Lock()):
            if guild_id in self._looked_at and not again:
                return None
            failure = await self._compare(guild_id)
            if failure is None:
                failpoint.reach("runs.reconcile.done")
                self._looked_at.add(guild_id)
            return failure

    async def left(self, guild_id: str) -> None:
        """The bot is in that guild no more: what nobody can look after, and whose time is over, is forgotten."""
        now_ms = self.bench.now_ms()
        for run in self.book:
            if run.key.guild_id == guild_id and (run.expires_ms <= now_ms or not run.channel_id):
                await self.ledger.forget(run.run_id)

    async def _compare(self, guild_id: str) -> Failure | None:
        started_ms = self.bench.now_ms()
        failpoint.reach("runs.reconcile.before")
        listed = await self.views.channels(guild_id)
        if not isinstance(listed, Done):
            return listed
        hooks = await self.bench.api.guild_webhooks(guild_id)
        if isinstance(hooks, (Limited, Failed)):
            return hooks
        own = own_webhooks(hooks.value, self.bench) if isinstance(hooks, Done) else []
        found = self._marked(guild_id, listed.value, own)
        if self.threads is not None:
            threads = await self.threads.found(guild_id, own, known=self.book)
            if not isinstance(threads, Done):
                return threads
            for item in threads.value:
                found.setdefault(item.marker.run_id, item)
        for run_id, item in found.items():
            failure = await self._fit(run_id, item)
            if failure is not None:
                return failure
        there = {channel.id for channel in listed.value}
        for run in self.book:
            if run.key.guild_id == guild_id and run.created_ms <= started_ms:
                failure = await self._without_channel(run, there)
                if failure is not None:
                    return failure
        return None

    def _marked(self, guild_id: str, listed: Sequence[Channel], own: Sequence[Webhook]) -> dict[str, Found]:
        """Return the runs' channels: that of the latest life of a run, and of several with one mark the oldest, as the
        others are copies by people."""
        found: dict[str, Found] = {}
        for channel in sorted(listed, key=lambda channel: int(channel.id)):
            marker = parse_marker(channel.topic, guild_id, self.bench.key) if channel.type == TEXT else None
            if marker is None:
                continue
            item = Found(
                marker=marker,
                channel=channel,
                placement=Placement.CHANNEL,
                webhook=next((webhook for webhook in own if webhook.channel_id == channel.id), None),
                is_in_archive=self.archive.holds(channel, listed),
            )
            known = self.book.get(marker.run_id)
            other = found.get(marker.run_id)
            is_known = known is not None and known.channel_id == channel.id
            if other is None or is_known or (other.marker.created_ms < marker.created_ms and not _is_of(known, other)):
                found[marker.run_id] = item
        return found

    async def _fit(self, run_id: str, found: Found) -> Failure | None:
        known = self.book.get(run_id)
        if known is None or (known.state is State.CLEANED and known.created_ms < found.marker.created_ms):
            run = await adopted(found, self.bench)
            if isinstance(run, NotThere):
                return None
            if not isinstance(run, Done):
                if isinstance(run, (Limited, Failed)):
                    return run
                self.bench.tell_once(
                    f"adopt {run_id}", "the channel of a run cannot be looked into", channel=found.channel.id
                )
                return None
            self.bench.logger.info(
                "a run was found in Discord",
                extra={"run": run_id, "channel": found.channel.id, "state": run.value.state},
            )
            failpoint.reach("runs.adopt.before")
            await self.ledger.add(run.value)
            failpoint.reach("runs.adopt.stored")
            self.bench.numbers.adopted()
            self.carrier.carry(run_id)
            return None
        channel = found.channel
        if known.state is State.CREATING and not known.channel_id and known.created_ms == found.marker.created_ms:
            failpoint.reach("runs.take_up.before")
            await self.ledger.change(
                run_id, lambda run: life.with_channel(run, channel.id, channel.name, category_id=channel.parent_id)
            )
            failpoint.reach("runs.take_up.stored")
        if known.state not in (State.RUNNING, State.ARCHIVED, State.CLEANED):
            self.carrier.carry(run_id)
        return None

    async def _without_channel(self, run: Run, there: set[str]) -> Failure | None:
        """A run of the book that Discord shows no channel of: never made, or gone."""
        if run.state is State.CLEANED or run.channel_id in there or self.carrier.is_carried(run.run_id):
            return None
        if not run.channel_id:
            blank = self.threads.blank(run) if self.threads is not None else None
            if run.state is not State.CREATING:
                self.carrier.carry(run.run_id)
            elif blank is None:  # nobody waits any more who would not ask again
                failpoint.reach("runs.drop.before")
                await self.ledger.forget(run.run_id)
                failpoint.reach("runs.drop.stored")
            else:
                failpoint.reach("runs.take_up.before")
                await self.ledger.change(
                    run.run_id, lambda run: life.with_channel(run, blank.id, blank.name, category_id=blank.parent_id)
                )
                failpoint.reach("runs.take_up.stored")
                self.carrier.carry(run.run_id)
            return None
        answer = await self.bench.api.channel(run.channel_id)
        if isinstance(answer, (Limited, Failed)):
            return answer
        if isinstance(answer, NotThere) and answer.code in (UNKNOWN_CHANNEL, 0):
            now_ms = self.bench.now_ms()
            self.bench.logger.info("a run's channel is gone", extra={"run": run.run_id, "channel": run.channel_id})
            await self.ledger.change(run.run_id, lambda run: life.cleaned(run, now_ms))
        elif run.state not in (State.RUNNING, State.ARCHIVED):
            self.carrier.carry(run.run_id)
        return None


def _is_of(known: Run | None, found: Found) -> bool:
    return known is not None and known.channel_id == found.channel.id
