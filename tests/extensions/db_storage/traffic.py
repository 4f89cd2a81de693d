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


async def run_traffic(queue: WorkQueue, trouble: Callable[[], Awaitable[None]], *, producers: int = 8) -> Account:
    """Put and deliver while there is trouble; then until all is delivered, and one more."""
    account, ended = Account(), asyncio.Event()

    async def produce(number: int) -> None:
        count = 0
        while not ended.is_set():
            count += 1
            text = f"{number}-{count}"
            try:
                await queue.put(logs_batch(body=text))
            except RetryableError as error:
                if isinstance(error, ShutdownError):
                    raise
                account.refused += 1
                await asyncio.sleep(0.05)
            else:
                account.stored[text] += 1
            await asyncio.sleep(0.002)

    async def consume() -> None:
        while True:
            taken = await queue.take()
            await queue.route(taken.id, [NewCard(LANE, 9, body(taken.batch).encode())])

    async def deliver() -> None:
        while True:
            cards = await queue.head(LANE, 10)
            for card in cards:
                account.delivered[card.payload.decode()] += 1
            await queue.settle([card.id for card in cards], Settlement.DELIVERED)
            await asyncio.sleep(0 if cards else 0.01)

    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        working = [group.create_task(consume()) for _ in range(4)] + [group.create_task(deliver())]
        making = [group.create_task(produce(number)) for number in range(producers)]
        await trouble()
        ended.set()
        await asyncio.wait(making)
        while True:
            try:
                await queue.put(logs_batch(body="last"))
            except RetryableError:
                await asyncio.sleep(0.05)
            else:
                account.stored["last"] += 1
                break
        while sum(account.delivered.values()) < sum(account.stored.values()) or queue.size:
            await asyncio.sleep(0.02)
        for task in working:
            task.cancel()
    return account
