"""Asks who leads, through the table, and waits for the answer."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field

from otel_discord.component.errors import RetryableError
from otel_discord.component.state_table import StateTable
from otel_discord.extensions.run_channels.fleet.rows import WISH, Answer, Wish, decode_wish, encode_wish
from otel_discord.extensions.run_channels.problems import Code, RunProblem


@dataclass(slots=True)
class Asking:
    """Of one replica."""

    table: StateTable
    replica: str
    _waiting: "dict[str, asyncio.Future[Answer]]" = field(default_factory=dict)
    _asked: asyncio.Event = field(default_factory=asyncio.Event)
    _number: int = 0

    @property
    def is_waiting(self) -> bool:
        """Whether somebody waits for an answer."""
        return bool(self._waiting)

    async def moment(self, longest_s: float) -> None:
        """Wait a moment; a short one where somebody begins to wait meanwhile."""
        self._asked.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(longest_s):
                await self._asked.wait()

    def heard(self, key: str, value: bytes | None) -> None:
        """A wish has changed: it may be answered."""
        future = self._waiting.get(key)
        answer = decode_wish(value) if future is not None and value is not None else None
        if future is not None and isinstance(answer, Answer) and not future.done():
            future.set_result(answer)

    async def ask(self, wish: Wish, timeout_s: float) -> Answer:
        """Return the answer to a wish.

        Raises:
            RunProblem: what the answer says, or that there is none yet.
            RetryableError: the wish cannot be stored now.
        """
        self._number += 1
        key = f"{WISH}{self.replica}-{self._number}"
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting[key] = future
        try:
            async with asyncio.timeout(timeout_s):
                await self.table.put({key: encode_wish(wish)})
                self._asked.set()
                answer = await future
            with suppress(RetryableError):  # who leads removes it after a while, also one that nobody waits for
                await self.table.put({key: None})
        except TimeoutError:
            raise RunProblem(
                Code.DISCORD_UNAVAILABLE, "this takes long; it goes on behind, ask again", retry_after_s=5.0
            ) from None
        finally:
            del self._waiting[key]
        if answer.problem is not None:
            raise answer.problem
        return answer
