"""What can be set about the limiter, in plain numbers."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class LimiterSettings:
    """Defaults follow Discord's documented and observed limits; see ``docs/explanation/rate-limits.md``."""

    requests_per_second: float = 45.0
    """All requests together, above 0, at most 10,000. Discord allows 50 for each address."""
    channel_messages_per_minute: int = 30
    """New messages in one channel over all its webhooks; 0 switches the budget off, its 429s are still obeyed."""
    margin_s: float = 0.025
    """Added to every wait that is computed from Discord's times."""
    idle_bucket_s: float = 3600.0
    """A bucket unused for so long is forgotten."""
    idle_channel_s: float = 86400.0
    """So is a channel, and which webhook posts to it."""

    def tightest_per_second(self, *, creates: bool) -> float:
        """Return what the limits beside a bucket let through in the long run; ``creates``: new messages."""
        per_minute = self.channel_messages_per_minute if creates else 0
        return min(self.requests_per_second, per_minute / 60 if per_minute else self.requests_per_second)

    def __post_init__(self) -> None:
        if not 0 < self.requests_per_second <= 10_000:
            raise ValueError("requests_per_second must be above 0 and at most 10000")
        if self.channel_messages_per_minute < 0:
            raise ValueError("channel_messages_per_minute must not be negative")
        if self.margin_s < 0:
            raise ValueError("margin_s must not be negative")
