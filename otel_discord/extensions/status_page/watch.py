"""One reader's eyes: the service through its view, with rates from a look every few seconds."""

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from otel_discord.component.dead_letters import Letter
from otel_discord.component.service_view import ServiceView
from otel_discord.extensions.status_page.drawings import Drawings
from otel_discord.extensions.status_page.letters import LetterList, newest_letters
from otel_discord.extensions.status_page.looks import Looks
from otel_discord.extensions.status_page.mutes import Mutes, firing_alerts, gather_mutes, look_afar, redacted_mutes
from otel_discord.extensions.status_page.overview import Overview, destinations_shown, note_trends, overview_of
from otel_discord.extensions.status_page.rates import RateMeter
from otel_discord.extensions.status_page.shown_messages import RecentMessage, recent_messages

LETTERS_KEPT_S: Final = 10.0
"""A list of letters is read from storage; it is read again before that only where their number has changed."""


@dataclass(slots=True)
class Watch:
    """Looks at a service and remembers each look for a second."""

    view: ServiceView
    meter: RateMeter = field(default_factory=RateMeter)
    looks: Looks = field(default_factory=Looks)
    drawings: Drawings = field(default_factory=Drawings)

    async def run(self, interval_s: float, logger: logging.Logger) -> None:
        """Take a look at the numbers every few seconds, for ever."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                self.tick(loop.time())
            except Exception:  # the next look may go well; rates are missing until then
                logger.exception("the numbers of the service could not be looked at")
            await asyncio.sleep(interval_s)

    def tick(self, now_s: float) -> None:
        """Take one look; ``now_s`` is loop time."""
        readings = self.view.readings()
        self.meter.add(readings, now_s)
        note_trends(self.meter, readings)

    async def overview(self) -> Overview:
        """Return the overview."""

        async def look() -> Overview:
            await look_afar(self.view.open_components())
            return overview_of(self.view, self.view.readings(), self.meter, time.time())

        return await self.looks.get("overview", look)

    async def mutes(self) -> Mutes:
        """Return alerts, silences and maintenance."""

        async def look() -> Mutes:
            mutes = await gather_mutes(self.view.open_components())
            return redacted_mutes(mutes, self.view.redact)

        return await self.looks.get("mutes", look)

    async def messages(self, destination: str) -> Sequence[RecentMessage]:
        """Return the last messages, of one destination where one is named."""

        async def look() -> Sequence[RecentMessage]:
            found: list[RecentMessage] = []
            for each in recent_messages(self.view.open_components(), self.view.redact, destination):
                found.append(replace(each, html=self.drawings.draw(each.shown.message, time.time())))
                await asyncio.sleep(0)  # a message with much in it takes 5 ms; the service goes on in between
            return found

        return await self.looks.get(f"messages {destination}", look)

    async def letters(self, destination: str) -> LetterList:
        """Return the newest dead letters, of one destination where one is named."""

        async def look() -> LetterList:
            found = await newest_letters(self.view.open_components(), destination)
            shown = [(name, _redacted(letter, self.view)) for name, letter in found.letters]
            return LetterList(shown, found.exporters, found.is_complete)

        total = sum((await self.overview()).dead_letters.values())
        return await self.looks.get(f"letters {total} {destination}", look, LETTERS_KEPT_S)

    async def alert_count(self) -> int:
        """Return how many alerts fire; unlike :meth:`mutes` this waits for nobody."""

        async def look() -> int:
            return len(firing_alerts(self.view.open_components())[0])

        return await self.looks.get("alert count", look)

    async def destinations(self) -> Sequence[str]:
        """Return the names of all destinations."""

        async def look() -> Sequence[str]:
            found = destinations_shown(self.view.open_components(), self.view.readings(), self.view.redact)
            return list(dict.fromkeys(each.state.name for each in found))

        return await self.looks.get("destinations", look)


def _redacted(letter: Letter, view: ServiceView) -> Letter:
    return replace(
        letter,
        words=view.redact(letter.words),
        text=view.redact(letter.text),
        errors=tuple(view.redact(each) for each in letter.errors),
    )
