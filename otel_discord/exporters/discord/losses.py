"""Records that were not shown for want of room, here or before they came here: counted, and told in Discord once."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from otel_discord.component import WorkQueue
from otel_discord.component.instruments import ExporterInstruments
from otel_discord.component.instruments_discord import DiscordInstruments
from otel_discord.discord_api.models import Message
from otel_discord.exporters.discord.overflow_notice import Loss, LossBook, notice, title_of
from otel_discord.exporters.discord.routing import HIGHEST_SEVERITY, Router
from otel_discord.signals import Signal

REASON: Final = "dropped_oldest"
_LOOK_S: Final = 0.5
"""How often is looked whether there is room again."""
_ROOM: Final = 0.9
"""A queue that is less full than this is full no more."""
_STEPS_OF_A_RANGE: Final = 4


@dataclass(slots=True, kw_only=True)
class Losses:
    """Of one exporter. ``say`` sends a message of our own to a destination, as soon as that takes one."""

    say: Callable[[str, Message], None]
    instruments: ExporterInstruments
    discord_instruments: DiscordInstruments
    logger: logging.Logger
    book: LossBook = field(default_factory=LossBook)
    """Kept over a reload."""
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def note(self, destination: str, records: Mapping[int, int], since_ns: int, until_ns: int) -> None:
        """Count, for what is told, the records of a card that was dropped; by severity."""
        self.book.note(destination, records, since_ns, until_ns, now_s=asyncio.get_running_loop().time())
        self._news.set()

    def elsewhere(self, router: Router, losses: Mapping[int, int], since_ns: int, until_ns: int) -> None:
        """Count records that never came here, by the lowest number of their range of severity.

        They are told where records of that range are shown; those that are shown nowhere are no loss.
        """
        by_destination: dict[str, dict[int, int]] = {}
        total = 0
        for severity, records in losses.items():
            highest = min(severity + _STEPS_OF_A_RANGE - 1, HIGHEST_SEVERITY)
            destinations = router.way(highest).destinations if records > 0 else ()
            total += records if destinations else 0
            for each in destinations:
                by_destination.setdefault(each.name, {})[severity] = records
        if total:
            self.instruments.send_failed(Signal.LOGS, total)
        for name, records_of in by_destination.items():
            self.discord_instruments.destination(name).message_failed(REASON, attempts=0)
            self.note(name, records_of, since_ns, until_ns)

    async def run(self, queue: WorkQueue) -> None:
        """Tell when there is room again, until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            if not self.book:
                self._news.clear()
                await self._news.wait()
            size, capacity = queue.size, queue.capacity
            self._tell(self.book.due(loop.time(), has_room=size < capacity and size <= capacity * _ROOM))
            await asyncio.sleep(_LOOK_S)

    def tell_the_rest(self) -> None:
        """Tell what was not told yet: it is the end."""
        self._tell(self.book.rest(asyncio.get_running_loop().time()))

    def _tell(self, losses: Mapping[str, Loss]) -> None:
        for destination, loss in losses.items():
            self.logger.warning("%s", title_of(loss), extra={"destination": destination})
            self.say(destination, notice(loss))
