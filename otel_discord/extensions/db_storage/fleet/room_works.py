"""Works on what shards have room for: puts of several requests at once, and what the holder of a seat says. Pure.

A put locks the rows of its shards' rooms, always in the same order, before it takes numbers: so batches of a shard
become visible in the order of their ids. A fleet that is no more has no rooms: who has not heard of it puts nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import NamedTuple

from otel_discord.component.errors import RetryableError
from otel_discord.component.fleet import FLEET_CHANGED, Turn
from otel_discord.component.storage import QueueLimits
from otel_discord.extensions.db_storage.fleet.turn_works import Lines, open_lines
from otel_discord.store.numbering import next_ids
from otel_discord.store.operations_arrivals import PackedBatch, SharedOpening
from otel_discord.store.operations_repair import open_queue
from otel_discord.store.room import Load, Room
from otel_discord.store.schema import BATCHES
from otel_discord.store.statements import marks
from otel_discord.store.work import Access, Many, Query, Row, Steps, Work

_COLUMNS = "last_id, put_requests, put_items, put_bytes, freed_requests, freed_items, freed_bytes"


class RoomRow(NamedTuple):
    """A shard's room as it is stored."""

    last_id: int
    """The highest id of a batch that was put."""
    put: Load
    freed: Load

    @classmethod
    def of(cls, values: Sequence[int]) -> "RoomRow":
        """Read the columns."""
        last_id, *loads = values
        return cls(last_id, Load(*loads[:3]), Load(*loads[3:]))

    @property
    def taken(self) -> Load:
        """What is there; where less than nothing is, a damaged row has been counted, and nothing is."""
        requests, items, size_bytes = (max(0, put - freed) for put, freed in zip(self.put, self.freed, strict=True))
        return Load(requests, items, size_bytes)


@dataclass(slots=True)
class Came:
    """What one transaction has put into one shard: after which id, and what, in the order of the ids."""

    previous_id: int
    batches: list[tuple[int, PackedBatch]] = field(default_factory=list)


class Put(NamedTuple):
    """A request's parts, by the owners of the shards that they are for."""

    parts: Mapping[str, PackedBatch]
    turn: Turn | None = None


class Refusal(Enum):
    """Why a put is not stored."""

    NO_ROOM = auto()
    OUT_OF_TURN = auto()


class PutAll(NamedTuple):
    """What became of puts: their ids by owner, in their order, or why there are none; and what came where."""

    ids: list[Mapping[str, int] | Refusal]
    came: Mapping[str, Came]


def put_all(puts: Sequence[Put], limits: QueueLimits, lines_owner: str = "", now_s: int = 0) -> Work[PutAll]:
    """Store several requests, each whole or not at all.

    Args:
        puts: in the order in which they take room, numbers, and their turns.
        limits: of each owner.
        lines_owner: under which name it is stored whose turn it was.
        now_s: Unix time.

    The work raises:
        RetryableError: the fleet is no more.
    """

    def steps() -> Steps[PutAll]:
        owners = sorted({owner for put in puts for owner in put.parts})
        rows = yield from _lock(owners)
        rooms = {owner: Room(limits, row.taken) for owner, row in rows.items()}
        lines = yield from open_lines(lines_owner, [put.turn for put in puts if put.turn is not None], now_s)
        taken = [_take(put, rooms, lines) for put in puts]
        count = sum(len(each) for each in taken if not isinstance(each, Refusal))
        batch_ids = iter((yield from next_ids(BATCHES, count)) if count else ())
        came = {owner: Came(rows[owner].last_id) for owner in owners}
        ids: list[Mapping[str, int] | Refusal] = []
        for each in taken:
            if isinstance(each, Refusal):
                ids.append(each)
                continue
            numbered = {owner: next(batch_ids) for owner in each}
            ids.append(numbered)
            for owner, batch_id in numbered.items():
                came[owner].batches.append((batch_id, each[owner]))
        came = {owner: each for owner, each in came.items() if each.batches}
        if came:
            yield Many(
                BATCHES.insert,
                [packed.row(batch_id, owner) for owner, each in came.items() for batch_id, packed in each.batches],
            )
            yield Many(
                "UPDATE rooms SET last_id = ?, put_requests = put_requests + ?, put_items = put_items + ?,"
                " put_bytes = put_bytes + ? WHERE owner = ?",
                [(each.batches[-1][0], *_total(each), owner) for owner, each in came.items()],
            )
        yield from lines.close(now_s)
        return PutAll(ids, came)

    return Work("put", Access.ACCEPT, steps)


def open_shard(owner: str, time_ns: int) -> Work[SharedOpening]:
    """Open a shard's queue while nobody puts into it, and set right how much room is taken.

    The work raises:
        RetryableError: the fleet is no more.
    """

    def steps() -> Steps[SharedOpening]:
        rows = yield from _lock([owner])
        opening = yield from open_queue(owner, time_ns).steps()
        highest = yield Query("SELECT max(id) FROM batches WHERE owner = ?", (owner,))
        last_id = max(rows[owner].last_id, int(highest[0][0] or 0))
        put = Load(*map(max, rows[owner].put, opening.load))
        freed = (at_all - there for at_all, there in zip(put, opening.load, strict=True))
        yield Query(
            "UPDATE rooms SET last_id = ?, put_requests = ?, put_items = ?, put_bytes = ?,"
            " freed_requests = ?, freed_items = ?, freed_bytes = ? WHERE owner = ?",
            (last_id, *put, *freed, owner),
        )
        return SharedOpening(opening._replace(last_batch_id=last_id), put)

    return Work("open", Access.SETTLE, steps)


def say_freed(owner: str, freed: Load) -> Work[None]:
    """Say how much of all that was put into a shard is there no more."""

    def steps() -> Steps[None]:
        yield Query(
            "UPDATE rooms SET freed_requests = ?, freed_items = ?, freed_bytes = ? WHERE owner = ?", (*freed, owner)
        )

    return Work("freed", Access.SETTLE, steps)


def make_rooms(owners: Sequence[str]) -> Steps[None]:
    """Make the rows that are not there; a part of a work."""
    yield Many("INSERT INTO rooms (owner) VALUES (?) ON CONFLICT DO NOTHING", [(owner,) for owner in sorted(owners)])


def take_rooms_away(owners: Sequence[str]) -> Steps[None]:
    """Let nobody put any more; who is putting is waited for. A part of a work."""
    yield from _lock_those_there(sorted(owners))
    yield Many("DELETE FROM rooms WHERE owner = ?", [(owner,) for owner in sorted(owners)])


def _lock(owners: Sequence[str]) -> Steps[dict[str, RoomRow]]:
    rows = yield from _lock_those_there(owners)
    if len(rows) < len(owners):
        raise RetryableError("the fleet was divided anew; start this process again", reason=FLEET_CHANGED)
    return {owner: RoomRow.of(values) for owner, *values in rows}


def _lock_those_there(owners: Sequence[str]) -> Steps[list[Row]]:
    if not owners:
        return []
    return (
        yield Query(
            f"SELECT owner, {_COLUMNS} FROM rooms WHERE owner IN ({marks(len(owners))})"  # noqa: S608 - marks
            " ORDER BY owner FOR UPDATE",
            owners,
        )
    )


def _take(put: Put, rooms: Mapping[str, Room], lines: Lines) -> Mapping[str, PackedBatch] | Refusal:
    """Take room, and the turn, for a put; return what is to be stored: nothing where that was done before."""
    if put.turn is not None and lines.has(put.turn):
        return {}
    if put.turn is not None and not lines.is_next(put.turn):
        return Refusal.OUT_OF_TURN
    if not all(rooms[owner].fits(packed.load) for owner, packed in put.parts.items()):
        return Refusal.NO_ROOM
    for owner, packed in put.parts.items():
        rooms[owner].take(packed.load)
    if put.turn is not None:
        lines.take(put.turn)
    return put.parts


def _total(came: Came) -> Load:
    loads = [packed.load for _, packed in came.batches]
    return Load(
        sum(each.requests for each in loads), sum(each.items for each in loads), sum(each.size_bytes for each in loads)
    )
