"""What is left when an exporter ends: on disk it stays, in memory it becomes dead letters; either way it is said."""

import logging
from collections.abc import Callable, Mapping, Sequence

from otel_discord.component import RetryableError, StoredCard, WorkQueue
from otel_discord.component.counted import counted
from otel_discord.component.instruments import ExporterInstruments
from otel_discord.component.instruments_discord import DiscordInstruments
from otel_discord.discord_api.outcome_types import Reason
from otel_discord.exporters.discord.burial import Burial
from otel_discord.exporters.discord.cards import Card
from otel_discord.exporters.discord.cause import Cause
from otel_discord.exporters.discord.dead_letters.box import LetterBox
from otel_discord.exporters.discord.dead_letters.desk import Bury
from otel_discord.exporters.discord.fallback import PAGE_CARDS
from otel_discord.exporters.discord.outbox import Outbox


def orphans_burial(
    queue: WorkQueue,
    box: LetterBox,
    *,
    instruments: DiscordInstruments,
    exporter_instruments: ExporterInstruments,
    logger: logging.Logger,
    release_attachments: Callable[[Sequence[Card]], None],
) -> Bury:
    """Return what buries the cards of lanes that no destination has."""

    async def bury(destination: str, stored: Sequence[StoredCard], cause: Cause) -> None:
        burial = Burial(
            destination=destination,
            queue=queue,
            instruments=instruments.destination(destination),
            exporter_instruments=exporter_instruments,
            logger=logger,
            release_attachments=release_attachments,
            box=box,
        )
        await burial.bury(stored, cause)

    return bury


async def say_what_stays(queue: WorkQueue, logger: logging.Logger, *, is_routed: bool) -> None:
    """Say how many records stay on disk, by destination."""
    try:
        waiting = await queue.waiting()
    except RetryableError as error:
        logger.warning("what waits stays on disk for the next start; how much cannot be counted: %s", error)
        return
    records = sum(waiting.values())
    if records or not is_routed:
        logger.warning(
            "%s on disk for the next start%s",
            f"{counted(records, 'record')} {'stays' if records == 1 else 'stay'}",
            "" if is_routed else ", and requests that were not looked into yet",
            extra={f"waiting_{lane}": cards for lane, cards in sorted(waiting.items())},
        )


async def bury_what_is_left(
    queue: WorkQueue, outboxes: Mapping[str, Outbox], bury: Bury, logger: logging.Logger
) -> None:
    """End every card of a queue in memory; lanes without a destination too."""
    cause = Cause(reason=Reason.SHUTDOWN, detail="the service ended before it could be sent")
    for each in outboxes.values():
        if each.edits is not None:
            await each.edits.release_all()  # what is counted in Discord's messages and not yet shown there
    left = sum((await queue.waiting()).values())
    for lane in await queue.lanes():
        outbox = outboxes.get(lane)
        while stored := await queue.head(lane, PAGE_CARDS):
            if outbox is not None:
                await outbox.departure.burial.bury(stored, cause)
            else:
                await bury(lane, stored, cause)
    if left:
        logger.error(
            "%s records could not be sent before the end and are dead letters; with sending_queue::storage they would"
            " wait on disk for the next start",
            f"{left:,}",
        )
