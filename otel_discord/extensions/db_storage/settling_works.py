"""Works on how many shards an exporter's rows are in, as the database knows it. Pure."""

from collections.abc import Sequence

from otel_discord.store.spreading import forget_spread
from otel_discord.store.statements import marks
from otel_discord.store.work import Access, Query, Steps, Work


def fleet_size(owner: str) -> Work[int]:
    """Return how many shards the fleet has, or had, that worked on an owner's rows; 0: there was none."""

    def steps() -> Steps[int]:
        rows = yield Query("SELECT shards FROM fleets WHERE owner = ?", (owner,))
        return int(rows[0][0]) if rows else 0

    return Work("fleet_size", Access.READ, steps)


def forget_fleet(owner: str) -> Work[None]:
    """Note that an owner's rows are together again: who comes next founds a fleet anew, or works alone."""

    def steps() -> Steps[None]:
        yield Query("DELETE FROM placements WHERE owner = ?", (owner,))
        yield Query("DELETE FROM fleets WHERE owner = ?", (owner,))
        yield from forget_spread(owner)

    return Work("forget_fleet", Access.SETTLE, steps)


def others_live(owner: str, own_name: str) -> Work[bool]:
    """Return whether other replicas of an owner's fleet live."""

    def steps() -> Steps[bool]:
        rows = yield Query(
            "SELECT 1 FROM replicas WHERE owner = ? AND name <> ? AND until > clock_timestamp() LIMIT 1",
            (owner, own_name),
        )
        return bool(rows)

    return Work("others_live", Access.READ, steps)


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
