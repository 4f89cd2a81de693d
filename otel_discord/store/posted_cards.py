"""Cards in memory that Discord has, by the messages in which they are. Every step is cheap, however many there are."""

from collections.abc import Sequence

from otel_discord.component.storage import NewPosted, PostedCard, PostedMessage


class _Card:
    """A posted card, kept small."""

    __slots__ = ("message", "payload", "priority", "shown")

    def __init__(self, priority: int, payload: bytes, shown: int, message: "_Message") -> None:
        self.priority = priority
        self.payload = payload
        self.shown = shown
        self.message = message


class _Message:
    """A message; its cards in the order in which they came."""

    __slots__ = ("cards", "note", "posted_ns")

    def __init__(self, posted_ns: int, note: bytes) -> None:
        self.posted_ns = posted_ns
        self.note = note
        self.cards: dict[int, _Card] = {}


class PostedCards:
    """All messages of a queue that are kept."""

    def __init__(self) -> None:
        self._lanes: dict[str, dict[str, _Message]] = {}
        self._cards: dict[int, _Card] = {}

    def post(self, posted: NewPosted, cards: Sequence[PostedCard]) -> None:
        """Keep a message and these cards in it; one that is kept already takes them as well."""
        messages = self._lanes.setdefault(posted.lane, {})
        message = messages.get(posted.message_id)
        if message is None:
            message = messages[posted.message_id] = _Message(posted.posted_ns, posted.note)
        for card in cards:
            self._cards[card.id] = message.cards[card.id] = _Card(card.priority, card.payload, card.shown, message)

    def of_lane(self, lane: str) -> Sequence[PostedMessage]:
        """Return a lane's messages, oldest first."""
        found = [
            PostedMessage(
                lane,
                message_id,
                message.posted_ns,
                message.note,
                [
                    PostedCard(card_id, card.priority, card.payload, card.shown)
                    for card_id, card in message.cards.items()
                ],
            )
            for message_id, message in self._lanes.get(lane, {}).items()
        ]
        return sorted(found, key=lambda message: (message.posted_ns, message.message_id))

    def fold(self, card_id: int, payload: bytes) -> bool:
        """Replace a card's payload; return whether it is there."""
        card = self._cards.get(card_id)
        if card is None:
            return False
        card.payload = payload
        return True

    def mark_shown(self, card_id: int, shown: int) -> None:
        """Note how many records Discord shows of a card; an unknown id is ignored."""
        card = self._cards.get(card_id)
        if card is not None:
            card.shown = shown

    def remove(self, card_id: int) -> bool:
        """Forget a card; return whether it was there."""
        card = self._cards.pop(card_id, None)
        if card is None:
            return False
        del card.message.cards[card_id]
        return True

    def forget(self, lane: str, message_ids: Sequence[str]) -> None:
        """Forget messages and the cards in them; unknown ids are ignored."""
        messages = self._lanes.get(lane)
        if messages is None:
            return
        for message_id in message_ids:
            message = messages.pop(message_id, None)
            if message is not None:
                for card_id in message.cards:
                    del self._cards[card_id]
        if not messages:
            del self._lanes[lane]
