"""FakeDiscord: a strict simulator of Discord's webhooks and of what bots do in guilds, in process or as a server.

    fake = FakeDiscord("default")
    hook = fake.add_webhook()
    ...                    # let the client post to hook.url, over fake.transport() or serve_fake_discord(fake)
    assert_each_once(fake, range(1000))
    fake.assert_clean()

    bot = fake.add_bot()
    guild = fake.add_guild(bot=bot)  # guild.channels, guild.categories(), guild.permissions[bot.id] = …, fake.audit

Every answer is as Discord's, as far as that is known (``rules`` says how well); ``fake.violations`` holds what Discord
would tolerate and a careful client does not do.
"""

from otel_discord.testing.fake_discord.counters import Buckets
from otel_discord.testing.fake_discord.exchange import Cut, Exchange, FakeRequest, FakeResponse, FormPart
from otel_discord.testing.fake_discord.fake import FakeDiscord
from otel_discord.testing.fake_discord.fault_shapes import ODD_ANSWERS, RATE_LIMITED, SERVER_ERRORS, committed
from otel_discord.testing.fake_discord.faults import (
    Answer,
    Break,
    Change,
    CloseAfter,
    Drip,
    Fault,
    Gzip,
    Stall,
    Truncate,
    any_request,
    method_is,
    operation_is,
    posts,
    webhook_is,
)
from otel_discord.testing.fake_discord.guilds import AuditEntry, FakeBot, FakeGuild
from otel_discord.testing.fake_discord.latency import Latency
from otel_discord.testing.fake_discord.oracles import (
    Arrivals,
    arrivals,
    assert_each_once,
    assert_no_token_in,
    assert_nobody_pinged,
    markers_of,
    rate_limited_by_scope,
    records_in,
    records_shown,
)
from otel_discord.testing.fake_discord.permissions import RUN_SERVICE, FakeOverwrite
from otel_discord.testing.fake_discord.profiles import PROFILES, Profile, without_creation_limits
from otel_discord.testing.fake_discord.rules import RULES, Switches, Violation
from otel_discord.testing.fake_discord.server import FakeDiscordServer, serve_fake_discord
from otel_discord.testing.fake_discord.state import FakeChannel, FakeFile, FakeMessage, FakeWebhook, JournalEntry
from otel_discord.testing.fake_discord.transport import FakeTransport

__all__ = [
    "ODD_ANSWERS",
    "PROFILES",
    "RATE_LIMITED",
    "RULES",
    "RUN_SERVICE",
    "SERVER_ERRORS",
    "Answer",
    "Arrivals",
    "AuditEntry",
    "Break",
    "Buckets",
    "Change",
    "CloseAfter",
    "Cut",
    "Drip",
    "Exchange",
    "FakeBot",
    "FakeChannel",
    "FakeDiscord",
    "FakeDiscordServer",
    "FakeFile",
    "FakeGuild",
    "FakeMessage",
    "FakeOverwrite",
    "FakeRequest",
    "FakeResponse",
    "FakeTransport",
    "FakeWebhook",
    "Fault",
    "FormPart",
    "Gzip",
    "JournalEntry",
    "Latency",
    "Profile",
    "Stall",
    "Switches",
    "Truncate",
    "Violation",
    "any_request",
    "arrivals",
    "assert_each_once",
    "assert_no_token_in",
    "assert_nobody_pinged",
    "committed",
    "markers_of",
    "method_is",
    "operation_is",
    "posts",
    "rate_limited_by_scope",
    "records_in",
    "records_shown",
    "serve_fake_discord",
    "webhook_is",
    "without_creation_limits",
]
