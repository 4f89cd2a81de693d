"""What several put into one queue and one works on, each a transaction. Pure."""

from dataclasses import dataclass

from otel_discord.component.storage import StoredBatch
from otel_discord.signals.batch import Batch, LogsBatch
from otel_discord.store.batch_codec import from_bytes, to_bytes
from otel_discord.store.batch_order import Place
from otel_discord.store.ended_batches import whole
from otel_discord.store.frame import pack
from otel_discord.store.operations_repair import Opening
from otel_discord.store.room import Load
from otel_discord.store.rows import payload_of, seal_frame
from otel_discord.store.schema import BATCHES
from otel_discord.store.statements import columns, head_columns
from otel_discord.store.work import Access, Query, Row, Steps, Value, Work


@dataclass(frozen=True, slots=True)
class Arrival:
    """A batch that has come. ``stored``: what it is, where that was read along."""

    place: Place
    load: Load
    stored: StoredBatch | None = None


@dataclass(frozen=True, slots=True)
class SharedOpening:
    """What a queue knows when it opens; ``put`` is all that was ever put into it."""

    opening: Opening
    put: Load


@dataclass(frozen=True, slots=True)
class PackedBatch:
    """A batch as it will lie in its row, made before any lock is held."""

    batch: Batch
    priority: int
    accepted_ns: int
    load: Load
    frame: bytes

    def row(self, batch_id: int, owner: str) -> tuple[Value, ...]:
        """Return the row to store."""
        _, items, size_bytes = self.load
        signal = self.batch.signal.value
        values = (batch_id, owner, signal, self.priority, self.accepted_ns, items, size_bytes, 0, 0)
        return seal_frame(BATCHES, values, self.frame)


def packed(batch: Batch, priority: int, accepted_ns: int) -> PackedBatch:
    """Pack a batch; what its request was read from is not kept."""
    batch = batch.without_wire() if isinstance(batch, LogsBatch) else batch
    payload = to_bytes(batch)
    load = Load(1, batch.item_count, len(payload))
    return PackedBatch(batch, priority, accepted_ns, load, pack(payload))


def read_arrivals(owner: str, after_id: int, limit: int, most_bytes: int = 0) -> Work[list[Arrival]]:
    """Find the first ``limit`` batches with ids above ``after_id``, in the order of their ids.

    The first of them are read along, of ``most_bytes`` together at most.
    """

    def steps() -> Steps[list[Arrival]]:
        waiting = "FROM batches WHERE owner = ? AND routed = 0 AND id > ? ORDER BY id LIMIT ?"
        head, of_owner = head_columns(BATCHES), (owner, after_id, limit)
        if most_bytes:
            along = "CASE WHEN sum(size_bytes) OVER (ORDER BY id) <= ? THEN payload END"
            found = f"SELECT {columns(BATCHES)} {waiting}"
            rows = yield Query(f"SELECT {head}, {along} FROM ({found}) AS came ORDER BY id", (most_bytes, *of_owner))  # noqa: S608
        else:
            rows = yield Query(f"SELECT {head}, NULL {waiting}", of_owner)
        return [_arrival(row) for row in rows]

    return Work("arrivals", Access.READ, steps)


def _arrival(row: Row) -> Arrival:
    batch_id, _, signal, priority, accepted_ns, items, size_bytes, *_ = row
    payload = payload_of(BATCHES, row) if row[-1] is not None else None
    batch = None if payload is None else from_bytes(signal, payload)
    stored = None if batch is None else StoredBatch(batch_id, batch, priority, accepted_ns=accepted_ns)
    return Arrival(Place(-priority, batch_id), Load(1, whole(items), whole(size_bytes)), stored)
