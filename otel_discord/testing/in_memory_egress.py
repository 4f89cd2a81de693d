"""An address that several replicas of one loop share, in memory: what a database keeps, on the loop's clock."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from otel_discord.component.egress import Claim, Share
from otel_discord.component.errors import RetryableError
from otel_discord.extensions.db_storage.egress_grant import Portion, counted, grant


@dataclass(slots=True)
class _Row:
    granted_per_s: float
    wanted_per_s: float
    invalid: int
    until_s: float


@dataclass(slots=True)
class InMemoryEgress:
    """A :class:`~otel_discord.component.egress.SharesEgress` for any number of replicas."""

    is_shared: bool = True
    is_away: bool = False
    """Nothing can be asked; who holds a share keeps it until it runs out."""
    answers_after_s: float = 0.0
    rows: dict[int, _Row] = field(default_factory=dict)
    banned_until_s: float | None = None
    asked: int = 0
    """How often anything was asked."""
    _replicas: int = 0

    @property
    def counted_per_s(self) -> float:
        """What all together may be using now."""
        now_s = asyncio.get_running_loop().time()
        return sum(row.granted_per_s for row in self.rows.values() if row.until_s > now_s)

    @asynccontextmanager
    async def open_egress(self, endpoint: str, whole_per_s: float) -> AsyncIterator["InMemoryAccount"]:
        """Take part."""
        del endpoint
        self._replicas += 1
        account = InMemoryAccount(self, self._replicas, whole_per_s)
        try:
            yield account
        finally:
            self.rows.pop(account.number, None)


@dataclass(slots=True)
class InMemoryAccount:
    """An :class:`~otel_discord.component.egress.EgressAccount`."""

    egress: InMemoryEgress
    number: int
    whole_per_s: float

    async def renew(self, claim: Claim) -> Share:
        """Claim a share."""
        await self._there()
        now_s, rows = asyncio.get_running_loop().time(), self.egress.rows
        others = [row for number, row in rows.items() if number != self.number]
        living = [Portion(row.granted_per_s, row.wanted_per_s) for row in others if row.until_s > now_s]
        mine = rows.get(self.number)
        using = min(claim.using_per_s, mine.granted_per_s if mine and mine.until_s > now_s else 0.0)
        granted = grant(Portion(using, claim.wanted_per_s), living, self.whole_per_s)
        until_s = now_s + claim.valid_s
        rows[self.number] = _Row(counted(using, granted), claim.wanted_per_s, claim.invalid, until_s)
        share = Share(granted, sum(row.invalid for row in others), self._left_s())
        await asyncio.sleep(self.egress.answers_after_s)
        return share

    async def ban_left_s(self) -> float | None:
        """Return how long the address stays banned."""
        await self._there()
        return self._left_s()

    async def tell_ban(self, left_s: float | None) -> None:
        """Tell all of a ban, or of its end."""
        await self._there()
        until_s = None if left_s is None else asyncio.get_running_loop().time() + left_s
        before_s = self.egress.banned_until_s
        self.egress.banned_until_s = until_s if until_s is None or before_s is None else max(until_s, before_s)

    def _left_s(self) -> float | None:
        until_s = self.egress.banned_until_s
        return None if until_s is None else max(0.0, until_s - asyncio.get_running_loop().time())

    async def _there(self) -> None:
        self.egress.asked += 1
        await asyncio.sleep(0)
        if self.egress.is_away:
            raise RetryableError("the storage is away")
