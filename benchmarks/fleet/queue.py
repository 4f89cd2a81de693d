"""A queue of 1,000 destinations with 100,000 requests waiting: how quick it is, and what a card costs.

Four things in turn, on PostgreSQL as one queue and as eight shards, and on SQLite:
*put*, one record a request; *both*, the router at work and every lane sending, messages kept as posted; *routed*, the
router alone; *sent*, 100,000 cards waiting, each lane with one message of one card in flight: head, mark, settle.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Final

from benchmarks.figures import Figure, Report
from benchmarks.fleet.meter import Meter, Reading
from benchmarks.fleet.storages import made_server, postgres, sqlite
from benchmarks.fleet.work import Shard, drain_all, fill, route_for
from benchmarks.sizes import Size

AIM_PER_S: Final = 1_000.0
"""Cards claimed and acknowledged a second."""
SHARDS: Final = 8
_MAX_CONNECTIONS: Final = 4
UNITS: Final = {"put": "requests/s", "both": "cards/s", "routed": "requests/s", "sent": "cards/s"}

Opened = AbstractAsyncContextManager[tuple[list[Shard], Meter]]


@dataclass(frozen=True, slots=True)
class Cost:
    """What was done, how many times, and what it took."""

    what: str
    count: int
    used: Reading

    @property
    def per_s(self) -> float:
        return self.count / max(self.used.wall_s, 1e-9)

    def row(self, where: str) -> str:
        count = max(self.count, 1)
        cells = (
            f"{self.per_s:>8,.0f}",
            f"{1000 * self.used.own_cpu_s / count:>9.3f}",
            f"{1000 * self.used.server_cpu_s / count:>9.3f}",
            f"{self.used.statements / count:>9.2f}",
            f"{self.used.transactions / count:>9.4f}",
        )
        return f"{where:<22} {self.what:<7} {'  '.join(cells)}"


def run(size: Size) -> Report:
    """Measure all of it; with a server where there is one."""
    waiting, lanes = size.pick(tiny=300, full=100_000), size.pick(tiny=10, full=1_000)
    seconds = size.pick(tiny=2, full=100) / 10
    figures: list[Figure] = []
    rows = [f"{'':<22} {'':<7} {'a second':>8}  {'own ms':>9}  {'server ms':>9}  {'statem.':>9}  {'transact.':>9}"]

    def measure(where: str, opened: Opened) -> None:
        for cost in asyncio.run(_costs(opened, waiting, seconds)):
            rows.append(cost.row(where))
            aim = AIM_PER_S if cost.what == "sent" and "postgres" in where else None
            name = f"fleet_queue.{where.replace(' ', '_')}.{cost.what}"
            figures.append(Figure(name=name, value=cost.per_s, unit=UNITS[cost.what], aim=aim))

    with made_server() as server:
        if server is not None:
            measure("postgres", postgres(server, 1, lanes, "whole", _MAX_CONNECTIONS))
            measure(f"postgres {SHARDS} shards", postgres(server, SHARDS, lanes, "sharded", _MAX_CONNECTIONS))
    measure("sqlite", sqlite(1, lanes))
    return Report(figures, ["fleet_queue: what one request or card costs", *rows])


async def _costs(opened: Opened, waiting: int, seconds: float) -> list[Cost]:
    async with opened as (shards, meter):
        return [cost async for cost in _measured(shards, meter, waiting, seconds)]


async def _measured(shards: list[Shard], meter: Meter, waiting: int, seconds: float) -> AsyncIterator[Cost]:
    before = meter()
    await fill(shards, waiting)
    yield Cost("put", waiting, meter().since(before))

    before = meter()
    routing = asyncio.create_task(route_for(shards, seconds))
    sent = await drain_all(shards, seconds, kept=True)
    routed = await routing
    yield Cost("both", sent, meter().since(before))

    before = meter()
    alone = await route_for(shards, seconds)
    yield Cost("routed", alone, meter().since(before))

    # What a slow router has left is not waited for: as many cards are put in their place, in large requests.
    missing = waiting - (routed + alone - sent)
    if missing > 0:
        for shard in shards:
            await shard.queue.adopt([card for _ in range(missing // len(shards)) for card in shard.cards(1)])
    before = meter()
    sent = await drain_all(shards, seconds)
    yield Cost("sent", sent, meter().since(before))
