"""The limits that routes share."""

from dataclasses import dataclass

from otel_discord.discord_api.ratelimit.channels import Channels
from otel_discord.discord_api.ratelimit.global_budget import GlobalBudget
from otel_discord.discord_api.ratelimit.host_breaker import HostBreaker
from otel_discord.discord_api.ratelimit.invalid_guard import InvalidGuard


@dataclass(frozen=True, slots=True)
class Layers:
    """From the outermost inwards; below them each route has its bucket."""

    host: HostBreaker
    guard: InvalidGuard
    together: GlobalBudget
    channels: Channels
