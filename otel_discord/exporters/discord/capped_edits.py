"""Discord takes no edit of an old message for now (30046): its news is told anew, and the message waits for its turn.

What is no news, such as a value, is shown by a later edit. What is told anew leaves a note with the old card, which
says that this message is still to be turned: so it is after a restart, too.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from otel_discord.component import Fold, NewCard, StoredCard
from otel_discord.discord_api.outcome_types import Outcome, Refused
from otel_discord.discord_api.outcomes import EDITS_CAPPED
from otel_discord.exporters.discord.folding.entry import Entry, Posted, Tally, rest_of, stored_entry, worse_of
from otel_discord.exporters.discord.folding.lane_fold import LaneFold
from otel_discord.exporters.discord.lane import Lane, patiently


def is_capped(outcome: Outcome) -> bool:
    """Return whether Discord takes no edit of this message for now."""
    return isinstance(outcome, Refused) and outcome.code == EDITS_CAPPED


def priority_of(entry: Entry) -> int:
    """Return the priority of the card on which an entry goes on."""
    return entry.priority if entry.alert is None else max(entry.priority, entry.alert.priority)


def rest_card(entry: Entry, url: str) -> bytes:
    """Return the card that stands for what a message does not show; an alert that got worse is told as such."""
    return worse_of(entry, url) if entry.is_urgent else rest_of(entry)


@dataclass(frozen=True, slots=True)
class CappedEdits:
    """Of one destination."""

    fold: LaneFold
    lane: Lane

    async def put_off(self, message: Posted, now_s: float) -> None:
        """Let the message wait for its next edit, and what cannot wait be told by a new one.

        Raises:
            ShutdownError: the storage is closed.
        """
        await self.lane.settled()
        async with self.fold.steady():
            news = [entry for entry in message.entries if entry.is_news]
            url = self.fold.book.url_of(message)
            folds = [fold for place, entry in enumerate(news) for fold in self._folds(entry, url, -1 - place)]
            if folds:
                what = "what an edit cannot tell"
                made = await patiently(lambda: self.lane.queue.route_all({}, folds), self.lane.logger, what)
                for fold in folds:
                    if fold.card_id in made.otherwise:
                        self._opened(made.otherwise[fold.card_id], fold.otherwise)
                for entry in news:
                    _goes_on_elsewhere(entry)
                message.times_put_off = 0
            message.put_off(now_s)

    async def turned(self, message: Posted, entries: Sequence[Entry]) -> bool:
        """Forget cards that go on elsewhere, since their message says so now; return whether it has others."""
        await self.lane.settled()
        async with self.fold.steady():
            gone = [entry for entry in entries if entry.owes_turn and entry.message is message]
            card_ids = [entry.card_id for entry in gone]
            self.fold.book.ended(card_ids)
            if not message.is_stale:
                self.fold.book.stale.pop(message.message_id, None)
            if message.entries:
                await self.lane.unpost(card_ids)
                return True
            self.fold.book.forget(message)
            return False

    def _folds(self, entry: Entry, url: str, nobody: int) -> list[Fold]:
        """Return the note and the new card as one step; no card has the id ``nobody``, so that a new one is made."""
        if entry.alert is None:
            return []
        rest = NewCard(self.lane.name, priority_of(entry), rest_card(entry, url))
        note = Tally(
            entry.shown - entry.count,
            entry.first_seen_ns,
            entry.last_seen_ns,
            entry.touched_ns,
            alert=replace(entry.alert, went_on=True, end_told=entry.alert.is_over),
        )
        return [Fold(entry.card_id, entry.payload(note), otherwise=rest), Fold(nobody, b"", otherwise=rest)]

    def _opened(self, card_id: int, card: NewCard) -> None:
        self.fold.book.opened(stored_entry(StoredCard(card_id, card.lane, card.priority, card.payload)))


def _goes_on_elsewhere(entry: Entry) -> None:
    entry.count = entry.shown
    entry.shown_alert = None
    if entry.alert is not None:
        entry.alert = replace(entry.alert, went_on=True, end_told=entry.alert.is_over)
