"""How long a 429 asks to wait, and whose limit it speaks of.

The body's ``retry_after`` is finer than the header, so it comes first; ``X-RateLimit-Reset-After`` is never used, since
for a shared limit it can be far too short (https://docs.discord.com/developers/topics/rate-limits).
"""

import math
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any, Final

from otel_discord.discord_api.outcome_types import Scope

SHORTEST_S: Final = 0.05
LONGEST_S: Final = 24 * 3600.0
"""Bans of 18 hours have been seen (discordjs/discord.js#8574); more than a day is a mistake."""

HOST_BAN_S: Final = 60.0
"""The least to wait where this address as a whole is turned away."""

LONGEST_OUTAGE_S: Final = 60.0
"""A 5xx that asks for more is a guess about an outage, not a limit of ours: look again before."""

CODE_WITHOUT_DELAY_S: Final = 5.0

SHARED_CODES: Final = frozenset({20016, 20022, 20028, 20029, 40062})
"""Limits of a channel or server: slow mode, announcement edits, channel and server writes, a busy resource."""


def read_seconds(value: object) -> float | None:
    """Return a usable delay: a number, or a string that is one; finite and not negative. Otherwise None."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        seconds = float(value)
    except (ValueError, OverflowError):
        return None
    return seconds if math.isfinite(seconds) and seconds >= 0 else None


def read_header(headers: Mapping[str, str]) -> float | None:
    """Return ``Retry-After`` in seconds; a date is measured against the answer's own ``Date``, not our clock."""
    text = headers.get("retry-after", "").strip()
    seconds = read_seconds(text)
    if seconds is not None or not text:
        return seconds
    try:
        wait = parsedate_to_datetime(text) - parsedate_to_datetime(headers.get("date", ""))
    except (ValueError, TypeError, OverflowError):
        return None
    return max(wait.total_seconds(), 0.0)


def clamp(seconds: float) -> float:
    """Return a delay that neither spins nor sleeps for ever."""
    return min(max(seconds, SHORTEST_S), LONGEST_S)


def outage_s(headers: Mapping[str, str]) -> float | None:
    """Return how long a 5xx asks to wait, as far as that is followed; None where it does not say."""
    told_s = read_header(headers)
    return None if told_s is None else min(told_s, LONGEST_OUTAGE_S)


def host_ban_s(headers: Mapping[str, str]) -> float:
    """Return how long this address stays away: what it was told, but not less than a minute."""
    return clamp(max(read_header(headers) or 0.0, HOST_BAN_S))


def read_scope(headers: Mapping[str, str], answer: Mapping[str, Any], code: int) -> Scope:
    """Return whose limit Discord's own 429 speaks of; ``user``, which is our own bucket, where it does not say."""
    if answer.get("global") is True or headers.get("x-ratelimit-global", "").strip().lower() == "true":
        return Scope.GLOBAL
    if code in SHARED_CODES:
        return Scope.SHARED
    scope = headers.get("x-ratelimit-scope", "").strip().lower()
    return Scope(scope) if scope in {"user", "global", "shared"} else Scope.USER
