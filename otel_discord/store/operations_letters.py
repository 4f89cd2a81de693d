"""What is done with dead letters, each a transaction. Pure."""

from collections import Counter
from collections.abc import Iterator, Sequence

from otel_discord.component.storage import LetterFilter, LetterTotals, Revival, StoredLetter
from otel_discord.store.leaving import Placed
from otel_discord.store.new_rows import NO_BATCH, insert_cards
from otel_discord.store.remains import damaged_letter
from otel_discord.store.rows import payload_of
from otel_discord.store.schema import LETTERS
from otel_discord.store.statements import BY_ID_OF_OWNER, columns, marks, portions
from otel_discord.store.work import Access, Query, Steps, Value, Work


def letters(owner: str, chosen: LetterFilter, after_id: int, limit: int) -> Work[list[StoredLetter]]:
    """Read up to ``limit`` letters, oldest first. A damaged one is shown as such, with what is left of it."""

    def steps() -> Steps[list[StoredLetter]]:
        found: list[StoredLetter] = []
        for condition, values in _conditions(owner, chosen, after_id):
            if len(found) < limit:
                rows = yield Query(
                    f"SELECT {columns(LETTERS)} FROM letters WHERE {condition} ORDER BY id LIMIT ?",  # noqa: S608
                    (*values, limit - len(found)),
                )
                for row in rows:
                    letter_id, _, time_ns, destination, reason, *_ = row
                    payload = payload_of(LETTERS, row)
                    found.append(
                        damaged_letter(row)
                        if payload is None
                        else StoredLetter(letter_id, time_ns, destination, reason, payload)
                    )
        return found

    return Work("letters", Access.READ, steps)


def letter_totals(owner: str, chosen: LetterFilter) -> Work[LetterTotals]:
    """Count letters, by an index alone."""

    def steps() -> Steps[LetterTotals]:
        count = size_bytes = 0
        for condition, values in _conditions(owner, chosen, 0):
            rows = yield Query(
                f"SELECT count(*), coalesce(sum(size_bytes), 0) FROM letters WHERE {condition}",  # noqa: S608
                values,
            )
            count += int(rows[0][0])
            size_bytes += int(rows[0][1])
        return LetterTotals(count, size_bytes)

    return Work("letter_totals", Access.READ, steps)


def revive(owner: str, revivals: Sequence[Revival]) -> Work[Placed]:
    """Turn letters that are there into cards."""

    def steps() -> Steps[Placed]:
        by_letter = {revival.letter_id: revival.card for revival in reversed(revivals)}
        removed = yield from _remove(owner, [revival.letter_id for revival in revivals])
        cards = [by_letter[letter_id] for letter_id in removed]
        card_ids = yield from insert_cards(owner, [(card, NO_BATCH) for card in cards])
        return Placed(card_ids, Counter(card.lane for card in cards), {})

    return Work("revive", Access.SETTLE, steps)


def purge(owner: str, letter_ids: Sequence[int]) -> Work[int]:
    """Remove letters; the result is how many there were."""

    def steps() -> Steps[int]:
        removed = yield from _remove(owner, letter_ids)
        return len(removed)

    return Work("purge", Access.SETTLE, steps)


def _remove(owner: str, letter_ids: Sequence[int]) -> Steps[list[int]]:
    """Return what was there, in the order asked for."""
    removed: list[int] = []
    for ids in portions(letter_ids):
        rows = yield Query(
            f"DELETE FROM letters WHERE {BY_ID_OF_OWNER} IN ({marks(len(ids))}) RETURNING id",  # noqa: S608
            (owner, *ids),
        )
        there = {row[0] for row in rows}
        removed += [letter_id for letter_id in ids if letter_id in there]
    return removed


def _conditions(owner: str, chosen: LetterFilter, after_id: int) -> Iterator[tuple[str, list[Value]]]:
    """Yield what chooses the letters, in as many parts as the ids need, in order of the ids."""
    condition = ""
    values: list[Value] = []
    for bound, limit in (("time_ns >= ?", chosen.since_ns), ("time_ns < ?", chosen.until_ns)):
        if limit is not None:
            condition += f" AND {bound}"
            values.append(limit)
    for column, names in (("destination", chosen.destinations), ("reason", chosen.reasons)):
        if names:
            condition += f" AND {column} IN ({marks(len(names))})"
            values += sorted(names)
    if not chosen.ids:
        yield f"owner = ? AND id > ?{condition}", [owner, after_id, *values]
    for ids in portions(sorted(each for each in chosen.ids if each > after_id)):
        yield f"{BY_ID_OF_OWNER} IN ({marks(len(ids))}){condition}", [owner, *ids, *values]
