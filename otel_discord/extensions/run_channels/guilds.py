"""Where the bot is and what it may do there, asked for at most once in ten minutes each."""

import asyncio
from collections.abc import Callable
from typing import Final

from otel_discord.discord_api.bot.answers import Done, Failure
from otel_discord.discord_api.bot.bot_api import BotApi, Guild

LASTS_S: Final = 600.0


class Guilds:
    """The guilds of one bot. ``clock`` is monotonic seconds."""

    def __init__(self, api: BotApi, clock: Callable[[], float]) -> None:
        self._api = api
        self._clock = clock
        self._known: dict[str, tuple[float, Guild]] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    async def guild(self, guild_id: str) -> Done[Guild] | Failure:
        """Return one guild; NotThere where the bot is not in it."""
        if (known := self._fresh(guild_id)) is not None:
            return Done(known)
        lock = self._locks.setdefault(guild_id, asyncio.Lock())
        async with lock:
            if (known := self._fresh(guild_id)) is not None:
                return Done(known)
            answer = await self._api.guild(guild_id)
            if isinstance(answer, Done):
                self.is_known(answer.value)
            else:
                self._locks.pop(guild_id, None)  # ids that callers make up leave nothing behind
            return answer

    def is_known(self, guild: Guild) -> None:
        """Hear of a guild from elsewhere."""
        self._known[guild.id] = (self._clock(), guild)

    def has_changed(self, guild_id: str) -> None:
        """What is known is old: Discord has refused what should be allowed."""
        self._known.pop(guild_id, None)

    def _fresh(self, guild_id: str) -> Guild | None:
        seen_s, guild = self._known.get(guild_id, (float("-inf"), None))
        return guild if self._clock() - seen_s < LASTS_S else None
