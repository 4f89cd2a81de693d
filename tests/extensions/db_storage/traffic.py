"""Work that goes through a queue, and an account of it: what was stored for certain comes out once."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from otel_discord.component.errors import RetryableError, ShutdownError
from otel_discord.component.storage import NewCard, Settlement, WorkQueue
from otel_discord.testing.otlp import logs_batch
from otel_discord.testing.storage_contract_base import body

LANE = "ops"


@dataclass
class Account:
    stored: Counter[str] = field(default_factory=Counter)
    delivered: Counter[str] = field(default_factory=Counter)
    refused: int = 0

    def check(self) -> None:
        assert self.delivered == self.stored, (
            f"lost {len(self.stored - self.delivered)}, too many {len(self.delivered - self.stored)}"
        )
        assert max(self.delivered.values()) == 1


class Traffic:
    def __init__(self, queue: WorkQueue) -> None:
        self.queue = queue
        self.account = Account()
        self.ended = asyncio.Event()

    async def put(self, text: str) -> bool:
        try:
            await self.queue.put(logs_batch(body=text))
        except RetryableError as error:
            if isinstance(error, ShutdownError):
                raise
            self.account.refused += 1
            await asyncio.sleep(0.05)
            return False
        self.account.stored[text] += 1
        return True

    async def produce(self, number: int) -> None:
        count = 0
        while not self.ended.is_set():
            count += 1
            await self.put(f"{number}-{count}")
            await asyncio.sleep(0.002)

    async def consume(self) -> None:
        while True:
            taken = await self.queue.take()
            await self.queue.route(taken.id, [NewCard(LANE, 9, body(taken.batch).encode())])

    async def deliver(self) -> None:
        while True:
            cards = await self.queue.head(LANE, 10)
            self.account.delivered.update(card.payload.decode() for card in cards)
            await self.queue.settle([card.id for card in cards], Settlement.DELIVERED)
            await asyncio.sleep(0 if cards else 0.01)

    async def until_delivered(self) -> None:
        account = self.account
        while sum(account.delivered.values()) < sum(account.stored.values()) or self.queue.size:
            await asyncio.sleep(0.02)


async def run_traffic(queue: WorkQueue, trouble: Callable[[], Awaitable[None]], *, producers: int = 8) -> Account:
    """Put and deliver while there is trouble; then until all is delivered, and one more."""
    traffic = Traffic(queue)
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        working = [group.create_task(traffic.consume()) for _ in range(4)] + [group.create_task(traffic.deliver())]
        making = [group.create_task(traffic.produce(number)) for number in range(producers)]
        await trouble()
        traffic.ended.set()
        await asyncio.wait(making)
        while not await traffic.put("last"):
            pass
        await traffic.until_delivered()
        for task in working:
            task.cancel()
    return traffic.account
