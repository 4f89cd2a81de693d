"""A ban of our address stops everything; afterwards one request at a time asks whether it is over.

Discord (or Cloudflare before it) answers with text, HTML or JSON without ``retry_after``, for an hour or more. Further
requests prolong it (discord/discord-api-docs#5810).
"""

import math
from typing import Final

from otel_discord.discord_api.ratelimit.waiting import retry_wait_s

FIRST_PAUSE_S: Final = 60.0
LONGEST_PAUSE_S: Final = 3600.0
UNANSWERED_PROBE_PAUSE_S: Final = 1.0
_OTHERS_FIRST_S: Final = 2.0
"""Who was told of a ban asks that much later than who has met it: one probe of one process is enough."""


class HostBreaker:
    """Closed; or open until a time, and then half open for one probe."""

    def __init__(self) -> None:
        self._bans = 0
        self._open_until = -math.inf
        self._probe: object | None = None
        self._is_shared = False

    @property
    def is_banned(self) -> bool:
        """Whether Discord has refused this address and no probe has got through since."""
        return self._bans > 0

    def allowed_at(self) -> float:
        """Return when a request may go: -inf now, inf when the probe has to come back first."""
        if not self._bans:
            return -math.inf
        return math.inf if self._probe is not None else self._open_until

    def lets_leave(self, ticket: object) -> bool:
        """Return whether a request that was granted may still go: a ban may have come meanwhile."""
        return not self._bans or self._probe is ticket

    def left_s(self, now: float) -> float | None:
        """Return how long nothing may go; 0 while a probe is due or out, None without a ban."""
        return max(0.0, self._open_until - now) if self._bans else None

    def restored(self, left_s: float, now: float) -> None:
        """Take over a ban that an earlier process has met; what is known of this one comes first."""
        if not self._bans:
            self._bans = 1
            self._open_until = now + min(max(left_s, 0.0), LONGEST_PAUSE_S)

    @property
    def is_shared(self) -> bool:
        """Whether the ban is known from another process alone."""
        return self._is_shared

    def shared(self, left_s: float, now: float) -> None:
        """Take over a ban that another process has met; 0 where its time is over and nobody was answered since."""
        left_s = min(max(left_s, 0.0), LONGEST_PAUSE_S)
        if self._bans and not self._is_shared:
            self._open_until = max(self._open_until, now + left_s)
        elif left_s or not self._bans:
            self._bans, self._is_shared = 1, True
            self._open_until = max(self._open_until, now + left_s + _OTHERS_FIRST_S)

    def share_ended(self) -> None:
        """Another process was answered; a ban that this one has met itself stays until its own probe."""
        if self._is_shared:
            self._over()

    def granted(self, ticket: object) -> None:
        """A request goes; while half open it is the probe."""
        if self._bans:
            self._probe = ticket

    def returned(self, ticket: object) -> None:
        """The request was not sent after all."""
        if self._probe is ticket:
            self._probe = None

    def banned(self, ticket: object, retry_after_s: float, now: float, dice: float) -> None:
        """The answer was a ban: pause 60 s, doubled for each probe that finds it again, or longer if told so."""
        was_probe = self._probe is ticket
        self.returned(ticket)
        if was_probe or not self._bans:
            self._bans += 1
        self._is_shared = False
        own_s = min(FIRST_PAUSE_S * 2 ** min(self._bans - 1, 10), LONGEST_PAUSE_S)
        told_s = retry_after_s if math.isfinite(retry_after_s) else 0.0
        self._open_until = max(self._open_until, now + retry_wait_s(max(own_s, told_s), dice))

    def answered(self, ticket: object) -> None:
        """The answer was not a ban. Only the probe's says that the ban is over: others may have left before it."""
        if self._probe is ticket:
            self._over()

    def unanswered(self, ticket: object, now: float) -> None:
        """No answer came; a probe says nothing then, and the next one waits a moment."""
        if self._probe is ticket:
            self._probe = None
            self._open_until = max(self._open_until, now + UNANSWERED_PROBE_PAUSE_S)

    def _over(self) -> None:
        self._probe = None
        self._is_shared = False
        self._bans = 0
        self._open_until = -math.inf
