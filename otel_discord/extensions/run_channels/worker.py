"""The desk of the extension: takes requests, and has them carried out against Discord, whatever happens meanwhile."""

import asyncio
import logging
import random
import time
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from typing import Final

from otel_discord.component import failpoint
from otel_discord.component.destination_source import Tally
from otel_discord.component.errors import RetryableError, ShutdownError
from otel_discord.config import Secret
from otel_discord.discord_api.bot.answers import Denied, Failure, NotThere
from otel_discord.discord_api.bot.bot_api import BotApi
from otel_discord.extensions.run_channels import life
from otel_discord.extensions.run_channels.bench import Bench
from otel_discord.extensions.run_channels.book import Book
from otel_discord.extensions.run_channels.cards import WebhookPosts
from otel_discord.extensions.run_channels.config import RunChannelsConfig
from otel_discord.extensions.run_channels.created import created
from otel_discord.extensions.run_channels.denials import explained
from otel_discord.extensions.run_channels.finishing import Drained
from otel_discord.extensions.run_channels.identity import run_id_of
from otel_discord.extensions.run_channels.keyed_locks import KeyedLocks
from otel_discord.extensions.run_channels.lasting import Lasting
from otel_discord.extensions.run_channels.outcome import problem_of
from otel_discord.extensions.run_channels.own_numbers import OwnNumbers, not_shown
from otel_discord.extensions.run_channels.problems import Code, RunProblem
from otel_discord.extensions.run_channels.runs import Created, Finalized, NewRun, Page, Placement, Run, State
from otel_discord.extensions.run_channels.source import RunSource
from otel_discord.extensions.run_channels.strangers import cleaned_stranger, run_in_discord
from otel_discord.extensions.run_channels.work import Work
from otel_discord.extensions.run_channels.workshop import Workshop

_AGAIN_S: Final = 5.0
_NO_ACCESS: Final = 50001


class Worker(Lasting):
    """A :class:`~otel_discord.extensions.run_channels.desk.RunDesk`; open it with ``async with``.

    Args:
        api: the bot's requests.
        book: all runs; it is loaded here.
        key: the bot's token, by which run ids and markers are signed.
        endpoint: the base of webhook addresses, as ``validate_endpoint`` returns it.
        numbers: what is shown of it; without them nothing is.
        by_webhook: posts headers where ``header_embed`` is false; without it there are none then.
        source: where telemetry goes, where that outlives the worker; else it has one of its own.
        drained: returns when nothing is on its way any more to a destination, wherever that was taken in; else the
            source's users are asked.

    At its end what is under way is stored, and goes on after the next start.

    Raises:
        StartError: on entering; Discord does not accept the bot's token.
    """

    def __init__(
        self,
        api: BotApi,
        book: Book,
        config: RunChannelsConfig,
        *,
        key: Secret,
        endpoint: str,
        logger: logging.Logger,
        by_webhook: WebhookPosts | None = None,
        numbers: OwnNumbers | None = None,
        wall_clock: Callable[[], float] = time.time,
        dice: Callable[[], float] = random.random,
        source: RunSource | None = None,
        drained: Drained | None = None,
    ) -> None:
        self._api = api
        self._book = book
        self._config = config
        self._key = key
        self._endpoint = endpoint
        self._logger = logger
        self._by_webhook = by_webhook
        self._numbers = numbers or not_shown()
        self._wall_clock = wall_clock
        self._dice = dice
        self._source = source or RunSource(config, endpoint, self.count, self.call)
        self._drained = drained
        self._is_open = False
        self._asking = KeyedLocks()

    @property
    def source(self) -> RunSource:
        """Where telemetry of the live runs goes."""
        return self._source

    @property
    def book(self) -> Book:
        """All runs that are known; for who only reads."""
        return self._book

    @property
    def is_ready(self) -> bool:
        """Whether runs can be created."""
        return self._is_open and self._work.is_ready

    async def create(self, wanted: NewRun, *, by: str) -> Created:
        """Return the run's channel and webhook, made now or earlier.

        Raises:
            RunProblem: why not.
            ShutdownError: the table is closed, or another process's by now.
        """
        self._require_ready()
        guild_id = wanted.key.guild_id
        if self._config.guilds and guild_id not in self._config.guilds:
            raise RunProblem(Code.UNKNOWN_GUILD, "runs are not made in that guild: it is not among `guilds`")
        run_id = run_id_of(wanted.key, self._key)
        deadline_s = self._bench.clock() + self._config.request_timeout
        try:
            async with self._asking.hold(run_id):
                is_new = await self._intend(wanted, run_id, by)
                if not is_new and await self._has_gone(run_id):
                    is_new = await self._intend(wanted, run_id, by)
            self._shop.carrier.carry(run_id)
            left_s = max(0.05, deadline_s - self._bench.clock())
            run = await self._shop.carrier.until(run_id, _is_made, left_s)
        except ShutdownError:
            raise
        except RetryableError as error:
            raise _not_stored(error) from None
        except RunProblem as problem:
            raise await explained(problem, self._bench, self._shop.guilds, guild_id) from None
        return created(run, self._endpoint, is_new=is_new)

    async def finalize(self, channel_id: str, *, outcome: str, by: str, guilds: Collection[str] = ()) -> Finalized:
        """End the run that has this channel."""
        self._require_ready()
        try:
            run = self._book.by_channel(channel_id) or await run_in_discord(channel_id, self._bench, self._shop)
            if run is None:
                return Finalized(run=cleaned_stranger(channel_id), is_cleaned=True)
            if guilds and run.key.guild_id not in guilds:
                raise RunProblem(Code.FORBIDDEN, "this run is in a guild in which the token may do nothing")
            now_ms = self._bench.now_ms()
            failpoint.reach("runs.finalize.before")
            ended = await self._shop.ledger.change(run.run_id, lambda run: life.finalized(run, outcome, now_ms))
            failpoint.reach("runs.finalize.stored")
        except ShutdownError:
            raise
        except RetryableError as error:
            raise _not_stored(error) from None
        if ended is None:
            return Finalized(run=cleaned_stranger(channel_id), is_cleaned=True)
        if ended.state is not State.CLEANED:
            self._logger.info(
                "a run is finalized", extra={"run": ended.run_id, "channel": channel_id, "outcome": outcome, "by": by}
            )
            self._shop.carrier.carry(ended.run_id, at_once=True)
            try:
                await self._shop.carrier.until(ended.run_id, self._is_at_rest, self._config.request_timeout)
            except RunProblem as problem:
                self._logger.info("ending a run goes on behind", extra={"run": ended.run_id, "why": str(problem)})
        latest = self._book.get(ended.run_id)
        return Finalized(run=latest or ended, is_cleaned=latest is None or latest.state is State.CLEANED)

    def find(self, channel_id: str) -> Run:
        """Return one run.

        Raises:
            RunProblem: NOT_FOUND.
        """
        return self._book.find(channel_id)

    def page(self, *, guild_id: str = "", state: str = "", size: int = 50, token: str = "") -> Page:
        """Return runs, newest first."""
        return self._book.page(guild_id=guild_id, state=state, size=size, token=token)

    def count(self, run_id: str, tally: Tally) -> None:
        """Add to what passed for a run."""
        if self._is_open:
            self._shop.count(run_id, tally)

    def call(self, run_id: str) -> None:
        """Have a run looked at whose webhook takes nothing any more."""
        if self._is_open:
            self._shop.rounds.call(run_id)

    async def absorb(self, run_id: str, rows: Mapping[str, Tally]) -> None:
        """Add what another replica has counted for a run, and remove the values that said so, in one step.

        Raises:
            RetryableError: the storage cannot store it now; the same rows may be given again.
        """
        if await self._shop.ledger.absorb(run_id, rows):
            self._shop.touched(run_id)

    @asynccontextmanager
    async def _open(self) -> AsyncIterator[None]:
        await self._book.load()
        loop = asyncio.get_running_loop()
        self._bench = Bench(
            api=self._api,
            config=self._config,
            key=self._key,
            wall_clock=self._wall_clock,
            clock=loop.time,
            dice=self._dice,
            logger=self._logger,
            numbers=self._numbers,
        )
        group = asyncio.TaskGroup()
        self._shop = Workshop(self._bench, self._book, self._source, group, self._by_webhook, self._drained)
        self._work = Work(self._bench, self._shop, group)
        for run in self._book:
            self._source.know(run.run_id, run)
            self._numbers.know(run.run_id, run.state)
        is_found = await self._work.found_in_time()
        work = asyncio.create_task(self._work.run(is_found=is_found), name="runs")
        try:
            self._is_open = True
            await self._work.looked()
            yield
        finally:
            self._is_open = False
            work.cancel()
            await asyncio.wait([work])
            if not work.cancelled() and (fault := work.exception()) is not None:
                self._logger.error("the work on runs had ended", exc_info=fault)
            try:
                await self._book.store_noted()
            except RetryableError as error:
                self._logger.warning("the latest counts of runs could not be stored: %s", error)
            for run in self._book:
                self._numbers.know(run.run_id, None)

    async def _intend(self, wanted: NewRun, run_id: str, by: str) -> bool:
        """Store what is wanted, unless the run is there; return whether it is new."""
        failure = await self._shop.reconciler.ensure(wanted.key.guild_id)
        if failure is not None:
            raise self._unknown_guild(failure)
        if run_id in self._shop.carrier.refusals:  # a former attempt is being undone
            await self._shop.carrier.until_undone(run_id, self._config.request_timeout / 2)
        run = self._book.get(run_id)
        if run is not None and run.state is not State.CLEANED:
            return False
        hours = wanted.retention_hours
        new = Run(
            run_id=run_id,
            key=wanted.key,
            state=State.CREATING,
            placement=Placement(self._config.placement),
            created_ms=self._bench.now_ms(),
            retention_hours=self._config.default_retention_hours if hours is None else hours,
            title=wanted.title,
            metadata=wanted.metadata,
            by=by,
        )
        failpoint.reach("runs.intent.before")
        await self._shop.ledger.add(new)
        self._shop.begins(run_id)
        failpoint.reach("runs.intent.stored")
        return True

    async def _has_gone(self, run_id: str) -> bool:
        """Return whether somebody has deleted the channel of a run that is asked for again; its webhook is mended."""
        problem = await self._shop.mender.look(run_id)
        if problem is not None:
            raise problem
        run = self._book.get(run_id)
        return run is not None and run.state is State.CLEANED

    def _unknown_guild(self, failure: Failure) -> RunProblem:
        if isinstance(failure, NotThere) or (isinstance(failure, Denied) and failure.code == _NO_ACCESS):
            return RunProblem(Code.UNKNOWN_GUILD, "the bot is in no such guild; invite it, or check guildId")
        return problem_of(failure, "looking at the guild")

    def _is_at_rest(self, run: Run | None) -> bool:
        if run is None or run.state is State.CLEANED:
            return True
        return run.state is State.ARCHIVED and life.next_step(run, self._bench.now_ms(), self._shop.policy) is None

    def _require_ready(self) -> None:
        if not self.is_ready:
            raise RunProblem(
                Code.NOT_READY,
                "the service is starting or ending, or Discord has not said yet who the bot is",
                retry_after_s=_AGAIN_S,
            )


def _is_made(run: Run | None) -> bool:
    return run is None or run.state is not State.CREATING


def _not_stored(error: RetryableError) -> RunProblem:
    return RunProblem(Code.NOT_READY, "the storage cannot store now", retry_after_s=error.retry_after_s or _AGAIN_S)
