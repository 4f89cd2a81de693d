"""What goes into a place for waiting work and comes out of it: batches, cards, posted messages, dead letters.

The words are explained where the place is: ``component.storage``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from otel_discord.signals.batch import Batch


class Sizer(StrEnum):
    """Unit of ``queue_size``: what one batch weighs."""

    REQUESTS = "requests"
    ITEMS = "items"
    BYTES = "bytes"


class Settlement(StrEnum):
    """How a card ended. A retry is not an end: the card simply stays."""

    DELIVERED = "delivered"
    DEAD = "dead"
    """Given up with a reason; the dead letter is written before the card is settled."""


@dataclass(frozen=True, slots=True)
class QueueLimits:
    """How much a queue takes in. ``size`` counts in units of ``sizer``; both bounds hold at once."""

    size: int
    sizer: Sizer
    max_bytes: int
    one_beyond: bool = False
    """One batch is taken beyond the bounds; who asks for that sees to it that the queue comes back within them."""


@dataclass(frozen=True, slots=True)
class StoredBatch:
    """A batch accepted and not yet routed or done. ``accepted_ns`` is wall time, for display; 0 where unknown."""

    id: int
    batch: Batch
    priority: int
    attempts: int = 0
    accepted_ns: int = 0


@dataclass(frozen=True, slots=True)
class NewCard:
    """A card on its way into a lane."""

    lane: str
    priority: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class StoredCard:
    """A card in its lane. ``id`` grows with the order of arrival."""

    id: int
    lane: str
    priority: int
    payload: bytes
    attempts: int = 0
    """How many messages with it were begun, over all runs."""
    in_doubt: bool = False
    """A message with it was begun and its end is not known: Discord may have it."""


@dataclass(frozen=True, slots=True)
class Fold:
    """A card, waiting or posted, that counts for more records from now on: ``payload`` takes the place of its own.

    Where it is not there any more, ``otherwise`` becomes a card: it stands for what would go uncounted.
    """

    card_id: int
    payload: bytes
    otherwise: NewCard


@dataclass(frozen=True, slots=True)
class RoutedIds:
    """What a routing step has made."""

    cards: Mapping[int, Sequence[int]]
    """The ids of each batch's cards, in order; a batch that was not there any more is left out."""
    otherwise: Mapping[int, int]
    """Of each fold whose card was not there: the id that the card took that was made instead."""


@dataclass(frozen=True, slots=True)
class Posting:
    """A delivered card that stays as posted. ``shown`` is how many records Discord shows of it by now."""

    card_id: int
    shown: int


@dataclass(frozen=True, slots=True)
class NewPosted:
    """A message that Discord has, and the cards in it, in their order."""

    lane: str
    message_id: str
    posted_ns: int
    note: bytes
    """Whatever the exporter wants to know of the message; opaque here."""
    cards: Sequence[Posting]


@dataclass(frozen=True, slots=True)
class PostedCard:
    """A card that Discord has. Its payload may count more records than are shown."""

    id: int
    priority: int
    payload: bytes
    shown: int


@dataclass(frozen=True, slots=True)
class PostedMessage:
    """A message that Discord has, with those of its cards that are kept; there may be none of them."""

    lane: str
    message_id: str
    posted_ns: int
    note: bytes
    cards: Sequence[PostedCard]


@dataclass(frozen=True, slots=True)
class Move:
    """A card that goes on in another lane (or with another payload): ``card`` takes the place of ``card_id``, which
    may be a posted card as well."""

    card_id: int
    card: NewCard


@dataclass(frozen=True, slots=True)
class NewLetter:
    """A card's end as a dead letter. ``payload`` is a serialised ``otel_discord.v1.DeadLetter``; the rest is to find
    it by."""

    card_id: int
    time_ns: int
    destination: str
    reason: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class StoredLetter:
    """A dead letter that is kept. ``id`` grows with the order of burial."""

    id: int
    time_ns: int
    destination: str
    reason: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class LetterFilter:
    """Which dead letters; what is empty or None does not choose. Times are wall time, ``until_ns`` is excluded."""

    since_ns: int | None = None
    until_ns: int | None = None
    destinations: frozenset[str] = frozenset()
    reasons: frozenset[str] = frozenset()
    ids: frozenset[int] = frozenset()


EVERY_LETTER: Final = LetterFilter()


@dataclass(frozen=True, slots=True)
class LetterTotals:
    """How many dead letters are kept, and how many bytes their payloads have."""

    count: int = 0
    size_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Revival:
    """A dead letter that becomes a card again."""

    letter_id: int
    card: NewCard
