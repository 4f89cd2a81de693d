"""What the parts of the fleet contract share: where fleets come from, and a replica that works."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Final, Protocol

from otel_discord.component.errors import ShutdownError
from otel_discord.component.fleet import Fleet, Part, Seat
from otel_discord.component.storage import QueueLimits, WorkQueue
from otel_discord.testing.otlp import logs_batch
from otel_discord.testing.storage_contract_base import ROOMY, body

LOOK_EVERY_S: Final = 0.02
SLACK_S: Final = 3.0
"""Beyond the lease a take-over may take so long on a busy machine."""


@dataclass(frozen=True, slots=True)
class Machine:
    """A replica, and the cable between it and what is shared."""

    fleet: Fleet
    cut_off: Callable[[], None]
    """From now on it reaches nothing, and nothing is heard of it: as if it had crashed, but it goes on."""
    let_back: Callable[[], None]

    @property
    def name(self) -> str:
        """Its own name."""
        return next(replica.name for replica in self.fleet.replicas() if replica.is_self)


class FleetPlace(Protocol):
    """Where replicas meet; nothing is stored there yet."""

    @property
    def shards(self) -> int:
        """How many the fleet is to have."""
        ...

    @property
    def lease_s(self) -> float:
        """How long a seat stays a replica's without a word from it."""
        ...

    def machine(self, limits: QueueLimits = ROOMY) -> AbstractAsyncContextManager[Machine]:
        """Start one more replica, which takes part while the block runs."""
        ...


class FleetContractBase:
    """Where the fleets of the tests come from."""

    def place(self) -> AbstractAsyncContextManager[FleetPlace]:
        """Return the lifetime of a place of at least 4 shards."""
        raise NotImplementedError


@dataclass
class Worker:
    """Works on every seat that a replica gets: takes each batch, notes it and ends it."""

    fleet: Fleet
    seen: list[tuple[int, int, str]] = field(default_factory=list)
    """Shard, id and text of each batch, in the order of being taken."""
    seats: dict[int, Seat] = field(default_factory=dict)
    """Those that it has now."""
    queues: dict[int, WorkQueue] = field(default_factory=dict)
    limits: QueueLimits = ROOMY
    ends_batches: bool = True

    @asynccontextmanager
    async def working(self) -> AsyncIterator["Worker"]:
        """Work while the block runs."""
        tasks = {asyncio.create_task(self._work()) for _ in range(self.fleet.shards)}
        try:
            yield self
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)

    def texts(self, shard: int) -> list[str]:
        """Return the texts of a shard's batches, in the order of being taken."""
        return [text for of, _, text in self.seen if of == shard]

    async def _work(self) -> None:
        while True:
            async with self.fleet.next_seat() as seat, seat.open_queue(self.limits) as queue:
                self.seats[seat.shard], self.queues[seat.shard] = seat, queue
                tasks = [asyncio.create_task(self._drain(seat, queue)), asyncio.create_task(_answer(seat))]
                try:
                    await seat.ended()
                finally:
                    del self.seats[seat.shard], self.queues[seat.shard]
                    for task in tasks:
                        task.cancel()
                    await asyncio.wait(tasks)

    async def _drain(self, seat: Seat, queue: WorkQueue) -> None:
        try:
            while True:
                taken = await queue.take()
                self.seen.append((seat.shard, taken.id, body(taken.batch)))
                if self.ends_batches:
                    await queue.done(taken.id)
        except ShutdownError:
            return


async def _answer(seat: Seat) -> None:
    try:
        while True:
            question = await seat.next_question()
            await question.answer(b"%d: %s" % (seat.shard, question.body))
    except ShutdownError:
        return


def parts(text: str, *shards: int, priority: int = 0) -> Mapping[int, Part]:
    """Return a request that has something for each of some shards."""
    return {shard: Part(logs_batch(body=text), priority) for shard in shards}


async def until(what: Callable[[], object], timeout_s: float = 10.0) -> float:
    """Wait for something to come true; return how long that took."""
    begun_s = asyncio.get_running_loop().time()
    async with asyncio.timeout(timeout_s):
        while not what():  # noqa: ASYNC110 - a condition over several replicas has no event
            await asyncio.sleep(LOOK_EVERY_S)
    return asyncio.get_running_loop().time() - begun_s


async def until_all_sit(shards: int, *workers: Worker) -> None:
    """Wait until each shard's seat is one worker's, and all workers have as many, or one more."""

    def so_it_is() -> bool:
        held = [shard for worker in workers for shard in worker.seats]
        counts = [len(worker.seats) for worker in workers]
        return sorted(held) == list(range(shards)) and max(counts) - min(counts) <= 1

    await until(so_it_is)


def numbers(texts: Sequence[str], of: str) -> list[int]:
    """Return the numbers behind a name, in texts such as ``a-17``."""
    return [int(text.removeprefix(f"{of}-")) for text in texts if text.startswith(f"{of}-")]
