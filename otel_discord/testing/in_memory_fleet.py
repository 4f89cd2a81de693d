"""A fleet in memory: several replicas in one loop that share shards, for tests of exporters without a database.

Time is the loop's, so that leases run out on a virtual clock. :meth:`InMemoryFleet.crash` is ``kill -9``,
:meth:`InMemoryFleet.pause` and :meth:`InMemoryFleet.resume` are SIGSTOP and SIGCONT, and ``is_away`` is a database that
does not answer.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass, field

from otel_discord.component.errors import QueueFullError, RetryableError, ShutdownError, StartError
from otel_discord.component.fleet import OUT_OF_TURN, Part, Question, Replica, Turn
from otel_discord.component.storage import QueueLimits, WorkQueue
from otel_discord.store.memory import MemoryQueue, MemoryStorage
from otel_discord.store.memory_shared_table import MemorySharedTable, MemorySharedTables, SharedValues
from otel_discord.testing.in_memory_shards import TICK_S, InMemoryQuestion, ShardQueue, fenced


class InMemoryFleet:
    """What replicas share, in the place of a database.

    ``lease_s`` is how long a seat, and being known as living, lasts without a word.
    """

    def __init__(self, shards: int = 8, lease_s: float = 3.0) -> None:
        self.shards = shards
        self.lease_s = lease_s
        self.is_away = False
        """The database does not answer: nothing is stored, read, or renewed."""
        self.tables: dict[str, SharedValues] = {}
        """The values of tables that replicas share, by owner."""
        self._works: dict[str, _Work] = {}

    def storage(self, replica: str, egress: str = "", *, is_shared: bool = True) -> "InMemorySharedStorage":
        """Return the storage as a process has it, which is the ``replica`` of that name."""
        return InMemorySharedStorage(self, replica, egress, is_shared=is_shared)

    def crash(self, replica: str) -> None:
        """Let a replica be killed: it says nothing any more, and nothing that it does is stored."""
        for work in self._works.values():
            if (member := work.members.get(replica)) is not None:
                member.die()

    def pause(self, replica: str) -> None:
        """Let a replica stand still, as far as its leases are concerned."""
        for work in self._works.values():
            if (member := work.members.get(replica)) is not None:
                member.is_paused = True

    def resume(self, replica: str) -> None:
        """Let a replica go on that stood still."""
        for work in self._works.values():
            if (member := work.members.get(replica)) is not None:
                member.is_paused = False

    def work_of(self, owner: str, limits: QueueLimits) -> "_Work":
        """Return what is shared for an exporter."""
        if owner not in self._works:
            self._works[owner] = _Work(self, [ShardQueue(limits) for _ in range(self.shards)])
        return self._works[owner]

    def queues(self, owner: str = "discord/logs") -> Sequence[MemoryQueue]:
        """Return the shards' queues as they are, for what a test wants to see."""
        return self._works[owner].queues if owner in self._works else ()


class InMemorySharedStorage(MemoryStorage):
    """One process' storage: :class:`~otel_discord.component.fleet.SharesWork`, and a storage as any other."""

    def __init__(self, fleet: InMemoryFleet, replica: str, egress: str = "", *, is_shared: bool = True) -> None:
        super().__init__()
        self._fleet = fleet
        self._replica = Replica(replica, egress, is_self=True)
        self._is_shared = is_shared

    @property
    def is_shared(self) -> bool:
        """Whether a fleet is to work on it."""
        return self._is_shared

    def open_shared_table(self, owner: str) -> AbstractAsyncContextManager[MemorySharedTable]:
        """Open the values of one component that every replica opens as well."""
        return MemorySharedTables(self._fleet.tables, lease_s=self._fleet.lease_s).open_shared_table(owner)

    @asynccontextmanager
    async def join(self, owner: str, limits: QueueLimits) -> AsyncIterator["InMemoryMember"]:
        """Take part in the work of one exporter.

        Raises:
            StartError: a replica of this name lives.
        """
        work = self._fleet.work_of(owner, limits)
        known = work.members.get(self._replica.name)
        if known is not None and known.lives:
            raise StartError(f"the replica {self._replica.name} is there already")
        member = work.members[self._replica.name] = InMemoryMember(work, self._replica)
        async with asyncio.TaskGroup() as tasks:
            beat = tasks.create_task(member.beat(), name=f"leases of {self._replica.name}")
            work.look()
            try:
                yield member
            finally:
                beat.cancel()
                member.leave()


@dataclass(slots=True)
class _SeatRow:
    holder: "InMemorySeat | None" = None
    until_s: float = 0.0


@dataclass(slots=True)
class _Work:
    """Of one exporter: shards, who lives, who has which seat, where destinations are."""

    fleet: InMemoryFleet
    queues: list[ShardQueue]
    members: "dict[str, InMemoryMember]" = field(default_factory=dict)
    placements: dict[str, int] = field(default_factory=dict)
    questions: dict[int, deque[InMemoryQuestion]] = field(default_factory=dict)
    seats: dict[int, _SeatRow] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    """The number that was put last, of each line."""
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.seats = {shard: _SeatRow() for shard in range(len(self.queues))}
        self.questions = {shard: deque() for shard in range(len(self.queues))}

    def look(self) -> None:
        """Let everybody look again."""
        self.news.set()
        self.news = asyncio.Event()

    def alive(self) -> list[str]:
        """Return who is known as living."""
        now_s = asyncio.get_running_loop().time()
        return sorted(name for name, member in self.members.items() if member.known_until_s > now_s)

    def assigned(self) -> dict[int, str]:
        """Return who is to have which seat: who has it keeps it unless that would not be fair."""
        names = self.alive()
        if not names:
            return {}
        # Those that have more keep the larger shares.
        having = {name: sum(self._holder(shard) == name for shard in self.seats) for name in names}
        left = dict(zip(sorted(names, key=lambda each: -having[each]), self._fair(len(names)), strict=True))
        given: dict[int, str] = {}
        for shard in self.seats:
            holder = self._holder(shard)
            if holder in left and left[holder] > 0:
                given[shard] = holder
                left[holder] -= 1
        for shard in self.seats:
            if shard not in given:
                name = max(left, key=lambda each: left[each])
                given[shard] = name
                left[name] -= 1
        return given

    def _fair(self, names: int) -> list[int]:
        each, more = divmod(len(self.seats), names)
        return [each + (number < more) for number in range(names)]

    def _holder(self, shard: int) -> str:
        row = self.seats[shard]
        return row.holder.member.replica.name if row.holder is not None else ""


class InMemorySeat:
    """A :class:`~otel_discord.component.fleet.Seat`."""

    def __init__(self, member: "InMemoryMember", shard: int) -> None:
        self.member = member
        self._shard = shard
        self.is_left = False
        """Nobody works on it here any more, and that could not be said: it runs out."""

    @property
    def shard(self) -> int:
        """Which one."""
        return self._shard

    @property
    def certain_s(self) -> float:
        """For how long it is certainly this replica's still."""
        row = self.member.work.seats[self._shard]
        if row.holder is not self or self.member.is_dead:
            return 0.0
        return row.until_s - asyncio.get_running_loop().time()

    @property
    def is_lost(self) -> bool:
        """Whether another replica may have it already."""
        return self.member.is_dead or self.member.work.seats[self._shard].holder is not self

    async def ended(self) -> None:
        """Return when it is to be given up."""
        while not self.is_lost and self._is_mine:
            await self.member.wait_for_news()

    @property
    def _is_mine(self) -> bool:
        member = self.member
        return member.is_away or member.work.assigned().get(self._shard) == member.replica.name

    @asynccontextmanager
    async def open_queue(self, limits: QueueLimits) -> AsyncIterator[WorkQueue]:
        """Open the shard's queue.

        Raises:
            ShutdownError: the seat is lost.
        """
        self.check()
        queue = self.member.work.queues[self._shard]
        queue.reopen(limits)
        try:
            yield fenced(queue, self)
        finally:
            if not self.is_lost:
                queue.abandon()

    async def next_question(self) -> Question:
        """Wait for a question, oldest first."""
        while True:
            self.check()
            asked = self.member.work.questions[self._shard]
            while asked and asked[0].answered.done():
                asked.popleft()
            if asked:
                return asked.popleft()
            await self.member.wait_for_news()

    def check(self) -> None:
        """Refuse who has lost the seat, and who reaches nobody.

        Raises:
            ShutdownError: the seat is lost.
            RetryableError: the database does not answer.
        """
        if self.is_lost:
            raise ShutdownError("the seat is another replica's")
        if self.member.is_away:
            raise RetryableError("the database does not answer")


class InMemoryMember:
    """A :class:`~otel_discord.component.fleet.Fleet`, as one replica has it."""

    def __init__(self, work: _Work, replica: Replica) -> None:
        self.work = work
        self.replica = replica
        self.is_paused = False
        self.is_dead = False
        self._is_closed = False
        self.known_until_s = asyncio.get_running_loop().time() + work.fleet.lease_s

    @property
    def lives(self) -> bool:
        """Whether it is there, and others know it."""
        return not self.is_dead and not self._is_closed and self.known_until_s > asyncio.get_running_loop().time()

    @property
    def is_away(self) -> bool:
        """Whether it reaches the database."""
        return self.is_paused or self.work.fleet.is_away

    async def beat(self) -> None:
        """Renew leases, until cancelled."""
        loop = asyncio.get_running_loop()
        while not self.is_dead:
            if not self.is_away:
                self.known_until_s = until_s = loop.time() + self.work.fleet.lease_s
                for row in self.work.seats.values():
                    if row.holder is not None and row.holder.member is self and not row.holder.is_left:
                        row.until_s = until_s
            await asyncio.sleep(self.work.fleet.lease_s / 3)

    def die(self) -> None:
        """Do nothing any more, without a word."""
        self.is_dead = True
        self.work.look()

    def leave(self) -> None:
        """Say that this replica is no more."""
        self._is_closed = True
        if not self.is_dead and not self.is_away:
            self.known_until_s = 0.0
        self.work.look()

    async def wait_for_news(self) -> None:
        """Return when there may be something new."""
        with suppress(TimeoutError):
            async with asyncio.timeout(TICK_S):
                await self.work.news.wait()

    # ------------------------------------------------------------------------------------------ what a fleet offers

    @property
    def shards(self) -> int:
        """How many there are."""
        return len(self.work.queues)

    async def place(self, groups: Sequence[Collection[str]]) -> Mapping[str, int]:
        """Return the shard of every destination named."""
        self._check()
        placements = self.work.placements
        for group in groups:
            known = [placements[name] for name in group if name in placements]
            used = list(placements.values())
            shard = known[0] if known else min(range(self.shards), key=lambda each: (used.count(each), each))
            for name in group:
                placements.setdefault(name, shard)
        return {name: placements[name] for group in groups for name in group}

    async def placed(self) -> Mapping[str, int]:
        """Return the shard of every destination that was ever placed."""
        self._check()
        return dict(self.work.placements)

    async def put(self, parts: Mapping[int, Part], turn: Turn | None = None) -> Mapping[int, int]:
        """Store parts, all in one step.

        Raises:
            QueueFullError: one of the shards has no room.
            RetryableError: the database does not answer, or the turn has not come.
            ShutdownError: this replica has left.
        """
        self._check()
        queues, lines = self.work.queues, self.work.lines
        if turn is not None and turn.number <= lines.get(turn.line, 0):
            return {}
        if turn is not None and lines.get(turn.line, 0) < turn.after:
            raise RetryableError("its predecessor is not stored", reason=OUT_OF_TURN)
        if not all(queues[shard].fits(part.batch) for shard, part in parts.items()):
            raise QueueFullError("sending queue is full")
        if turn is not None:
            lines[turn.line] = turn.number
        return {shard: await queues[shard].put_by_anybody(part) for shard, part in parts.items()}

    async def wait_for_room(self, parts: Mapping[int, Part]) -> None:
        """Return when there is room."""
        while not all(self.work.queues[shard].fits(part.batch) for shard, part in parts.items()):
            self._check()
            await self.wait_for_news()

    @asynccontextmanager
    async def next_seat(self) -> AsyncIterator[InMemorySeat]:
        """Wait for a seat that this replica is to have and that is free.

        Raises:
            ShutdownError: this replica has left.
        """
        seat = await self._free_seat()
        try:
            yield seat
        finally:
            seat.is_left = True
            row = self.work.seats[seat.shard]
            if row.holder is seat and not self.is_dead and not self.is_away:
                row.holder = None
                self.work.look()

    async def _free_seat(self) -> InMemorySeat:
        loop = asyncio.get_running_loop()
        while True:
            if self._is_closed or self.is_dead:
                raise ShutdownError("the fleet is closed")
            mine = [] if self.is_away else [s for s, name in self.work.assigned().items() if name == self.replica.name]
            for shard in mine:
                row = self.work.seats[shard]
                if row.holder is None or row.until_s <= loop.time():
                    row.holder, row.until_s = InMemorySeat(self, shard), loop.time() + self.work.fleet.lease_s
                    self.work.look()
                    return row.holder
            await self.wait_for_news()

    async def ask(self, shard: int, body: bytes, timeout_s: float) -> bytes:
        """Ask who has a shard's seat.

        Raises:
            RetryableError: there was no answer in time.
        """
        self._check()
        question = InMemoryQuestion(body)
        self.work.questions[shard].append(question)
        self.work.look()
        try:
            async with asyncio.timeout(timeout_s):
                return await question.answered
        except TimeoutError:
            question.answered.cancel()
            raise RetryableError(f"no replica has answered for shard {shard} within {timeout_s:g} s") from None

    def away(self) -> str:
        """Return why nothing can be stored or asked; "" where it can."""
        return "the storage is away: the database does not answer" if self.is_away else ""

    def replicas(self) -> Sequence[Replica]:
        """Return who lives."""
        members = self.work.members
        names = sorted({*self.work.alive(), self.replica.name})
        return [Replica(name, members[name].replica.egress, is_self=name == self.replica.name) for name in names]

    def seats(self) -> Mapping[int, str]:
        """Return who has which seat."""
        return {
            shard: row.holder.member.replica.name
            for shard, row in self.work.seats.items()
            if row.holder is not None and row.until_s > asyncio.get_running_loop().time()
        }

    def _check(self) -> None:
        if self._is_closed or self.is_dead:
            raise ShutdownError("the fleet is closed")
        if self.is_away:
            raise RetryableError("the database does not answer")
