"""Folding in one lane, as its outbox uses it: what is posted is remembered, what ends has its newest count.

Who ends or moves cards does so under the lock that routing holds while it counts: a count that has just been stored
would be lost otherwise.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace

from otel_discord.component import NewPosted, Posting, StoredCard
from otel_discord.exporters.discord.cards import Card
from otel_discord.exporters.discord.facts_source import source_facts
from otel_discord.exporters.discord.folding.book import Entry, LaneBook, Posted, stored_entry
from otel_discord.exporters.discord.folding.crowd import FairShares
from otel_discord.exporters.discord.folding.note import Note


@dataclass(slots=True, kw_only=True)
class LaneFold:
    """Of one lane; ``lock`` is the exporter's."""

    book: LaneBook
    lock: asyncio.Lock
    wall_clock: Callable[[], float]
    webhook_id: str
    shares: FairShares = field(default_factory=FairShares)

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
        self.book.posted(message, list(zip(entries, shown, strict=True)))
        for entry in entries:
            entry.touched_ns = max(entry.touched_ns, now_ns)
        cards = [Posting(card.id, records) for card, records in zip(stored, shown, strict=True)]
        return NewPosted(self.book.lane, message_id, now_ns, note.to_bytes(), cards)

    def unshown(self) -> list[Entry]:
        """Return posted cards that count more than Discord shows."""
        return [entry for message in self.book.stale.values() for entry in message.entries if entry.unshown]
