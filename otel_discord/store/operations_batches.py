"""What is done with batches, each a transaction. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from otel_discord.component.storage import NewCard, StoredBatch
from otel_discord.signals.batch import Batch
from otel_discord.store.batch_codec import from_bytes, to_bytes
from otel_discord.store.batch_order import Place
from otel_discord.store.ended_batches import Ended
from otel_discord.store.new_rows import insert_cards
from otel_discord.store.numbering import next_ids
from otel_discord.store.rows import payload_of, seal
from otel_discord.store.schema import BATCHES
from otel_discord.store.statements import columns
from otel_discord.store.work import Access, Query, Steps, Work

_ROUTED: Final = BATCHES.columns.index("routed")
_VALUES: Final = len(BATCHES.columns) - 3  # before payload_crc, checksum and payload


class Damage(Enum):
    """Comes instead of what was asked for."""

    DAMAGED = "the row is not as it was written"


@dataclass(frozen=True, slots=True)
class Routed:
    """What became of a batch that was routed. Without cards it has ended."""

    card_ids: range
    ended: list[Ended]


def put(owner: str, batch: Batch, priority: int, accepted_ns: int) -> Work[int]:
    """Store a batch; the result is its id."""

    def steps() -> Steps[int]:
        payload = to_bytes(batch)
        batch_id = yield from next_ids(BATCHES, 1)
        values = (batch_id, owner, batch.signal.value, priority, accepted_ns, batch.item_count, len(payload), 0, 0)
        yield Query(BATCHES.insert, seal(BATCHES, values, payload))
        return batch_id

    return Work("put", Access.ACCEPT, steps)


def look_ahead(owner: str, after: Place, limit: int) -> Work[list[Place]]:
    """Find the first ``limit`` batches that are not routed and stand behind ``after``."""

    def steps() -> Steps[list[Place]]:
        found = yield Query(
            "SELECT priority, id FROM batches WHERE owner = ? AND routed = 0 AND priority = ? AND id > ?"
            " ORDER BY id LIMIT ?",
            (owner, -after.rank, after.id, limit),
        )
        if len(found) < limit:
            found += yield Query(
                "SELECT priority, id FROM batches WHERE owner = ? AND routed = 0 AND priority < ?"
                " ORDER BY priority DESC, id LIMIT ?",
                (owner, -after.rank, limit - len(found)),
            )
        return [Place(-priority, batch_id) for priority, batch_id in found]

    return Work("look_ahead", Access.READ, steps)


def read_batch(owner: str, batch_id: int) -> Work[StoredBatch | Damage | None]:
    """Read a batch that is not routed; None where there is none."""

    def steps() -> Steps[StoredBatch | Damage | None]:
        rows = yield Query(
            f"SELECT {columns(BATCHES)} FROM batches WHERE id = ? AND owner = ? AND routed = 0",  # noqa: S608
            (batch_id, owner),
        )
        if not rows:
            return None
        payload = payload_of(BATCHES, rows[0])
        _, _, signal, priority, accepted_ns, *_ = rows[0]
        batch = None if payload is None else from_bytes(signal, payload)
        if batch is None:
            return Damage.DAMAGED
        return StoredBatch(batch_id, batch, priority, accepted_ns=accepted_ns)

    return Work("read_batch", Access.READ, steps)


def is_stored(owner: str, batch_id: int) -> Work[bool]:
    """Return whether a batch or a card that it opened waits."""

    def steps() -> Steps[bool]:
        rows = yield Query("SELECT 1 FROM batches WHERE id = ? AND owner = ?", (batch_id, owner))
        return bool(rows)

    return Work("is_stored", Access.READ, steps)


def done(owner: str, batch_id: int) -> Work[list[Ended]]:
    """Remove a batch that is not routed."""

    def steps() -> Steps[list[Ended]]:
        rows = yield Query(
            "DELETE FROM batches WHERE id = ? AND owner = ? AND routed = 0 RETURNING id, items, size_bytes, dead",
            (batch_id, owner),
        )
        return [Ended.of(row) for row in rows]

    return Work("done", Access.SETTLE, steps)


def route(owner: str, batch_id: int, cards: Sequence[NewCard]) -> Work[Routed]:
    """Put a batch's cards into their lanes and set its payload free; without cards it has ended.

    The work raises:
        KeyError: there is no such batch, or it was routed before; nothing is touched.
    """

    def steps() -> Steps[Routed]:
        rows = yield Query(
            f"SELECT {', '.join(BATCHES.columns[:_VALUES])} FROM batches"  # noqa: S608
            " WHERE id = ? AND owner = ? AND routed = 0",
            (batch_id, owner),
        )
        if not rows:
            raise KeyError(batch_id)
        if not cards:
            gone = yield Query("DELETE FROM batches WHERE id = ? RETURNING id, items, size_bytes, dead", (batch_id,))
            return Routed(range(0), [Ended.of(row) for row in gone])
        values = (*rows[0][:_ROUTED], 1, *rows[0][_ROUTED + 1 :])
        *_, payload_crc, checksum, payload = seal(BATCHES, values, None)
        yield Query(
            "UPDATE batches SET routed = 1, payload_crc = ?, checksum = ?, payload = ? WHERE id = ?",
            (payload_crc, checksum, payload, batch_id),
        )
        card_ids = yield from insert_cards(owner, [(card, batch_id) for card in cards])
        return Routed(card_ids, [])

    return Work("route", Access.SETTLE, steps)
