"""What all webhooks of one channel may post together: by observation 30 messages in 60 s, told by no header.

Discord answers 429 of scope ``shared`` when it is exceeded, with 40 s and more to wait (discord/discord-api-docs#367,
#4043). Whether its minute slides or jumps is unknown; never more than 30 in any 60 s fits both.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Final

from otel_discord.discord_api.ratelimit.agenda import Agenda
from otel_discord.discord_api.ratelimit.lane import Lane
from otel_discord.discord_api.ratelimit.reserve import SOON_S, kept_slots

WINDOW_S: Final = 60.0


class ChannelBudget:
    """A log of the last minute. A message counts from its grant, and leaves the log 60 s after its answer came:
    Discord counted it no later than that.
    """

    def __init__(self, channel_id: str | None, limit: int, margin_s: float) -> None:
        self.channel_id = channel_id
        """None for a webhook whose channel is not known yet."""
        self._parked: Agenda[Lane] = Agenda()
        self.used_at = -math.inf
        self._limit = limit
        self._margin_s = margin_s
        self._log: deque[float] = deque()
        self._in_flight = 0
        self._paused_until = -math.inf
        self._unreserved_until = -math.inf

    def allowed_at(self, now: float, *, creates: bool, kept: int = 0) -> float:
        """Return when a request that writes may go, inf when one in flight has to come back first.

        ``creates``: it is a new message, so it counts. ``kept``: how many slots it leaves, now or soon.
        """
        if not creates or not self._limit:
            return self._paused_until
        self._forget(now)
        return max(self._paused_until, self._slot_at(now, self._log, self._in_flight, kept))

    def foreseen_at(self, now: float, *, ahead: int, kept: int) -> float:
        """Estimate when a new message may go after ``ahead`` others; those in flight are taken to be answered now."""
        if not self._limit:
            return self._paused_until
        self._forget(now)
        log = [*self._log, *[now] * self._in_flight]
        for _ in range(ahead):
            log.append(max(now, self._slot_at(now, log, 0, kept)))
        return max(self._paused_until, self._slot_at(now, log, 0, kept))

    def kept(self, priority: int) -> int:
        """Return how many slots a request of that priority leaves."""
        return kept_slots(priority, self._limit)

    def park(self, lane: Lane, *, creates: bool, kept: int = 0) -> None:
        """Keep a lane that nothing but this channel holds up."""
        lane.parked_at = self
        self._parked.put((creates, kept), lane)

    def parked(self) -> list[Lane]:
        """Return the lanes that wait here."""
        return list(self._parked)

    def unpark(self, lane: Lane) -> None:
        """Let a lane go."""
        lane.parked_at = None
        self._parked.discard(lane)

    def unpark_all(self) -> list[Lane]:
        """Let all lanes go, and return them."""
        lanes = list(self._parked)
        for lane in lanes:
            self.unpark(lane)
        return lanes

    def wakes_at(self, now: float) -> float:
        """Return when any of the parked lanes may go, inf when none can before something else happens."""
        first = self._parked.peek()
        return math.inf if first is None else self.allowed_at(now, creates=first[0][0], kept=first[0][1])

    def granted(self) -> None:
        """A new message goes."""
        self._in_flight += 1

    def returned(self) -> None:
        """It was not sent."""
        self._in_flight -= 1

    def ended(self, now: float) -> None:
        """It was answered or given up: Discord counted it by now, if at all."""
        self._in_flight -= 1
        if self._limit:
            self._log.append(now)

    def pause(self, until: float) -> None:
        """Nothing is written to this channel before."""
        self._paused_until = max(self._paused_until, until)

    def fill(self, now: float, retry_after_s: float) -> None:
        """Discord says that the minute is used up, by someone whom we did not see: count what we have missed.

        The oldest of it ends after ``retry_after_s``, so one message waits no longer than Discord asks. When the others
        end nobody knows: believe for a whole minute that they are new. The slot that Discord has named is for whoever
        is next: kept back, it would make the others wait for the whole minute.
        """
        if not self._limit:
            return
        self._forget(now)
        missed = self._limit - len(self._log) - self._in_flight
        if missed > 0:
            ends_at = now + min(max(retry_after_s, 0.0), WINDOW_S)
            unseen = [ends_at - WINDOW_S - self._margin_s, *[now] * (missed - 1)]
            self._log = deque(sorted([*self._log, *unseen]))
            self._unreserved_until = now + WINDOW_S

    def posted_ago_s(self, now: float) -> list[float]:
        """Return how long ago each message was posted that still counts, the oldest first; 0 for those in flight."""
        self._forget(now)
        return [max(0.0, now - at) for at in self._log] + [0.0] * self._in_flight

    def recall(self, posted_ago_s: Iterable[float], paused_for_s: float, now: float) -> None:
        """Count what an earlier process has posted, and go on with its pause."""
        if self._limit:
            recalled = [now - ago_s for ago_s in posted_ago_s]
            self._log = deque(sorted([*recalled, *self._log])[-self._limit :])
        if paused_for_s > 0:
            self.pause(now + paused_for_s)

    def absorb(self, other: ChannelBudget) -> None:
        """Take over what was counted for a webhook before its channel was known."""
        counted, in_flight, paused_until, unreserved_until = other.hand_over()
        self._unreserved_until = max(self._unreserved_until, unreserved_until)
        if self._limit:
            self._log = deque(sorted([*self._log, *counted])[-self._limit :])
        self._in_flight += in_flight
        self.pause(paused_until)

    def hand_over(self) -> tuple[list[float], int, float, float]:
        """Give away what was counted: times in the log, messages in flight, end of the pause, until when no reserve."""
        counted = list(self._log), self._in_flight, self._paused_until, self._unreserved_until
        self._log.clear()
        self._in_flight = 0
        return counted

    def left(self, now: float) -> int | None:
        """Return how many new messages may go at once; None when the budget is off."""
        if not self._limit:
            return None
        self._forget(now)
        return max(0, self._limit - len(self._log) - self._in_flight) if self._paused_until <= now else 0

    def paused_for_s(self, now: float) -> float:
        """Return how long a shared 429 still holds."""
        return max(0.0, self._paused_until - now)

    def is_idle(self, now: float) -> bool:
        """Whether forgetting it loses nothing."""
        self._forget(now)
        return not (self._log or self._in_flight or self._parked or self._paused_until > now)

    def _slot_at(self, now: float, log: Sequence[float], in_flight: int, kept: int) -> float:
        """Return when there is a slot, with ``kept`` more beside it then or soon; -inf where there is now."""
        excess = len(log) + in_flight - self._limit
        if now < self._unreserved_until:
            kept = max(0, kept - 1)
        if excess + kept < 0:
            return -math.inf
        if excess + kept >= len(log):
            return math.inf
        lasts_s = WINDOW_S + self._margin_s
        kept_at = log[excess + kept] + lasts_s - SOON_S if kept else -math.inf
        return max(log[excess] + lasts_s, kept_at) if excess >= 0 else kept_at

    def _forget(self, now: float) -> None:
        expired_at = now - WINDOW_S - self._margin_s
        while self._log and self._log[0] <= expired_at:
            self._log.popleft()
