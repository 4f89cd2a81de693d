"""Which guild a channel is in, as far as answers have told: for what is counted for the whole guild."""

from collections import OrderedDict
from collections.abc import Iterable
from typing import Final

from otel_discord.discord_api.bot.bot_api import Channel

_REMEMBERED: Final = 10_000


class GuildOf:
    """Remembers the channels that were seen last."""

    def __init__(self) -> None:
        self._guilds: OrderedDict[str, str] = OrderedDict()

    def see(self, channels: Iterable[Channel]) -> None:
        """Remember where these are."""
        for channel in channels:
            if channel.guild_id:
                self._guilds[channel.id] = channel.guild_id
                self._guilds.move_to_end(channel.id)
        while len(self._guilds) > _REMEMBERED:
            self._guilds.popitem(last=False)

    def find(self, channel_id: str) -> str:
        """Return the guild's id, or ""."""
        return self._guilds.get(channel_id, "")
