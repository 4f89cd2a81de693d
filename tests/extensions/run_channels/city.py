"""A FakeDiscord on a real port with a bot in a guild, and the extension before it."""

import logging
from typing import Any

from opentelemetry.metrics import NoOpMeter
from opentelemetry.trace import NoOpTracer

from otel_discord.component import ComponentId, Settings, StartError
from otel_discord.extensions.run_channels.extension import RunChannels
from otel_discord.extensions.run_channels.factory import FACTORY
from otel_discord.testing.fake_discord.server import FakeDiscordServer

LOGGER = logging.getLogger("otel_discord.test.run_channels")
SETTINGS = Settings(ComponentId("run_channels"), NoOpMeter("t"), NoOpTracer(), LOGGER, "0.9.0")
BOT_TOKEN = "made-up-token-of-a-test-bot"
TOKEN = "a-token-of-ci-that-is-long"


class House:
    """A host that keeps things, and has no storage."""

    drain_deadline_s = None
    hands_over = False

    def __init__(self) -> None:
        self._kept: dict[str, Any] = {}

    def kept(self, key: str, make: Any) -> Any:
        return self._kept.setdefault(key, make()) if key not in self._kept else self._kept[key]

    def extension(self, component_id: str, protocol: Any) -> Any:
        raise StartError(f"there is no extension {component_id}")

    def report_status(self, *_: Any, **__: Any) -> None: ...


class City:
    """A fake Discord with a bot in a guild."""

    def __init__(self, server: FakeDiscordServer) -> None:
        self.server = server
        self.bot = server.fake.add_bot(token=BOT_TOKEN)
        self.guild = server.fake.add_guild(bot=self.bot)

    def extension(self, **keys: Any) -> RunChannels:
        config = {
            "endpoint": "127.0.0.1:0",
            "grpc_endpoint": "127.0.0.1:0",
            "tokens": [{"name": "ci", "token": TOKEN}],
            "bot_token": BOT_TOKEN,
            "discord_endpoint": self.server.endpoint,
            "allow_insecure_endpoint": True,
            "drain_timeout": "100ms",
        }
        config = {name: value for name, value in (config | keys).items() if value is not None}
        extension = FACTORY.create(SETTINGS, FACTORY.config.model_validate(config))
        assert isinstance(extension, RunChannels)
        return extension

    def new(self, short_id: str = "ab12") -> dict[str, Any]:
        return {"taskId": "build-42", "attempt": 1, "shortId": short_id, "guildId": self.guild.id}
