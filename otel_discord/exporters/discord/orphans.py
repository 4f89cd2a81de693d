"""Cards of destinations that the configuration does not have any more: kept, and said once at each start."""

import logging
from collections.abc import Collection, Mapping

from otel_discord.component.counted import counted
from otel_discord.exporters.discord.mutes.held_lanes import destination_of


def orphaned(waiting: Mapping[str, int], destinations: Collection[str]) -> dict[str, int]:
    """Return the lanes without a destination, with how many cards each holds."""
    return {lane: cards for lane, cards in waiting.items() if destination_of(lane) not in destinations}


def warn_of_orphans(waiting: Mapping[str, int], destinations: Collection[str], logger: logging.Logger) -> None:
    """Say which lanes wait for a destination, and what a person can do."""
    for lane, cards in sorted(orphaned(waiting, destinations).items()):
        logger.warning(
            "%s for the destination %r, which is not configured any more. They are kept and take up"
            " room in the queue: give the destination back, or make dead letters of them with"
            " `otel-discord dead-letters bury --destination %s`.",
            f"{counted(cards, 'record')} {'waits' if cards == 1 else 'wait'}",
            lane,
            lane,
        )
