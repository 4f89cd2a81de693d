"""Replies to messages of alerts that have just turned green: stored with the note that they are, so that each is once.

The edit is counted as shown only afterwards. So a crash in between repeats the edit, which changes nothing, and then
either finds the note or makes the reply.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from otel_discord.component import Fold, NewCard
from otel_discord.exporters.discord.alerts.group import AlertGroup
from otel_discord.exporters.discord.alerts.reply import is_due, reply_card
from otel_discord.exporters.discord.cards import Card
from otel_discord.exporters.discord.folding.entry import Entry, Posted, Tally
from otel_discord.exporters.discord.folding.lane_fold import LaneFold
from otel_discord.exporters.discord.lane import Lane, patiently
from otel_discord.exporters.discord.routing import NORMAL_PRIORITY


@dataclass(frozen=True, slots=True)
class AlertEnds:
    """Of one destination."""

    fold: LaneFold
    lane: Lane

    async def tell(self, message: Posted, told: Sequence[tuple[Entry, AlertGroup | None]]) -> None:
        """Let a reply follow for each card whose alerts are over, as an edit of the message has just told.

        Raises:
            ShutdownError: the storage is closed.
        """
        if not any(is_due(alert) for _, alert in told):
            return
        await self.lane.settled()
        async with self.fold.steady():
            due = [
                (entry, alert)
                for entry, alert in told
                if alert is not None and is_due(alert) and is_due(entry.alert) and entry.message is message
            ]
            folds = [fold for place, (entry, alert) in enumerate(due) for fold in self._folds(entry, alert, -1 - place)]
            if folds:
                what = "the short message of an alert's end"
                await patiently(lambda: self.lane.queue.route_all({}, folds), self.lane.logger, what)
            for entry, _ in due:
                _note(entry)

    def _folds(self, entry: Entry, alert: AlertGroup, nobody: int) -> list[Fold]:
        """Return the note and the reply as one step; no card has the id ``nobody``, so that a new one is made."""
        if entry.alert is None or entry.message is None:
            return []
        note = Tally(
            0,
            entry.first_seen_ns,
            entry.last_seen_ns,
            entry.touched_ns,
            alert=replace(entry.alert, end_told=True),
        )
        url = self.fold.book.url_of(entry.message)
        card = reply_card(Card.from_bytes(entry.base), alert, url, self.fold.now_ns())
        reply = NewCard(self.lane.name, NORMAL_PRIORITY, card.to_bytes())
        return [Fold(entry.card_id, entry.payload(note), otherwise=reply), Fold(nobody, b"", otherwise=reply)]


def _note(entry: Entry) -> None:
    shown = entry.shown_alert is entry.alert
    if entry.alert is not None:
        entry.alert = replace(entry.alert, end_told=True)
    if shown:
        entry.shown_alert = entry.alert
