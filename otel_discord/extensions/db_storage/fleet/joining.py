"""How a replica comes into an exporter's fleet: the fleet as it is, or is to be, and this replica's part of it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from otel_discord.component.storage import QueueLimits
from otel_discord.extensions.db_storage.config import FleetConfig
from otel_discord.extensions.db_storage.fleet.member_works import found_fleet
from otel_discord.extensions.db_storage.fleet.replica import Means, PostgresFleet, open_fleet
from otel_discord.extensions.db_storage.fleet.watch import Member
from otel_discord.extensions.db_storage.preparing import Starting
from otel_discord.extensions.db_storage.settling_in import SettlingIn


@asynccontextmanager
async def joined_fleet(
    owner: str, limits: QueueLimits, config: FleetConfig, means: Means, starting: Starting, settling: SettlingIn
) -> AsyncIterator[PostgresFleet]:
    """Take part in the work of one exporter while the block runs.

    Raises:
        StartError: the server cannot be used.
    """
    await settling.gather_if_resized(owner, config.shards)
    shards = await starting.insist(found_fleet(owner, config.shards))
    if shards != config.shards:
        means.logger.warning(
            "the fleet of %s has %d shards, not the %d of fleet::shards: that is changed only while all of its "
            "replicas are stopped",
            owner,
            shards,
            config.shards,
        )
    member = Member(owner, settling.holder, config.egress, shards, settling.lease_s)
    async with open_fleet(member, limits, means) as fleet:
        what = (settling.holder, starting.label, starting.schema, owner, shards)
        means.logger.info("replica %s of the fleet on %s, schema %s: %s in %d shards", *what)
        yield fleet
