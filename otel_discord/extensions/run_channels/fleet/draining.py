"""Finds out on all replicas whether something is on its way to a run still: any may have taken it in, and another one
delivers it. The leader asks by a value of the table, each replica says in another one that nothing is."""

import asyncio
import logging
import secrets
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from otel_discord.component.errors import RetryableError
from otel_discord.component.state_table import StateTable
from otel_discord.extensions.run_channels.finishing import Drained
from otel_discord.extensions.run_channels.fleet.rows import DRAIN, DRAINED, replica_of, run_of
from otel_discord.extensions.run_channels.identity import LANE_PREFIX, lane_of
from otel_discord.extensions.run_channels.source import RunSource

LOOK_S: Final = 0.25
"""How often a replica looks for what has changed."""
SETTLING_S: Final = 0.4
"""So long what a replica has just stored may need until another one sees it."""


@dataclass(slots=True, kw_only=True)
class Draining:
    """Of one replica. ``living`` names the others that live."""

    replica: str
    source: RunSource
    living: Callable[[], Collection[str]]
    logger: logging.Logger
    _questions: dict[str, tuple[bytes, set[str], asyncio.Event]] = field(default_factory=dict)
    """Of runs: what was asked, who has not answered yet, and that all have."""

    def on(self, table: StateTable) -> Drained:
        """Return what asks all replicas, through the leader's table."""
        return lambda name: self._everywhere(table, name)

    async def here(self, name: str) -> None:
        """Return when nothing is on its way to a destination as far as this replica knows."""
        waits = [user.drained(name) for user in self.source.users]
        if waits:
            await asyncio.gather(*waits)

    def heard(self, key: str, value: bytes | None) -> None:
        """Somebody has answered."""
        question = self._questions.get(run_of(key))
        if question is not None and question[0] == value:
            question[1].discard(replica_of(key))
            if not question[1]:
                question[2].set()

    async def answer(self, table: StateTable, key: str, value: bytes) -> None:
        """Answer a question of the leader's."""
        run_id = run_of(key)
        await asyncio.sleep(SETTLING_S)
        await self.here(lane_of(run_id))
        await table.put({f"{DRAINED}{run_id}/{self.replica}": value})

    async def answer_while(self, is_asked: Callable[[], bool], table: StateTable, key: str, value: bytes) -> None:
        """Answer a question of the leader's unless that is asked no more."""

        async def gone() -> None:
            while is_asked():  # noqa: ASYNC110 - as it is looked for
                await asyncio.sleep(LOOK_S)

        answering, asked = asyncio.ensure_future(self.answer(table, key, value)), asyncio.ensure_future(gone())
        try:
            await asyncio.wait({answering, asked}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            answering.cancel()
            asked.cancel()
            await asyncio.wait({answering, asked})
        if not answering.cancelled() and (error := answering.exception()) is not None:
            self.logger.debug("a question of the leader's could not be answered: %s", error)

    async def _everywhere(self, table: StateTable, name: str) -> None:
        others = set(self.living())
        if not others:
            await self.here(name)
            return
        run_id, value = name.removeprefix(LANE_PREFIX), secrets.token_hex(6).encode()
        all_said = asyncio.Event()
        self._questions[run_id] = (value, set(others), all_said)
        try:
            await table.put({f"{DRAIN}{run_id}": value})
            await asyncio.sleep(SETTLING_S)
            await asyncio.gather(self.here(name), all_said.wait())
        finally:
            del self._questions[run_id]
            with suppress(RetryableError):
                rows: dict[str, bytes | None] = {f"{DRAINED}{run_id}/{other}": None for other in others}
                await table.put({f"{DRAIN}{run_id}": None, **rows})
