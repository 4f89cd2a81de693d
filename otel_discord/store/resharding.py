"""Brings stored rows under the owners where they are looked for: those of a fleet's shards, or one process' again.

Portion by portion, each a transaction; ended anywhere, it goes on where it was when it is begun again. Nobody else may
work on any of the owners meanwhile.
"""

from collections.abc import Callable, Sequence

from otel_discord.component.fleet import shard_owner
from otel_discord.component.resharding import Layout
from otel_discord.store.gathering import GATHERED, gather_state, letters_copied
from otel_discord.store.rehoming import rehome_all
from otel_discord.store.schema import CARDS, MESSAGES, POSTED, Table
from otel_discord.store.spreading import (
    begin_spread,
    complete_spread,
    divide_batches,
    next_lane,
    spread_among,
    spread_lane,
    spread_letters,
    spread_routed,
    spread_state,
    unplaced_batches,
)
from otel_discord.store.united_parts import parted_requests, unite_parts
from otel_discord.store.work import Database, Work


async def is_spread(database: Database, owner: str, shards: int) -> bool:
    """Return whether an owner's rows are divided among so many shards: one look at one row."""
    return await database.run(spread_among(owner)) == shards


async def spread(database: Database, owner: str, layout: Layout) -> None:
    """Divide what is stored under the owner's own name.

    Raises:
        RetryableError: the database fails.
    """
    up_to_id = await database.run(begin_spread(owner))
    await _each_page(database, lambda after_id: spread_routed(owner, layout, after_id))
    for table in (CARDS, MESSAGES, POSTED):
        await _spread_lanes(database, table, owner, layout)
    await _each_page(database, lambda after_id: spread_letters(owner, layout, after_id))
    await database.run(spread_state(owner, layout))
    for batch_ids in await database.run(unplaced_batches(owner, up_to_id)):
        await database.run(divide_batches(owner, layout, batch_ids))
    await database.run(complete_spread(owner, layout.shards))


async def gather(database: Database, owners: Sequence[str]) -> None:
    """Let the first of several owners have what all of them have; numbers stay, and the order with them.

    What went to several of them is there once.

    Raises:
        RetryableError: the database fails.
    """
    for requests in await database.run(parted_requests(owners)):
        await database.run(unite_parts(requests))
    copied = await database.run(letters_copied(owners))
    for table in GATHERED:
        for source in owners[1:]:
            while await database.run(rehome_all(table, source, owners[0])):
                pass
    await database.run(gather_state(owners, copied))


def owners_of(owner: str, shards: int) -> list[str]:
    """Return the owners of an exporter's shards, its own name first."""
    return [shard_owner(owner, shard) for shard in range(shards)]


async def _spread_lanes(database: Database, table: Table, owner: str, layout: Layout) -> None:
    lane = await database.run(next_lane(table, owner, None))
    while lane is not None:
        shard = layout.shard_of_lane(lane)
        if 0 < shard < layout.shards:
            while await database.run(spread_lane(table, owner, lane, shard_owner(owner, shard))):
                pass
        lane = await database.run(next_lane(table, owner, lane))


async def _each_page(database: Database, page: Callable[[int], Work[int | None]]) -> None:
    after_id: int | None = 0
    while after_id is not None:
        after_id = await database.run(page(after_id))
