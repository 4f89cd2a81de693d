"""What the limiter learns from one response."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from otel_discord.discord_api.outcome_types import Scope


@dataclass(frozen=True, slots=True)
class Limited:
    """A 429 as classified: how long to wait, from when it was received, and whose limit it was.

    ``code`` is Discord's error code, 0 where there was none; it tells a short write limit (20028) from the channel's
    budget per minute.
    """

    retry_after_s: float
    scope: Scope
    code: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A response: status, headers with lower-case names, and the loop times at which the request left and the
    response was there. Discord counted the request somewhere between the two.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    limited: Limited | None = None
    sent_at: float
    received_at: float
