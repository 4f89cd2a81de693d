"""When a request may be sent: pure decisions, no clock, no loop, no dice.

Start at ``limiter.py``; each layer is a file. ``../permits.py`` runs it on a loop, ``docs/explanation/rate-limits.md``
tells the theory.
"""

from otel_discord.discord_api.outcome_types import Scope
from otel_discord.discord_api.ratelimit.answer import Answer, Limited
from otel_discord.discord_api.ratelimit.invalid_guard import InvalidLevel
from otel_discord.discord_api.ratelimit.limiter import Limiter, Poll, Usage
from otel_discord.discord_api.ratelimit.settings import LimiterSettings
from otel_discord.discord_api.ratelimit.snapshot import BucketSnapshot, ChannelSnapshot, RateLimitSnapshot
from otel_discord.discord_api.ratelimit.ticket import Ticket
from otel_discord.discord_api.ratelimit.window_shape import Shape

__all__ = [
    "Answer",
    "BucketSnapshot",
    "ChannelSnapshot",
    "InvalidLevel",
    "Limited",
    "Limiter",
    "LimiterSettings",
    "Poll",
    "RateLimitSnapshot",
    "Scope",
    "Shape",
    "Ticket",
    "Usage",
]
