"""What Discord shows: which records are in which message, since when, and whether it says that it repeats them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from otel_discord.exporters.discord.render_options import RenderOptions
from tests.sending.markers import markers_in

_MARK = RenderOptions().repeated_mark


@dataclass(frozen=True, slots=True)
class Sighting:
    """A message; ``marked`` are those of its records whose embed says that it may be a repeat."""

    at_s: float
    ids: tuple[int, ...]
    marked: frozenset[int]


def sightings(messages: Iterable[Mapping[str, Any]], webhook_id: str) -> list[Sighting]:
    """Return the messages of one webhook, in the order in which they arrived; those of our own hold no records."""
    return [_sighting(message) for message in messages if message["webhook_id"] == webhook_id]


def _sighting(message: Mapping[str, Any]) -> Sighting:
    ids: list[int] = []
    marked: set[int] = set()
    for embed in message["embeds"]:
        found = markers_in(f"{embed.get('title', '')}\n{embed.get('description', '')}")
        ids += found
        if _MARK in embed.get("footer", {}).get("text", ""):
            marked |= set(found)
    return Sighting(message["arrived_at_s"], tuple(ids), frozenset(marked))
