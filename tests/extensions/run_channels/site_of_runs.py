"""A worker with FakeDiscord and the real client, on virtual time; what tests of it begin with."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from otel_discord.config import Secret
from otel_discord.discord_api.bot.bot_api import BotApi
from otel_discord.discord_api.bot.client import BotClient
from otel_discord.extensions.run_channels.book import Book
from otel_discord.extensions.run_channels.config import RunChannelsConfig
from otel_discord.extensions.run_channels.own_numbers import OwnNumbers
from otel_discord.extensions.run_channels.runs import NewRun, RunKey
from otel_discord.extensions.run_channels.worker import Worker
from otel_discord.store.memory_table import MemoryTable
from otel_discord.testing.fake_discord import FakeDiscord
from otel_discord.testing.fake_discord.profiles import PROFILES, Profile, without_creation_limits

TOKEN = "made-up-token-of-a-test-bot"
USER_AGENT = "DiscordBot (https://example.org/otel-discord, 0)"
NO_CREATION_LIMITS = without_creation_limits(PROFILES["default"])


class Site:
    """One fake Discord with one guild and one bot, the table that outlives workers, and the time."""

    def __init__(self, profile: Profile | str = NO_CREATION_LIMITS, **config: Any) -> None:
        self.fake = FakeDiscord(profile)
        self.bot = self.fake.add_bot(token=TOKEN)
        self.guild = self.fake.add_guild(bot=self.bot)
        self.table = MemoryTable()
        self.config = RunChannelsConfig.model_validate(
            {"tokens": [{"name": "ci", "token": "a-token-of-ci-that-is-long"}], "bot_token": TOKEN} | config
        )
        self.worker: Worker | None = None
        self.book: Book | None = None
        self.by_webhook: Any = None
        self.numbers: OwnNumbers | None = None

    def client(self, token: str = TOKEN) -> BotClient:
        return BotClient(
            self.fake.transport(), Secret(token), endpoint=self.fake.endpoint, user_agent=USER_AGENT, dice=lambda: 0.5,
            observer=self.numbers,
        )  # fmt: skip

    @asynccontextmanager
    async def running(self, api: BotApi | None = None, *, forgetful: bool = False) -> AsyncIterator[Worker]:
        """Run a worker; ``forgetful``: with an empty table, as after the loss of the storage."""
        if forgetful:
            self.table = MemoryTable()
        loop = asyncio.get_running_loop()
        logger = logging.getLogger("otel_discord.test.run_channels")
        self.book = Book(self.table, max_runs=self.config.max_runs, logger=logger)
        worker = Worker(
            api or self.client(),
            self.book,
            self.config,
            key=Secret(TOKEN),
            endpoint=self.fake.endpoint,
            logger=logger,
            by_webhook=self.by_webhook,
            numbers=self.numbers,
            wall_clock=lambda: self.fake.wall_s(loop.time()),
            dice=lambda: 0.5,
        )
        async with worker:
            self.worker = worker
            yield worker

    def wanted(self, short_id: str = "ab12", *, task_id: str = "build-42", **more: Any) -> NewRun:
        key = RunKey(guild_id=self.guild.id, task_id=task_id, attempt=1, short_id=short_id)
        return NewRun(key=key, **more)

    def run_channels(self) -> list[Any]:
        """Return the text channels whose topic has a mark."""
        return [channel for channel in self.guild.channels if "otel-discord.run1." in channel.topic]

    def category(self, name: str) -> Any:
        return next(channel for channel in self.guild.categories() if channel.name == name)

    def names_in(self, category: str) -> list[str]:
        return [channel.name for channel in self.guild.children(self.category(category).id)]
