"""One exporter's part of a fleet on PostgreSQL, on this replica."""

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Final, Protocol

from otel_discord.component.errors import ComponentError, RetryableError, ShutdownError, StartError
from otel_discord.component.fleet import FLEET_CHANGED, Part, Replica, Turn, shard_owner
from otel_discord.component.storage import QueueLimits
from otel_discord.extensions.db_storage import leases
from otel_discord.extensions.db_storage.boot_clock import boot_clock_s
from otel_discord.extensions.db_storage.failures import Failure
from otel_discord.extensions.db_storage.fleet import member_works, question_works
from otel_discord.extensions.db_storage.fleet.inbox import Inbox
from otel_discord.extensions.db_storage.fleet.repeating import Repeating
from otel_discord.extensions.db_storage.fleet.room_works import Came, Put
from otel_discord.extensions.db_storage.fleet.seat import PostgresSeat, Surroundings
from otel_discord.extensions.db_storage.fleet.turn_works import lines_of
from otel_discord.extensions.db_storage.fleet.view import View
from otel_discord.extensions.db_storage.fleet.watch import Member, Watch
from otel_discord.extensions.db_storage.leases import Lease
from otel_discord.extensions.db_storage.postgres import PostgresDatabase
from otel_discord.extensions.db_storage.transactor import FailedError
from otel_discord.store.operations_arrivals import packed
from otel_discord.store.room import Room, load_of

STAYING_S: Final = 1.5
"""So long a replica that leaves is still counted, so that seats do not wander when it joins anew at once."""
_LAST_WORD_S: Final = 2.0
_FIRST_PAUSE_S: Final = 0.1
_LONGEST_PAUSE_S: Final = 0.25


class OpenDatabase(Protocol):
    """Opens the database of a lease."""

    def __call__(
        self, name: str, taken: tuple[Lease, float] | None = None
    ) -> AbstractAsyncContextManager[PostgresDatabase]:
        """``taken``: the lease, and when it was asked for."""
        ...


@dataclass(frozen=True, slots=True)
class Means:
    """What a fleet works with."""

    repeating: Repeating
    open_database: OpenDatabase
    logger: logging.Logger
    on_damaged: Callable[[int], None]


class PostgresFleet:
    """A :class:`~otel_discord.component.fleet.Fleet`; see :func:`open_fleet`."""

    def __init__(self, member: Member, limits: QueueLimits, means: Means) -> None:
        self._member = member
        self._limits = limits
        self._means = means
        self.watch = Watch(member, means.repeating, means.logger)
        self.watch.on_view = self._tell_queues
        self.watch.on_back = self._probe
        name = member_works.inbox_name(member.owner, member.replica)
        self.inbox = Inbox(lambda: means.open_database(name), limits, self._came, means.logger, lines_of(member.owner))
        self._owners = {shard: shard_owner(member.owner, shard) for shard in range(member.shards)}
        self._shards = {owner: shard for shard, owner in self._owners.items()}
        self._around = Surroundings(member.owner, self.watch, means.repeating, means.logger, means.on_damaged)
        self._held: set[int] = set()
        self._seats: dict[int, PostgresSeat] = {}
        self._taking = asyncio.Lock()

    @property
    def shards(self) -> int:
        """How many there are."""
        return self._member.shards

    # -------------------------------------------------------------------------------------------------- placing

    async def place(self, groups: Sequence[Collection[str]]) -> Mapping[str, int]:
        """Return the shard of every destination named; those that have none get one."""
        return await self._means.repeating.run(member_works.place(self._member.owner, groups, self.shards))

    async def placed(self) -> Mapping[str, int]:
        """Return the shard of every destination that was ever placed."""
        return await self._means.repeating.run(member_works.placed(self._member.owner))

    # -------------------------------------------------------------------------------------------------- putting

    async def put(self, parts: Mapping[int, Part], turn: Turn | None = None) -> Mapping[int, int]:
        """Store what of one request belongs to which shard; return the batches' ids by shard."""
        if not parts and turn is None:
            return {}
        if self.watch.is_out:
            raise RetryableError("the fleet was divided anew; start this process again", reason=FLEET_CHANGED)
        packs = {shard: packed(part.batch, part.priority, part.accepted_ns) for shard, part in parts.items()}
        ids = await self.inbox.put(Put({self._owners[shard]: each for shard, each in packs.items()}, turn))
        return {self._shards[owner]: batch_id for owner, batch_id in ids.items()}

    async def wait_for_room(self, parts: Mapping[int, Part]) -> None:
        """Return when ``put`` would probably have room for these parts.

        Raises:
            ShutdownError: the fleet is closed.
        """
        loads = {shard: load_of(part.batch) for shard, part in parts.items()}
        while not self.watch.is_closed:
            await self.watch.next_look()  # what was seen last is older than the refusal that led here
            rooms = self.watch.view.rooms
            if all(
                Room(self._limits, rooms[shard].taken).fits(load) for shard, load in loads.items() if shard in rooms
            ):
                return
        raise ShutdownError("sending queue is stopped")

    def _came(self, came: Mapping[str, Came]) -> None:
        for owner, each in came.items():
            seat = self._seats.get(self._shards[owner])
            if seat is not None and seat.queue is not None:
                seat.queue.came_from_here(each.previous_id, each.batches)

    def _tell_queues(self, view: View) -> None:
        for shard, seat in self._seats.items():
            if seat.queue is not None and shard in view.rooms:
                seat.queue.may_have(view.rooms[shard].last_id)

    def _probe(self) -> None:
        self.inbox.probe()
        for seat in self._seats.values():
            seat.probe()

    # ---------------------------------------------------------------------------------------------------- seats

    @asynccontextmanager
    async def next_seat(self) -> AsyncIterator[PostgresSeat]:
        """Wait until this replica is to work on one more shard, and hold its seat as long as the block runs.

        Raises:
            ShutdownError: the fleet is closed.
        """
        shard, taken = await self._take_seat()
        extra = {"owner": self._owners[shard], "shard": shard}
        self._means.logger.info("the seat of a shard is taken", extra=extra)
        try:
            async with self._means.open_database(self._owners[shard], taken) as database:
                seat = PostgresSeat(shard, database, self._around)
                self._seats[shard] = seat
                try:
                    yield seat
                finally:
                    del self._seats[shard]
        finally:
            self._held.discard(shard)
            self._means.logger.info("the seat of a shard is given up", extra=extra)

    async def _take_seat(self) -> tuple[int, tuple[Lease, float]]:
        async with self._taking:
            while not self.watch.is_closed:
                for shard in self.watch.view.free_seats(self._member.replica, self.shards, self._held):
                    taken = await self._acquire(shard)
                    if taken is not None:
                        self._held.add(shard)
                        return shard, taken
                await self.watch.next_look()
        raise ShutdownError("the fleet is closed")

    async def _acquire(self, shard: int) -> tuple[Lease, float] | None:
        asked_s, member = boot_clock_s(), self._member
        try:
            got = await self._means.repeating.once(leases.acquire(self._owners[shard], member.replica, member.lease_s))
        except FailedError as error:
            if error.failure is Failure.BUSY:
                await self._means.repeating.last_word(leases.end_silent_transactions(member.lease_s), _LAST_WORD_S)
            return None
        return (got, asked_s) if isinstance(got, Lease) else None

    # ------------------------------------------------------------------------------------------------ questions

    async def ask(self, shard: int, body: bytes, timeout_s: float) -> bytes:
        """Ask who has a shard's seat; return the answer.

        Raises:
            RetryableError: there was no answer in time, or the storage is away. It may still be acted upon.
        """
        repeating, loop, token = self._means.repeating, asyncio.get_running_loop(), secrets.token_hex(16)
        deadline_s = loop.time() + timeout_s
        await repeating.run(question_works.ask(self._owners[shard], token, body, timeout_s))
        if shard in self._seats:
            self.watch.hurry()
        pause_s = _FIRST_PAUSE_S
        try:
            while (answer := await self._answer_to(token)) is None:
                left_s = deadline_s - loop.time()
                if left_s <= 0:
                    raise RetryableError(f"shard {shard} has not answered within {timeout_s:g} s", reason="no_answer")
                await asyncio.sleep(min(pause_s, left_s))
                pause_s = min(pause_s * 1.5, _LONGEST_PAUSE_S)
        finally:
            await repeating.last_word(question_works.withdraw(token), _LAST_WORD_S)
        return answer

    async def _answer_to(self, token: str) -> bytes | None:
        try:
            return await self._means.repeating.once(question_works.answer_to(token))
        except FailedError:
            return None  # it is asked for again until the time is over

    # -------------------------------------------------------------------------------------------------- telling

    def away(self) -> str:
        """Return why the storage has not been reached for some seconds; "" where it is there."""
        return self.watch.away(asyncio.get_running_loop().time())

    def replicas(self) -> Sequence[Replica]:
        """Return the replicas that live, by name."""
        return self.watch.view.replicas(self._member.replica)

    def seats(self) -> Mapping[int, str]:
        """Return who has the seat of each shard."""
        return self.watch.view.holders()


@asynccontextmanager
async def open_fleet(member: Member, limits: QueueLimits, means: Means) -> AsyncIterator[PostgresFleet]:
    """Take part in a fleet while the block runs.

    Raises:
        StartError: the server cannot be used.
    """
    fleet = PostgresFleet(member, limits, means)
    watch = fleet.watch
    try:
        try:
            await watch.look()
        except ComponentError as error:
            raise StartError(f"the fleet of {member.owner} cannot be joined: {error}") from error
        async with fleet.inbox.opened():
            looking = asyncio.create_task(watch.keep_looking(), name="fleet")
            try:
                yield fleet
            finally:
                watch.close()
                looking.cancel()
                await asyncio.wait({looking})
    finally:
        watch.close()
        owner, replica = member.owner, member.replica
        await means.repeating.last_word(member_works.give_back_all(owner, replica, member.shards), _LAST_WORD_S)
        await means.repeating.last_word(member_works.stay(owner, replica, STAYING_S), _LAST_WORD_S)
