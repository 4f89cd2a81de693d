"""What is done with cards in lanes, each a transaction. Pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, islice
from typing import Final

from otel_discord.component.storage import Move, NewCard, NewLetter, Settlement, StoredCard
from otel_discord.store.ended_batches import end_batches, whole
from otel_discord.store.lane_heads import BESIDE_BYTES
from otel_discord.store.leaving import Gone, Placed, remove_cards, remove_posted
from otel_discord.store.new_rows import NO_BATCH, insert_cards, insert_letters
from otel_discord.store.rows import checksum, is_sound_head, payload_of
from otel_discord.store.schema import CARDS
from otel_discord.store.statements import BY_ID_OF_OWNER, by_ids, columns, head_columns, portions
from otel_discord.store.work import Access, Many, Query, Steps, Work

_ATTEMPTS: Final = CARDS.columns.index("attempts")


@dataclass(frozen=True, slots=True)
class Head:
    """The first cards of a lane, or all of them. ``damaged`` are the ids of rows that are not as they were written."""

    cards: list[StoredCard]
    damaged: list[int]
    is_all: bool


def lanes(owner: str) -> Work[list[str]]:
    """Find the lanes that hold cards, by one look into an index for each."""

    def steps() -> Steps[list[str]]:
        found: list[str] = []
        rows = yield Query("SELECT lane FROM cards WHERE owner = ? ORDER BY lane LIMIT 1", (owner,))
        while rows:
            found.append(rows[0][0])
            rows = yield Query(
                "SELECT lane FROM cards WHERE owner = ? AND lane > ? ORDER BY lane LIMIT 1", (owner, found[-1])
            )
        return found

    return Work("lanes", Access.READ, steps)


def waiting(owner: str) -> Work[dict[str, int]]:
    """Count the cards of every lane, by an index alone."""

    def steps() -> Steps[dict[str, int]]:
        rows = yield Query("SELECT lane, count(*) FROM cards WHERE owner = ? GROUP BY lane", (owner,))
        return {lane: int(count) for lane, count in rows}

    return Work("waiting", Access.READ, steps)


def head(owner: str, lane: str, limit: int, *, ahead: int = 0, ahead_bytes: int = 0) -> Work[Head]:
    """Read the first ``limit`` cards in the order in which they are to be sent.

    As many as ``ahead`` in all are read as long as they take up ``ahead_bytes`` at most, each its payload and something
    beside.
    """

    def steps() -> Steps[Head]:
        asked = max(limit, min(ahead, ahead_bytes // BESIDE_BYTES))
        sizes = yield Query(
            "SELECT id, length(payload) FROM cards WHERE owner = ? AND lane = ? ORDER BY priority DESC, id LIMIT ?",
            (owner, lane, asked),
        )
        chosen = [card_id for card_id, _ in sizes[:limit]]
        together_bytes = accumulate(BESIDE_BYTES + whole(size_bytes) for _, size_bytes in sizes)
        for (card_id, _), total_bytes in islice(zip(sizes, together_bytes, strict=True), limit, None):
            if total_bytes > ahead_bytes:
                break
            chosen.append(card_id)
        found = Head([], [], is_all=len(chosen) < asked and len(chosen) == len(sizes))
        for ids in portions(chosen):
            rows = yield by_ids(
                f"SELECT {columns(CARDS)} FROM cards WHERE {BY_ID_OF_OWNER}",  # noqa: S608
                ids,
                owner,
            )
            by_id = {row[0]: row for row in rows}
            for row in filter(None, map(by_id.get, ids)):
                payload = payload_of(CARDS, row)
                if payload is None:
                    found.damaged.append(row[0])
                else:
                    card_id, _, _, priority, _, attempts, in_doubt, *_ = row
                    found.cards.append(StoredCard(card_id, lane, priority, payload, attempts, in_doubt == 1))
        return found

    return Work("head", Access.READ, steps)


def find(owner: str, card_ids: Sequence[int]) -> Work[list[StoredCard]]:
    """Read cards by their ids; unknown and damaged ones are left out."""

    def steps() -> Steps[list[StoredCard]]:
        found: list[StoredCard] = []
        for ids in portions(card_ids):
            rows = yield by_ids(
                f"SELECT {columns(CARDS)} FROM cards WHERE {BY_ID_OF_OWNER}",  # noqa: S608
                ids,
                owner,
            )
            by_id = {row[0]: row for row in rows}
            for row in filter(None, map(by_id.get, ids)):
                payload = payload_of(CARDS, row)
                if payload is not None:
                    card_id, _, lane, priority, _, attempts, in_doubt, *_ = row
                    found.append(StoredCard(card_id, lane, priority, payload, attempts, in_doubt == 1))
        return found

    return Work("find", Access.READ, steps)


def settle(owner: str, card_ids: Sequence[int], settlement: Settlement) -> Work[Gone]:
    """Remove cards and what batches end with them; unknown ids are ignored."""

    def steps() -> Steps[Gone]:
        removed = yield from remove_cards(owner, card_ids)
        ended = yield from end_batches(removed.batch_of.values(), dead=settlement is Settlement.DEAD)
        return Gone(removed.lanes, ended)

    touches = frozenset(card_ids) if settlement is Settlement.DELIVERED else frozenset()
    return Work("settle", Access.SETTLE, steps, touches)


def bury(owner: str, letters: Sequence[NewLetter]) -> Work[Gone]:
    """Remove cards and keep their letters; of a card that is not there any more no letter is kept."""

    def steps() -> Steps[Gone]:
        by_card = {letter.card_id: letter for letter in reversed(letters)}
        removed = yield from remove_cards(owner, [letter.card_id for letter in letters])
        yield from insert_letters(owner, [by_card[card_id] for card_id in removed.batch_of])
        ended = yield from end_batches(removed.batch_of.values(), dead=True)
        return Gone(removed.lanes, ended)

    return Work("bury", Access.SETTLE, steps)


def mark_sending(owner: str, card_ids: Sequence[int]) -> Work[None]:
    """Count an attempt and put the cards in doubt."""
    return Work("mark_sending", Access.SETTLE, lambda: _mark(owner, card_ids, 1, in_doubt=1), frozenset(card_ids))


def mark_unsent(owner: str, card_ids: Sequence[int]) -> Work[None]:
    """Take the doubt away."""
    return Work("mark_unsent", Access.SETTLE, lambda: _mark(owner, card_ids, 0, in_doubt=0), frozenset(card_ids))


def move(owner: str, moves: Sequence[Move]) -> Work[Placed]:
    """Replace cards, waiting or posted, by others, which go to the ends of their lanes."""

    def steps() -> Steps[Placed]:
        by_card = {each.card_id: each.card for each in reversed(moves)}
        asked = list(dict.fromkeys(each.card_id for each in moves))
        removed = yield from remove_cards(owner, asked)
        batch_of = removed.batch_of
        posted = yield from remove_posted(owner, [card_id for card_id in asked if card_id not in batch_of])
        batch_of |= dict.fromkeys(posted, NO_BATCH)
        pairs = [(by_card[card_id], batch_of[card_id]) for card_id in asked if card_id in batch_of]
        card_ids = yield from insert_cards(owner, pairs)
        return Placed(card_ids, Counter(card.lane for card, _ in pairs), removed.lanes)

    return Work("move", Access.SETTLE, steps)


def adopt(owner: str, cards: Sequence[NewCard]) -> Work[Placed]:
    """Put cards into lanes that no batch opened."""

    def steps() -> Steps[Placed]:
        card_ids = yield from insert_cards(owner, [(card, NO_BATCH) for card in cards])
        return Placed(card_ids, Counter(card.lane for card in cards), {})

    return Work("adopt", Access.SETTLE, steps)


def _mark(owner: str, card_ids: Sequence[int], attempts: int, *, in_doubt: int) -> Steps[None]:
    for ids in portions(card_ids):
        rows = yield by_ids(
            f"SELECT {head_columns(CARDS)} FROM cards WHERE {BY_ID_OF_OWNER}",  # noqa: S608
            ids,
            owner,
        )
        changed = [
            (*row[:_ATTEMPTS], row[_ATTEMPTS] + attempts, in_doubt, row[-2])
            for row in rows
            if is_sound_head(CARDS, row)
        ]
        if changed:
            yield Many(
                "UPDATE cards SET attempts = ?, in_doubt = ?, checksum = ? WHERE id = ?",
                [(values[_ATTEMPTS], in_doubt, checksum(CARDS, values), values[0]) for values in changed],
            )
