"""Cards and letters as new rows. Pure."""

from collections.abc import Iterable, Sequence

from otel_discord.component.storage import NewCard, NewLetter
from otel_discord.store.numbering import next_ids
from otel_discord.store.rows import seal
from otel_discord.store.schema import CARDS, LETTERS
from otel_discord.store.work import Many, Steps

NO_BATCH = 0


def insert_cards(owner: str, cards: Sequence[tuple[NewCard, int]]) -> Steps[Sequence[int]]:
    """Put cards, each with the id of the batch that opened it, at the ends of their lanes; return their ids."""
    if not cards:
        return ()
    card_ids = yield from next_ids(CARDS, len(cards))
    yield Many(
        CARDS.insert,
        [
            seal(CARDS, (card_id, owner, card.lane, card.priority, batch_id, 0, 0), card.payload)
            for card_id, (card, batch_id) in zip(card_ids, cards, strict=True)
        ],
    )
    return card_ids


def insert_letters(owner: str, letters: Iterable[NewLetter]) -> Steps[None]:
    """Keep letters, in their order."""
    kept = list(letters)
    if not kept:
        return
    letter_ids = yield from next_ids(LETTERS, len(kept))
    yield Many(
        LETTERS.insert,
        [
            seal(
                LETTERS,
                (letter_id, owner, letter.time_ns, letter.destination, letter.reason, len(letter.payload)),
                letter.payload,
            )
            for letter_id, letter in zip(letter_ids, kept, strict=True)
        ],
    )
