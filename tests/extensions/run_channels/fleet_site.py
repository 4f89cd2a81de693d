"""Several replicas in one loop over one table in memory, one fake Discord, and virtual time."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

from otel_discord.component.destination_source import RunCard
from otel_discord.config import Secret
from otel_discord.discord_api.bot.bot_api import BotApi
from otel_discord.discord_api.bot.client import BotClient
from otel_discord.extensions.run_channels.book import Book
from otel_discord.extensions.run_channels.fleet.desk import FleetDesk
from otel_discord.extensions.run_channels.fleet.guard import GuardedTransport
from otel_discord.extensions.run_channels.worker import Worker
from otel_discord.store.memory_shared_table import MemorySharedTables, SharedValues
from tests.extensions.run_channels.site_of_runs import TOKEN, USER_AGENT, Site

LOGGER = logging.getLogger("otel_discord.test.run_channels")


class Replica:
    """A desk and how it is cut off from the table."""

    def __init__(self, tables: MemorySharedTables, desk: FleetDesk) -> None:
        self.tables = tables
        self.desk = desk


class Replicas(Site):
    """A site whose workers are replicas."""

    def __init__(self, **config: Any) -> None:
        super().__init__(**config)
        self.places: dict[str, SharedValues] = {}
        self.token = TOKEN

    @property
    def values(self) -> Mapping[str, bytes]:
        """What the table holds."""
        return self.places["run_channels"].values

    def stored_book(self) -> Book:
        """Return the runs as they are stored."""
        book = Book(None, max_runs=10**6, logger=LOGGER)  # type: ignore[arg-type]
        for key, value in self.values.items():
            if key.startswith("run/"):
                book.learn(key.removeprefix("run/"), value)
        return book

    @asynccontextmanager
    async def replica(
        self, name: str = "", *, lease_s: float = 30.0, api: Callable[[BotApi], BotApi] = lambda api: api
    ) -> AsyncIterator[Replica]:
        """Run a replica; one that is cut off is as one that was killed, as far as the others see."""
        tables = MemorySharedTables(self.places, lease_s=lease_s)
        loop = asyncio.get_running_loop()
        async with tables.open_shared_table("run_channels") as table:

            def new_worker(lead: Any, source: Any, drained: Any) -> Worker:
                transport = GuardedTransport(self.fake.transport(), lead)
                client = BotClient(
                    transport, Secret(self.token), endpoint=self.fake.endpoint, user_agent=USER_AGENT, dice=lambda: 0.5
                )
                return Worker(
                    api(client),
                    Book(lead.table, max_runs=self.config.max_runs, logger=LOGGER),
                    self.config,
                    key=Secret(TOKEN),
                    endpoint=self.fake.endpoint,
                    logger=LOGGER,
                    wall_clock=lambda: self.fake.wall_s(loop.time()),
                    dice=lambda: 0.5,
                    source=source,
                    drained=drained,
                )

            desk = FleetDesk(table, new_worker, self.config, endpoint=self.fake.endpoint, logger=LOGGER, replica=name)
            async with desk:
                yield Replica(tables, desk)

    @asynccontextmanager
    async def replicas(self, count: int, **more: Any) -> AsyncIterator[list[Replica]]:
        """Run several; the first one leads."""
        if count == 0:
            yield []
            return
        async with self.replica(f"replica {count}", **more) as first, self.replicas(count - 1, **more) as others:
            yield [first, *others]


class Exporter:
    """A user of runs' destinations on one replica."""

    def __init__(self, drains_after_s: float = 0.0) -> None:
        self.drains_after_s = drains_after_s
        self.asked: list[str] = []
        self.changes = 0

    def destinations_changed(self) -> None:
        self.changes += 1

    async def drained(self, name: str) -> None:
        self.asked.append(name)
        await asyncio.sleep(self.drains_after_s)

    def run_card(self, card: RunCard) -> dict[str, Any]:
        return {"embeds": [{"title": f"{card.name}: {card.tally.records} records"}]}


async def until(is_so: Callable[[], bool], timeout_s: float = 60.0) -> None:
    """Return when something is so."""
    async with asyncio.timeout(timeout_s):
        while not is_so():
            await asyncio.sleep(0.05)


async def ended(task: "asyncio.Task[Any]") -> None:
    """End a task."""
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
