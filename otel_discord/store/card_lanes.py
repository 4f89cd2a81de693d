"""Cards in memory, in the order in which they are to be sent. Every step is cheap, however many cards wait.

Ids grow, so the cards of one lane and priority are in order by arrival: a *row*, a linked list through the cards
themselves. Taking a card out of the middle of a row costs as little as taking the first.
"""

from bisect import insort
from collections.abc import Iterator, Sequence
from typing import Generic, TypeVar

from otel_discord.component.storage import StoredCard

Owner = TypeVar("Owner")


class Card(Generic[Owner]):
    """A waiting card, kept small: there may be a million. ``owner`` is what opened it."""

    __slots__ = ("attempts", "following", "id", "in_doubt", "owner", "payload", "previous", "row")

    def __init__(self, card_id: int, payload: bytes, owner: Owner, row: "_Row[Owner]") -> None:
        self.id = card_id
        self.payload = payload
        self.owner = owner
        self.row = row
        self.attempts = 0
        self.in_doubt = False
        self.previous: Card[Owner] | None = row.last
        self.following: Card[Owner] | None = None
        if row.last is None:
            row.first = self
        else:
            row.last.following = self
        row.last = self
        row.count += 1

    def stored(self) -> StoredCard:
        """Return the card as the storage interface shows it."""
        return StoredCard(self.id, self.row.lane, self.row.priority, self.payload, self.attempts, self.in_doubt)

    def leave(self) -> "_Row[Owner]":
        """Take the card out of its row and return the row."""
        if self.previous is None:
            self.row.first = self.following
        else:
            self.previous.following = self.following
        if self.following is None:
            self.row.last = self.previous
        else:
            self.following.previous = self.previous
        self.previous = self.following = None
        self.row.count -= 1
        return self.row

    def __iter__(self) -> "Iterator[Card[Owner]]":
        """Yield this card and those after it in its row."""
        card: Card[Owner] | None = self
        while card is not None:
            yield card
            card = card.following


class _Row(Generic[Owner]):
    __slots__ = ("count", "first", "lane", "last", "priority")

    def __init__(self, lane: str, priority: int) -> None:
        self.count = 0
        self.lane = lane
        self.priority = priority
        self.first: Card[Owner] | None = None
        self.last: Card[Owner] | None = None


class _Lane(Generic[Owner]):
    """The rows of one lane; only priorities that hold cards have one."""

    __slots__ = ("descending", "rows")

    def __init__(self) -> None:
        self.rows: dict[int, _Row[Owner]] = {}
        self.descending: list[int] = []  # priorities negated, sorted


class CardLanes(Generic[Owner]):
    """All lanes of a queue."""

    def __init__(self) -> None:
        self._cards: dict[int, Card[Owner]] = {}
        self._lanes: dict[str, _Lane[Owner]] = {}

    def add(self, card_id: int, lane: str, priority: int, payload: bytes, owner: Owner) -> None:
        """Put a card at the end of its lane and priority; ``card_id`` is higher than all before."""
        rows = self._lanes.get(lane)
        if rows is None:
            rows = self._lanes[lane] = _Lane()
        row = rows.rows.get(priority)
        if row is None:
            row = rows.rows[priority] = _Row(lane, priority)
            insort(rows.descending, -priority)
        self._cards[card_id] = Card(card_id, payload, owner, row)

    def remove(self, card_id: int) -> Card[Owner] | None:
        """Take a card out and return it; None for an unknown id."""
        card = self._cards.pop(card_id, None)
        if card is not None:
            row = card.leave()
            if row.first is None:
                self._drop_row(row)
        return card

    def find(self, card_id: int) -> StoredCard | None:
        """Return a card, which stays; None for an unknown id."""
        card = self._cards.get(card_id)
        return card.stored() if card is not None else None

    def fold(self, card_id: int, payload: bytes) -> bool:
        """Replace a card's payload; return whether it is there."""
        card = self._cards.get(card_id)
        if card is None:
            return False
        card.payload = payload
        return True

    def mark_sending(self, card_id: int) -> None:
        """Count an attempt and put the card in doubt; an unknown id is ignored."""
        card = self._cards.get(card_id)
        if card is not None:
            card.attempts += 1
            card.in_doubt = True

    def mark_unsent(self, card_id: int) -> None:
        """Take the doubt away; an unknown id is ignored."""
        card = self._cards.get(card_id)
        if card is not None:
            card.in_doubt = False

    def names(self) -> Sequence[str]:
        """Return the lanes that hold cards."""
        return list(self._lanes)

    def counts(self) -> dict[str, int]:
        """Return how many cards each lane holds."""
        return {name: sum(row.count for row in lane.rows.values()) for name, lane in self._lanes.items()}

    def head(self, lane: str, limit: int) -> Sequence[StoredCard]:
        """Return up to ``limit`` cards, higher priority first, then by arrival."""
        found: list[StoredCard] = []
        rows = self._lanes.get(lane)
        if rows is None or limit <= 0:
            return found
        for negated in rows.descending:
            first = rows.rows[-negated].first
            for card in first if first is not None else ():
                found.append(card.stored())
                if len(found) == limit:
                    return found
        return found

    def _drop_row(self, row: "_Row[Owner]") -> None:
        lane = self._lanes[row.lane]
        del lane.rows[row.priority]
        lane.descending.remove(-row.priority)
        if not lane.rows:
            del self._lanes[row.lane]
