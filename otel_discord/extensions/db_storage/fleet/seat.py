"""A seat that this replica has: the shard's database, its queue, and the questions to it."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from otel_discord.component.errors import RetryableError, ShutdownError
from otel_discord.component.fleet import shard_owner
from otel_discord.component.storage import QueueLimits, WorkQueue
from otel_discord.extensions.db_storage.condition import State
from otel_discord.extensions.db_storage.fleet.question_works import answer, read_question
from otel_discord.extensions.db_storage.fleet.repeating import Repeating
from otel_discord.extensions.db_storage.fleet.room_works import open_shard, say_freed
from otel_discord.extensions.db_storage.fleet.watch import Watch
from otel_discord.extensions.db_storage.postgres import PostgresDatabase
from otel_discord.store.shared_queue import SharedQueue, SharedWorks, open_shared_queue

_OVER: Final = (State.LOST, State.ENDED)
_ANSWERING_S: Final = 10.0
_AGAIN_S: Final = 0.25


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What seats share."""

    owner: str
    watch: Watch
    repeating: Repeating
    logger: logging.Logger
    on_damaged: Callable[[int], None]


class PostgresQuestion:
    """A :class:`~otel_discord.component.fleet.Question`."""

    def __init__(self, question_id: int, body: bytes, database: PostgresDatabase) -> None:
        self._id = question_id
        self._body = body
        self._database = database

    @property
    def body(self) -> bytes:
        """What is asked."""
        return self._body

    async def answer(self, body: bytes) -> None:
        """Answer, under the seat's fence; given up where the server stays away.

        Raises:
            ShutdownError: the seat is lost.
            RetryableError: the server stays away.
        """
        deadline_s = asyncio.get_running_loop().time() + _ANSWERING_S
        while True:
            try:
                return await self._database.run(answer(self._id, body))
            except ShutdownError:
                raise
            except RetryableError:
                if asyncio.get_running_loop().time() > deadline_s:
                    raise
            await asyncio.sleep(_AGAIN_S)


class PostgresSeat:
    """A :class:`~otel_discord.component.fleet.Seat`."""

    def __init__(self, shard: int, database: PostgresDatabase, around: Surroundings) -> None:
        self._shard = shard
        self._database = database
        self._around = around
        self._seen: set[int] = set()
        self.queue: SharedQueue | None = None
        """The one that is open."""

    @property
    def shard(self) -> int:
        """Which one."""
        return self._shard

    @property
    def certain_s(self) -> float:
        """For how long the seat is certainly this replica's still."""
        return self._database.certain_s

    @property
    def is_lost(self) -> bool:
        """Whether nothing can be stored for it any more."""
        return self._database.condition.state in _OVER

    def probe(self) -> None:
        """Say that the server seems to be back."""
        self._database.probe()

    async def ended(self) -> None:
        """Return when the seat is to be given up."""
        watch = self._around.watch
        while not self.is_lost and self._shard in watch.mine and not watch.is_closed:
            await watch.next_look()

    @asynccontextmanager
    async def open_queue(self, limits: QueueLimits) -> AsyncIterator[WorkQueue]:
        """Open the shard's queue.

        Raises:
            StartError: it cannot be read.
        """
        around, owner = self._around, shard_owner(self._around.owner, self._shard)
        works = SharedWorks(open_shard(owner, time.time_ns()), lambda freed: say_freed(owner, freed))
        async with open_shared_queue(
            self._database, owner, limits, works, logger=around.logger, on_damaged=around.on_damaged
        ) as queue:
            self.queue = queue
            around.watch.hurry()
            try:
                yield queue
            finally:
                self.queue = None

    async def next_question(self) -> PostgresQuestion:
        """Wait for a question to this shard.

        Raises:
            ShutdownError: the fleet is closed.
        """
        watch = self._around.watch
        while not watch.is_closed:
            there = watch.view.questions.get(self._shard, ())
            self._seen.intersection_update(there)
            question_id = next((each for each in there if each not in self._seen), None)
            if question_id is None:
                await watch.next_look()
                continue
            try:
                body = await self._around.repeating.run(read_question(question_id))
            except RetryableError:
                await watch.next_look()
                continue
            self._seen.add(question_id)
            if body is not None:
                return PostgresQuestion(question_id, body, self._database)
        raise ShutdownError("the fleet is closed")
