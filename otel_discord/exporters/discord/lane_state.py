"""What one lane remembers in the exporter's state: whom its messages pinged, and which forum posts they opened.

A ping is stored before its message goes out, so that a crash in between counts it rather than forgets it. Where the
storage refuses, nothing waits for that: what is in memory is right as long as the process lives.
"""

from dataclasses import dataclass

from otel_discord.component import RetryableError
from otel_discord.discord_api.outcome_types import Delivered
from otel_discord.exporters.discord.compose import Composed
from otel_discord.exporters.discord.lane import Lane
from otel_discord.exporters.discord.lane_memory import LaneMemory
from otel_discord.exporters.discord.mentions import Budget
from otel_discord.exporters.discord.posts import Posts


def pings_key(lane: str) -> str:
    """Return where a lane's pings are stored."""
    return f"pings/{lane}"


def posts_key(lane: str) -> str:
    """Return where a lane's posts are stored."""
    return f"posts/{lane}"


@dataclass(slots=True, kw_only=True)
class LaneState:
    """Of one lane."""

    lane: Lane
    memory: LaneMemory
    webhook_id: str

    async def recall(self) -> None:
        """Go on where an earlier run ended; what is in memory is newer."""
        if not self.memory.pings.pings:
            stored = await self.lane.get_state(pings_key(self.lane.name))
            self.memory.pings = Budget.from_bytes(stored) if stored else Budget()
        if self.memory.posts.webhook_id != self.webhook_id:
            stored = await self.lane.get_state(posts_key(self.lane.name))
            self.memory.posts = (Posts.from_bytes(stored) if stored else Posts()).of(self.webhook_id)

    async def goes_out(self, composed: Composed, now_s: float) -> None:
        """Count the pings of a message that is about to be sent."""
        if composed.call.pings:
            await self._keep_pings(self.memory.pings.now(now_s).begun(composed.call.pings))

    async def arrived(self, composed: Composed, outcome: Delivered, now_s: float) -> None:
        """A message is in Discord: its pings are of now, and the post that it has opened is known."""
        if composed.call.pings:
            await self._keep_pings(self.memory.pings.arrived(composed.call.pings, now_s))
        if composed.message.thread_name and outcome.channel_id:
            self.memory.posts.opened(composed.message.thread_name, outcome.channel_id)
            await self._keep_posts()

    async def notice_arrived(self, title: str, thread_id: str) -> None:
        """A message of our own has opened a post."""
        self.memory.posts.opened(title, thread_id)
        await self._keep_posts()

    async def post_gone(self, thread_id: str) -> None:
        """A post takes no messages any more."""
        self.memory.posts.gone(thread_id)
        await self._keep_posts()

    async def _keep_pings(self, pings: Budget) -> None:
        self.memory.pings = pings
        await self._store(pings_key(self.lane.name), pings.to_bytes())

    async def _keep_posts(self) -> None:
        await self._store(posts_key(self.lane.name), self.memory.posts.to_bytes())

    async def _store(self, key: str, value: bytes) -> None:
        try:
            await self.lane.queue.set_state(key, value)
        except RetryableError as error:
            self.lane.logger.warning("the storage does not keep who was pinged and which posts there are: %s", error)
