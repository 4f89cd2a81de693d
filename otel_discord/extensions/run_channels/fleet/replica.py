"""One replica among several that make runs: looks for what has changed in the table, tells what it knows, answers what
is asked, and works on runs while it leads.

When who leads dies, the next one does what a restart does.
"""

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Final, TypeAlias

from otel_discord.component.destination_source import Tally
from otel_discord.component.errors import ComponentError, RetryableError, StartError
from otel_discord.component.state_table import Lead, SharedTable
from otel_discord.extensions.run_channels.book import Book
from otel_discord.extensions.run_channels.config import RunChannelsConfig
from otel_discord.extensions.run_channels.finishing import Drained
from otel_discord.extensions.run_channels.fleet.asking import Asking
from otel_discord.extensions.run_channels.fleet.counts import EVERY_S, Counts
from otel_discord.extensions.run_channels.fleet.draining import LOOK_S, Draining
from otel_discord.extensions.run_channels.fleet.known import Known
from otel_discord.extensions.run_channels.fleet.leading import Admits, Leading
from otel_discord.extensions.run_channels.fleet.membership import BEAT_S, Members
from otel_discord.extensions.run_channels.fleet.rows import (
    DRAIN,
    DRAINED,
    LEADER,
    REPLICA,
    WISH,
    is_leader_ready,
)
from otel_discord.extensions.run_channels.lasting import Lasting
from otel_discord.extensions.run_channels.source import RunSource
from otel_discord.extensions.run_channels.worker import Worker

ASKED_LOOK_S: Final = 0.1
"""The same while somebody waits for an answer."""
FRESH_S: Final = 10.0
"""What was not looked at for longer is not said to be known."""
START_S: Final = 10.0
"""How long a start waits for somebody who leads."""
_OPENING_S: Final = 25.0
MakesWorker: TypeAlias = Callable[[Lead, RunSource, Drained], Worker]


class _LostError(Exception):
    """The lead is another replica's."""


class ReplicaOfRuns(Lasting):
    """Open it with ``async with``.

    Args:
        table: shared by all replicas.
        makes_worker: makes who works while this replica leads.
        endpoint: the base of webhook addresses.

    At its end another one leads at once, if this one does.

    Raises:
        StartError: on entering; Discord does not accept the bot's token, or the table cannot be read.
    """

    def __init__(
        self,
        table: SharedTable,
        makes_worker: MakesWorker,
        config: RunChannelsConfig,
        *,
        endpoint: str,
        logger: logging.Logger,
        replica: str = "",
    ) -> None:
        self._table = table
        self._makes_worker = makes_worker
        self._config = config
        self._endpoint = endpoint
        self._logger = logger
        self.admits: Admits = lambda _: None
        """Says of a request that another replica has let in whether the token's holder asks too often by now."""
        self._replica = replica or secrets.token_hex(6)
        self._source = RunSource(config, endpoint, self._count, self._call)
        book = Book(table, max_runs=config.max_runs, logger=logger)
        self._known = Known(table=table, book=book, source=self._source, heard=self._heard, logger=logger)
        self._members = Members(self._replica)
        self._counts = Counts(self._replica)
        self._asking = Asking(table, self._replica)
        self._draining = Draining(
            replica=self._replica, source=self._source, living=self._members.living, logger=logger
        )
        self._worker: Worker | None = None
        self._leading: Leading | None = None
        self._lead: Lead | None = None
        self._group = asyncio.TaskGroup()
        self._settled = asyncio.Event()
        self._over = asyncio.Event()
        """Of the present reign, or the last one."""
        self._is_opening = False
        self._is_living = False
        """Whether tasks can be begun."""
        self._fault: StartError | None = None
        self._looked_s = float("-inf")

    @property
    def source(self) -> RunSource:
        """Where telemetry of the live runs goes."""
        return self._source

    @property
    def book(self) -> Book:
        """All runs that are known here; for who only reads."""
        return self._worker.book if self._worker is not None else self._known.book

    @property
    def leads(self) -> bool:
        """Whether this replica has the bot."""
        return self._worker is not None

    @property
    def is_ready(self) -> bool:
        """Whether runs can be created."""
        if self._worker is not None:
            return self._worker.is_ready
        is_fresh = asyncio.get_running_loop().time() - self._looked_s < FRESH_S
        return is_fresh and is_leader_ready(self._known.others.get(LEADER))

    # --------------------------------------------------------------------------------------------------- its life

    @asynccontextmanager
    async def _open(self) -> AsyncIterator[None]:
        try:
            await self._look()
        except ComponentError as error:
            raise StartError(f"the table of runs cannot be read: {error}") from error
        self._known.publish()
        life_task = asyncio.create_task(self._live(), name="replica of runs")
        try:
            await self._begun(life_task)
            yield
        finally:
            life_task.cancel()
            await asyncio.wait([life_task])
            if not life_task.cancelled() and (fault := life_task.exception()) is not None:
                self._logger.error("the work on runs had ended", exc_info=fault)
            with suppress(RetryableError):
                await self._counts.store(self._table)
            with suppress(RetryableError):
                await self._table.put({REPLICA + self._replica: None})

    async def _begun(self, life_task: "asyncio.Task[None]") -> None:
        """Wait until somebody leads, with patience.

        Raises:
            StartError: this replica does, and cannot.
        """
        for patience_s in (START_S, _OPENING_S):
            with suppress(TimeoutError):
                async with asyncio.timeout(patience_s):
                    await self._settled.wait()
            if not self._is_opening:
                break
        if self._fault is not None:
            life_task.cancel()
            await asyncio.wait([life_task])
            raise self._fault
        if not self.is_ready:
            self._logger.warning("nobody works on runs yet; they can be created when somebody does")

    async def _live(self) -> None:
        async with self._group as group:
            self._is_living = True
            for key, value in list(self._known.others.items()):  # what was asked before this replica came
                self._heard_drain(key, value)
            group.create_task(self._keep_looking(), name="what is known of runs")
            group.create_task(self._keep_telling(), name="what is told of runs")
            group.create_task(self._keep_leading(), name="the lead of runs")

    async def _keep_looking(self) -> None:
        while True:
            await self._asking.moment(ASKED_LOOK_S if self._asking.is_waiting else LOOK_S)
            try:
                await self._look()
            except ComponentError as error:
                self._logger.debug("the table of runs cannot be read now: %s", error)
                await asyncio.sleep(1.0)

    async def _look(self) -> None:
        await self._known.refresh()
        self._looked_s = asyncio.get_running_loop().time()
        if self.is_ready:
            self._settled.set()

    async def _keep_telling(self) -> None:
        beat_at_s = 0.0
        while True:
            with suppress(ComponentError):
                if asyncio.get_running_loop().time() >= beat_at_s:
                    await self._table.put({REPLICA + self._replica: self._members.next_beat()})
                    beat_at_s = asyncio.get_running_loop().time() + BEAT_S
                await self._counts.store(self._table)
            await asyncio.sleep(EVERY_S)

    async def _keep_leading(self) -> None:
        while True:
            try:
                async with self._table.lead() as lead:
                    self._is_opening = True
                    await self._reign(lead)
            except StartError as error:
                self._fault = error
                self._settled.set()
                self._logger.error("this replica cannot work on runs: %s", error)  # noqa: TRY400 - for people
                await asyncio.sleep(30.0)
            except ComponentError as error:
                self._logger.warning("this replica leads no more: %s", error)
            except Exception:  # whatever it is, it is tried again, here or elsewhere
                self._logger.exception("the work on runs has ended here")
            finally:
                self._is_opening = False
            await asyncio.sleep(1.0)

    async def _reign(self, lead: Lead) -> None:
        """Lead until the lead is lost."""
        await self._known.refresh()
        self._known.follows = False
        worker = self._makes_worker(lead, self._source, self._draining.on(lead.table))
        try:
            async with worker:
                self._logger.info("this replica works on runs", extra={"replica": self._replica})
                self._worker, self._lead, self._over = worker, lead, asyncio.Event()
                try:
                    await self._serve(lead, worker)
                finally:
                    self._over.set()
                    self._worker = self._leading = self._lead = None
        finally:
            if not self._members.living():  # else the next one says so, and what is asked until then waits for it
                with suppress(ComponentError):
                    await lead.table.put({LEADER: None})
            self._known.follows = True
            with suppress(ComponentError):
                await self._known.refresh()
            self._known.publish()

    async def _serve(self, lead: Lead, worker: Worker) -> None:
        for run_id, tally in self._counts.taken().items():
            worker.count(run_id, tally)
        try:
            async with asyncio.TaskGroup() as group:
                self._leading = Leading(
                    replica=self._replica,
                    lead=lead,
                    worker=worker,
                    group=group,
                    others=self._known.others,
                    admits=lambda name: self.admits(name),  # noqa: PLW0108 - it may be set later
                    dead=self._members.dead,
                    logger=self._logger,
                )
                group.create_task(self._leading.run(), name="leading")
                self._is_opening = False
                self._settled.set()
                await lead.lost()
                raise _LostError
        except* _LostError:
            self._logger.warning("another replica works on runs now", extra={"replica": self._replica})

    # -------------------------------------------------------------------------------------------------- what comes in

    def _heard(self, key: str, value: bytes | None) -> None:
        if key.startswith(REPLICA):
            self._members.heard(key.removeprefix(REPLICA), value)
        elif key.startswith(WISH):
            self._asking.heard(key, value)
        elif key.startswith(DRAINED):
            self._draining.heard(key, value)
        elif key.startswith(DRAIN) and value is not None:
            self._heard_drain(key, value)
        if self._leading is not None:
            self._leading.heard(key, value)

    def _heard_drain(self, key: str, value: bytes) -> None:
        if key.startswith(DRAIN) and self._worker is None and self._is_living:

            def is_asked() -> bool:
                return self._known.others.get(key) == value

            self._group.create_task(self._draining.answer_while(is_asked, self._table, key, value), name=key)

    def _count(self, run_id: str, tally: Tally) -> None:
        if self._worker is not None:
            self._worker.count(run_id, tally)
        else:
            self._counts.count(run_id, tally)

    def _call(self, run_id: str) -> None:
        if self._worker is not None:
            self._worker.call(run_id)
        else:
            self._counts.call(run_id)
