"""Queues that each replica has for itself: the first one that no living replica has, numbered from 1."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass
from itertools import count
from typing import Final

from otel_discord.component.errors import StartError
from otel_discord.extensions.db_storage.boot_clock import boot_clock_s
from otel_discord.extensions.db_storage.failures import Failure
from otel_discord.extensions.db_storage.leases import Lease, acquire
from otel_discord.extensions.db_storage.transactor import FailedError, Transactor

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
