"""Where what one process has stored belongs in a fleet: lanes with their destinations, what waits by splitting. Pure.

Keys of the exporter's state that name a destination are those of its tombstone, its pings and its forum posts.
"""

from collections.abc import Callable, Mapping
from typing import Final

from otel_discord.component.resharding import Layout
from otel_discord.exporters.discord.fleet.splitting import Splitter
from otel_discord.exporters.discord.lane_state import pings_key, posts_key
from otel_discord.exporters.discord.mutes.held_lanes import destination_of
from otel_discord.exporters.discord.sourced.live import Places
from otel_discord.exporters.discord.sourced.names import is_sourced, shard_of_run
from otel_discord.exporters.discord.tombstones import state_key
from otel_discord.signals import LogsBatch
from otel_discord.signals.batch import Batch

_PREFIXES: Final = tuple(make("") for make in (state_key, pings_key, posts_key))


def lane_of_key(key: str) -> str | None:
    """Return whose a value of the exporter's state is; None where it is the whole exporter's."""
    return next((key.removeprefix(prefix) for prefix in _PREFIXES if key.startswith(prefix)), None)


def layout(splitter: Splitter, placed: Mapping[str, int], places_of: Callable[[LogsBatch], Places]) -> Layout:
    """Return how what is stored is to be divided.

    Args:
        splitter: divides batches.
        placed: the shard of every destination that was ever placed.
        places_of: returns the runs that a batch's resources belong to; empty where there are none.
    """

    def shard_of_lane(lane: str) -> int:
        name = destination_of(lane)
        return shard_of_run(name, splitter.shards) if is_sourced(name) else placed.get(name, 0)

    def parts_of(batch: Batch) -> Mapping[int, Batch]:
        if not isinstance(batch, LogsBatch):
            return {0: batch}
        return {shard: share.batch for shard, share in splitter.split(batch, places_of(batch)).items()}

    return Layout(splitter.shards, shard_of_lane, lane_of_key, parts_of)
