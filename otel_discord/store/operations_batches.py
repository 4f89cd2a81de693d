"""What is done with batches, each a transaction. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import accumulate
from typing import Final, TypeAlias

from otel_discord.component.storage import Fold, NewCard, RoutedIds, StoredBatch, StoredCard
from otel_discord.signals.batch import Batch
from otel_discord.store.batch_codec import from_bytes, to_bytes
from otel_discord.store.batch_order import Place
from otel_discord.store.ended_batches import Ended, whole
from otel_discord.store.folding import fold_all
from otel_discord.store.new_rows import NO_BATCH, insert_cards
from otel_discord.store.numbering import next_ids
from otel_discord.store.rows import payload_of, seal
from otel_discord.store.schema import BATCHES
from otel_discord.store.statements import BY_ID_OF_OWNER, by_ids, columns, portions
from otel_discord.store.work import Access, Many, Query, Row, Steps, Value, Work

_ROUTED: Final = BATCHES.columns.index("routed")
_WAITS: Final = " AND routed + 0 = 0"
"""Written so that the ids are looked up: an index of what waits would be read from its one end to the other."""
_VALUES: Final = len(BATCHES.columns) - 3  # before payload_crc, checksum and payload


class Damage(Enum):
    """Comes instead of what was asked for."""

    DAMAGED = "the row is not as it was written"


Read: TypeAlias = dict[int, "StoredBatch | Damage"]
"""Batches by their ids."""


@dataclass(frozen=True, slots=True)
class Routed:
    """What a routing step has made: the cards in the order of their ids, and the batches that have ended, having none.

    ``payloads`` are those of the cards that were folded into, by their ids.
    """

    ids: RoutedIds
    cards: list[StoredCard]
    payloads: dict[int, bytes]
    ended: list[Ended]


def put(owner: str, batch: Batch, priority: int, accepted_ns: int) -> Work[int]:
    """Store a batch; the result is its id."""

    def steps() -> Steps[int]:
        payload = to_bytes(batch)
        (batch_id,) = yield from next_ids(BATCHES, 1)
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


def read_batches(owner: str, first: int, others: Sequence[int], most_bytes: int) -> Work[Read]:
    """Read a batch that is not routed, and of ``others`` as many of the first as are ``most_bytes`` together."""

    def steps() -> Steps[Read]:
        found: Read = {}
        chosen = [first, *(yield from _within(owner, others, most_bytes))]
        rows = yield by_ids(
            f"SELECT {columns(BATCHES)} FROM batches WHERE {BY_ID_OF_OWNER}",  # noqa: S608
            chosen,
            owner,
            after=_WAITS,
        )
        for row in rows:
            payload = payload_of(BATCHES, row)
            batch_id, _, signal, priority, accepted_ns, *_ = row
            batch = None if payload is None else from_bytes(signal, payload)
            found[batch_id] = (
                Damage.DAMAGED if batch is None else StoredBatch(batch_id, batch, priority, accepted_ns=accepted_ns)
            )
        return found

    return Work("read_batch", Access.READ, steps)


def _within(owner: str, batch_ids: Sequence[int], most_bytes: int) -> Steps[list[int]]:
    if not batch_ids:
        return []
    rows = yield by_ids(
        f"SELECT id, size_bytes FROM batches WHERE {BY_ID_OF_OWNER}",  # noqa: S608
        batch_ids,
        owner,
    )
    size_of = {batch_id: whole(size_bytes) for batch_id, size_bytes in rows}
    total_bytes = accumulate(size_of.get(batch_id, 0) for batch_id in batch_ids)
    return [batch_id for batch_id, size_bytes in zip(batch_ids, total_bytes, strict=True) if size_bytes <= most_bytes]


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


def route(owner: str, cards: Mapping[int, Sequence[NewCard]], folds: Sequence[Fold] = ()) -> Work[Routed]:
    """Put batches' cards into their lanes, in this order, and set their payloads free; without cards one has ended.
    Then let cards count for more; where one is not there, another is made.

    Batches that are not there, or were routed before, are left out.
    """

    def steps() -> Steps[Routed]:
        found: dict[int, Row] = {}
        for ids in portions(cards):
            rows = yield by_ids(
                f"SELECT {', '.join(BATCHES.columns[:_VALUES])} FROM batches WHERE {BY_ID_OF_OWNER}",  # noqa: S608
                ids,
                owner,
                after=_WAITS,
            )
            found.update((row[0], row) for row in rows)
        ended = yield from _remove([batch_id for batch_id in found if not cards[batch_id]])
        opened = [batch_id for batch_id in cards if batch_id in found and cards[batch_id]]
        if opened:
            yield Many(
                "UPDATE batches SET routed = 1, payload_crc = ?, checksum = ?, payload = ? WHERE id = ?",
                [(*_without_payload(found[batch_id]), batch_id) for batch_id in opened],
            )
        lost = yield from fold_all(owner, folds)
        new = [(card, batch_id) for batch_id in opened for card in cards[batch_id]]
        new += [(fold.otherwise, NO_BATCH) for fold in lost]
        card_ids = yield from insert_cards(owner, new)
        stored = [
            StoredCard(card_id, card.lane, card.priority, card.payload)
            for card_id, (card, _) in zip(card_ids, new, strict=True)
        ]
        of_batch: dict[int, Sequence[int]] = {}
        rest: Sequence[int] = card_ids
        for batch_id, of_this in cards.items():
            if batch_id in found:
                of_batch[batch_id], rest = rest[: len(of_this)], rest[len(of_this) :]
        otherwise = dict(zip((fold.card_id for fold in lost), rest, strict=True))
        payloads = {fold.card_id: fold.payload for fold in folds if fold.card_id not in otherwise}
        return Routed(RoutedIds(of_batch, otherwise), stored, payloads, ended)

    return Work("route", Access.SETTLE, steps)


def _remove(batch_ids: Sequence[int]) -> Steps[list[Ended]]:
    ended: list[Ended] = []
    for ids in portions(batch_ids):
        rows = yield by_ids("DELETE FROM batches WHERE id", ids, after=" RETURNING id, items, size_bytes, dead")
        ended += [Ended.of(row) for row in rows]
    return ended


def _without_payload(row: Row) -> tuple[Value, ...]:
    """Return what changes in a row when its batch is routed: the checksum of the payload, its own, and the payload."""
    return seal(BATCHES, (*row[:_ROUTED], 1, *row[_ROUTED + 1 :]), None)[-3:]
