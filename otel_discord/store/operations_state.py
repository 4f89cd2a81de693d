"""What exporters remember: small values by key. Each operation is a transaction. Pure."""

from otel_discord.store.operations_batches import Damage
from otel_discord.store.rows import payload_of, seal
from otel_discord.store.schema import STATE
from otel_discord.store.statements import columns
from otel_discord.store.work import Access, Query, Steps, Work


def get_state(owner: str, key: str) -> Work[bytes | Damage | None]:
    """Read a value."""

    def steps() -> Steps[bytes | Damage | None]:
        rows = yield Query(f"SELECT {columns(STATE)} FROM state WHERE owner = ? AND key = ?", (owner, key))  # noqa: S608
        if not rows:
            return None
        value = payload_of(STATE, rows[0])
        return Damage.DAMAGED if value is None else value

    return Work("get_state", Access.READ, steps)


def set_state(owner: str, key: str, value: bytes | None) -> Work[None]:
    """Store or, with None, remove a value."""

    def steps() -> Steps[None]:
        yield Query("DELETE FROM state WHERE owner = ? AND key = ?", (owner, key))
        if value is not None:
            yield Query(STATE.insert, seal(STATE, (owner, key), value))

    return Work("state", Access.SETTLE, steps)
