"""What a bot asks, in the words by which Discord counts it: method, path template, and the first id of the path.

Threads are counted for the guild (discord/discord-api-docs#8082), and new webhooks may be: their limit does not show in
headers. Where the channel's guild is known, such requests stand in one queue, so that one refusal stops all of them.

Some routes count a part of what their body may say by itself, and refuse that part alone, so such bodies are a class
of their own: https://docs.discord.com/developers/topics/rate-limits and discord/discord-api-docs#2190.
"""

import re
from dataclasses import dataclass
from typing import Final

_PLACE: Final = re.compile(r"\{[a-z_]+\}")
_COUNTED_BY: Final = frozenset({"{channel_id}", "{guild_id}", "{webhook_id}"})


@dataclass(frozen=True, slots=True)
class BotRoute:
    """One bucket. It holds ids, no token, so it can be shown."""

    method: str
    template: str
    """Such as ``/channels/{channel_id}/messages/{message_id}``."""
    top_level_id: str = ""
    """Of the channel, guild or webhook that the path begins with; or of the guild that it is in."""
    body_class: str = ""
    """What of the body has a limit of its own."""

    def __str__(self) -> str:
        return f"{self.method} {self.template}"


def route_of(method: str, template: str, ids: tuple[str, ...], body_class: str = "") -> BotRoute:
    """Return the bucket of a request whose path has these ids, in the template's order."""
    places = _PLACE.findall(template)
    is_counted = bool(places) and places[0] in _COUNTED_BY
    return BotRoute(method, template, ids[0] if is_counted else "", body_class)


def path_of(template: str, ids: tuple[str, ...]) -> str:
    """Return the path.

    Raises:
        ValueError: there are more or fewer ids than places for them.
    """
    if len(_PLACE.findall(template)) != len(ids):
        raise ValueError(f"{template} takes other ids")
    left = iter(ids)
    return _PLACE.sub(lambda _: next(left), template)
