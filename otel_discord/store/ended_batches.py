"""When a batch has ended: it is routed, and no card of it is left. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from otel_discord.store.rows import checksum, is_sound_head
from otel_discord.store.schema import BATCHES
from otel_discord.store.statements import by_ids, head_columns, portions
from otel_discord.store.work import Many, Row, Steps

_WITHOUT_CARDS: Final = "(SELECT cards.id FROM cards WHERE cards.batch_id = batches.id LIMIT 1) IS NULL"
"""Not as ``NOT EXISTS``: a planner may read all cards for that, where this looks into an index for each batch. For the
same reason it is ``routed + 0``: an index of what is routed would be read from its one end to the other."""
_DEAD: Final = BATCHES.columns.index("dead")


@dataclass(frozen=True, slots=True)
class Ended:
    """A batch that is gone, and the room that it took."""

    id: int
    items: int
    size_bytes: int
    dead: bool

    @classmethod
    def of(cls, row: Row, *, dead: bool = False) -> "Ended":
        """Read ``id, items, size_bytes, dead``; what is not a number any more counts nothing."""
        number, items, size_bytes, was_dead = row
        return cls(number, whole(items), whole(size_bytes), dead or was_dead == 1)


def whole(value: Any) -> int:
    """Return a number of a row that may be damaged, 0 where it is none."""
    return value if isinstance(value, int) and value > 0 else 0


def end_batches(batch_ids: Iterable[int], *, dead: bool = False) -> Steps[list[Ended]]:
    """Remove those of these batches that have ended; note of the others, where it is so, that a card of theirs died.

    0 and unknown ids are ignored.
    """
    ended: list[Ended] = []
    for ids in portions(batch_id for batch_id in batch_ids if batch_id):
        rows = yield by_ids(
            "DELETE FROM batches WHERE id",
            ids,
            after=f" AND routed + 0 = 1 AND {_WITHOUT_CARDS} RETURNING id, items, size_bytes, dead",
        )
        ended += [Ended.of(row, dead=dead) for row in rows]
        if dead and len(rows) < len(ids):
            gone = {row[0] for row in rows}
            yield from _mark_dead([batch_id for batch_id in ids if batch_id not in gone])
    return ended


def _mark_dead(batch_ids: list[int]) -> Steps[None]:
    rows = yield by_ids(f"SELECT {head_columns(BATCHES)} FROM batches WHERE id", batch_ids, after=" AND dead = 0")  # noqa: S608
    changed = [(*row[:_DEAD], 1, *row[_DEAD + 1 : -1]) for row in rows if is_sound_head(BATCHES, row)]
    if changed:
        yield Many(
            "UPDATE batches SET dead = 1, checksum = ? WHERE id = ?",
            [(checksum(BATCHES, values), values[0]) for values in changed],
        )
