"""Rows that get another owner: sealed anew over what they say, payloads neither read nor touched. Pure.

A row that is damaged gets the owner alone; its checksum goes on saying that it is damaged.
"""

from collections.abc import Callable, Sequence
from typing import Final

from otel_discord.store.rows import checksum, is_sound_head
from otel_discord.store.schema import CARDS, Table
from otel_discord.store.statements import head_columns
from otel_discord.store.work import Access, Many, Query, Row, Steps, Work

MOST_ROWS: Final = 500
"""In one transaction."""
_BATCH_ID: Final = CARDS.columns.index("batch_id")


def rehome(table: Table, heads: Sequence[Row], owner: str) -> Steps[None]:
    """Give rows, each without its payload, to an owner. The id is a row's first column, the owner its second."""
    sound = [(head[0], owner, *head[2:-1]) for head in heads if is_sound_head(table, head)]
    damaged = [(owner, head[0]) for head in heads if not is_sound_head(table, head)]
    if sound:
        yield Many(
            f"UPDATE {table.name} SET owner = ?, checksum = ? WHERE id = ?",  # noqa: S608 - names of ours
            [(owner, checksum(table, values), values[0]) for values in sound],
        )
    if damaged:
        yield Many(f"UPDATE {table.name} SET owner = ? WHERE id = ?", damaged)  # noqa: S608 - names of ours


def rehome_cards(heads: Sequence[Row], owner: str, is_kept: Callable[[int], bool]) -> Steps[None]:
    """Give cards to an owner; they go on naming their batch where ``is_kept`` says so, and belong to none otherwise."""
    changed = [
        (*head[:_BATCH_ID], 0, *head[_BATCH_ID + 1 :])
        if head[_BATCH_ID] and is_sound_head(CARDS, head) and not is_kept(head[_BATCH_ID])
        else head
        for head in heads
    ]
    loose = [head[0] for head, now in zip(heads, changed, strict=True) if now is not head]
    if loose:
        yield Many("UPDATE cards SET batch_id = 0 WHERE id = ?", [(card_id,) for card_id in loose])
        resealed = [(*head[:-1], checksum(CARDS, head[:-1])) for head in changed]
        changed = [new if new[0] in set(loose) else head for new, head in zip(resealed, changed, strict=True)]
    yield from rehome(CARDS, changed, owner)


def rehome_all(table: Table, source: str, target: str) -> Work[int]:
    """Give a portion of an owner's rows to another; return how many they were, 0: none is left."""

    def steps() -> Steps[int]:
        heads = yield Query(
            f"SELECT {head_columns(table)} FROM {table.name} WHERE owner = ? LIMIT {MOST_ROWS}",  # noqa: S608
            (source,),
        )
        yield from rehome(table, heads, target)
        return len(heads)

    return Work("rehome", Access.SETTLE, steps)
