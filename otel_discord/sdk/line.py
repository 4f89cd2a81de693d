"""What one outlet sends, on its way to the exporter: taken in small portions, until the outlet is closed and empty."""

import asyncio
import logging
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from otel_discord.component import StartError
from otel_discord.exporters.discord.config import DiscordConfig
from otel_discord.exporters.discord.exporter import DiscordExporter
from otel_discord.sdk.feeds import Feed, feed_of
from otel_discord.sdk.host import ApplicationHost
from otel_discord.sdk.sender import GATHER_S

if TYPE_CHECKING:
    from otel_discord.sdk.outlet import Outlet

_log: Final = logging.getLogger("otel_discord.sdk")

_LAST_SHARE: Final = 0.3
_LAST_MOST_S: Final = 1.5
"""What is kept of the time for an end, so that what was not sent can still be written down."""

_CLOSING_S: Final = 0.2
"""Of that, for connectors to close where no time is left."""


class Line:
    """Of one outlet; ``bell`` rings when it has something new."""

    def __init__(self, outlet: "Outlet", config: DiscordConfig) -> None:
        self.outlet = outlet
        self.bell = asyncio.Event()
        self._config = config
        self._host = ApplicationHost()

    def drain_deadline_s(self) -> float:
        """Return the loop time by which what is left should be sent."""
        now_s = asyncio.get_running_loop().time()
        close_at_s = self.outlet.close_at_s
        left_s = max(0.0, close_at_s - now_s) if close_at_s is not None else 0.0
        return now_s + left_s - min(_LAST_MOST_S, left_s * _LAST_SHARE)

    def is_late(self) -> bool:
        """Return whether the outlet is closed and has no time left."""
        return self.outlet.close_at_s is not None and asyncio.get_running_loop().time() >= self.drain_deadline_s()

    async def run(self, exporter: DiscordExporter) -> None:
        """Pass on what the application has handed over, until the outlet is closed and empty, or out of time."""
        try:
            async with feed_of(self.outlet, exporter, self._host, self.is_late) as feed:
                await self._pump(feed)
                with suppress(TimeoutError):
                    async with asyncio.timeout_at(self.drain_deadline_s()):
                        await feed.finish()
                self._host.drain_deadline_s = self.drain_deadline_s() + _CLOSING_S
        except StartError as error:
            self.outlet.give_up(str(error))

    async def _pump(self, feed: Feed) -> None:
        flushes: list[asyncio.Task[None]] = []
        async with asyncio.TaskGroup() as tasks:
            while True:
                taken = self.outlet.take(feed.most)
                if taken.losses is not None:
                    feed.lost(taken.losses)
                if taken.items:
                    await feed.pass_on(taken.items)
                    await asyncio.sleep(0)
                    continue
                flushes = [each for each in flushes if not each.done()]
                flushes += [tasks.create_task(_flush(feed, done), name="flush") for done in taken.flushes]
                if taken.is_last:
                    break
                await self.bell.wait()
                self.bell.clear()
                with suppress(TimeoutError):
                    async with asyncio.timeout(GATHER_S):
                        while not self.outlet.is_hurried:
                            await self.bell.wait()
                            self.bell.clear()
            for each in flushes:  # who waits for one is told by the end, which sends the same records
                each.cancel()


async def _flush(feed: Feed, done: threading.Event) -> None:
    await feed.flushed()
    done.set()
