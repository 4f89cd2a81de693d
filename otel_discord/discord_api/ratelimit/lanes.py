"""All lanes, and which of them stands where: ready, on a timer, parked at its channel, or nowhere."""

import math
from collections import OrderedDict
from collections.abc import Collection

from otel_discord.discord_api.ratelimit.agenda import Agenda
from otel_discord.discord_api.ratelimit.channel_budget import ChannelBudget
from otel_discord.discord_api.ratelimit.lane import Lane
from otel_discord.discord_api.ratelimit.settings import LimiterSettings
from otel_discord.discord_api.ratelimit.webhook_bucket import WebhookBucket
from otel_discord.discord_api.routes import Operation, Route

_SWEPT_AT_ONCE = 4


class Lanes:
    """One for each route that is used. ``ready`` are those that only what routes share holds up."""

    def __init__(self, settings: LimiterSettings) -> None:
        self._settings = settings
        self._lanes: OrderedDict[Route, Lane] = OrderedDict()
        self.ready: Agenda[Lane] = Agenda()
        self.timers: Agenda[Lane | ChannelBudget] = Agenda()

    def __getitem__(self, route: Route) -> Lane:
        """Return the lane of a route that is in use; KeyError where there is none."""
        return self._lanes[route]

    def get(self, route: Route) -> Lane | None:
        """Return the lane of a route, None where there is none."""
        return self._lanes.get(route)

    def all(self) -> Collection[Lane]:
        """Return those that there are; the one that was used last comes last."""
        return self._lanes.values()

    def of(self, route: Route, now: float) -> Lane:
        """Return the lane of a route that is used now."""
        lane = self._lanes.get(route)
        if lane is None:
            slowest = self._settings.tightest_per_second(creates=route.operation is Operation.EXECUTE)
            lane = self._lanes[route] = Lane(route, WebhookBucket(self._settings.margin_s), slowest)
        lane.used_at = now
        self._lanes.move_to_end(route)
        return lane

    def place(self, lane: Lane, now: float) -> None:
        """Put a lane where it belongs: ready, on a timer, or nowhere while it has nothing to send."""
        if lane.parked_at is not None:
            lane.parked_at.unpark(lane)
        allowed_at = lane.allowed_at()
        head = lane.waiting.peek()
        if head is not None and allowed_at <= now:
            self.timers.discard(lane)
            self.ready.put(head[0], lane)
            return
        self.ready.discard(lane)
        if allowed_at < math.inf:
            self.timers.put(allowed_at, lane)
        else:
            self.timers.discard(lane)

    def pause(self, route: Route, until: float, now: float) -> None:
        """Let a route wait until then at least."""
        lane = self.of(route, now)
        lane.paused_until = max(lane.paused_until, until)
        self.place(lane, now)

    def set_channel_timer(self, channel: ChannelBudget, now: float) -> None:
        """Wake those who are parked at a channel when it lets any of them through."""
        at = channel.wakes_at(now)
        if at < math.inf:
            self.timers.put(at, channel)
        else:
            self.timers.discard(channel)

    def unpark_all(self, channel: ChannelBudget, now: float) -> None:
        """Let those who are parked at a channel try again."""
        for lane in channel.unpark_all():
            self.place(lane, now)

    def wake(self, now: float) -> None:
        """Put those whose time has come where they belong."""
        while (timer := self.timers.peek()) is not None and timer[0] <= now:
            item = self.timers.pop()
            if isinstance(item, Lane):
                self.place(item, now)
            else:
                self.unpark_all(item, now)

    def sweep(self, now: float) -> None:
        """Forget a few of those that were not used for long."""
        for _ in range(_SWEPT_AT_ONCE):
            if not self._lanes:
                return
            route, lane = next(iter(self._lanes.items()))
            if lane.used_at > now - self._settings.idle_bucket_s:
                return
            if lane.is_idle(now):
                del self._lanes[route]
            else:
                self._lanes.move_to_end(route)
