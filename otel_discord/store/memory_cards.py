"""The cards of a queue in memory: in lanes until they are settled, and afterwards, where they stay, as posted."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

from otel_discord.component.storage import (
    Fold,
    Move,
    NewCard,
    NewLetter,
    NewPosted,
    PostedCard,
    PostedMessage,
    Posting,
    Settlement,
    StoredCard,
)
from otel_discord.signals.batch import Batch
from otel_discord.store.card_lanes import CardLanes
from otel_discord.store.posted_cards import PostedCards
from otel_discord.store.room import Load


class Entry:
    """A batch that takes up room: waiting, in somebody's hands, or routed and standing behind its open cards.

    ``load`` is None where cards were opened that take no room.
    """

    __slots__ = ("accepted_ns", "batch", "dead", "id", "load", "open_cards", "priority", "taken")

    def __init__(self, entry_id: int, batch: Batch | None, priority: int, load: Load | None, accepted_ns: int) -> None:
        self.id = entry_id
        self.accepted_ns = accepted_ns
        self.batch = batch
        self.priority = priority
        self.load = load
        self.taken = False
        self.open_cards = 0
        self.dead = False


class MemoryCards(ABC):
    """That part of a :class:`~otel_discord.component.storage.WorkQueue`."""

    def __init__(self) -> None:
        self._lanes: CardLanes[Entry] = CardLanes()
        self._posted = PostedCards()
        self._last_card_id = 0

    async def lanes(self) -> Sequence[str]:
        """Return the lanes that hold cards."""
        return self._lanes.names()

    async def waiting(self) -> Mapping[str, int]:
        """Return how many cards each lane holds."""
        return self._lanes.counts()

    async def head(self, lane: str, limit: int) -> Sequence[StoredCard]:
        """Return up to ``limit`` cards in the order in which they are to be sent; they stay."""
        return self._lanes.head(lane, limit)

    async def find(self, card_ids: Sequence[int]) -> Sequence[StoredCard]:
        """Return those of these cards that wait, in the order asked for; they stay."""
        return [card for card in map(self._lanes.find, card_ids) if card is not None]

    async def settle(self, card_ids: Sequence[int], settlement: Settlement) -> None:
        """End cards, and batches whose last card this was; unknown ids are ignored."""
        for card_id in card_ids:
            card = self._lanes.remove(card_id)
            if card is not None:
                self._close_card(card.owner, settlement)

    async def mark_sending(self, card_ids: Sequence[int]) -> None:
        """Note that a message with these cards is begun; unknown ids are ignored."""
        for card_id in card_ids:
            self._lanes.mark_sending(card_id)

    async def mark_unsent(self, card_ids: Sequence[int]) -> None:
        """Note that the message begun is certainly not there; unknown ids are ignored."""
        for card_id in card_ids:
            self._lanes.mark_unsent(card_id)

    async def move(self, moves: Sequence[Move]) -> Sequence[int]:
        """Let cards go on in other lanes, posted ones too; unknown ids are left out."""
        ids = []
        from_discord: Entry | None = None
        for move in moves:
            card = self._lanes.remove(move.card_id)
            if card is not None:
                entry = card.owner
            elif self._posted.remove(move.card_id):
                entry = from_discord = from_discord or self._roomless_entry()
                entry.open_cards += 1
            else:
                continue
            ids.append(self._add(move.card, entry))
        return ids

    async def adopt(self, cards: Sequence[NewCard]) -> Sequence[int]:
        """Put cards into lanes that no batch here has opened; they take no room."""
        return self._open_cards(self._roomless_entry(), cards) if cards else []

    async def bury(self, letters: Sequence[NewLetter]) -> None:
        """End cards; their letters were written elsewhere before."""
        await self.settle([letter.card_id for letter in letters], Settlement.DEAD)

    # ------------------------------------------------------------------------------------------- posted cards

    async def post(self, posted: NewPosted) -> None:
        """End cards as delivered, keep them as posted, and keep their message; unknown ids are ignored."""
        kept = []
        for posting in posted.cards:
            card = self._lanes.remove(posting.card_id)
            if card is not None:
                kept.append(PostedCard(card.id, card.row.priority, card.payload, posting.shown))
                self._close_card(card.owner, Settlement.DELIVERED)
        self._posted.post(posted, kept)

    async def posted(self, lane: str) -> Sequence[PostedMessage]:
        """Return the messages of a lane that are kept, oldest first."""
        return self._posted.of_lane(lane)

    async def mark_shown(self, postings: Sequence[Posting]) -> None:
        """Note how many records of posted cards Discord shows; unknown ids are ignored."""
        for posting in postings:
            self._posted.mark_shown(posting.card_id, posting.shown)

    async def unpost(self, card_ids: Sequence[int]) -> None:
        """Forget posted cards; their messages stay. Unknown ids are ignored."""
        for card_id in card_ids:
            self._posted.remove(card_id)

    async def forget_messages(self, lane: str, message_ids: Sequence[str]) -> None:
        """Forget messages and the posted cards in them; unknown ones are ignored."""
        self._posted.forget(lane, message_ids)

    # ------------------------------------------------------------------------------------------------- inside

    def _fold(self, folds: Sequence[Fold]) -> dict[int, int]:
        """Let cards count for more; return the ids of those that were made instead, by the ids of the lost ones."""
        lost: dict[int, NewCard] = {}
        for fold in {fold.card_id: fold for fold in folds}.values():
            if not (self._lanes.fold(fold.card_id, fold.payload) or self._posted.fold(fold.card_id, fold.payload)):
                lost[fold.card_id] = fold.otherwise
        if not lost:
            return {}
        return dict(zip(lost, self._open_cards(self._roomless_entry(), list(lost.values())), strict=True))

    def _open_cards(self, entry: Entry, cards: Sequence[NewCard]) -> Sequence[int]:
        entry.open_cards = len(cards)
        return [self._add(card, entry) for card in cards]

    def _add(self, card: NewCard, entry: Entry) -> int:
        self._last_card_id += 1
        self._lanes.add(self._last_card_id, card.lane, card.priority, card.payload, entry)
        return self._last_card_id

    def _close_card(self, entry: Entry, settlement: Settlement) -> None:
        entry.open_cards -= 1
        entry.dead = entry.dead or settlement is Settlement.DEAD
        if not entry.open_cards:
            self._end(entry)

    @abstractmethod
    def _roomless_entry(self) -> Entry:
        """Return a new entry for cards that no batch has opened."""

    @abstractmethod
    def _end(self, entry: Entry) -> None:
        """Remove an entry that has ended, and give its room back."""
