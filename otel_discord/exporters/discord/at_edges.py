"""Who acts whenever a mute begins or ends: once for each edge, by the wall clock, and with notes that are kept."""

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

import orjson

from otel_discord.exporters.discord.lane import Lane
from otel_discord.exporters.discord.mutes.said import MutesSaid

LONGEST_SLEEP_S: Final = 60.0
"""The wall clock may be set meanwhile."""
BETWEEN_WRITES_S: Final = 10.0
"""Of counts; what begins or ends is written at once."""
STORED_WITHIN_S: Final = 1.5
"""Somebody waits for the answer."""
UNSTORED: Final = (
    "This is in memory only: the storage is away. It is stored as soon as that is back, and forgotten if the process "
    "ends before."
)


@dataclass(slots=True, kw_only=True)
class ActsAtEdges(ABC):
    """``state`` is the exporter's, in which the notes are."""

    state: Lane
    wall_clock: Callable[[], float]
    logger: logging.Logger
    said: MutesSaid = field(default_factory=MutesSaid)
    _busy: asyncio.Lock = field(default_factory=asyncio.Lock)
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _to_write: bool = False
    _key: ClassVar[str]
    """Of the notes."""

    async def run(self) -> None:
        """Act at each edge, until cancelled."""
        while True:
            self._news.clear()
            async with self._busy:
                await self._step()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._sleep_s()):
                    await self._news.wait()

    async def end(self) -> None:
        """Write down what is counted."""
        if self._to_write:
            await self._write()

    @abstractmethod
    async def _step(self) -> None:
        """Do what is due, and write down what has changed. Called with ``_busy`` held."""

    @abstractmethod
    def _sleep_s(self) -> float:
        """Return how long nothing is due, unless there is news."""

    @abstractmethod
    def _notes(self) -> Mapping[str, Any]:
        """Return what is kept, for JSON; nothing where all of its parts are empty."""

    def _log(self, mute_id: str, what: str, **extra: str) -> None:
        """Say what becomes of a mute, unless another engine of this exporter has said it."""
        if self.said.is_news(self._key, mute_id, what):
            self.logger.info(what, extra=extra)

    def _now_ns(self) -> int:
        return int(self.wall_clock() * 1e9)

    async def _write(self) -> None:
        self._to_write = False
        notes = self._notes()
        try:
            await self.state.set_state(self._key, orjson.dumps(notes) if any(notes.values()) else None)
        except BaseException:
            self._to_write = True
            raise

    async def _kept(self) -> str:
        """Write down what somebody has asked for; return "", or what he is to know where the storage does not take it
        soon. :meth:`run` writes it then, and does whatever else is due."""
        self._to_write = True
        self._news.set()
        try:
            async with asyncio.timeout(STORED_WITHIN_S), self._busy:
                if self._to_write:
                    await self._write()
        except TimeoutError:
            return UNSTORED
        return ""
