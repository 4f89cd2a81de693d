"""What one process has stored is divided among the shards of a fleet. Works, each a portion that may be repeated. Pure.

Cards, messages and letters go where their lane belongs. A batch that is routed goes with its cards where all of them go
to one shard; of one whose cards go to several the room that it took is given back with the last that stays. Batches
that are not routed are divided by who knows how, in their order, under new numbers: those up to a noted one are still
to be divided.
"""

from collections.abc import Sequence
from typing import Final

from otel_discord.component.fleet import shard_owner
from otel_discord.component.resharding import Layout
from otel_discord.store.batch_codec import from_bytes, to_bytes
from otel_discord.store.ended_batches import whole
from otel_discord.store.numbering import last_ids, next_ids
from otel_discord.store.rehoming import MOST_ROWS, rehome, rehome_cards
from otel_discord.store.rows import is_sound_number, payload_of, seal, seal_frame
from otel_discord.store.schema import BATCHES, CARDS, LETTERS, META, STATE, Table
from otel_discord.store.statements import columns, head_columns, marks
from otel_discord.store.work import Access, Many, Query, Row, Steps, Value, Work

_LETTER_DESTINATION: Final = LETTERS.columns.index("destination")
_MOST_BYTES: Final = 4 << 20


def spread_key(owner: str) -> str:
    """Return under which name ``meta`` notes among how many shards an owner's rows were divided."""
    return f"spread {owner}"


def _limit_key(owner: str) -> str:
    return f"spreading {owner}"


def spread_among(owner: str) -> Work[int]:
    """Return among how many shards an owner's rows were divided, all of them; 0: they were not."""
    return Work("spread_among", Access.READ, lambda: _noted(spread_key(owner)))


def is_spreading(owner: str) -> Work[bool]:
    """Return whether an owner's rows are being divided, or were when somebody was interrupted."""

    def steps() -> Steps[bool]:
        return (yield from _noted(_limit_key(owner))) > 0

    return Work("is_spreading", Access.READ, steps)


def begin_spread(owner: str) -> Work[int]:
    """Return up to which number batches are still to be divided."""

    def steps() -> Steps[int]:
        limit = yield from _noted(_limit_key(owner))
        if not limit:
            limit = (yield from last_ids())[BATCHES.name] + 1
            yield from _note(_limit_key(owner), limit)
        return limit - 1

    return Work("spread_begin", Access.SETTLE, steps)


def complete_spread(owner: str, shards: int) -> Work[None]:
    """Note that all is divided."""

    def steps() -> Steps[None]:
        yield from _note(_limit_key(owner), 0)
        yield from _note(spread_key(owner), shards)

    return Work("spread_complete", Access.SETTLE, steps)


def forget_spread(owner: str) -> Steps[None]:
    """Note that rows are under one owner again."""
    yield from _note(_limit_key(owner), 0)
    yield from _note(spread_key(owner), 0)


def forget_all_spreads() -> Steps[None]:
    """Note of every owner that its rows are together."""
    for prefix in (spread_key(""), _limit_key("")):
        yield Query("DELETE FROM meta WHERE key >= ? AND key < ?", (prefix, prefix.replace(" ", "!")))  # "!" comes next


def spread_routed(owner: str, layout: Layout, after_id: int) -> Work[int | None]:
    """Let routed batches go with their cards; return the last one looked at, None: there was none."""

    def steps() -> Steps[int | None]:
        heads = yield Query(
            f"SELECT {head_columns(BATCHES)} FROM batches WHERE owner = ? AND routed = 1 AND id > ?"  # noqa: S608
            f" ORDER BY id LIMIT {MOST_ROWS}",
            (owner, after_id),
        )
        if not heads:
            return None
        ids = [head[0] for head in heads]
        pairs = yield Query(
            f"SELECT DISTINCT batch_id, lane FROM cards WHERE batch_id IN ({marks(len(ids))})",  # noqa: S608
            ids,
        )
        shards_of: dict[int, set[int]] = {}
        for batch_id, lane in pairs:
            shards_of.setdefault(batch_id, set()).add(_shard(layout, lane))
        going: dict[int, list[Row]] = {}
        for head in heads:
            shards = shards_of.get(head[0], {0})
            if len(shards) == 1 and shards != {0}:
                going.setdefault(next(iter(shards)), []).append(head)
        for shard, some in going.items():
            yield from rehome(BATCHES, some, shard_owner(owner, shard))
        return int(ids[-1])

    return Work("spread_batches", Access.SETTLE, steps)


def next_lane(table: Table, owner: str, after: str | None) -> Work[str | None]:
    """Find the lane that comes next among an owner's rows, by one look into an index."""

    def steps() -> Steps[str | None]:
        rows = yield Query(
            f"SELECT lane FROM {table.name} WHERE owner = ?{'' if after is None else ' AND lane > ?'}"  # noqa: S608
            " ORDER BY lane LIMIT 1",
            (owner,) if after is None else (owner, after),
        )
        return str(rows[0][0]) if rows else None

    return Work("next_lane", Access.READ, steps)


def spread_lane(table: Table, owner: str, lane: str, target: str) -> Work[int]:
    """Give a portion of a lane's rows to a shard; return how many they were, 0: none is left."""

    def steps() -> Steps[int]:
        heads = yield Query(
            f"SELECT {head_columns(table)} FROM {table.name} WHERE owner = ? AND lane = ? LIMIT {MOST_ROWS}",  # noqa: S608
            (owner, lane),
        )
        if table is not CARDS:
            yield from rehome(table, heads, target)
            return len(heads)
        ids = list({whole(head[CARDS.columns.index("batch_id")]) for head in heads})
        kept: set[int] = set()
        if ids:
            rows = yield Query(
                f"SELECT id FROM batches WHERE id IN ({marks(len(ids))}) AND owner = ?",  # noqa: S608
                (*ids, target),
            )
            kept = {row[0] for row in rows}
        yield from rehome_cards(heads, target, kept.__contains__)
        return len(heads)

    return Work("spread_lane", Access.SETTLE, steps)


def spread_letters(owner: str, layout: Layout, after_id: int) -> Work[int | None]:
    """Let dead letters go where their destination belongs; return the last one looked at, None: there was none."""

    def steps() -> Steps[int | None]:
        heads = yield Query(
            f"SELECT {head_columns(LETTERS)} FROM letters WHERE owner = ? AND id > ? ORDER BY id LIMIT {MOST_ROWS}",  # noqa: S608
            (owner, after_id),
        )
        going: dict[int, list[Row]] = {}
        for head in heads:
            shard = _shard(layout, head[_LETTER_DESTINATION])
            if shard:
                going.setdefault(shard, []).append(head)
        for shard, some in going.items():
            yield from rehome(LETTERS, some, shard_owner(owner, shard))
        return int(heads[-1][0]) if heads else None

    return Work("spread_letters", Access.SETTLE, steps)


def spread_state(owner: str, layout: Layout) -> Work[None]:
    """Let what is remembered of a lane go where it belongs; what is the whole exporter's every shard gets."""

    def steps() -> Steps[None]:
        rows = yield Query(f"SELECT {columns(STATE)} FROM state WHERE owner = ? ORDER BY key", (owner,))  # noqa: S608
        new: list[tuple[Value, ...]] = []
        going: list[tuple[str, str]] = []
        for row in rows:
            if payload_of(STATE, row) is None:
                continue
            key, frame = str(row[1]), row[-1]
            lane = layout.lane_of_key(key)
            shards = range(1, layout.shards) if lane is None else [_shard(layout, lane)]
            targets = [shard_owner(owner, shard) for shard in shards if shard]
            new += [seal_frame(STATE, (target, key), frame) for target in targets]
            if lane is not None and targets:
                going.append((owner, key))
        if new:
            yield Many("DELETE FROM state WHERE owner = ? AND key = ?", [(row[0], row[1]) for row in new])
            yield Many(STATE.insert, new)
        if going:
            yield Many("DELETE FROM state WHERE owner = ? AND key = ?", going)

    return Work("spread_state", Access.SETTLE, steps)


def unplaced_batches(owner: str, up_to_id: int) -> Work[list[list[int]]]:
    """Find the batches that are to be divided, by their ids in their order, in portions of a transaction each."""

    def steps() -> Steps[list[list[int]]]:
        rows = yield Query(
            "SELECT id, size_bytes FROM batches WHERE owner = ? AND routed = 0 AND id <= ? ORDER BY id",
            (owner, up_to_id),
        )
        portions: list[list[int]] = []
        left_bytes = 0
        for batch_id, size_bytes in rows:
            if left_bytes <= 0 or len(portions[-1]) >= MOST_ROWS:
                portions.append([])
                left_bytes = _MOST_BYTES
            portions[-1].append(batch_id)
            left_bytes -= whole(size_bytes)
        return portions

    return Work("unplaced_batches", Access.READ, steps)


def divide_batches(owner: str, layout: Layout, batch_ids: Sequence[int]) -> Work[None]:
    """Store the parts of batches in place of them. One that cannot be read stays, to be met by who has that queue."""

    def steps() -> Steps[None]:
        rows = yield Query(
            f"SELECT {columns(BATCHES)} FROM batches WHERE owner = ? AND routed = 0 AND id IN ({marks(len(batch_ids))})"  # noqa: S608
            " ORDER BY id",
            (owner, *batch_ids),
        )
        parts: list[tuple[str, Row, bytes, int]] = []
        divided: list[tuple[Value, ...]] = []
        for row in rows:
            payload = payload_of(BATCHES, row)
            batch = None if payload is None else from_bytes(row[2], payload)
            if batch is None:
                continue
            divided.append((row[0],))
            for shard, part in sorted(layout.parts_of(batch).items()):
                parts.append((shard_owner(owner, shard), row, to_bytes(part), part.item_count))
        if divided:
            yield Many("DELETE FROM batches WHERE id = ?", divided)
        if parts:
            numbers = yield from next_ids(BATCHES, len(parts))
            yield Many(
                BATCHES.insert,
                [
                    seal(BATCHES, (number, target, row[2], row[3], row[4], items, len(payload), 0, 0), payload)
                    for number, (target, row, payload, items) in zip(numbers, parts, strict=True)
                ],
            )

    return Work("divide_batches", Access.SETTLE, steps)


def _shard(layout: Layout, lane: object) -> int:
    """Return where a lane belongs; what no text is any more stays."""
    shard = layout.shard_of_lane(lane) if isinstance(lane, str) else 0
    return shard if 0 <= shard < layout.shards else 0


def _noted(key: str) -> Steps[int]:
    rows = yield Query("SELECT key, value, mirror FROM meta WHERE key = ?", (key,))
    return int(rows[0][1]) if rows and is_sound_number(rows[0]) else 0


def _note(key: str, value: int) -> Steps[None]:
    yield Query("DELETE FROM meta WHERE key = ?", (key,))
    if value:
        yield Query(META.insert, (key, value, -value))
