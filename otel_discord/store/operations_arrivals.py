"""What several put into one queue and one works on, each a transaction. Pure."""

from dataclasses import dataclass

from otel_discord.signals.batch import Batch, LogsBatch
from otel_discord.store.batch_codec import to_bytes
from otel_discord.store.batch_order import Place
from otel_discord.store.ended_batches import whole
from otel_discord.store.frame import pack
from otel_discord.store.operations_repair import Opening
from otel_discord.store.room import Load
from otel_discord.store.rows import seal_frame
from otel_discord.store.schema import BATCHES
from otel_discord.store.work import Access, Query, Steps, Value, Work


@dataclass(frozen=True, slots=True)
class Arrival:
    """A batch that has come, none of it read."""

    place: Place
    load: Load


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


def read_arrivals(owner: str, after_id: int, limit: int) -> Work[list[Arrival]]:
    """Find the first ``limit`` batches with ids above ``after_id``, in the order of their ids."""

    def steps() -> Steps[list[Arrival]]:
        rows = yield Query(
            "SELECT id, priority, items, size_bytes FROM batches WHERE owner = ? AND routed = 0 AND id > ?"
            " ORDER BY id LIMIT ?",
            (owner, after_id, limit),
        )
        return [
            Arrival(Place(-priority, batch_id), Load(1, whole(items), whole(size_bytes)))
            for batch_id, priority, items, size_bytes in rows
        ]

    return Work("arrivals", Access.READ, steps)
