"""What all webhooks of one channel may post together: by observation 30 messages in 60 s, told by no header.

Discord answers 429 of scope ``shared`` when it is exceeded, with 40 s and more to wait (discord/discord-api-docs#367,
#4043). Whether its minute slides, jumps or leaks is unknown; never more than 30 in any 60 s fits all. Within that, who
is critical may use every slot at once, and the others leave some and are spread over the minute.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from otel_discord.discord_api.ratelimit.agenda import Agenda
from otel_discord.discord_api.ratelimit.lane import Lane
from otel_discord.discord_api.ratelimit.reserve import CRITICAL, SOON_S, kept_slots, soon_s
from otel_discord.discord_api.ratelimit.spread import goes_in_gaps, longest_gap_s, next_at
from otel_discord.discord_api.ratelimit.ticket import Ticket

WINDOW_S: Final = 60.0


class Counted(NamedTuple):
    """What a budget has counted: messages by time, those in flight, when the last one went that is not critical, the
    end of the pause, and until when nothing is kept.
    """

    log: list[float]
    in_flight: int
    last_at: float
    paused_until: float
    unreserved_until: float


_SAME_S: Final = 0.02
"""Two clocks' times of one message differ by less."""


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
        self._last_at = -math.inf
        self._before_last: tuple[Ticket, float] | None = None
        self._gap_ends: dict[int, float] = {}

    def allowed_at(self, now: float, *, creates: bool, priority: int = CRITICAL) -> float:
        """Return when a request that writes may go, inf when one in flight has to come back first.

        ``creates``: it is a new message, so it counts.
        """
        if not creates or not self._limit:
            return self._paused_until
        self._forget(now)
        kept = self.kept(priority, now)
        free_at = self._free_at(self._log, self._in_flight, kept, self._gap_end(kept), self._last_at, priority)
        return max(self._paused_until, free_at)

    def foreseen_at(self, now: float, *, ahead: int, priority: int) -> float:
        """Estimate when a new message may go after ``ahead`` others like it, those in flight taken to end now."""
        if not self._limit:
            return self._paused_until
        self._forget(now)
        kept = self.kept(priority, now)
        gap_end, last_at = self._gap_end(kept), self._last_at
        log = deque([*self._log, *[now] * self._in_flight])
        at = self._free_at(log, 0, kept, gap_end, last_at, priority)
        for _ in range(ahead):
            at = max(now, self._paused_until, at)
            last_at = at if priority < CRITICAL else last_at
            log.append(at)
            while log[0] <= at - self._lasts_s:
                log.popleft()
            gap_end = next_at(log, last_at, limit=self._limit, kept=kept, lasts_s=self._lasts_s)
            at = self._free_at(log, 0, kept, gap_end, last_at, priority)
        return max(self._paused_until, at)

    def kept(self, priority: int, now: float) -> int:
        """Return how many slots a request of that priority leaves."""
        kept = kept_slots(priority, self._limit)
        return kept if now >= self._unreserved_until else max(0, kept - kept_slots(0, self._limit))

    def park(self, lane: Lane, *, creates: bool, priority: int) -> None:
        """Keep a lane that nothing but this channel holds up."""
        lane.parked_at = self
        self._parked.put((creates, -priority), lane)

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
        return math.inf if first is None else self.allowed_at(now, creates=first[0][0], priority=-first[0][1])

    def granted(self, ticket: Ticket, now: float) -> None:
        """A new message goes."""
        self._in_flight += 1
        if ticket.priority < CRITICAL:
            self._before_last = ticket, self._last_at
            self._last_at = now
        self._spread(now)

    def returned(self, ticket: Ticket, now: float) -> None:
        """It was not sent."""
        self._in_flight -= 1
        if self._before_last is not None and self._before_last[0] is ticket:
            self._last_at = self._before_last[1]
            self._before_last = None
        self._spread(now)

    def ended(self, now: float) -> None:
        """It was answered or given up: Discord counted it by now, if at all."""
        self._in_flight -= 1
        if self._limit:
            self._log.append(now)
        self._spread(now)

    def set_limit(self, limit: int) -> None:
        """Go on with another limit; what was counted stays."""
        self._limit = limit
        self._gap_ends.clear()

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
        self._last_at = -math.inf  # it was refused, so the next one keeps no distance from it
        missed = self._limit - len(self._log) - self._in_flight
        if missed > 0:
            ends_at = now + min(max(retry_after_s, 0.0), WINDOW_S)
            unseen = [ends_at - WINDOW_S - self._margin_s, *[now] * (missed - 1)]
            self._log = deque(sorted([*self._log, *unseen]))
            self._unreserved_until = now + WINDOW_S
        self._spread(now)

    def posted_ago_s(self, now: float) -> list[float]:
        """Return how long ago each message was posted that still counts, the oldest first; 0 for those in flight."""
        self._forget(now)
        return [max(0.0, now - at) for at in self._log] + [0.0] * self._in_flight

    def recall(self, posted_ago_s: Iterable[float], paused_for_s: float, now: float) -> None:
        """Count what an earlier process has posted, unless it was this one, and go on with its pause."""
        if self._limit:
            recalled = _unknown([now - ago_s for ago_s in posted_ago_s], list(self._log))
            self._log = deque(sorted([*recalled, *self._log])[-self._limit :])
            self._last_at = max([self._last_at, *recalled])
            self._spread(now)
        if paused_for_s > 0:
            self.pause(now + paused_for_s)

    def suppose(self, posts: int, at: float, now: float) -> None:
        """Count so many messages that another process may have posted, as far as there was room for them."""
        self._forget(now)
        posts = min(posts, self._limit - len(self._log) - self._in_flight)
        if posts > 0 and at > now - self._lasts_s:
            self._log = deque(sorted([*self._log, *[at] * posts]))
            self._spread(now)

    def absorb(self, other: ChannelBudget, now: float) -> None:
        """Take over what was counted for a webhook before its channel was known."""
        counted = other.hand_over()
        self._unreserved_until = max(self._unreserved_until, counted.unreserved_until)
        if self._limit:
            self._log = deque(sorted([*self._log, *counted.log])[-self._limit :])
        self._in_flight += counted.in_flight
        self._last_at = max(self._last_at, counted.last_at)
        self.pause(counted.paused_until)
        self._spread(now)

    def hand_over(self) -> Counted:
        """Give away what was counted."""
        counted = Counted(list(self._log), self._in_flight, self._last_at, self._paused_until, self._unreserved_until)
        self._log.clear()
        self._gap_ends.clear()
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

    @property
    def _lasts_s(self) -> float:
        """How long a message counts."""
        return WINDOW_S + self._margin_s

    def _spread(self, now: float) -> None:
        """Find out when the gap ends after what has changed. Slots that come back meanwhile do not change it again."""
        self._gap_ends.clear()
        self._forget(now)
        if not goes_in_gaps(len(self._log) + self._in_flight, self._limit):
            return
        log = [*self._log, *[now] * self._in_flight]
        latest = -math.inf
        for kept in sorted({self.kept(priority, at) for priority in (0, -1) for at in (now, self._unreserved_until)}):
            gap_end = next_at(log, self._last_at, limit=self._limit, kept=kept, lasts_s=self._lasts_s)
            latest = self._gap_ends[kept] = max(latest, gap_end)

    def _gap_end(self, kept: int) -> float:
        return self._gap_ends.get(kept, -math.inf)

    def _free_at(
        self, log: Sequence[float], in_flight: int, kept: int, gap_end: float, last_at: float, priority: int
    ) -> float:
        """Return when there is a slot and the gap is over; a normal one that waits for long may leave a single slot."""
        if priority >= CRITICAL:
            return self._slot_at(log, in_flight)
        one_left_at = self._slot_at(log, in_flight, min(kept, 1), SOON_S)
        free_at = max(gap_end, one_left_at, self._slot_at(log, in_flight, kept, soon_s(self._limit)))
        if priority < 0 or last_at == -math.inf:
            return free_at
        return min(free_at, max(one_left_at, last_at + longest_gap_s(self._limit, kept, self._lasts_s)))

    def _slot_at(self, log: Sequence[float], in_flight: int, kept: int = 0, soon_s: float = 0.0) -> float:
        """Return when there is a slot, with ``kept`` more then or ``soon_s`` later; -inf where there is now."""
        excess = len(log) + in_flight - self._limit
        if excess + kept < 0:
            return -math.inf
        if excess + kept >= len(log):
            return math.inf
        kept_at = log[excess + kept] + self._lasts_s - soon_s if kept else -math.inf
        return max(log[excess] + self._lasts_s, kept_at) if excess >= 0 else kept_at

    def _forget(self, now: float) -> None:
        expired_at = now - self._lasts_s
        while self._log and self._log[0] <= expired_at:
            self._log.popleft()


def _unknown(recalled: Sequence[float], known: list[float]) -> list[float]:
    """Return the times that are not those of messages which are counted already."""
    unknown = []
    for at in recalled:
        same = next((each for each in known if abs(each - at) <= _SAME_S), None)
        if same is None:
            unknown.append(at)
        else:
            known.remove(same)
    return unknown
