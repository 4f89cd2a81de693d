"""What is put right when a queue opens, and when a damaged row is met. Each is a transaction. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from otel_discord.store.ended_batches import Ended, end_batches, whole
from otel_discord.store.new_rows import insert_letters
from otel_discord.store.numbering import last_ids
from otel_discord.store.remains import letter_of_batch, letter_of_card, letter_of_posted
from otel_discord.store.room import Load
from otel_discord.store.rows import is_sound
from otel_discord.store.schema import BATCHES, CARDS, POSTED
from otel_discord.store.statements import columns, marks, portions
from otel_discord.store.transfer import refuse_if_unfinished
from otel_discord.store.work import Access, Query, Steps, Work

_ROUTED: Final = BATCHES.columns.index("routed")
_LANE: Final = CARDS.columns.index("lane")
_BATCH_ID: Final = CARDS.columns.index("batch_id")


class Opening(NamedTuple):
    """What a queue knows when it opens: how much is stored, none of it read."""

    load: Load
    last_batch_id: int
    damaged: int
    """How many rows were found damaged; they are dead letters now."""


class Buried(NamedTuple):
    """What became of damaged rows."""

    rows: int
    ended: list[Ended]
    lanes: Mapping[str, int]
    """How many cards left each lane."""


def open_queue(owner: str, time_ns: int) -> Work[Opening]:
    """Put right what an earlier run or a salvage left behind, and return what is stored.

    Batches that are routed and have no card left are removed; numbering goes on above every row. Where nothing is to
    be put right, nothing is written.
    """

    def steps() -> Steps[Opening]:
        yield from refuse_if_unfinished()
        last = yield from last_ids()
        rows = yield Query(
            "SELECT id FROM batches WHERE owner = ? AND routed = 1"
            " AND NOT EXISTS (SELECT 1 FROM cards WHERE cards.batch_id = batches.id)",
            (owner,),
        )
        buried = yield from _bury_batches(owner, [row[0] for row in rows], time_ns)
        totals = yield Query(
            "SELECT count(*), coalesce(sum(items), 0), coalesce(sum(size_bytes), 0) FROM batches WHERE owner = ?",
            (owner,),
        )
        requests, items, size_bytes = (int(each) for each in totals[0])
        return Opening(Load(requests, items, size_bytes), last[BATCHES.name], buried.rows)

    return Work("open", Access.SETTLE, steps)


def bury_damaged_batches(owner: str, batch_ids: Sequence[int], time_ns: int) -> Work[Buried]:
    """Turn batches whose rows are damaged into dead letters."""
    return Work("bury", Access.SETTLE, lambda: _bury_batches(owner, batch_ids, time_ns))


def bury_damaged_cards(owner: str, card_ids: Sequence[int], time_ns: int) -> Work[Buried]:
    """Turn cards whose rows are damaged into dead letters."""

    def steps() -> Steps[Buried]:
        count = 0
        ended: list[Ended] = []
        lanes: Counter[str] = Counter()
        for ids in portions(card_ids):
            rows = yield Query(f"SELECT {columns(CARDS)} FROM cards WHERE id IN ({marks(len(ids))})", ids)  # noqa: S608
            yield from insert_letters(owner, [letter_of_card(row, time_ns) for row in rows])
            # By their numbers alone: whose they are may be what is damaged.
            yield Query(f"DELETE FROM cards WHERE id IN ({marks(len(ids))})", ids)  # noqa: S608
            ended += yield from end_batches([whole(row[_BATCH_ID]) for row in rows], dead=True)
            lanes.update(row[_LANE] for row in rows)
            count += len(rows)
        return Buried(count, ended, lanes)

    return Work("bury", Access.SETTLE, steps)


def bury_damaged_posted(owner: str, message_ids: Sequence[int], card_ids: Sequence[int], time_ns: int) -> Work[Buried]:
    """Forget messages and posted cards whose rows are damaged; what Discord does not show yet becomes dead letters."""

    def steps() -> Steps[Buried]:
        for ids in portions(message_ids):
            yield Query(f"DELETE FROM messages WHERE id IN ({marks(len(ids))})", ids)  # noqa: S608
        for ids in portions(card_ids):
            rows = yield Query(f"SELECT {columns(POSTED)} FROM posted WHERE id IN ({marks(len(ids))})", ids)  # noqa: S608
            yield from insert_letters(owner, filter(None, (letter_of_posted(row, time_ns) for row in rows)))
            yield Query(f"DELETE FROM posted WHERE id IN ({marks(len(ids))})", ids)  # noqa: S608
        return Buried(len(message_ids) + len(card_ids), [], {})

    return Work("bury", Access.SETTLE, steps)


def _bury_batches(owner: str, batch_ids: Sequence[int], time_ns: int) -> Steps[Buried]:
    """Remove batches. A sound one that was routed leaves no letter: its cards have told its story."""
    count = 0
    ended: list[Ended] = []
    for ids in portions(batch_ids):
        rows = yield Query(f"SELECT {columns(BATCHES)} FROM batches WHERE id IN ({marks(len(ids))})", ids)  # noqa: S608
        damaged = [row for row in rows if not (is_sound(BATCHES, row) and row[_ROUTED] == 1)]
        yield from insert_letters(owner, [letter_of_batch(row, time_ns) for row in damaged])
        dead = {row[0] for row in damaged}
        gone = yield Query(
            f"DELETE FROM batches WHERE id IN ({marks(len(ids))}) RETURNING id, items, size_bytes, dead",  # noqa: S608
            ids,
        )
        ended += [Ended.of(row, dead=row[0] in dead) for row in gone]
        count += len(damaged)
    return Buried(count, ended, {})
