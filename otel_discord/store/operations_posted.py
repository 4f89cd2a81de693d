"""What is done with cards that Discord has, and with their messages, each a transaction. Pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from otel_discord.component.storage import NewPosted, PostedCard, PostedMessage, Posting
from otel_discord.store.ended_batches import end_batches, whole
from otel_discord.store.leaving import Gone, remove_posted
from otel_discord.store.new_rows import insert_letters
from otel_discord.store.numbering import next_ids
from otel_discord.store.remains import letter_of_posted
from otel_discord.store.rows import checksum, is_sound, is_sound_head, payload_of, seal, seal_frame
from otel_discord.store.schema import CARDS, MESSAGES, POSTED
from otel_discord.store.statements import BY_ID_OF_OWNER, by_ids, columns, head_columns, marks, portions
from otel_discord.store.work import Access, Many, Query, Row, Steps, Work

_LANE: Final = CARDS.columns.index("lane")
_BATCH_ID: Final = CARDS.columns.index("batch_id")
_SHOWN: Final = POSTED.columns.index("shown")


@dataclass(frozen=True, slots=True)
class Kept:
    """A lane's messages. The ids are of rows that are not as they were written, or whose message is not there."""

    messages: list[PostedMessage]
    damaged_messages: list[int]
    damaged_cards: list[int]


def post(owner: str, posted: NewPosted, time_ns: int) -> Work[Gone]:
    """Let cards go on as posted, as they are stored now, and keep their message; unknown ids are ignored."""

    def steps() -> Steps[Gone]:
        shown = {posting.card_id: posting.shown for posting in posted.cards}
        rows = yield from _take(owner, list(shown))
        message, place = yield from _message_of(owner, posted)
        kept: list[Row] = []
        damaged: list[Row] = []
        for row in rows:
            card_id, _, _, priority, *_, frame = row
            values = (card_id, owner, posted.lane, message, place + len(kept), priority, shown[card_id])
            if is_sound(CARDS, row):
                kept.append(seal_frame(POSTED, values, frame))
            else:
                damaged.append((*values, *row[-3:]))
        if kept:
            yield Many(POSTED.insert, kept)
        yield from insert_letters(owner, filter(None, (letter_of_posted(row, time_ns) for row in damaged)))
        ended = yield from end_batches(whole(row[_BATCH_ID]) for row in rows)
        return Gone(Counter(row[_LANE] for row in rows), ended, len(damaged))

    touches = (("message", posted.lane, posted.message_id), *(posting.card_id for posting in posted.cards))
    return Work("post", Access.SETTLE, steps, frozenset(touches))


def _take(owner: str, card_ids: Sequence[int]) -> Steps[list[Row]]:
    """Take whole cards out of their lanes; return those that were there, in the order asked for."""
    taken: list[Row] = []
    for ids in portions(card_ids):
        rows = yield by_ids(
            f"DELETE FROM cards WHERE {BY_ID_OF_OWNER}",  # noqa: S608
            ids,
            owner,
            after=f" RETURNING {columns(CARDS)}",
        )
        by_id = {row[0]: row for row in rows}
        taken += [by_id[card_id] for card_id in ids if card_id in by_id]
    return taken


def _message_of(owner: str, posted: NewPosted) -> Steps[tuple[int, int]]:
    """Return the number of a message's row, which is made where there is none, and the place for its next card."""
    rows = yield Query(
        "SELECT id FROM messages WHERE owner = ? AND lane = ? AND message_id = ? ORDER BY id LIMIT 1",
        (owner, posted.lane, posted.message_id),
    )
    if not rows:
        (number,) = yield from next_ids(MESSAGES, 1)
        values = (number, owner, posted.lane, posted.message_id, posted.posted_ns)
        yield Query(MESSAGES.insert, seal(MESSAGES, values, posted.note))
        return number, 1
    last = yield Query("SELECT max(place) FROM posted WHERE message = ?", rows[0])
    return rows[0][0], whole(last[0][0]) + 1


def posted_of(owner: str, lane: str) -> Work[Kept]:
    """Read a lane's messages and the cards in them."""

    def steps() -> Steps[Kept]:
        kept = Kept([], [], [])
        messages = yield Query(
            f"SELECT {columns(MESSAGES)} FROM messages WHERE owner = ? AND lane = ?",  # noqa: S608
            (owner, lane),
        )
        notes = {row[0]: payload_of(MESSAGES, row) for row in messages}
        kept.damaged_messages.extend(number for number, note in notes.items() if note is None)
        rows = yield Query(f"SELECT {columns(POSTED)} FROM posted WHERE owner = ? AND lane = ?", (owner, lane))  # noqa: S608
        cards_of: dict[int, list[tuple[int, PostedCard]]] = {}
        for row in rows:
            card_id, _, _, message, place, priority, shown, *_ = row
            payload = payload_of(POSTED, row)
            if payload is None or notes.get(message) is None:
                kept.damaged_cards.append(card_id)
            else:
                cards_of.setdefault(message, []).append((place, PostedCard(card_id, priority, payload, shown)))
        for number, _, _, message_id, posted_ns, *_ in messages:
            note = notes[number]
            if note is not None:
                cards = sorted(cards_of.get(number, ()), key=lambda each: (each[0], each[1].id))
                kept.messages.append(PostedMessage(lane, message_id, posted_ns, note, [card for _, card in cards]))
        kept.messages.sort(key=lambda message: (message.posted_ns, message.message_id))
        return kept

    return Work("posted", Access.READ, steps)


def mark_shown(owner: str, postings: Sequence[Posting]) -> Work[None]:
    """Note how many records of posted cards are shown; unknown ids are ignored."""

    def steps() -> Steps[None]:
        shown = {posting.card_id: posting.shown for posting in postings}
        for ids in portions(shown):
            rows = yield by_ids(
                f"SELECT {head_columns(POSTED)} FROM posted WHERE {BY_ID_OF_OWNER}",  # noqa: S608
                ids,
                owner,
            )
            changed = [
                (*row[:_SHOWN], shown[row[0]], *row[_SHOWN + 1 : -1]) for row in rows if is_sound_head(POSTED, row)
            ]
            if changed:
                yield Many(
                    "UPDATE posted SET shown = ?, checksum = ? WHERE id = ?",
                    [(values[_SHOWN], checksum(POSTED, values), values[0]) for values in changed],
                )

    return Work("mark_shown", Access.SETTLE, steps)


def unpost(owner: str, card_ids: Sequence[int]) -> Work[set[int]]:
    """Forget posted cards; the result are the ids of those that were there."""
    return Work("unpost", Access.SETTLE, lambda: remove_posted(owner, card_ids))


def forget_messages(owner: str, lane: str, message_ids: Sequence[str]) -> Work[None]:
    """Forget messages and the cards in them; unknown ones are ignored."""

    def steps() -> Steps[None]:
        for ids in portions(message_ids):
            rows = yield Query(
                f"DELETE FROM messages WHERE owner = ? AND lane = ? AND message_id IN ({marks(len(ids))}) RETURNING id",  # noqa: S608
                (owner, lane, *ids),
            )
            numbers = [row[0] for row in rows]
            if numbers:
                yield Query(f"DELETE FROM posted WHERE message IN ({marks(len(numbers))})", numbers)  # noqa: S608

    return Work("forget_messages", Access.SETTLE, steps)
