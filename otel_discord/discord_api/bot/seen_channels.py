"""Which guild a channel is in and whether it is a thread, as far as answers have told.

Some requests are counted for the whole guild, and threads take other permissions; an id alone says neither.
"""

from collections import OrderedDict
from collections.abc import Iterable
from typing import Final

from otel_discord.discord_api.bot.bot_api import Channel

_REMEMBERED: Final = 10_000
_THREADS: Final = frozenset({10, 11, 12})


class SeenChannels:
    """Remembers the channels that were seen last."""

    def __init__(self) -> None:
        self._seen: OrderedDict[str, tuple[str, bool]] = OrderedDict()

    def see(self, channels: Iterable[Channel]) -> None:
        """Remember what these are."""
        for channel in channels:
            self._seen[channel.id] = (channel.guild_id, channel.type in _THREADS)
            self._seen.move_to_end(channel.id)
        while len(self._seen) > _REMEMBERED:
            self._seen.popitem(last=False)

    def guild_of(self, channel_id: str) -> str:
        """Return the guild's id, or ""."""
        return self._seen.get(channel_id, ("", False))[0]

    def is_thread(self, channel_id: str) -> bool:
        """Return whether it was seen to be a thread."""
        return self._seen.get(channel_id, ("", False))[1]
