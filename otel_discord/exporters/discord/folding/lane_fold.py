"""Folding in one lane, as its outbox uses it: what is posted is remembered, what ends has its newest count.

Who ends or moves cards does so under the lock that routing holds while it counts: a count that has just been stored
would be lost otherwise.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace

from google.protobuf.message import DecodeError

from otel_discord.component import Move, NewPosted, Posting, StoredCard
from otel_discord.exporters.discord.alerts.group import AlertGroup
from otel_discord.exporters.discord.cards import Card
from otel_discord.exporters.discord.evidence.told import without_lines
from otel_discord.exporters.discord.facts_source import source_facts
from otel_discord.exporters.discord.folding.book import LaneBook
from otel_discord.exporters.discord.folding.crowd import FairShares
from otel_discord.exporters.discord.folding.entry import Entry, Posted, stored_entry
from otel_discord.exporters.discord.folding.kinds import Kind, kind_of
from otel_discord.exporters.discord.folding.note import Note


@dataclass(slots=True, kw_only=True)
class LaneFold:
    """Of one lane; ``lock`` is the exporter's."""

    book: LaneBook
    lock: asyncio.Lock
    wall_clock: Callable[[], float]
    webhook_id: str
    shares: FairShares = field(default_factory=FairShares)
    books: Mapping[str, LaneBook] = field(default_factory=dict)
    """Of all lanes: an alert whose card goes on elsewhere is known there."""
    folds_records: bool = True
    """Else only alerts are kept, and live on in their messages."""

    def now_ns(self) -> int:
        """Return the wall clock's time."""
        return int(self.wall_clock() * 1e9)

    def steady(self) -> AbstractAsyncContextManager[None]:
        """Hold back routing while cards end or move."""
        return self.lock

    def current(self, cards: Sequence[StoredCard]) -> list[StoredCard]:
        """Return cards with everything that is counted on them by now; call it within :meth:`steady`."""
        return [replace(card, payload=self.book.current(card)) for card in cards]

    def ended(self, cards: Sequence[StoredCard]) -> None:
        """Forget cards that wait no more."""
        self.book.ended([card.id for card in cards])

    def service_of(self, card: StoredCard) -> str:
        """Return whose card it is."""
        entry = self.book.entries.get(card.id)
        if entry is not None and entry.service:
            return entry.service
        source = source_facts(Card.from_bytes(card.payload).resource)
        return source.service or source.host

    def arrived(self, message_id: str, note: Note, stored: Sequence[StoredCard], shown: Sequence[int]) -> NewPosted:
        """Remember a message that Discord has; return what to store of it.

        Args:
            message_id: Discord's.
            note: what is known of it; the webhook is added.
            stored: its cards to be kept, in their order.
            shown: how many records it shows of each.
        """
        now_ns = self.now_ns()
        note = replace(note, webhook_id=self.webhook_id)
        message = Posted(message_id, now_ns, note, changed_s=asyncio.get_running_loop().time())
        entries = [self.book.entries.get(card.id) or stored_entry(card) for card in stored]
        for entry, card in zip(entries, stored, strict=True):
            if entry.alert is not None:
                _has_told(entry, Card.from_bytes(card.payload))
        self.book.posted(message, list(zip(entries, shown, strict=True)))
        for entry in entries:
            entry.touched_ns = max(entry.touched_ns, now_ns)
        cards = [Posting(card.id, records) for card, records in zip(stored, shown, strict=True)]
        return NewPosted(self.book.lane, message_id, now_ns, note.to_bytes(), cards)

    def keeps(self, card: StoredCard) -> bool:
        """Return whether a card that Discord has is kept, so that its message can be edited."""
        return self.folds_records or self.kind(card).lives_on

    def kind(self, card: StoredCard) -> Kind:
        """Return what a card shows."""
        entry = self.book.entries.get(card.id)
        return entry.kind if entry is not None and entry.fingerprint else kind_of(card.payload)

    def gathering(self) -> dict[int, float]:
        """Return the cards of alerts that wait for more of their kind, and for how many seconds still."""
        return {card_id: left_ns / 1e9 for card_id, left_ns in self.book.gathering(self.now_ns()).items()}

    def is_gathering(self, card: StoredCard) -> bool:
        """Return whether a card that the book does not know yet shows alerts, and waits for more of their kind."""
        if card.id in self.book.entries:
            return False
        alert = _alert_in(card)
        return alert is not None and self.book.gathers_ns(alert, self.now_ns()) > 0

    def moved(self, moves: Sequence[Move], ids: Sequence[int]) -> None:
        """Cards go on in other lanes: what alerts they show is known there, so that their ends find them."""
        for move, card_id in zip(moves, ids, strict=False):
            know_alert(self.books, card_id, move)

    def unshown(self) -> list[Entry]:
        """Return posted cards that count more than Discord shows."""
        return [entry for message in self.book.stale.values() for entry in message.entries if entry.unshown]


def know_alert(books: Mapping[str, LaneBook], card_id: int, move: Move) -> None:
    """Know a card that goes on in another lane, where it shows alerts."""
    book = books.get(move.card.lane)
    if book is None:
        return
    stored = StoredCard(card_id, move.card.lane, move.card.priority, move.card.payload)
    if _alert_in(stored) is not None:
        book.opened(stored_entry(stored), is_newest=False)


def _alert_in(card: StoredCard) -> AlertGroup | None:
    try:
        return AlertGroup.from_bytes(Card.from_bytes(card.payload).alert_group)
    except DecodeError:
        return None  # its turn will tell


def _has_told(entry: Entry, card: Card) -> None:
    """A message has told what the card said when it was made; later events may have come meanwhile."""
    shown = AlertGroup.from_bytes(card.alert_group)
    if entry.alert is None or shown is None:
        return
    entry.alert, shown = without_lines(entry.alert), without_lines(shown)
    if entry.alert.told_severity > shown.told_severity:
        entry.alert = replace(entry.alert, told_severity=shown.told_severity)
    if shown.is_over:
        entry.alert = replace(entry.alert, end_told=entry.alert.is_over)
        shown = replace(shown, end_told=True)
    entry.shown_alert = entry.alert if entry.alert == shown else shown
