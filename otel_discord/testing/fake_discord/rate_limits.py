"""Which limit a request meets, in Discord's order: global, bucket, then the channel's hidden one; and the headers.

https://docs.discord.com/developers/topics/rate-limits
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil
from typing import Final

from otel_discord.testing.fake_discord.counters import Buckets, Counter, new_counter
from otel_discord.testing.fake_discord.profiles import Profile

LIMITED_MESSAGE: Final = "You are being rate limited."
SHARED_MESSAGE: Final = "The resource is being rate limited."
BANNED_MESSAGE: Final = (
    "You are being blocked from accessing our API temporarily due to exceeding our rate limits frequently."
)


@dataclass(frozen=True, slots=True)
class Limited:
    """A 429: whose limit, and for how long."""

    scope: str
    retry_after_s: float


@dataclass(frozen=True, slots=True)
class Charged:
    """What charging a request gave: the headers that its answer carries, and a 429 if it is one."""

    headers: Mapping[str, str]
    limited: Limited | None = None


@dataclass(slots=True)
class _Bucket:
    counter: Counter
    buckets: Buckets
    requests: int = 0
    generation: int = 0


@dataclass(slots=True)
class RateLimits:
    """All counters of one FakeDiscord. Times are seconds of its clock; ``wall_s`` is Unix time."""

    profile: Profile
    seed: int = 0
    banned_until_s: float = float("-inf")
    _buckets: dict[tuple[str, ...], _Bucket] = field(default_factory=dict)
    _channels: dict[str, Counter] = field(default_factory=dict)
    _global: Counter | None = None
    _bots: dict[str, Counter] = field(default_factory=dict)
    _hidden: dict[tuple[str, ...], Counter] = field(default_factory=dict)
    _invalid: Counter | None = None
    _answers: int = 0

    def __post_init__(self) -> None:
        if self.profile.per_ip is not None:
            self._global = new_counter(self.profile.per_ip)
        if self.profile.invalid is not None:
            self._invalid = new_counter(self.profile.invalid)

    def is_banned(self, now_s: float) -> bool:
        """Return whether the client's address is banned now."""
        return now_s < self.banned_until_s

    def take_global(self, now_s: float) -> Limited | None:
        """Charge the limit over all requests of the address."""
        if self._global is None or self._global.take(now_s):
            return None
        return Limited("global", self._global.retry_after_s(now_s))

    def take_global_of(self, bot_id: str, now_s: float) -> Limited | None:
        """Charge the limit over all requests of a bot."""
        if self.profile.per_bot is None:
            return None
        counter = self._bots.get(bot_id)
        if counter is None:
            counter = self._bots[bot_id] = new_counter(self.profile.per_bot)
        return None if counter.take(now_s) else Limited("global", counter.retry_after_s(now_s))

    def take_hidden(self, key: tuple[str, ...], buckets: Buckets | None, now_s: float) -> Limited | None:
        """Charge a limit that no header tells of before it answers 429."""
        if buckets is None:
            return None
        counter = self._hidden.get(key)
        if counter is None:
            counter = self._hidden[key] = new_counter(buckets)
        return None if counter.take(now_s) else Limited("user", counter.retry_after_s(now_s))

    def take_bot(
        self,
        key: tuple[str, ...],
        buckets: Buckets | None,
        template: str,
        channel: str | None,
        now_s: float,
        wall_s: float,
    ) -> Charged:
        """Charge the bucket of one operation of a bot, then the channel where one is given."""
        if buckets is not None and key not in self._buckets:
            self._buckets[key] = _Bucket(new_counter(buckets), buckets)
        bucket = self._buckets.get(key) if buckets is not None else None
        return self._charge(bucket, template, channel, now_s, wall_s)

    def take(
        self, operation: str, template: str, webhook: str, channel: str | None, now_s: float, wall_s: float
    ) -> Charged:
        """Charge the bucket of one operation of one webhook, then the channel where one is given."""
        return self._charge(self._bucket(operation, webhook), template, channel, now_s, wall_s)

    def _charge(
        self, bucket: _Bucket | None, template: str, channel: str | None, now_s: float, wall_s: float
    ) -> Charged:
        if bucket is None:
            limited = self._take_channel(channel, now_s)
            return Charged({}, limited)
        bucket.requests += 1
        self._shift(bucket)
        if not bucket.counter.take(now_s):
            wait_s = bucket.counter.retry_after_s(now_s)
            headers = self._headers(bucket, template, now_s, wall_s)
            return Charged(headers, Limited("user", wait_s))
        limited = self._take_channel(channel, now_s)
        if not self.profile.headers and limited is None:
            return Charged({})
        return Charged(self._headers(bucket, template, now_s, wall_s), limited)

    def note_invalid(self, now_s: float) -> None:
        """Count a 401, 403 or 429; the one beyond the limit bans the address."""
        if self._invalid is not None and self._invalid.take(now_s) and self._invalid.remaining(now_s) == 0:
            self.banned_until_s = now_s + self.profile.ban_s

    def _bucket(self, operation: str, webhook: str) -> _Bucket | None:
        key = (operation, webhook)
        if key not in self._buckets:
            buckets = self.profile.execute if operation == "execute_webhook" else self.profile.others
            if buckets is None:
                return None
            self._buckets[key] = _Bucket(new_counter(buckets), buckets)
        return self._buckets[key]

    def _shift(self, bucket: _Bucket) -> None:
        for shift in self.profile.shifts[bucket.generation :]:
            if bucket.requests > shift.after:
                bucket.buckets = shift.buckets
                bucket.counter = new_counter(shift.buckets)
                bucket.generation += 1

    def _take_channel(self, channel: str | None, now_s: float) -> Limited | None:
        if channel is None or self.profile.channel is None:
            return None
        counter = self._channels.setdefault(channel, new_counter(self.profile.channel))
        return None if counter.take(now_s) else Limited("shared", counter.retry_after_s(now_s))

    def _headers(self, bucket: _Bucket, template: str, now_s: float, wall_s: float) -> dict[str, str]:
        reset_after_s = milliseconds_up(bucket.counter.reset_after_s(now_s))
        skews = self.profile.reset_skew_s
        self._answers += 1
        reset_at_s = wall_s + reset_after_s + skews[self._answers % len(skews)]
        name = f"{self.seed}:{template}:{bucket.generation}"
        return {
            "X-RateLimit-Limit": str(bucket.buckets.limit),
            "X-RateLimit-Remaining": str(bucket.counter.remaining(now_s)),
            "X-RateLimit-Reset": f"{reset_at_s:.3f}",
            "X-RateLimit-Reset-After": f"{reset_after_s:.3f}",
            "X-RateLimit-Bucket": hashlib.blake2s(name.encode(), digest_size=16).hexdigest(),
        }


def limited_headers(limited: Limited, headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers of a 429: those of the bucket (none when global) and its own."""
    own = {"Retry-After": str(ceil(limited.retry_after_s)), "X-RateLimit-Scope": limited.scope}
    if limited.scope == "global":
        return own | {"X-RateLimit-Global": "true"}
    return dict(headers) | own


def limited_body(limited: Limited, *, legacy: bool = False) -> bytes:
    """Return the body of a 429; v6 and older count milliseconds."""
    wait_s = milliseconds_up(limited.retry_after_s)
    message = SHARED_MESSAGE if limited.scope == "shared" else LIMITED_MESSAGE
    told = round(wait_s * 1000) if legacy else wait_s
    return json.dumps({"message": message, "retry_after": told, "global": limited.scope == "global"}).encode()


def milliseconds_up(seconds: float) -> float:
    """Return seconds rounded up to whole milliseconds, so that who obeys is never early."""
    return ceil(round(seconds * 1000, 6)) / 1000
