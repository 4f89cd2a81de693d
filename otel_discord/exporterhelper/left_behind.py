"""Looks now and then for what replicas that have gone left of a connector, so that a living one takes it over."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from otel_discord.component.errors import RetryableError, ShutdownError
from otel_discord.component.fleet import SharesWork
from otel_discord.component.host import Host
from otel_discord.component.left_slots import AdoptsSlots, LeftSlot
from otel_discord.component.storage import Storage, WorkQueue
from otel_discord.exporterhelper.state_queue import STATE_LIMITS

PATIENCE_LEASES: Final = 2.0
"""A replica that is started anew finds its own meanwhile."""
_LOOK_LEASES: Final = (0.4, 0.6)

TakeOver: TypeAlias = Callable[[WorkQueue], Awaitable[object]]
"""Takes over what is in a slot, and empties it; what is still in it is found again."""


@dataclass(slots=True, kw_only=True)
class LeftBehind:
    """By others, of one component. A slot is of interest while its state has a value under ``key``."""

    storage: AdoptsSlots
    owner: str
    key: str
    logger: logging.Logger
    dice: Callable[[float, float], float] = random.uniform
    _found_s: dict[LeftSlot, float] = field(default_factory=dict, init=False)
    """Loop time when nobody was seen to have it."""

    async def attend(self, take_over: TakeOver, closing: asyncio.Event) -> None:
        """Look until ``closing`` is set."""
        while not closing.is_set():
            try:
                async with asyncio.timeout(self.storage.lease_s * self.dice(*_LOOK_LEASES)):
                    await closing.wait()
            except TimeoutError:
                await self._look(take_over)

    async def _look(self, take_over: TakeOver) -> None:
        now_s = asyncio.get_running_loop().time()
        try:
            found = await self.storage.left_slots(self.owner, self.key)
            self._found_s = {slot: self._found_s.get(slot, now_s) for slot in found}
            for slot, found_s in self._found_s.items():
                if now_s - found_s >= PATIENCE_LEASES * self.storage.lease_s:
                    async with self.storage.adopt_slot(slot, STATE_LIMITS) as queue:
                        if queue is not None:
                            await take_over(queue)
        except (RetryableError, ShutdownError) as error:
            self.logger.debug("what other replicas have left is not looked at now: %s", error)


def left_behind(host: Host, storage: str | None, owner: str, key: str, logger: logging.Logger) -> LeftBehind | None:
    """Return who looks for it; None where there are no other replicas.

    Raises:
        StartError: the storage is not there.
    """
    if storage is None:
        return None
    kept_in = host.extension(storage, Storage)
    if isinstance(kept_in, SharesWork) and kept_in.is_shared and isinstance(kept_in, AdoptsSlots):
        return LeftBehind(storage=kept_in, owner=owner, key=key, logger=logger)
    return None
