"""Works on who takes part: the fleet, its replicas, where destinations were placed. Pure."""

from collections.abc import Collection, Sequence
from typing import Final

from otel_discord.component.fleet import shard_owner
from otel_discord.extensions.db_storage.fleet.placing import place_new
from otel_discord.extensions.db_storage.fleet.room_works import make_rooms
from otel_discord.store.work import Access, Many, Query, Steps, Work

FORGOTTEN_S: Final = 3600
"""So long after its end a replica's rows are removed."""
_LATER: Final = "clock_timestamp() + ? * interval '1 millisecond'"


def inbox_name(owner: str, replica: str) -> str:
    """Return the name of the lease under which a replica puts."""
    return f"inbox {owner} {replica}"


def found_fleet(owner: str, shards: int) -> Work[int]:
    """Return how many shards a fleet has: so many as whoever came first said."""

    def steps() -> Steps[int]:
        yield Query("INSERT INTO fleets (owner, shards) VALUES (?, ?) ON CONFLICT (owner) DO NOTHING", (owner, shards))
        rows = yield Query("SELECT shards FROM fleets WHERE owner = ?", (owner,))
        found = int(rows[0][0])
        yield from make_rooms([shard_owner(owner, shard) for shard in range(found)])
        return found

    return Work("found_fleet", Access.SETTLE, steps)


def enrol(owner: str, replica: str, egress: str, lease_s: float) -> Work[None]:
    """Say that a replica lives; and forget those that have not for long."""

    def steps() -> Steps[None]:
        yield Query(
            f"INSERT INTO replicas (owner, name, egress, until) VALUES (?, ?, ?, {_LATER})"  # noqa: S608 - of ours
            " ON CONFLICT (owner, name) DO UPDATE SET until = excluded.until, egress = excluded.egress",
            (owner, replica, egress, int(lease_s * 1000)),
        )
        gone = yield Query(
            "SELECT name FROM replicas WHERE owner = ? AND until < clock_timestamp() - ? * interval '1 second'",
            (owner, FORGOTTEN_S),
        )
        if gone:
            names = [(inbox_name(owner, row[0]),) for row in gone]
            yield Many("DELETE FROM commits WHERE name = ?", names)
            yield Many("DELETE FROM leases WHERE name = ? AND until < clock_timestamp()", names)
            yield Many("DELETE FROM replicas WHERE owner = ? AND name = ?", [(owner, row[0]) for row in gone])

    return Work("enrol", Access.SETTLE, steps)


def stay(owner: str, replica: str, stay_s: float) -> Work[None]:
    """Say that a replica lives for so long at most."""

    def steps() -> Steps[None]:
        yield Query(
            f"UPDATE replicas SET until = least(until, {_LATER}) WHERE owner = ? AND name = ?",  # noqa: S608 - of ours
            (int(stay_s * 1000), owner, replica),
        )

    return Work("leave", Access.SETTLE, steps)


def silent_of(owner: str, replicas: Collection[str]) -> Work[set[str]]:
    """Return those of the replicas that are gone who have not given back what they had."""

    def steps() -> Steps[set[str]]:
        by_inbox = {inbox_name(owner, replica): replica for replica in replicas}
        found: set[str] = set()
        for inbox, replica in by_inbox.items():
            rows = yield Query("SELECT 1 FROM leases WHERE name = ? AND until > 'epoch'", (inbox,))
            if rows:
                found.add(replica)
        return found

    return Work("silent", Access.READ, steps)


def strike(owners: Collection[str], replica: str) -> Work[None]:
    """Say that a replica lives no more; and clear away what it has noted of its puts."""

    def steps() -> Steps[None]:
        names = [(inbox_name(owner, replica),) for owner in sorted(owners)]
        yield Many("DELETE FROM replicas WHERE owner = ? AND name = ?", [(owner, replica) for owner in sorted(owners)])
        yield Many("DELETE FROM commits WHERE name = ?", names)
        yield Many("DELETE FROM leases WHERE name = ?", names)

    return Work("leave", Access.SETTLE, steps)


def give_back_all(owner: str, replica: str, shards: int) -> Work[None]:
    """Give back every lease that a replica has for an owner."""

    def steps() -> Steps[None]:
        names = [inbox_name(owner, replica), *(shard_owner(owner, shard) for shard in range(shards))]
        yield Many(
            "UPDATE leases SET until = 'epoch' WHERE name = ? AND holder = ? AND until > 'epoch'",
            [(name, replica) for name in names],
        )

    return Work("give_back", Access.SETTLE, steps)


def place(owner: str, groups: Sequence[Collection[str]], shards: int) -> Work[dict[str, int]]:
    """Return the shards of the destinations named; those that have none get one."""

    def steps() -> Steps[dict[str, int]]:
        placed = yield from placed_now(owner)
        named = {member for group in groups for member in group}
        if not named <= placed.keys():
            yield Query("SELECT shards FROM fleets WHERE owner = ? FOR UPDATE", (owner,))
            placed = yield from placed_now(owner)
            new = place_new(placed, groups, shards)
            yield Many(
                "INSERT INTO placements (owner, destination, shard) VALUES (?, ?, ?)",
                [(owner, destination, shard) for destination, shard in new.items()],
            )
            placed = {**placed, **new}
        return {destination: placed[destination] for destination in named}

    return Work("place", Access.SETTLE, steps)


def placed(owner: str) -> Work[dict[str, int]]:
    """Return the shard of every destination that was ever placed."""
    return Work("placed", Access.READ, lambda: placed_now(owner))


def placed_now(owner: str) -> Steps[dict[str, int]]:
    """Read all of them; a part of a work."""
    rows = yield Query("SELECT destination, shard FROM placements WHERE owner = ?", (owner,))
    return {destination: int(shard) for destination, shard in rows}
