"""What a replica sees of its fleet at one look, and what follows from it for itself. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from otel_discord.component.fleet import Replica, shard_owner
from otel_discord.extensions.db_storage.fleet.assignment import assignment
from otel_discord.extensions.db_storage.fleet.room_works import RoomRow
from otel_discord.store.work import Access, Query, Row, Steps, Work

_ROOM, _LEASE, _REPLICA, _QUESTION, _FLEET = range(1, 6)
_NOW: Final = "clock_timestamp()"
_LOOK: Final = f"""
    SELECT {_ROOM}, owner, '', last_id, put_requests, put_items, put_bytes, freed_requests, freed_items, freed_bytes
      FROM rooms WHERE owner = ? OR owner > ? AND owner < ?
    UNION ALL
    SELECT {_LEASE}, name, holder, greatest(0, ceil(extract(epoch FROM until - {_NOW}) * 1000))::bigint,
           0, 0, 0, 0, 0, 0
      FROM leases WHERE name = ? OR name > ? AND name < ?
    UNION ALL
    SELECT {_REPLICA}, name, egress, 0, 0, 0, 0, 0, 0, 0 FROM replicas WHERE owner = ? AND until > {_NOW}
    UNION ALL
    SELECT {_QUESTION}, owner, '', id, 0, 0, 0, 0, 0, 0
      FROM questions WHERE answer IS NULL AND until > {_NOW} AND (owner = ? OR owner > ? AND owner < ?)
    UNION ALL
    SELECT {_FLEET}, owner, '', shards, 0, 0, 0, 0, 0, 0 FROM fleets WHERE owner = ?
"""  # noqa: S608 - numbers and names of ours


@dataclass(frozen=True, slots=True)
class SeatRow:
    """A seat's lease: who has it, or had it last, and for how long still."""

    holder: str
    left_s: float


@dataclass(frozen=True, slots=True)
class View:
    """One look. ``egress`` is the label of each replica that lives; what a shard has no row for is left out."""

    egress: Mapping[str, str] = field(default_factory=dict)
    seats: Mapping[int, SeatRow] = field(default_factory=dict)
    rooms: Mapping[int, RoomRow] = field(default_factory=dict)
    questions: Mapping[int, Sequence[int]] = field(default_factory=dict)
    """The open ones of each shard, oldest first."""
    shards: int | None = None
    """How many the fleet has; 0: it is no more. None: nobody has looked yet."""

    def replicas(self, own: str) -> list[Replica]:
        """Return those that live, by name."""
        return [Replica(name, self.egress[name], name == own) for name in sorted(self.egress)]

    def holders(self) -> dict[int, str]:
        """Return who has each seat that is somebody's."""
        return {shard: seat.holder for shard, seat in self.seats.items() if seat.left_s > 0}

    def assigned(self, replica: str, shards: int) -> set[int]:
        """Return the shards that a replica is to work on; none where the fleet is not the one that it has joined."""
        if self.shards not in (shards, None):
            return set()
        return {shard for shard, name in assignment(self.egress, shards).items() if name == replica}

    def free_seats(self, replica: str, shards: int, held: Collection[int]) -> list[int]:
        """Return the seats that a replica is to take now."""
        holders = self.holders()
        return [
            shard
            for shard in sorted(self.assigned(replica, shards))
            if shard not in held and holders.get(shard, replica) == replica
        ]


def look(owner: str, shards: int) -> Work[View]:
    """Look once: one statement."""

    def steps() -> Steps[View]:
        of_owner = (owner, f"{owner}#", f"{owner}$")  # "$" comes next after "#"
        rows = yield Query(_LOOK, (*of_owner, *of_owner, owner, *of_owner, owner))
        return view_of(rows, {shard_owner(owner, shard): shard for shard in range(shards)})

    return Work("look", Access.READ, steps)


def view_of(rows: Sequence[Row], shard_of: Mapping[str, int]) -> View:
    """Read the rows of a look; those of others' owners are left out."""
    fleet_shards = 0
    egress: dict[str, str] = {}
    seats: dict[int, SeatRow] = {}
    rooms: dict[int, RoomRow] = {}
    questions: dict[int, list[int]] = {}
    for kind, name, word, *numbers in rows:
        shard = shard_of.get(name)
        if kind == _REPLICA:
            egress[name] = word
        elif kind == _FLEET:
            fleet_shards = numbers[0]
        elif shard is None:
            continue
        elif kind == _ROOM:
            rooms[shard] = RoomRow.of(numbers)
        elif kind == _LEASE:
            seats[shard] = SeatRow(word, numbers[0] / 1000)
        else:
            questions.setdefault(shard, []).append(numbers[0])
    return View(egress, seats, rooms, {shard: sorted(ids) for shard, ids in questions.items()}, fleet_shards)
