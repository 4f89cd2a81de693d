"""Statements of one transaction on a connection: what can be said in one breath goes in one."""

from collections.abc import Sequence
from typing import Any, Final

import psycopg

from otel_discord.extensions.db_storage.marks import marked
from otel_discord.store.work import Many, Query, Row

_BIND_AT_MOST: Final = 1000
"""Rows in one pipeline: beyond it both sides could wait for the other to read."""


class NoAnswerError(Exception):
    """The opening, which had to find a row, found none."""


class Conversation:
    """A transaction. The opening statements go out together with the first that is asked; where ``must_answer``, the
    last of them has to find a row.

    ``only_reads``: what is said in one breath is a transaction by itself, as PostgreSQL has it where nobody begins one.
    The opening goes out with each, there is nothing to commit, and one question is one way there and back.
    """

    def __init__(
        self,
        connection: psycopg.AsyncConnection[Any],
        opening: Sequence[Query],
        *,
        must_answer: bool = False,
        only_reads: bool = False,
    ) -> None:
        self._connection = connection
        self._opening = tuple(opening)
        self._must_answer = must_answer
        self._only_reads = only_reads

    @property
    def is_to_commit(self) -> bool:
        """Whether a transaction was begun that has to be committed."""
        return not self._opening and not self._only_reads

    async def ask(self, step: Query | Many) -> list[Row]:
        """Run a statement and return its rows.

        Raises:
            psycopg.Error: it, or the opening, failed; the transaction is lost.
            NoAnswerError: the opening found no row; the transaction is not to be committed.
        """
        if isinstance(step, Query):
            return (await self.ask_all([step]))[0]
        if self._opening:
            await self.ask_all(())
        return await self._say(step)

    async def ask_all(self, queries: Sequence[Query]) -> list[list[Row]]:
        """Run some statements in one breath and return the rows of each.

        Raises:
            psycopg.Error: one of them, or the opening, failed; the transaction is lost.
            NoAnswerError: the opening found no row; the transaction is not to be committed.
        """
        if len(queries) == 1 and not self._opening:
            return [await self._say(queries[0])]
        opening = self._opening
        if not self._only_reads:
            self._opening = ()
        async with self._connection.pipeline():
            before = [await self._execute(query) for query in opening]
            cursors = [await self._execute(query) for query in queries]
        if opening and self._must_answer and not await _rows(before[-1]):
            raise NoAnswerError
        return [await _rows(cursor) for cursor in cursors]

    async def commit(self) -> bool:
        """Commit; return whether the server says that it has."""
        cursor = await self._connection.execute("COMMIT")
        return cursor.statusmessage == "COMMIT"

    async def _say(self, step: Query | Many) -> list[Row]:
        if isinstance(step, Query):
            return await _rows(await self._execute(step))
        if len(step.rows) == 1:
            await self._execute(Query(step.sql, step.rows[0]))
            return []
        async with self._connection.cursor(binary=True) as cursor:
            for start in range(0, len(step.rows), _BIND_AT_MOST):
                await cursor.executemany(marked(step.sql), step.rows[start : start + _BIND_AT_MOST])
        return []

    async def _execute(self, query: Query) -> psycopg.AsyncCursor[Any]:
        cursor = self._connection.cursor(binary=True)
        if query.parameters:
            return await cursor.execute(marked(query.sql), tuple(query.parameters))
        return await cursor.execute(query.sql.encode())


async def _rows(cursor: psycopg.AsyncCursor[Any]) -> list[Row]:
    return await cursor.fetchall() if cursor.description is not None else []
