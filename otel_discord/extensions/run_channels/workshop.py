"""Puts those together who work on runs, and passes on what one of them finds out."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Final

from otel_discord.component.destination_source import DestinationUser, Tally
from otel_discord.discord_api.bot.bot_api import Channel
from otel_discord.extensions.run_channels import life
from otel_discord.extensions.run_channels.bench import Bench
from otel_discord.extensions.run_channels.book import Book
from otel_discord.extensions.run_channels.cards import Cards, WebhookPosts
from otel_discord.extensions.run_channels.carrier import Act, Carrier
from otel_discord.extensions.run_channels.categories import Categories
from otel_discord.extensions.run_channels.creating import Creating
from otel_discord.extensions.run_channels.finishing import Drained, Finishing
from otel_discord.extensions.run_channels.guild_views import GuildViews
from otel_discord.extensions.run_channels.guilds import Guilds
from otel_discord.extensions.run_channels.ledger import Ledger
from otel_discord.extensions.run_channels.life import Policy, Step
from otel_discord.extensions.run_channels.marker import parse_marker
from otel_discord.extensions.run_channels.mending import Mender
from otel_discord.extensions.run_channels.opening import Opening
from otel_discord.extensions.run_channels.placing_threads import Threads
from otel_discord.extensions.run_channels.problems import RunProblem
from otel_discord.extensions.run_channels.reconcile import Reconciler
from otel_discord.extensions.run_channels.room import Room
from otel_discord.extensions.run_channels.rounds import Rounds
from otel_discord.extensions.run_channels.runs import Placement, Run, State
from otel_discord.extensions.run_channels.source import RunSource
from otel_discord.extensions.run_channels.sweeper import Sweeper

ROOM_S: Final = 30.0
"""How long a create waits for an archived run's channel to go."""


class Workshop:
    """Of one lifetime of the extension; ``group`` owns its tasks."""

    def __init__(
        self,
        bench: Bench,
        book: Book,
        source: RunSource,
        group: asyncio.TaskGroup,
        by_webhook: WebhookPosts | None,
        drained: Drained | None = None,
    ) -> None:
        config = bench.config
        self._bench = bench
        self.book = book
        self._source = source
        self._group = group
        self.policy = Policy.of(config)
        self.ledger = Ledger(self.book, self._changed)
        self._views = GuildViews(bench.api, bench.clock)
        self.guilds = Guilds(bench.api, bench.clock)
        self.cards = Cards(bench=bench, ledger=self.ledger, users=self._users, by_webhook=by_webhook)
        self._live_categories = Categories(bench, self._views, config.category, self._occupant_of)
        self._archive = Categories(bench, self._views, config.archive_category, self._occupant_of)
        self.threads = None
        if config.parent_channel_id is not None:
            placement = Placement(config.placement)
            self.threads = Threads(
                bench=bench,
                parent_id=config.parent_channel_id,
                placement=placement,
                first_message=self.cards.message,
            )
        room = Room(bench, lambda: self.book, self._clean_now)
        self._creating = Creating(
            bench=bench, views=self._views, guilds=self.guilds, categories=self._live_categories, room=room
        )
        finishing = Finishing(
            bench=bench,
            guilds=self.guilds,
            creating=self._creating,
            live=self._live_categories,
            archive=self._archive,
            room=room,
            users=self._users,
            drained=drained,
        )
        self.carrier = Carrier(
            bench=bench,
            ledger=self.ledger,
            policy=self.policy,
            group=group,
            acts=self._acts(finishing),
            over=self._over,
        )
        self.reconciler = Reconciler(
            bench=bench,
            book=self.book,
            ledger=self.ledger,
            carrier=self.carrier,
            views=self._views,
            guilds=self.guilds,
            archive=self._archive,
            threads=self.threads,
        )
        self.opening = Opening(bench=bench, guilds=self.guilds, reconciler=self.reconciler)
        self.mender = Mender(
            bench=bench,
            ledger=self.ledger,
            make_webhook=self.threads.shared_webhook if self.threads else self._creating.create_webhook,
            over=self._over,
        )
        self.rounds = Rounds(bench=bench, book=self.book, views=self._views, mender=self.mender)
        self.sweeper = Sweeper(bench, self.book, self.carrier, self.policy, self._may_carry)

    def _acts(self, finishing: Finishing) -> dict[Step, Act]:
        threads, creating = self.threads, self._creating

        async def begin(_: Run) -> Callable[[Run], Run]:
            return life.begun

        return {
            Step.FIND_CATEGORY: threads.find_place if threads else creating.find_place,
            Step.CREATE_CHANNEL: threads.create_thread if threads else creating.create_channel,
            Step.CREATE_WEBHOOK: threads.shared_webhook if threads else creating.create_webhook,
            Step.POST_HEADER: self.cards.post,
            Step.BEGIN: begin,
            Step.DRAIN: finishing.drain,
            Step.DELETE_WEBHOOK: finishing.delete_webhook,
            Step.TELL_OUTCOME: self.cards.tell_outcome,
            Step.ARCHIVE: finishing.archive_channel,
            Step.DELETE_CHANNEL: finishing.delete_channel,
        }

    def begins(self, run_id: str) -> None:
        """A run is new: nobody has asked Discord for anything of it."""
        (self.threads or self._creating).begins(run_id)
        self.cards.begins(run_id)

    def count(self, run_id: str, tally: Tally) -> None:
        """Add to what passed of a run's telemetry; its header follows."""
        if self.ledger.count(run_id, tally):
            self.touched(run_id)

    def touched(self, run_id: str) -> None:
        """A run's counts have changed; its header follows."""
        self.cards.touched(run_id, self._group)

    async def _clean_now(self, run_id: str) -> bool:
        """Delete an archived run's channel before its time."""
        await self.ledger.change(run_id, life.hurried)
        self.carrier.carry(run_id, at_once=True)
        try:
            run = await self.carrier.until(run_id, lambda run: run is None or run.state is State.CLEANED, ROOM_S)
        except RunProblem:
            return False
        return run is None or run.state is State.CLEANED

    def _may_carry(self, run: Run) -> bool:
        return run.state is State.CLEANED or self.reconciler.is_known(run.key.guild_id)

    def _over(self, run: Run) -> None:
        """Nothing more is made of a run, or it is gone."""
        if self.threads is not None:
            self.threads.ends(run)
        self._creating.ends(run)
        if run.state in (State.ARCHIVED, State.CLEANED):
            self.cards.forget(run.run_id)
        if run.state in (State.CLEANING, State.CLEANED):
            self._live_categories.is_left(run.key.guild_id, run.run_id)

    def _changed(self, run_id: str) -> None:
        run = self.book.get(run_id)
        self._source.know(run_id, run)
        self._bench.numbers.know(run_id, run.state if run is not None else None)
        self.carrier.changed(run_id)
        self.sweeper.look()

    def _users(self) -> Iterable[DestinationUser]:
        return self._source.users

    def _occupant_of(self, channel: Channel) -> str:
        run = self.book.by_channel(channel.id)
        if run is not None:
            return run.run_id
        marker = parse_marker(channel.topic, channel.guild_id, self._bench.key)
        return marker.run_id if marker is not None else channel.id
