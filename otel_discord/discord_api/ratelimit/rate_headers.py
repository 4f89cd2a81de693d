"""Discord's rate limit headers, read without trust.

https://docs.discord.com/developers/topics/rate-limits#header-format-rate-limit-header-examples
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from otel_discord.discord_api.ratelimit.waiting import RETRY_AFTER_MAX_S


@dataclass(frozen=True, slots=True)
class RateHeaders:
    """State of one bucket when Discord counted the request."""

    limit: int
    remaining: int
    reset_after_s: float
    """Until the bucket is as good as new: full again, or its window over."""
    reset_epoch_s: float | None
    """The same moment on Discord's own clock, which may be far off ours."""
    bucket: str


def read_rate_headers(headers: Mapping[str, str]) -> RateHeaders | None:
    """Return what the headers say; None where limit, remaining or reset-after is missing or makes no sense."""
    limit = _number(headers.get("x-ratelimit-limit"))
    remaining = _number(headers.get("x-ratelimit-remaining"))
    reset_after_s = _number(headers.get("x-ratelimit-reset-after"))
    if limit is None or remaining is None or reset_after_s is None:
        return None
    if not 1 <= limit <= 1e9 or not 0 <= reset_after_s <= RETRY_AFTER_MAX_S:
        return None
    return RateHeaders(
        limit=int(limit),
        remaining=int(min(max(remaining, 0.0), limit)),
        reset_after_s=reset_after_s,
        reset_epoch_s=_number(headers.get("x-ratelimit-reset")),
        bucket=headers.get("x-ratelimit-bucket", ""),
    )


def _number(text: str | None) -> float | None:
    try:
        value = float(text) if text is not None else math.nan
    except ValueError:
        return None
    return value if math.isfinite(value) else None
