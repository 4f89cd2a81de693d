"""Whose a queue is: leases on the database's clock, each with a fence that grows with every holder. Works only. Pure.

A writing transaction notes itself in ``commits``, and can do so only while its fence is the one of today; the same
note tells, where the answer to a commit was lost, whether it was stored. It locks the lease's row meanwhile: who takes
a lease over waits for such a transaction to end, and a holder that was paused finds its fence gone.
"""

from dataclasses import dataclass
from typing import Final

from otel_discord.store.work import Access, Query, Steps, Work

MIGRATION: Final = "migrate-storage"
"""The lease of who moves the store: nobody else takes one meanwhile."""
_SHORT_LOCK_WAIT: Final = "SELECT set_config('lock_timeout', '500', true)"
"""Who holds the row longer is looked at: :func:`end_silent_transactions`."""
_KEPT: Final = 1000
"""Notes of one's own last commits that stay."""
_LEFT_S: Final = (
    "SELECT holder, fence, greatest(0, ceil(extract(epoch FROM until - clock_timestamp()) * 1000))::bigint FROM leases"
)


@dataclass(frozen=True, slots=True)
class Lease:
    """What its holder knows of a lease."""

    name: str
    holder: str
    fence: int


@dataclass(frozen=True, slots=True)
class Held:
    """A lease that is somebody else's."""

    name: str
    holder: str
    left_s: float


def acquire(name: str, holder: str, lease_s: float) -> Work[Lease | Held]:
    """Take a lease that nobody else has."""

    def steps() -> Steps[Lease | Held]:
        yield Query(_SHORT_LOCK_WAIT)
        if name != MIGRATION:
            moving = yield Query(f"{_LEFT_S} WHERE name = ? FOR SHARE", (MIGRATION,))
            for other, _, left_ms in moving:
                if left_ms and other != holder:
                    return Held(MIGRATION, other, left_ms / 1000)
        yield Query("INSERT INTO leases (name) VALUES (?) ON CONFLICT (name) DO NOTHING", (name,))
        rows = yield Query(f"{_LEFT_S} WHERE name = ? FOR UPDATE", (name,))
        other, fence, left_ms = rows[0]
        if left_ms and other != holder:
            return Held(name, other, left_ms / 1000)
        yield Query(
            "UPDATE leases SET holder = ?, fence = fence + 1, until = clock_timestamp() + ? * interval '1 millisecond'"
            " WHERE name = ?",
            (holder, int(lease_s * 1000), name),
        )
        yield Query("DELETE FROM commits WHERE name = ? AND fence <> ?", (name, fence))
        return Lease(name, holder, fence + 1)

    return Work("lease", Access.SETTLE, steps)


def renew(lease: Lease, lease_s: float, last_number: int) -> Work[bool]:
    """Keep a lease, also one that is over if nobody took it; False where somebody has."""

    def steps() -> Steps[bool]:
        rows = yield Query(
            "UPDATE leases SET until = clock_timestamp() + ? * interval '1 millisecond' WHERE name = ? AND fence = ?"
            " RETURNING fence",
            (int(lease_s * 1000), lease.name, lease.fence),
        )
        if last_number > _KEPT:
            yield Query(
                "DELETE FROM commits WHERE name = ? AND fence = ? AND number < ?",
                (lease.name, lease.fence, last_number - _KEPT),
            )
        return bool(rows)

    return Work("lease_renewal", Access.SETTLE, steps)


def release(lease: Lease) -> Work[None]:
    """Give a lease back; one that is somebody else's now stays so."""

    def steps() -> Steps[None]:
        yield Query(
            "UPDATE leases SET until = 'epoch' WHERE name = ? AND fence = ? AND holder = ?",
            (lease.name, lease.fence, lease.holder),
        )

    return Work("lease_release", Access.SETTLE, steps)


def find_holder(name: str) -> Work[Held | None]:
    """Return who has a lease, or had it last."""

    def steps() -> Steps[Held | None]:
        rows = yield Query(f"{_LEFT_S} WHERE name = ?", (name,))
        return Held(name, rows[0][0], rows[0][2] / 1000) if rows else None

    return Work("lease_holder", Access.READ, steps)


def end_all_others() -> Work[list[Held]]:
    """Return the other leases that are somebody's; where none is, end those that were: who was paused comes too late.

    For who holds ``MIGRATION``: without it one that is over could be kept on by its holder.
    """

    def steps() -> Steps[list[Held]]:
        yield Query("SELECT 1 FROM leases WHERE name <> ? ORDER BY name FOR UPDATE", (MIGRATION,))
        rows = yield Query(
            "SELECT name, holder, ceil(extract(epoch FROM until - clock_timestamp()) * 1000)::bigint FROM leases"
            " WHERE until > clock_timestamp() AND name <> ? ORDER BY name",
            (MIGRATION,),
        )
        if not rows:
            yield Query("UPDATE leases SET fence = fence + 1 WHERE name <> ?", (MIGRATION,))
        return [Held(name, holder, left_ms / 1000) for name, holder, left_ms in rows]

    return Work("end_leases", Access.SETTLE, steps)


def note_of_commit(lease: Lease, number: int) -> Query:
    """Return the statement that every writing transaction begins with; no row comes back where the lease is lost."""
    return Query(
        "INSERT INTO commits (name, fence, number) SELECT name, fence, ? FROM leases WHERE name = ? AND fence = ?"
        " FOR SHARE RETURNING number",
        (number, lease.name, lease.fence),
    )


def was_stored(lease: Lease, number: int) -> Work[bool | None]:
    """Return whether a transaction was committed, once it has ended for certain; None where nobody knows any more.

    Its lock on the lease's row is waited for; if it is in progress still, this fails for the lock and is asked again.
    """

    def steps() -> Steps[bool | None]:
        yield Query(_SHORT_LOCK_WAIT)
        today = yield Query("SELECT fence FROM leases WHERE name = ? FOR UPDATE", (lease.name,))
        rows = yield Query(
            "SELECT 1 FROM commits WHERE name = ? AND fence = ? AND number = ?", (lease.name, lease.fence, number)
        )
        if rows:
            return True
        # Who takes a lease leaves the notes of the holder before, not those of earlier ones.
        return False if today and today[0][0] - lease.fence <= 1 else None

    return Work("commit_in_doubt", Access.SETTLE, steps)


def end_silent_transactions(lease_s: float) -> Work[int]:
    """End transactions of this role that have held a lease's row for longer than a lease; return how many.

    A process that is paused, or cut off, in the middle of what it says is not idle to the server, which would wait for
    the rest of it. Ended by mistake, a transaction is repeated by whose it was.
    """

    def steps() -> Steps[int]:
        rows = yield Query(
            "SELECT pg_terminate_backend(a.pid) FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid"
            " WHERE l.locktype = 'relation' AND l.relation = 'leases'::regclass AND l.mode = 'RowShareLock'"
            " AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            " AND a.pid <> pg_backend_pid() AND a.usename = current_user"
            " AND a.xact_start < clock_timestamp() - ? * interval '1 millisecond'",
            (int(lease_s * 1000),),
        )
        return len(rows)

    return Work("end_silent", Access.READ, steps)
