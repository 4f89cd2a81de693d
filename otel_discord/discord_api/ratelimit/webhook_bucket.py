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
_FIRST_EXTRA_MARGIN_S: Final = 0.1
_LARGEST_EXTRA_MARGIN_S: Final = 2.0


class WebhookBucket:
    """Says when the next request may leave; fed with what became of each request, in order."""

    def __init__(self, margin_s: float) -> None:
        self.free_at = -math.inf
        """Loop time from which the bucket lets a request through."""
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
        self._paced: deque[float] = deque(maxlen=PACE_LIMIT)

    @property
    def shape(self) -> Shape:
        """How it refills, as far as proven."""
        return self._shape.shape

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
        if headers.remaining > 0:
            self.free_at = -math.inf
            return
        slot_at = arrived_at + headers.reset_after_s if cautious else self._shape.next_slot_at()
        self.free_at = self._clock.send_at(slot_at, cautious=cautious) + self._extra_margin_s

    def unanswered(self, ended_at: float) -> None:
        """A request that Discord may have counted ended without telling the bucket's state."""
        if self.limit is None or self.remaining is None:
            self._paced.append(ended_at)
            if len(self._paced) == PACE_LIMIT:
                self.free_at = self._paced[0] + PACE_WINDOW_S + self._margin_s
            return
        self._shape.unanswered(self._clock.from_local(ended_at))
        self.remaining -= 1
        if self.remaining <= 0:
            self.free_at = ended_at + self._window_s + self._margin_s
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
        self.free_at = -math.inf

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
