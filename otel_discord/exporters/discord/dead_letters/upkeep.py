"""What goes on beside the burying: copies for people, bounds, and a notice in Discord. One task; it never fails."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from otel_discord.component import ComponentError
from otel_discord.component.instruments_discord import DeadLetterInstruments
from otel_discord.discord_api.models import Message
from otel_discord.exporters.discord.cause import Cause
from otel_discord.exporters.discord.dead_letters.box import LetterBox
from otel_discord.exporters.discord.dead_letters.copies import LetterCopies
from otel_discord.exporters.discord.dead_letters.letter import masked, own_words
from otel_discord.exporters.discord.dead_letters.notice import NoticeBook, notice_values, tell_where

Say: TypeAlias = Callable[[str, Message], Awaitable[object]]
"""Sends a message of our own to a destination."""

Show: TypeAlias = Callable[[Mapping[str, Any]], Message]
"""Makes a notice of its values, as its template has it; does not raise."""

SWEEP_S: Final = 600.0
"""How often age and size are looked at when nothing is buried."""
_GATHER_S: Final = 0.5
"""After a burial: where one letter comes, others follow."""
_SAY_TIMEOUT_S: Final = 120.0


@dataclass(slots=True, kw_only=True)
class Upkeep:
    """Woken by each burial."""

    box: LetterBox
    copies: LetterCopies | None
    instruments: DeadLetterInstruments
    logger: logging.Logger
    say: Say
    show: Show
    fallback_of: Callable[[str], str]
    sweep_s: float = SWEEP_S
    book: NoticeBook
    _woken: asyncio.Event = field(default_factory=asyncio.Event)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _keeps: bool = True
    _swept_s: float = float("-inf")

    def buried(self, destination: str, cause: Cause, records: int, *, is_kept: bool) -> None:
        """Hear of a burial."""
        now_s = asyncio.get_running_loop().time()
        self.book.note(destination, cause.reason, records, words=masked(own_words(cause.detail), 500), now_s=now_s)
        self._keeps = is_kept
        self._woken.set()

    async def run(self) -> None:
        """Look after everything until cancelled."""
        loop = asyncio.get_running_loop()
        now_s = loop.time()
        while True:
            try:
                await self.tidy()
                await self._tell(now_s)
            except Exception:
                self.logger.exception("the upkeep of the dead letters failed; please report this")
            next_s = min(self._swept_s + self.sweep_s, self.book.next_s() or float("inf"))
            try:
                async with asyncio.timeout_at(next_s if next_s < float("inf") else None):
                    await self._woken.wait()
                    await asyncio.sleep(_GATHER_S)
            except TimeoutError:
                now_s = max(loop.time(), next_s)  # a timer may fire a trifle early; what was due then is due
            else:
                now_s = loop.time()
            self._woken.clear()

    async def tidy(self) -> None:
        """Bring copies up to date and keep the bounds."""
        async with self._turn:
            await self._tidy()

    async def _tidy(self) -> None:
        try:
            if self.copies is not None:
                await self.copies.follow()
                await self.copies.expire()
        except (OSError, ComponentError) as error:
            self.logger.warning("readable copies of dead letters cannot be written: %s", error)
        self._swept_s = asyncio.get_running_loop().time()
        try:
            expired = await self.box.expire()
        except (OSError, ComponentError) as error:
            self.logger.warning("old dead letters cannot be removed: %s", error)
            return
        if expired:
            self.instruments.purged(expired, "bounds")
            self.logger.warning(
                "%d dead letters were removed: they were older than dead_letters::retention or beyond its max_mib",
                expired,
            )

    async def _tell(self, now_s: float) -> None:
        for destination, heap in self.book.due(now_s).items():
            to = tell_where(destination, self.fallback_of(destination), heap.records)
            if to is None:
                continue
            try:
                async with asyncio.timeout(_SAY_TIMEOUT_S):
                    await self.say(to, self.show(notice_values(destination, heap, kept=self._keeps)))
            except (TimeoutError, ComponentError) as error:
                why = str(error) or f"it took longer than {_SAY_TIMEOUT_S:g} s"
                self.logger.warning("a notice about dead letters was not sent: %s", why)
