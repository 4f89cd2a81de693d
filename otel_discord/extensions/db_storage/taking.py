"""Takes the lease of an owner: another process's is waited for as long as one lasts, unless that one lives."""

import asyncio
import contextlib
import logging
from dataclasses import dataclass
from typing import Final

from otel_discord.component.errors import StartError
from otel_discord.extensions.db_storage import leases
from otel_discord.extensions.db_storage.boot_clock import boot_clock_s
from otel_discord.extensions.db_storage.failures import Failure
from otel_discord.extensions.db_storage.leases import Held, Lease
from otel_discord.extensions.db_storage.transactor import FailedError, Transactor

_PROBE_S: Final = 1.0
_GRACE_S: Final = 3.0
_PAUSE_S: Final = 0.05


@dataclass(frozen=True, slots=True)
class Ownership:
    """Whose works these are, who does them, and for how long without a word."""

    name: str
    holder: str
    lease_s: float
    is_one_of_many: bool = False
    """A fleet's: others go on with it, and another voice says how the server fares."""


async def take_lease(transactor: Transactor, ownership: Ownership, logger: logging.Logger) -> tuple[Lease, float]:
    """Return the lease, and when it was asked for (``boot_clock_s``).

    Raises:
        StartError: another process holds it and lives, or the server fails.
    """
    loop, extra = asyncio.get_running_loop(), {"owner": ownership.name}
    deadline_s = loop.time() + ownership.lease_s + _GRACE_S
    said = False
    while True:
        asked_s = boot_clock_s()
        try:
            got = await transactor.run(leases.acquire(ownership.name, ownership.holder, ownership.lease_s))
        except FailedError as error:
            if loop.time() > deadline_s or error.failure in (Failure.WORK, Failure.FAILED):
                raise StartError(f"{ownership.name} cannot be opened: {error.why}") from error
            await end_silent_transactions(transactor, ownership, error, logger)
            await asyncio.sleep(_PAUSE_S)
            continue
        if isinstance(got, Lease):
            return got, asked_s
        if loop.time() > deadline_s:
            raise StartError(
                f"{ownership.name} is in use by {got.holder}; stop that process, or give this one another "
                "schema_name: one process at a time works on a queue"
            )
        if not said:
            said = True
            logger.warning("%s; it is waited for until then", _held(got), extra=extra)
        await asyncio.sleep(min(max(got.left_s, _PAUSE_S), _PROBE_S))


async def end_silent_transactions(
    transactor: Transactor, ownership: Ownership, error: FailedError, logger: logging.Logger
) -> None:
    """See to it that a lock which was waited for in vain, on a lease or a room, is not held for ever."""
    if error.failure is not Failure.BUSY:
        return
    with contextlib.suppress(FailedError):
        ended = await transactor.run(leases.end_silent_transactions(ownership.lease_s))
        if ended:
            logger.warning("transactions of a process that is silent were ended", extra={"owner": ownership.name})


def _held(held: Held) -> str:
    return f"{held.name} is in use by {held.holder} for {held.left_s:.0f} s still"
