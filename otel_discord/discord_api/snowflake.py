"""Ids of Discord: the upper bits say when a thing was made.

https://docs.discord.com/developers/reference#snowflakes
"""

from typing import Final

DISCORD_EPOCH_MS: Final = 1_420_070_400_000


def made_ms(snowflake: str) -> int:
    """Return the wall time in milliseconds at which the thing with this id was made."""
    return (int(snowflake) >> 22) + DISCORD_EPOCH_MS
