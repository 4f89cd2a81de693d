"""What channels a guild has, asked for once by however many want to know at the same time."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from otel_discord.discord_api.bot.answers import Done, Failure
from otel_discord.discord_api.bot.bot_api import BotApi, Channel


@dataclass(slots=True)
class _View:
    asked_s: float = float("-inf")
    """When the request began: what was made later may be missing."""
    channels: tuple[Channel, ...] = ()
    changes: int = 0
    """How often it was said to be old; a list asked for before that is old when it arrives."""
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class GuildViews:
    """The lists of channels of all guilds. ``clock`` is monotonic seconds."""

    def __init__(self, api: BotApi, clock: Callable[[], float]) -> None:
        self._api = api
        self._clock = clock
        self._views: dict[str, _View] = {}

    async def channels(self, guild_id: str, *, max_age_s: float = 0.0) -> Done[Sequence[Channel]] | Failure:
        """Return all channels but threads, as they were at most so long before this call."""
        wanted_s = self._clock() - max_age_s
        view = self._views.setdefault(guild_id, _View())
        async with view.lock:
            if view.asked_s >= wanted_s:
                return Done(view.channels)
            asked_s, changes = self._clock(), view.changes
            answer = await self._api.channels(guild_id)
            if not isinstance(answer, Done):
                return answer
            view.asked_s = asked_s if changes == view.changes else float("-inf")
            view.channels = tuple(answer.value)
            return Done(view.channels)

    def has_changed(self, guild_id: str) -> None:
        """What is known is old; the next who asks gets a new list."""
        if (view := self._views.get(guild_id)) is not None:
            view.asked_s = float("-inf")
            view.changes += 1
