"""An honest database for tests: SQLite in memory, each work a transaction, works in the order handed over.

Unlike a driver it lives on the loop; it gives way before and after each work, as one with a thread would.
"""

import asyncio
import sqlite3
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from otel_discord.component.errors import RetryableError, ShutdownError, StartError
from otel_discord.component.storage import QueueLimits
from otel_discord.store.dialect import SQLITE
from otel_discord.store.migration import migrate
from otel_discord.store.relational_queue import RelationalQueue, open_relational_queue
from otel_discord.store.relational_table import RelationalTable, open_relational_table
from otel_discord.store.work import Access, Many, Work

T = TypeVar("T")


class SqliteDatabase:
    """``refuse`` says of a work whether its commit fails, ``held`` whether it waits for the ``gate``."""

    def __init__(self) -> None:
        self.connection = sqlite3.connect(":memory:", isolation_level=None)
        self.refuse: Callable[[Work[Any]], bool] = lambda work: False
        self.ran: list[str] = []
        self.statements: list[str] = []
        self.closed = False
        self.gate: asyncio.Event | None = None
        self.held: Callable[[Work[Any]], bool] = lambda work: True
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._busy = False

    async def run(self, work: Work[T]) -> T:
        await self._turn()
        try:
            if self.gate is not None and self.held(work):
                await self.gate.wait()
            return self.run_now(work)
        finally:
            self._next()

    def run_now(self, work: Work[T]) -> T:
        if self.closed:
            raise ShutdownError("the database is closed")
        self.connection.execute("BEGIN IMMEDIATE" if work.access is not Access.READ else "BEGIN")
        self.statements = []
        self.ran.append(work.name)
        try:
            result = self._run_steps(work)
            if self.refuse(work):
                raise RetryableError("no space left", reason="disk_full")
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise
        self.connection.execute("COMMIT")
        return result

    def rows(self, table: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall()

    def damage(self, sql: str, *parameters: object) -> None:
        self.connection.execute(sql, parameters)

    def _run_steps(self, work: Work[T]) -> T:
        steps = work.steps()
        answer: list[tuple[Any, ...]] | None = None
        while True:
            try:
                step = next(steps) if answer is None else steps.send(answer)
            except StopIteration as stop:
                return stop.value
            self.statements.append(step.sql)
            if isinstance(step, Many):
                assert work.access is not Access.READ
                self.connection.executemany(step.sql, step.rows)
                answer = []
            else:
                before = self.connection.total_changes
                answer = self.connection.execute(step.sql, tuple(step.parameters)).fetchall()
                assert work.access is not Access.READ or self.connection.total_changes == before

    async def _turn(self) -> None:
        await asyncio.sleep(0)
        if not self._busy:
            self._busy = True
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._next()
            raise

    def _next(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._busy = False


class SqliteStorage:
    """A storage whose database outlives it."""

    def __init__(self, database: SqliteDatabase | None = None) -> None:
        self.database = database or SqliteDatabase()
        self.database.run_now(migrate(SQLITE))
        self.damaged = 0
        self._tables: set[str] = set()

    @asynccontextmanager
    async def open_queue(self, owner: str, limits: QueueLimits) -> AsyncIterator[RelationalQueue]:
        async with open_relational_queue(
            self.database, owner, limits, on_damaged=self._count, wall_clock_ns=lambda: 1_700_000_000_000_000_000
        ) as queue:
            yield queue

    @asynccontextmanager
    async def open_table(self, owner: str) -> AsyncIterator[RelationalTable]:
        if owner in self._tables:
            raise StartError(f"the table of {owner} is already open")
        self._tables.add(owner)
        try:
            async with open_relational_table(self.database, owner, on_damaged=self._count) as table:
                yield table
        finally:
            self._tables.discard(owner)

    def _count(self, rows: int) -> None:
        self.damaged += rows
