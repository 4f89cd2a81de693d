"""What is asked of the database about an address that several processes share. Works only; the clock is the database's.

Whoever renews has the address' row locked, so that shares are given one after another.
"""

import math
from typing import Final

from otel_discord.component.egress import Claim, Share
from otel_discord.extensions.db_storage.egress_grant import Portion, counted, grant
from otel_discord.store.work import Access, Query, Steps, Work

_UNITS: Final = 1000
"""Rates are stored in thousandths."""
_BAN_LEFT: Final = (
    "SELECT ceil(extract(epoch FROM banned_until - clock_timestamp()) * 1000)::bigint FROM egress"
    " WHERE label = ? AND banned_until > clock_timestamp() - interval '10 minutes'"
)
"""A ban is asked about until some time after its end; as long the invalid requests of a process that has died count."""


def renew_share(label: str, replica: str, claim: Claim, whole_per_s: float) -> Work[Share]:
    """Give a process its share of an address; what it was given before and still uses stays counted."""

    def steps() -> Steps[Share]:
        yield from _lock(label)
        yield Query(
            "DELETE FROM egress_shares WHERE label = ? AND until < clock_timestamp() - interval '10 minutes'", (label,)
        )
        rows = yield Query(
            "SELECT replica, CASE WHEN until > clock_timestamp() THEN granted ELSE 0 END,"
            " CASE WHEN until > clock_timestamp() THEN wanted ELSE -1 END, invalid FROM egress_shares WHERE label = ?",
            (label,),
        )
        others = [row for row in rows if row[0] != replica]
        held = max((float(row[1]) for row in rows if row[0] == replica), default=0.0)
        using = min(claim.using_per_s, held)
        living = [Portion(float(row[1]), float(row[2])) for row in others if row[2] >= 0]
        granted = math.floor(grant(Portion(using, claim.wanted_per_s), living, whole_per_s) * _UNITS) / _UNITS
        yield Query(
            "INSERT INTO egress_shares (label, replica, granted, wanted, invalid, until)"
            " VALUES (?, ?, ?::bigint / 1000.0, ?::bigint / 1000.0, ?,"
            " clock_timestamp() + ? * interval '1 millisecond')"
            " ON CONFLICT (label, replica) DO UPDATE SET granted = excluded.granted, wanted = excluded.wanted,"
            " invalid = excluded.invalid, until = excluded.until",
            (
                *(label, replica, math.ceil(counted(using, granted) * _UNITS)),
                *(math.ceil(claim.wanted_per_s * _UNITS), claim.invalid, int(claim.valid_s * 1000)),
            ),
        )
        return Share(granted, sum(int(row[3]) for row in others), (yield from _ban_left_s(label)))

    return Work("egress_share", Access.SETTLE, steps)


def ban_left_s(label: str) -> Work[float | None]:
    """Return how long an address stays banned; 0 where its time is over, None without a ban."""

    def steps() -> Steps[float | None]:
        return (yield from _ban_left_s(label))

    return Work("egress_look", Access.READ, steps)


def tell_ban(label: str, left_s: float | None) -> Work[None]:
    """Keep a ban, or that it is over. One that lasts longer stays."""

    def steps() -> Steps[None]:
        yield from _lock(label)
        if left_s is None:
            yield Query("UPDATE egress SET banned_until = 'epoch' WHERE label = ?", (label,))
            return
        yield Query(
            "UPDATE egress SET banned_until = greatest(banned_until, clock_timestamp() + ? * interval '1 millisecond')"
            " WHERE label = ?",
            (int(left_s * 1000), label),
        )

    return Work("egress_ban", Access.SETTLE, steps)


def free_share(label: str, replica: str) -> Work[None]:
    """Give a share back. The row stays: its invalid requests count on."""

    def steps() -> Steps[None]:
        yield Query(
            "UPDATE egress_shares SET granted = 0, wanted = 0, until = clock_timestamp()"
            " WHERE label = ? AND replica = ?",
            (label, replica),
        )

    return Work("egress_free", Access.SETTLE, steps)


def _lock(label: str) -> Steps[None]:
    yield Query("INSERT INTO egress (label) VALUES (?) ON CONFLICT (label) DO NOTHING", (label,))
    yield Query("SELECT 1 FROM egress WHERE label = ? FOR UPDATE", (label,))


def _ban_left_s(label: str) -> Steps[float | None]:
    rows = yield Query(_BAN_LEFT, (label,))
    return max(0.0, float(rows[0][0]) / 1000) if rows else None
