"""One bucket, one operation on one webhook, as its answers describe it.

There is one request at a time in it, so each answer gives the whole state: with slots remaining the next may go at
once, without at the time that the shape and the clock give. https://docs.discord.com/developers/topics/rate-limits
"""

import math
from collections import deque
from typing import Final

from otel_discord.discord_api.ratelimit.observation import Observation
from otel_discord.discord_api.ratelimit.rate_headers import RateHeaders
from otel_discord.discord_api.ratelimit.server_clock import ServerClock
from otel_discord.discord_api.ratelimit.window_shape import Shape, WindowShape

PACE_LIMIT: Final = 5
PACE_WINDOW_S: Final = 2.0
"""What a bucket without headers is taken for: what webhooks have been seen to have."""
CAUTION_S: Final = 600.0
LONGEST_CAUTION_S: Final = 7200.0
SOON_S: Final = 0.8
"""A slot that comes back within this time is as good as one that is kept: so long may somebody critical wait."""
_FIRST_EXTRA_MARGIN_S: Final = 0.1
_LARGEST_EXTRA_MARGIN_S: Final = 2.0


class WebhookBucket:
    """Says when the next request may leave; fed with what became of each request, in order."""

    def __init__(self, margin_s: float) -> None:
        self.free_at = -math.inf
        """Loop time from which the bucket lets a request through."""
        self.spare_at = -math.inf
        """Loop time from which it lets one through and has a slot left, or soon again."""
        self.limit: int | None = None
        self.remaining: int | None = None
        self.bucket_hash = ""
        self.cautious_until = -math.inf
        self._margin_s = margin_s
        self._extra_margin_s = 0.0
        self._surprises = 0
        self._clock = ServerClock(margin_s)
        self._shape = WindowShape()
        self._window_s = PACE_WINDOW_S
        self._full_at = -math.inf
        self._refills_singly = False
        self._paced: deque[float] = deque(maxlen=PACE_LIMIT)

    @property
    def shape(self) -> Shape:
        """How it refills, as far as proven."""
        return self._shape.shape

    def can_keep_one(self, tightest_per_second: float) -> bool:
        """Whether a slot that is kept free costs nothing in the long run.

        In a leaky bucket it costs only once (one of two would keep it full, and what comes late would be lost), and
        nothing where another limit, ``tightest_per_second``, is below what the other slots give.
        """
        limit = self.limit
        if limit is None or limit < 2:
            return False
        if self._refills_singly and limit > 2:
            return True
        return (limit - 1) / self._window_s >= tightest_per_second

    def foreseen_at(self, now: float, *, ahead: int, keeps_one: bool) -> float:
        """Estimate when a request may go after ``ahead`` others, which take no time."""
        if not ahead:
            return self.spare_at if keeps_one else self.free_at
        limit = self.limit or PACE_LIMIT
        needed = ahead + 1 + keeps_one
        full_at = max(now, self._full_at)
        if self._refills_singly:
            return full_at - (limit - needed) * self._shape.interval_s
        left = limit if full_at == now or self.remaining is None else self.remaining
        windows = math.ceil((needed - left) / limit)
        if windows <= 0:
            return self.free_at
        return full_at + (windows - (full_at > now)) * self._window_s

    def answered(self, headers: RateHeaders | None, sent_at: float, received_at: float) -> None:
        """A response came, other than a 429."""
        if headers is None:
            self.unanswered(received_at)
            return
        cautious = self._is_cautious(received_at)
        arrived_at = self._observe(headers, sent_at, received_at, cautious=cautious)
        self._shape.observe(
            Observation(arrived_at, arrived_at + headers.reset_after_s, headers.limit, headers.remaining)
        )
        self._window_s = max(headers.reset_after_s, self._shape.window_s, self._window_s)
        self.remaining = headers.remaining
        self._refills_singly = self._shape.shape is Shape.LEAKY and not cautious
        self._full_at = self._send_at(arrived_at + headers.reset_after_s, cautious=cautious)
        self.free_at = self.spare_at = -math.inf
        if headers.remaining == 0:
            self.free_at = self._full_at if cautious else self._send_at(self._shape.next_slot_at(), cautious=False)
        if headers.remaining <= 1 < headers.limit:
            spare_at = self._full_at if cautious else self._send_at(self._shape.next_slot_at(1), cautious=False)
            self.spare_at = max(self.free_at, spare_at - SOON_S)

    def unanswered(self, ended_at: float) -> None:
        """A request that Discord may have counted ended without telling the bucket's state."""
        if self.limit is None or self.remaining is None:
            self._paced.append(ended_at)
            if len(self._paced) == PACE_LIMIT:
                self.free_at = self._paced[0] + PACE_WINDOW_S + self._margin_s
            return
        self._shape.unanswered(self._clock.from_local(ended_at))
        self.remaining -= 1
        self._full_at = ended_at + self._window_s + self._margin_s
        if self.remaining <= 1:
            self.spare_at = self._full_at - SOON_S
        if self.remaining <= 0:
            self.free_at = self.spare_at = self._full_at
            self.remaining = self.limit

    def refused(self, headers: RateHeaders | None, sent_at: float, received_at: float) -> None:
        """A 429 of this bucket came: its wait is kept elsewhere, here we learn.

        Where the limit was known our reading of it was wrong, or someone else posts too. Then only resets are waited
        for, on the safe side of the clock, for ten minutes, and longer when it happens again.
        """
        if self.limit is not None:
            if self._is_cautious(received_at):
                widened_s = max(_FIRST_EXTRA_MARGIN_S, 2 * self._extra_margin_s)
                self._extra_margin_s = min(widened_s, _LARGEST_EXTRA_MARGIN_S)
            self._surprises += 1
            caution_s = min(CAUTION_S * 2 ** (self._surprises - 1), LONGEST_CAUTION_S)
            self.cautious_until = max(self.cautious_until, received_at + caution_s)
        if headers is not None:
            self._observe(headers, sent_at, received_at, cautious=True)
            self._window_s = max(self._window_s, headers.reset_after_s)
        self._shape = WindowShape()
        self.remaining = None if self.limit is None else 1
        self._refills_singly = False
        self.free_at = self.spare_at = self._full_at = -math.inf

    def _send_at(self, slot_at: float, *, cautious: bool) -> float:
        return self._clock.send_at(slot_at, cautious=cautious) + self._extra_margin_s

    def _observe(self, headers: RateHeaders, sent_at: float, received_at: float, *, cautious: bool) -> float:
        if headers.limit != self.limit or headers.bucket != self.bucket_hash:
            self.limit, self.bucket_hash = headers.limit, headers.bucket
            self._shape = WindowShape()
            self._window_s = PACE_WINDOW_S
        stamp_s = None if headers.reset_epoch_s is None else headers.reset_epoch_s - headers.reset_after_s
        if not self._clock.observe(sent_at, received_at, stamp_s):
            self._shape = WindowShape()
        return self._clock.arrived_at(cautious=cautious)

    def _is_cautious(self, now: float) -> bool:
        if now < self.cautious_until:
            return True
        self._extra_margin_s = 0.0
        if now >= self.cautious_until + LONGEST_CAUTION_S:
            self._surprises = 0
        return False
