"""A few connections for all who need one for a moment. No session keeps anything: who has a connection next may be
anybody, also behind a PgBouncer that swaps them after each transaction.

A pool of our own rather than psycopg's, which hides why there is no connection, and waits longer and longer before it
tries again: here who asks hears the server's own words, and is served within a second of its return.
"""

import asyncio
import contextlib
import logging
import os
import socket
from collections import deque
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import psycopg
from psycopg.rows import tuple_row
from psycopg.types.numeric import Int8BinaryDumper

from otel_discord.extensions.db_storage.datasource import Datasource

T = TypeVar("T")

# Of connections that break the storage speaks, once; the driver would at each.
logging.getLogger("psycopg").setLevel(logging.ERROR)

_FIRST_PAUSE_S: Final = 0.05
_LONGEST_PAUSE_S: Final = 1.0
_IDLE_S: Final = 300.0
"""A connection that has not been used for so long may have been forgotten by a firewall: it is not used again."""
_ENDING_S: Final = 5.0


class NoConnectionError(Exception):
    """There is no connection; its cause says why."""


@dataclass(frozen=True, slots=True)
class ConnectionOptions:
    """What connections are made with."""

    datasource: Datasource
    application_name: str
    most: int
    connect_timeout_s: float
    prepare: bool


class Connections:
    """At most so many connections, made when they are needed, kept for who comes next."""

    def __init__(self, options: ConnectionOptions) -> None:
        self._options = options
        self._room = asyncio.Semaphore(options.most)
        self._idle: deque[tuple[psycopg.AsyncConnection[Any], float]] = deque()
        self._prepare = options.prepare
        self._pause_s = _FIRST_PAUSE_S
        self._not_before_s = 0.0
        self._last_error: Exception | None = None
        self._generation = 0

    @asynccontextmanager
    async def one(self) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
        """Lend a connection that is not in a transaction; it is kept only where the block leaves it so.

        Raises:
            NoConnectionError: there is none; not tried more often than every second while it fails.
        """
        async with self._room:
            generation = self._generation
            connection = self._take() or await self._connect()
            try:
                yield connection
            finally:
                is_fresh = generation == self._generation
                if is_fresh and connection.pgconn.transaction_status == psycopg.pq.TransactionStatus.IDLE:
                    self._idle.append((connection, asyncio.get_running_loop().time()))
                else:
                    await _close(connection)

    async def drop_idle(self) -> None:
        """Use no connection again that is there now: one of them was found broken, the others may be."""
        self._generation += 1
        while self._idle:
            await _close(self._idle.popleft()[0])

    def stop_preparing(self) -> bool:
        """Let connections that are made from now on prepare no statements; False where that was so before."""
        was, self._prepare = self._prepare, False
        return was

    def _take(self) -> psycopg.AsyncConnection[Any] | None:
        now_s = asyncio.get_running_loop().time()
        while self._idle:
            connection, since_s = self._idle.pop()
            if not connection.closed and now_s - since_s < _IDLE_S:
                return connection
            connection.pgconn.finish()
        return None

    async def _connect(self) -> psycopg.AsyncConnection[Any]:
        loop, options = asyncio.get_running_loop(), self._options
        if loop.time() < self._not_before_s and self._last_error is not None:
            raise NoConnectionError from self._last_error
        try:
            async with asyncio.timeout(options.connect_timeout_s):
                connection = await psycopg.AsyncConnection.connect(
                    options.datasource.url,
                    autocommit=True,
                    prepare_threshold=5 if self._prepare else None,
                    row_factory=tuple_row,
                    application_name=options.application_name,
                    connect_timeout=max(2, int(options.connect_timeout_s)),
                    keepalives_idle=30,
                    keepalives_interval=10,
                    keepalives_count=3,
                    **options.datasource.extra,  # type: ignore[arg-type]  # options of libpq, by their names
                )
        except (psycopg.Error, OSError, TimeoutError) as error:
            known = error
            if isinstance(error, TimeoutError):
                known = TimeoutError(f"no connection within {options.connect_timeout_s:g} s")
            self._last_error = known
            self._not_before_s = loop.time() + self._pause_s
            self._pause_s = min(2 * self._pause_s, _LONGEST_PAUSE_S)
            raise NoConnectionError from known
        self._last_error, self._pause_s = None, _FIRST_PAUSE_S
        connection.adapters.register_dumper(int, Int8BinaryDumper)
        return connection

    async def close(self) -> None:
        """Close what is idle; what is lent is closed when it comes back."""
        await self.drop_idle()


async def within(connection: psycopg.AsyncConnection[Any], timeout_s: float, talk: Coroutine[Any, Any, T]) -> T:
    """Wait for what is done on a connection, no longer than ``timeout_s``; then, or cancelled, the connection is cut.

    The driver's own way to cancel asks the server, which is what may not answer.

    Raises:
        TimeoutError: it did not answer.
    """
    task = asyncio.ensure_future(talk)
    try:
        done, _ = await asyncio.wait({task}, timeout=timeout_s)
    except asyncio.CancelledError:
        await _cut_and_wait(connection, task)
        raise
    if done:
        return task.result()
    await _cut_and_wait(connection, task)
    raise TimeoutError(f"the server did not answer within {timeout_s:g} s")


async def _cut_and_wait(connection: psycopg.AsyncConnection[Any], task: "asyncio.Future[Any]") -> None:
    cut(connection)
    await asyncio.wait({task}, timeout=_ENDING_S)
    if not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=_ENDING_S)
    if task.done() and not task.cancelled():
        task.exception()  # heard


def cut(connection: psycopg.AsyncConnection[Any]) -> None:
    """End a connection without a word to the server: who waits on it hears at once that it is gone."""
    with contextlib.suppress(OSError, psycopg.Error):
        descriptor = os.dup(connection.pgconn.socket)
        with socket.socket(fileno=descriptor) as beside:
            beside.shutdown(socket.SHUT_RDWR)


async def _close(connection: psycopg.AsyncConnection[Any]) -> None:
    with contextlib.suppress(psycopg.Error, OSError):
        await connection.close()
