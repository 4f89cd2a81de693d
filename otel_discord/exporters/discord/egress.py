"""Keeps this process' limiter to its share of what Discord allows the address that several processes use.

One task for each limiter, however many exporters use it. While the storage is away the share runs out and nothing goes,
which costs nothing: what goes out has to be noted there first.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Final
from weakref import WeakKeyDictionary

from otel_discord.component.egress import Claim, EgressAccount, SharesEgress
from otel_discord.component.errors import ComponentError
from otel_discord.discord_api.permits import RateLimits

BUSY_S: Final = 1.0
"""Between renewals while requests go; as often bans of others are looked for."""
IDLE_S: Final = 5.0
_VALID: Final = 3.0
"""A share lasts so many times as long as it is renewed after."""
_MARGIN: Final = 0.98
"""Two machines' clocks run alike to less than that."""
_AGAIN_S: Final = 0.25
_TICK_S: Final = 0.001
"""A loop's timer may fire that much early, and is then as good as due."""
_HASTE_S: Final = 0.05
"""Requests that begin to wait are listened to that often, as long as it helps."""
_LEAVING_S: Final = 2.0


@dataclass(slots=True)
class SharedEgress:
    """Of one limiter and one storage."""

    limits: RateLimits
    storage: SharesEgress
    endpoint: str
    whole_per_s: float
    logger: logging.Logger
    _woken: asyncio.Event = field(default_factory=asyncio.Event)
    _is_starved: bool = False
    _hears_starved: bool = True
    _is_untold: bool = False
    """What was learnt of a ban here is not stored yet."""
    _left: int = 0
    _counted_s: float = 0.0

    async def run(self) -> None:
        """Renew the share until cancelled; then the limiter is its own again."""
        with ExitStack() as stack:
            stack.callback(self.limits.set_rate, None)
            self.limits.set_rate(0.0)
            stack.enter_context(self.limits.ban_watched(self._hear_of_ban))
            stack.enter_context(self.limits.starved(self._hear_of_waiting))
            async with self.storage.open_egress(self.endpoint, self.whole_per_s) as account:
                try:
                    await self._renew_on(account)
                finally:
                    self.limits.set_rate(0.0)  # before others have what was used here

    async def _renew_on(self, account: EgressAccount) -> None:
        self._left, self._counted_s = self.limits.usage().left, asyncio.get_running_loop().time()
        is_busy, is_away = self.limits.usage().ready > 0, False
        while True:
            try:
                is_busy = await self._once(account, is_busy=is_busy)
                is_away = False
            except Exception as error:  # whatever it is: who renews no more would go on without a share
                if not is_away:
                    is_known = isinstance(error, ComponentError | TimeoutError)
                    self.logger.warning(
                        "what Discord allows this address cannot be shared for now: %s",
                        _why(error),
                        exc_info=None if is_known else error,
                    )
                is_away = True
                await asyncio.sleep(_AGAIN_S)

    async def _once(self, account: EgressAccount, *, is_busy: bool) -> bool:
        """Renew the share and wait until that is due again; return whether requests go."""
        await self._tell(account)
        before = self.limits.usage().rate_per_s
        granted, goes_on = await self._renewed(account, is_busy=is_busy)
        if granted < before:
            return is_busy  # at once again: others may have the rest when it is said that it is not used any more
        self._hears_starved, self._is_starved = granted > before or not is_busy, False
        await self._wait(account, BUSY_S if is_busy else IDLE_S)
        return goes_on or self._is_starved

    async def _renewed(self, account: EgressAccount, *, is_busy: bool) -> tuple[float, bool]:
        """Renew the share and keep to it; return the rate, and whether requests go."""
        usage, began_s = self.limits.usage(), asyncio.get_running_loop().time()
        went, elapsed_s = usage.left - self._left, began_s - self._counted_s
        wanted = min(self.whole_per_s, went / max(elapsed_s, BUSY_S) + usage.ready)
        valid_s = _VALID * (BUSY_S if is_busy else IDLE_S)
        async with asyncio.timeout(valid_s):
            share = await account.renew(Claim(usage.rate_per_s, wanted, usage.invalid, valid_s))
        self.limits.set_rate(share.granted_per_s, began_s + _MARGIN * valid_s)
        self.limits.set_invalid_elsewhere(share.invalid_elsewhere)
        self._share_ban(share.ban_left_s)
        if elapsed_s >= BUSY_S:
            self._left, self._counted_s = usage.left, began_s
        return share.granted_per_s, went > 0 or usage.ready > 0

    async def _wait(self, account: EgressAccount, for_s: float) -> None:
        """Return when the share is to be renewed: it is time, more is wanted, or there is news of a ban."""
        loop = asyncio.get_running_loop()
        until_s = loop.time() + for_s
        await asyncio.sleep(_HASTE_S)
        while not self._is_untold and not self._is_starved and (left_s := until_s - loop.time()) > _TICK_S:
            self._woken.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(min(left_s, BUSY_S)):
                    await self._woken.wait()
                continue
            if until_s > loop.time() + _TICK_S:
                async with asyncio.timeout(BUSY_S):
                    self._share_ban(await account.ban_left_s())

    def _hear_of_waiting(self) -> None:
        if self._hears_starved:
            self._is_starved = True
            self._woken.set()

    def _hear_of_ban(self) -> None:
        if not self.limits.ban_is_shared:  # else it is an answer to what had left before
            self._is_untold = True
            self._woken.set()

    async def _tell(self, account: EgressAccount) -> None:
        if not self._is_untold:
            return
        self._is_untold = False
        try:
            async with asyncio.timeout(_VALID):
                await account.tell_ban(self.limits.ban_left_s())
        except Exception:
            self._is_untold = True
            raise

    def _share_ban(self, left_s: float | None) -> None:
        if not self._is_untold:
            self.limits.share_ban(left_s)


def _why(error: Exception) -> str:
    late = "the storage does not answer in time" if isinstance(error, TimeoutError) else type(error).__name__
    return str(error) or late


@dataclass(slots=True)
class _Users:
    """Who uses a limiter with which storage, and the task that serves them."""

    of: list[SharedEgress] = field(default_factory=list)
    serving: SharedEgress | None = None
    task: "asyncio.Task[None] | None" = None

    def enter(self, user: SharedEgress) -> None:
        self.of.append(user)
        if self.task is None:
            self._begin(user)

    async def leave(self, user: SharedEgress) -> None:
        self.of.remove(user)
        if self.serving is not user or self.task is None:
            return
        ended, self.task = self.task, None
        ended.cancel()
        await asyncio.wait([ended], timeout=_LEAVING_S)
        if self.of and self.task is None:
            self._begin(self.of[0])

    def _begin(self, user: SharedEgress) -> None:
        user.limits.set_rate(0.0)
        self.serving = user
        self.task = asyncio.create_task(user.run(), name="share of Discord's limits")


_users: Final[WeakKeyDictionary[RateLimits, _Users]] = WeakKeyDictionary()


@asynccontextmanager
async def shared_egress(
    storage: object, endpoint: str, whole_per_s: float, limits: RateLimits, logger: logging.Logger
) -> AsyncIterator[None]:
    """Keep a limiter to its share while the block runs, where the storage is one that processes share.

    ``whole_per_s`` is what all of them may send together. At first nothing goes: not before there is a share.
    """
    if not isinstance(storage, SharesEgress) or not storage.is_shared:
        yield
        return
    users = _users.setdefault(limits, _Users())
    user = SharedEgress(limits, storage, endpoint, whole_per_s, logger)
    users.enter(user)
    try:
        yield
    finally:
        await users.leave(user)
