"""Queues that each replica has for itself: the first one that no living replica has, numbered from 1; and those that
replicas which have gone left."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass
from itertools import count
from typing import Final

from otel_discord.component.errors import RetryableError, StartError
from otel_discord.component.left_slots import LeftSlot
from otel_discord.extensions.db_storage.boot_clock import boot_clock_s
from otel_discord.extensions.db_storage.failures import Failure
from otel_discord.extensions.db_storage.leases import Lease, acquire, release
from otel_discord.extensions.db_storage.transactor import FailedError, Transactor
from otel_discord.store.work import Access, Query, Steps, Work

_PATIENCE_S: Final = 10.0
_AGAIN_S: Final = 0.5


@dataclass(frozen=True, slots=True)
class Slot:
    """One that this process has taken."""

    owner: str
    taken: tuple[Lease, float]
    """The lease, and when it was asked for (``boot_clock``)."""


def slot_owner(owner: str, number: int) -> str:
    """Return the name under which a slot's rows are stored: the first one's are those of a single process."""
    return owner if number == 1 else f"{owner}@{number}"


async def take_slot(
    transactor: Transactor, owner: str, holder: str, lease_s: float, *, own: Collection[str] = ()
) -> Slot:
    """Take the first slot that nobody has; ``own`` are in use by this process.

    Raises:
        StartError: the server stays away.
    """
    deadline_s = asyncio.get_running_loop().time() + _PATIENCE_S
    for name in (slot_owner(owner, number) for number in count(1)):
        if name in own:
            continue
        asked_s = boot_clock_s()
        got = None
        while got is None:
            try:
                got = await transactor.run(acquire(name, holder, lease_s))
            except FailedError as error:
                is_late = asyncio.get_running_loop().time() > deadline_s
                if error.failure is Failure.BUSY:
                    break  # its holder is at work this very moment
                if is_late or error.failure in (Failure.WORK, Failure.FAILED):
                    raise StartError(f"{owner} cannot be opened: {error.why}") from error
                await asyncio.sleep(_AGAIN_S)
        if isinstance(got, Lease):
            return Slot(name, (got, asked_s))
    raise AssertionError("numbers do not end")


def find_left(owner: str, key: str) -> Work[list[LeftSlot]]:
    """Return the slots that nobody has and in whose state there is a value under ``key``."""

    def steps() -> Steps[list[LeftSlot]]:
        rows = yield Query(
            "SELECT l.name, l.fence FROM leases l WHERE (l.name = ? OR starts_with(l.name, ?))"
            " AND l.until <= clock_timestamp()"
            " AND EXISTS (SELECT 1 FROM state s WHERE s.owner = l.name AND s.key = ?) ORDER BY l.name",
            (owner, f"{owner}@", key),
        )
        left = [LeftSlot(name, fence) for name, fence in rows]
        return [slot for slot in left if slot.owner == owner or slot.owner.removeprefix(f"{owner}@").isdecimal()]

    return Work("left_slots", Access.READ, steps)


async def left_slots(transactor: Transactor, owner: str, key: str, *, own: Collection[str] = ()) -> list[LeftSlot]:
    """Return an owner's slots that nobody has; ``own`` are in use by this process.

    Raises:
        RetryableError: the server is away.
    """
    try:
        return [slot for slot in await transactor.run(find_left(owner, key)) if slot.owner not in own]
    except FailedError as error:
        raise RetryableError(f"what is left of {owner} cannot be looked at: {error.why}") from error


async def take_left_slot(transactor: Transactor, slot: LeftSlot, holder: str, lease_s: float) -> Slot | None:
    """Take a slot if it is as it was left.

    Raises:
        RetryableError: the server is away.
    """
    asked_s = boot_clock_s()
    try:
        got = await transactor.run(acquire(slot.owner, holder, lease_s))
        if not isinstance(got, Lease):
            return None
        if got.fence != slot.fence + 1:
            await transactor.run(release(got))
            return None
    except FailedError as error:
        raise RetryableError(f"{slot.owner} cannot be opened: {error.why}") from error
    return Slot(slot.owner, (got, asked_s))
