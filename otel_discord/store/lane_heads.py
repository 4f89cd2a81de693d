"""The first cards of each lane, held in memory, so that who looks at them need not ask the database.

Of a lane every card that stands before its *edge* is held; what is behind it only the database knows. Whatever is
stored must be told here in the order in which it was stored, and so must what was read. Pure.
"""

from bisect import insort
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from otel_discord.component.storage import StoredCard
from otel_discord.store.batch_order import BEHIND_ALL, Place

MOST_CARDS: Final = 128
"""Of a lane: each answer of the database serves about nine messages."""
_MOST_BYTES: Final = 16 << 20
_LANE_SHARE: Final = 4
BESIDE_BYTES: Final = 512
"""What a card, or a lane, takes up beside payloads; roughly."""


@dataclass(slots=True)
class _Head:
    edge: Place
    cards: list[StoredCard] = field(default_factory=list)
    size_bytes: int = BESIDE_BYTES


class LaneHeads:
    """The heads of the lanes that were looked at last."""

    def __init__(self, most_cards: int = MOST_CARDS, most_bytes: int = _MOST_BYTES) -> None:
        """``most_cards`` bounds what is held of a lane, ``most_bytes`` what is held of all."""
        self._most_cards = most_cards
        self._most_bytes = most_bytes
        self._size_bytes = 0
        self._heads: dict[str, _Head] = {}  # the lane looked at last is the last
        self._lane_of: dict[int, str] = {}
        self._last_id = 0

    def first(self, lane: str, limit: int) -> Sequence[StoredCard] | None:
        """Return a lane's first cards, up to ``limit``; None where the database must be asked."""
        head = self._heads.get(lane)
        if head is None or (len(head.cards) < limit and head.edge != BEHIND_ALL):
            return None
        self._heads[lane] = self._heads.pop(lane)
        return head.cards[:limit]

    def share_bytes(self, asked_for: int) -> int:
        """Return how much of a lane there is room for, while so many that are not held are being read."""
        return self._most_bytes // max(_LANE_SHARE, len(self._heads) + asked_for)

    # --------------------------------------------------------------------------------------- what is to be told

    def read(self, lane: str, cards: Sequence[StoredCard], *, is_all: bool) -> None:
        """Say what was read: a lane's first cards in their order, or all of them."""
        self.forget(lane)
        if not cards and not is_all:
            return
        head = self._heads[lane] = _Head(BEHIND_ALL if is_all else _place(cards[-1]))
        self._size_bytes += head.size_bytes
        for card in cards:
            self._hold(head, card)
            self._last_id = max(self._last_id, card.id)
        self._trim(lane, head)
        self._make_room()

    def added(self, cards: Iterable[StoredCard]) -> None:
        """Say that cards have come. Ids grow; where they do not, the database was begun anew after damage."""
        grown: dict[str, _Head] = {}
        for card in cards:
            if card.id <= self._last_id:
                self._forget_all()
                grown.clear()
            self._last_id = card.id
            head = self._heads.get(card.lane)
            if head is not None and _place(card) <= head.edge:
                self._hold(head, card)
                grown[card.lane] = head
        for lane, head in grown.items():
            self._trim(lane, head)
        self._make_room()

    def removed(self, card_ids: Iterable[int]) -> None:
        """Say that cards are gone; unknown ids are ignored."""
        for head, ids in self._found(card_ids):
            for card in head.cards:
                if card.id in ids:
                    self._let_go(head, card)
            head.cards = [card for card in head.cards if card.id not in ids]

    def folded(self, payloads: Mapping[int, bytes]) -> None:
        """Say which payloads cards have from now on; unknown ids are ignored."""
        for head, ids in self._found(payloads):
            for place, card in enumerate(head.cards):
                if card.id in ids:
                    payload = payloads[card.id]
                    self._weigh(head, len(payload) - len(card.payload))
                    head.cards[place] = replace(card, payload=payload)
            self._trim(head.cards[0].lane, head)
        self._make_room()

    def marked(self, card_ids: Iterable[int], *, attempts: int, in_doubt: bool) -> None:
        """Say that cards have seen so many attempts more, and whether they are in doubt; unknown ids are ignored."""
        for head, ids in self._found(card_ids):
            head.cards = [
                replace(card, attempts=card.attempts + attempts, in_doubt=in_doubt) if card.id in ids else card
                for card in head.cards
            ]

    def forget(self, lane: str) -> None:
        """Hold nothing of a lane: something has become of it that is not known here."""
        head = self._heads.pop(lane, None)
        if head is not None:
            for card in head.cards:
                self._let_go(head, card)
            self._size_bytes -= head.size_bytes

    # --------------------------------------------------------------------------------------------------- inside

    def _forget_all(self) -> None:
        for lane in list(self._heads):
            self.forget(lane)

    def _found(self, card_ids: Iterable[int]) -> Iterable[tuple[_Head, Collection[int]]]:
        by_lane: dict[str, set[int]] = {}
        for card_id in card_ids:
            lane = self._lane_of.get(card_id)
            if lane is not None:
                by_lane.setdefault(lane, set()).add(card_id)
        return [(self._heads[lane], ids) for lane, ids in by_lane.items()]

    def _hold(self, head: _Head, card: StoredCard) -> None:
        insort(head.cards, card, key=_place)
        self._lane_of[card.id] = card.lane
        self._weigh(head, _size_bytes(card))

    def _let_go(self, head: _Head, card: StoredCard) -> None:
        del self._lane_of[card.id]
        self._weigh(head, -_size_bytes(card))

    def _weigh(self, head: _Head, size_bytes: int) -> None:
        head.size_bytes += size_bytes
        self._size_bytes += size_bytes

    def _trim(self, lane: str, head: _Head) -> None:
        """Let the last cards of a lane go where they are too many."""
        while len(head.cards) > self._most_cards or head.size_bytes > self._most_bytes // _LANE_SHARE:
            if len(head.cards) < 2:
                self.forget(lane)
                return
            self._let_go(head, head.cards.pop())
            head.edge = _place(head.cards[-1])

    def _make_room(self) -> None:
        """Let the lanes go that nobody has looked at for longest."""
        while self._size_bytes > self._most_bytes:
            self.forget(next(iter(self._heads)))


def _place(card: StoredCard) -> Place:
    return Place(-card.priority, card.id)


def _size_bytes(card: StoredCard) -> int:
    return BESIDE_BYTES + len(card.payload)
