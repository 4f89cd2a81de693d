"""Cards that leave their lanes, and what ends with them. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from otel_discord.store.ended_batches import Ended
from otel_discord.store.statements import BY_ID_OF_OWNER, by_ids, portions
from otel_discord.store.work import Steps


@dataclass(frozen=True, slots=True)
class Gone:
    """How many cards left each lane, and the batches that ended with them."""

    lanes: Mapping[str, int]
    ended: list[Ended]
    damaged: int = 0
    """How many of the cards were damaged."""


@dataclass(frozen=True, slots=True)
class Placed:
    """The ids of cards that came into lanes, how many came to each lane, and how many had left each for it."""

    card_ids: Sequence[int]
    came: Mapping[str, int]
    left: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Removed:
    """Cards that were there, in the order asked for: the batch of each; and how many left each lane."""

    batch_of: dict[int, int]
    lanes: Counter[str]


def remove_cards(owner: str, card_ids: Sequence[int]) -> Steps[Removed]:
    """Take cards out of their lanes; unknown ids are ignored."""
    removed = Removed({}, Counter())
    for ids in portions(card_ids):
        rows = yield by_ids(
            f"DELETE FROM cards WHERE {BY_ID_OF_OWNER}",  # noqa: S608
            ids,
            owner,
            after=" RETURNING id, batch_id, lane",
        )
        batch_of = {row[0]: row[1] for row in rows}
        removed.batch_of.update((card_id, batch_of[card_id]) for card_id in ids if card_id in batch_of)
        removed.lanes.update(row[2] for row in rows)
    return removed


def remove_posted(owner: str, card_ids: Sequence[int]) -> Steps[set[int]]:
    """Forget posted cards; return the ids of those that were there."""
    removed: set[int] = set()
    for ids in portions(card_ids):
        rows = yield by_ids(
            f"DELETE FROM posted WHERE {BY_ID_OF_OWNER}",  # noqa: S608
            ids,
            owner,
            after=" RETURNING id",
        )
        removed.update(row[0] for row in rows)
    return removed
