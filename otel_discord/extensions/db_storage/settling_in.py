"""Rows come to where they are looked for: a fleet's shards, another number of shards, or one process alone.

It is done before anybody works on them, under the leases of all the owners concerned. Where nothing is to be done it is
one look at one row.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass
from typing import Final

from otel_discord.component.errors import RetryableError, StartError
from otel_discord.component.resharding import Layout
from otel_discord.extensions.db_storage import leases
from otel_discord.extensions.db_storage.boot_clock import boot_clock_s
from otel_discord.extensions.db_storage.failures import component_error
from otel_discord.extensions.db_storage.leases import Lease
from otel_discord.extensions.db_storage.settling_works import (
    end_fleet,
    fleet_size,
    forget_fleet,
    holder_among,
    other_replica,
)
from otel_discord.extensions.db_storage.transactor import FailedError, Transactor
from otel_discord.store.resharding import gather, is_spread, owners_of, spread
from otel_discord.store.spreading import is_spreading
from otel_discord.store.work import Database, T, Work

_LOOK_EVERY_S: Final = 0.25
_PATIENCE_S: Final = 60.0
"""Beyond two leases: so long another replica that does the same is waited for."""


@dataclass(frozen=True, slots=True)
class SettlingIn:
    """Of one extension. ``holder`` is whose leases are one's own; ``database`` opens an owner's, by the name of its
    lease, what people call it, and the lease where it is taken already."""

    transactor: Transactor
    database: Callable[[str, str, tuple[Lease, float] | None], AbstractAsyncContextManager[Database]]
    holder: str
    lease_s: float
    logger: logging.Logger

    async def settle_in(self, owner: str, layout: Layout) -> None:
        """See :class:`~otel_discord.component.resharding.SettlesIn`."""

        async def step() -> bool:
            if await is_spread(self, owner, layout.shards):
                return True
            if await self._somebody_is_at(owner):
                await self._until_divided(owner)
                return False
            taken = await self._take(owner)
            if taken is None:
                return False
            async with self.database(owner, f"the queue of {owner}", taken) as database:
                if not await is_spread(database, owner, layout.shards):
                    self.logger.info("what waits is divided among %d shards", layout.shards, extra={"owner": owner})
                    await spread(database, owner, layout)
            return True

        await self._patiently(owner, step)

    async def gather_for_one(self, owner: str) -> None:
        """Bring together what a fleet has left: one process works on it now.

        Raises:
            StartError: a replica of that fleet lives, or the server stays away.
        """

        async def step() -> bool:
            shards = await self.run(fleet_size(owner))
            if not shards:
                return True
            if replica := await self.run(other_replica(owner, self.holder)):
                raise RetryableError(f"replica {replica} of a fleet works on it; stop that one")
            await self._gather(owner, shards, None)
            return True

        await self._patiently(owner, step)

    async def gather_if_resized(self, owner: str, shards: int) -> None:
        """Bring together what a fleet with another number of shards has left, unless that fleet lives.

        Raises:
            StartError: somebody else works on it, or the server stays away.
        """

        async def step() -> bool:
            size = await self.run(fleet_size(owner))
            if size in (0, shards):
                return True
            if await self.run(other_replica(owner, self.holder)):
                return True  # the fleet goes on with as many as it has
            if not await self._somebody_is_at(*owners_of(owner, size)):
                taken = await self._take(owner)
                if taken is not None:
                    await self._gather(owner, size, taken)
            return False

        await self._patiently(owner, step)

    async def run(self, work: Work[T]) -> T:
        """Run a work that may be repeated, without a lease.

        Raises:
            RetryableError: the database fails.
        """
        try:
            return await self.transactor.run(work)
        except FailedError as error:
            raise component_error(error.failure, error.why, work.name) from error

    async def _gather(self, owner: str, shards: int, taken: tuple[Lease, float] | None) -> None:
        owners = owners_of(owner, shards)
        async with AsyncExitStack() as stack:
            first = await stack.enter_async_context(self.database(owner, f"the queue of {owner}", taken))
            if await first.run(fleet_size(owner)) != shards:
                return  # somebody else has done it meanwhile
            for each in owners[1:]:
                await stack.enter_async_context(self.database(each, f"the queue of {each}", None))
            self.logger.info("what waits in %d shards is brought together", shards, extra={"owner": owner})
            await first.run(end_fleet(owner, shards))
            await gather(first, owners)
            await first.run(forget_fleet(owner))

    async def _take(self, owner: str) -> tuple[Lease, float] | None:
        """Take the owner's lease, without waiting for it: who has it may do the same, and work on when it is done."""
        asked_s = boot_clock_s()
        got = await self.run(leases.acquire(owner, self.holder, self.lease_s))
        return (got, asked_s) if isinstance(got, Lease) else None

    async def _until_divided(self, owner: str) -> None:
        """Wait for who divides it now, as long as he lives."""
        while await self.run(is_spreading(owner)):
            if not await self._somebody_is_at(owner):
                return
            await asyncio.sleep(_LOOK_EVERY_S)

    async def _somebody_is_at(self, *owners: str) -> bool:
        return await self.run(holder_among(owners, self.holder)) != ""

    async def _patiently(self, owner: str, step: Callable[[], Awaitable[bool]]) -> None:
        """Repeat a step until it says that all is done; what fails meanwhile, or is in the way, is waited for."""
        deadline_s = asyncio.get_running_loop().time() + 2 * self.lease_s + _PATIENCE_S
        why = "another process works on it; stop that one"
        while True:
            try:
                if await step():
                    return
            except RetryableError as error:
                why = str(error)
            if asyncio.get_running_loop().time() > deadline_s:
                raise StartError(f"{owner} cannot be opened: {why}")
            await asyncio.sleep(_LOOK_EVERY_S)
