"""Works on how many shards an exporter's rows are in, as the database knows it. Pure."""

from collections.abc import Sequence

from otel_discord.component.fleet import shard_owner
from otel_discord.extensions.db_storage.fleet.room_works import take_rooms_away
from otel_discord.store.spreading import forget_spread
from otel_discord.store.statements import marks
from otel_discord.store.work import Access, Query, Steps, Work


def fleet_size(owner: str) -> Work[int]:
    """Return how many shards the fleet has, or had, that worked on an owner's rows; 0: there was none."""

    def steps() -> Steps[int]:
        rows = yield Query("SELECT shards FROM fleets WHERE owner = ?", (owner,))
        return int(rows[0][0]) if rows else 0

    return Work("fleet_size", Access.READ, steps)


def end_fleet(owner: str, shards: int) -> Work[None]:
    """Let no replica put any more, and note that rows are not where a fleet looks for them.

    Before they are brought together: where that is interrupted, who comes next goes on with it or divides them anew.
    """

    def steps() -> Steps[None]:
        yield from forget_spread(owner)
        yield from take_rooms_away([shard_owner(owner, shard) for shard in range(shards)])

    return Work("end_fleet", Access.SETTLE, steps)


def forget_fleet(owner: str) -> Work[None]:
    """Note that an owner's rows are together again: who comes next founds a fleet anew, or works alone."""

    def steps() -> Steps[None]:
        yield Query("DELETE FROM placements WHERE owner = ?", (owner,))
        yield Query("DELETE FROM fleets WHERE owner = ?", (owner,))
        yield from forget_spread(owner)

    return Work("forget_fleet", Access.SETTLE, steps)


def other_replica(owner: str, own_name: str) -> Work[str]:
    """Return one of the other replicas of an owner's fleet that live; "" where none does."""

    def steps() -> Steps[str]:
        rows = yield Query(
            "SELECT name FROM replicas WHERE owner = ? AND name <> ? AND until > clock_timestamp() LIMIT 1",
            (owner, own_name),
        )
        return str(rows[0][0]) if rows else ""

    return Work("other_replica", Access.READ, steps)


def holder_among(names: Sequence[str], own_name: str) -> Work[str]:
    """Return who else has one of these leases; "" where nobody has."""

    def steps() -> Steps[str]:
        rows = yield Query(
            f"SELECT holder FROM leases WHERE name IN ({marks(len(names))}) AND until > clock_timestamp()"  # noqa: S608
            " AND holder <> ? LIMIT 1",
            (*names, own_name),
        )
        return str(rows[0][0]) if rows else ""

    return Work("holder_among", Access.READ, steps)
