"""What one replica puts, for whichever shard: what waits together is one transaction.

It goes under a lease of this process's own, so that of a commit whose answer was lost it can be found out whether it
was stored, and a late one of a process that was paused is refused or known.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Final

from otel_discord.component.errors import (
    ComponentError,
    PermanentError,
    QueueFullError,
    RetryableError,
    ShutdownError,
    StartError,
)
from otel_discord.component.fleet import OUT_OF_TURN
from otel_discord.component.storage import QueueLimits
from otel_discord.extensions.db_storage.condition import State
from otel_discord.extensions.db_storage.fleet.room_works import Came, Put, PutAll, Refusal, put_all
from otel_discord.extensions.db_storage.postgres import CLOSING_S, MOST_WORKS, PostgresDatabase
from otel_discord.store.work import Access, Work

MOST_BYTES: Final = 4 << 20
"""Of several requests in one transaction; one alone may be larger."""
_AGAIN_S: Final = 1.0
_LOOK_S: Final = 0.5
_OVER: Final = (State.LOST, State.ENDED)


@dataclass(slots=True)
class _Put:
    put: Put
    size_bytes: int
    future: "asyncio.Future[Mapping[str, int]]"


class Inbox:
    """Puts that wait for a transaction. ``on_came`` hears of each shard's, before who put them."""

    def __init__(
        self,
        open_database: Callable[[], AbstractAsyncContextManager[PostgresDatabase]],
        limits: QueueLimits,
        on_came: Callable[[Mapping[str, Came]], None],
        logger: logging.Logger,
        lines_owner: str,
    ) -> None:
        self._open_database = open_database
        self._limits = limits
        self._on_came = on_came
        self._logger = logger
        self._lines_owner = lines_owner
        self._waiting: deque[_Put] = deque()
        self._arrived = asyncio.Event()
        self._database: PostgresDatabase | None = None
        self._closed = False

    async def put(self, wanted: Put) -> Mapping[str, int]:
        """Store a request's parts in one step; return their ids, by owner.

        Raises:
            QueueFullError: one of the owners has no room; nothing was stored.
            RetryableError: the server cannot store now, or its turn has not come; nothing was stored.
            ShutdownError: the inbox is closed.
        """
        if self._closed:
            raise ShutdownError("sending queue is stopped")
        if self._database is None or self._database.condition.state in _OVER:
            self._arrived.set()
            raise RetryableError("storage is being opened again", retry_after_s=_AGAIN_S, reason="storage_away")
        self._database.refuse_if_it_must("put", Access.ACCEPT)
        size_bytes = sum(len(packed.frame) for packed in wanted.parts.values())
        put = _Put(wanted, size_bytes, asyncio.get_running_loop().create_future())
        self._waiting.append(put)
        self._arrived.set()
        return await put.future

    def probe(self) -> None:
        """Say that the server seems to be back."""
        if self._database is not None:
            self._database.probe()

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Store what is put while the block runs.

        Raises:
            StartError: the server cannot be used.
        """
        first: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        serving = asyncio.create_task(self._serve(first), name="inbox")
        try:
            await first
            yield
        finally:
            self._closed = True
            self._arrived.set()
            await asyncio.wait({serving}, timeout=CLOSING_S)
            serving.cancel()
            await asyncio.wait({serving})
            self._fail(self._waiting, ShutdownError("sending queue is stopped"))

    async def _serve(self, first: "asyncio.Future[None]") -> None:
        while not self._closed:
            try:
                async with self._open_database() as database:
                    self._database = database
                    if not first.done():
                        first.set_result(None)
                    await self._serve_on(database)
            except StartError as error:
                if not first.done():
                    first.set_exception(error)
                    return
                self._logger.warning("what is put cannot be stored, it is tried again: %s", error)
                await asyncio.sleep(_AGAIN_S)
            except Exception as error:
                if not first.done():
                    first.set_exception(error)
                    return
                self._logger.exception("what is put cannot be stored, it is tried again")
                await asyncio.sleep(_AGAIN_S)
            finally:
                self._database = None
                self._fail(self._waiting, RetryableError("storage was lost", reason="storage_away"))

    async def _serve_on(self, database: PostgresDatabase) -> None:
        while not self._closed and database.condition.state not in _OVER:
            if puts := self._next():
                await self._store(database, puts)
                continue
            self._arrived.clear()
            await self._arrived.wait()

    def _next(self) -> list[_Put]:
        puts: list[_Put] = []
        size_bytes = 0
        while self._waiting and len(puts) < MOST_WORKS:
            put = self._waiting[0]
            size_bytes += put.size_bytes
            if puts and size_bytes > MOST_BYTES:
                break
            self._waiting.popleft()
            if not put.future.done():
                puts.append(put)
        return puts

    async def _store(self, database: PostgresDatabase, puts: list[_Put]) -> None:
        try:
            wanted = [put.put for put in puts]
            work = put_all(wanted, self._limits, self._lines_owner, int(time.time()))
            done = await self._stored(database, work)
        except PermanentError as error:
            if len(puts) == 1:
                self._fail(puts, error)
                return
            for put in puts:
                await self._store(database, [put])
            return
        except ComponentError as error:
            self._fail(puts, error)
            return
        self._on_came(done.came)
        for put, ids in zip(puts, done.ids, strict=True):
            if put.future.done():
                continue
            if isinstance(ids, Refusal):
                put.future.set_exception(_refused(ids))
            else:
                put.future.set_result(ids)

    async def _stored(self, database: PostgresDatabase, work: Work[PutAll]) -> PutAll:
        """Run a transaction. While it is not known what became of it, what waits behind it is refused."""
        running = asyncio.ensure_future(database.run(work))
        try:
            while not running.done():
                await asyncio.wait({running}, timeout=_LOOK_S)
                if database.condition.state is not State.OK and not running.done():
                    away = RetryableError("the storage is away", retry_after_s=_AGAIN_S, reason="storage_away")
                    self._fail(self._waiting, away)
            return running.result()
        finally:
            if not running.done():
                running.cancel()
                await asyncio.wait({running})

    @staticmethod
    def _fail(puts: "list[_Put] | deque[_Put]", error: ComponentError) -> None:
        for put in puts:
            if not put.future.done():
                put.future.set_exception(error)
        puts.clear()


def _refused(refusal: Refusal) -> ComponentError:
    if refusal is Refusal.OUT_OF_TURN:
        return RetryableError("its predecessor is not stored", reason=OUT_OF_TURN)
    return QueueFullError("sending queue is full")
