"""What is known of the problems of one lane: the card that counts each, waiting or in Discord. Pure.

Every card that waits or is kept as posted has an *entry*; at most one entry of a fingerprint is *open*, which means
that the next record of the problem is counted there. Times are nanoseconds of the wall clock.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from otel_discord.component import PostedMessage, StoredCard
from otel_discord.exporters.discord.alerts.group import AlertGroup
from otel_discord.exporters.discord.alerts.pacing import edit_wait_s, living_edit_wait_s
from otel_discord.exporters.discord.charts.shown import UNKNOWN
from otel_discord.exporters.discord.evidence.told import without_lines
from otel_discord.exporters.discord.folding.entry import Entry, Posted, Tally, stored_entry
from otel_discord.exporters.discord.folding.note import Note

MAX_MESSAGE_AGE_NS: Final = 3_600 * 10**9
"""Discord caps edits of messages older than an hour (30046), and nobody scrolls up that far: then a new one is due."""
ALERT_MEMORY_NS: Final = 3_600 * 10**9
"""So long after its end an alert is known, so that what is told twice is not taken for something new."""
STATUS_MEMORY_NS: Final = 7 * 86_400 * 10**9
"""A status that has not been renewed for so long is left as it is; the next one is a new message."""
MAX_KEPT_BYTES: Final = 8 << 20
"""Of one lane's posted cards, in memory."""
MAX_WAITING_BYTES: Final = 16 << 20
"""Of one lane's waiting cards that can be counted on, in memory."""


@dataclass(slots=True)
class LaneBook:
    """The problems of one lane."""

    lane: str
    window_ns: int
    max_message_age_ns: int = MAX_MESSAGE_AGE_NS
    """Nothing is counted in a message that is older; alerts live as long as they fire."""
    edit_interval_s: float = 10.0
    group_wait_s: float = 0.0
    """How long a new card of alerts waits for more of its kind."""
    group_interval_s: float = 0.0
    """The least time between two edits that tell who belongs to a group."""
    place: str = ""
    """``<guild>/<channel>``, as in the addresses of messages there; empty where it is not known."""
    entries: dict[int, Entry] = field(default_factory=dict)
    """By the ids of their cards: all that wait and are known, and all in kept messages."""
    open: dict[bytes, Entry] = field(default_factory=dict)
    alerts: dict[str, Entry] = field(default_factory=dict)
    """Where each alert is shown, by its identity."""
    in_hand: frozenset[int] = frozenset()
    """Cards of the message that is being sent: to change them is too late."""
    _gathering: dict[int, Entry] = field(default_factory=dict)
    messages: dict[str, Posted] = field(default_factory=dict)
    stale: dict[str, Posted] = field(default_factory=dict)
    """Messages that show less than is counted, those that have been so longest first."""
    kept_bytes: int = 0
    waiting_bytes: int = 0

    def find(self, fingerprint: bytes, now_ns: int) -> Entry | None:
        """Return the entry where a record of a problem is counted now; None where it needs a new card."""
        entry = self.open.get(fingerprint)
        if entry is None or entry.message is None:
            return entry
        if now_ns - entry.touched_ns > self.window_ns or now_ns - entry.message.posted_ns > self.max_message_age_ns:
            del self.open[fingerprint]
            return None
        return None if entry.message.refused else entry

    def opened(self, entry: Entry, *, is_newest: bool = True) -> None:
        """A card is where records of its problem are counted; unless another is that is newer."""
        self.entries[entry.card_id] = entry
        if is_newest or entry.fingerprint not in self.open:
            self.open[entry.fingerprint] = entry
        if entry.alert is not None:
            for identity in entry.alert.members:
                if is_newest or identity not in self.alerts:
                    self.alerts[identity] = entry
            if entry.message is None:
                self._gathering[entry.card_id] = entry
        if entry.message is None:
            self.waiting_bytes += entry.size_bytes
            if self.waiting_bytes > MAX_WAITING_BYTES:
                self._forget_waiting()

    def counted(self, entry: Entry, tally: Tally) -> None:
        """What a routing step adds is stored."""
        entry.count += tally.count
        entry.first_seen_ns = min(entry.first_seen_ns, tally.first_seen_ns)
        entry.last_seen_ns = max(entry.last_seen_ns, tally.last_seen_ns)
        entry.samples += tally.samples
        entry.touched_ns = max(entry.touched_ns, tally.counted_ns)
        if tally.alert is not None and tally.alert is not entry.alert:
            known = entry.alert.members if entry.alert is not None else {}
            entry.alert = tally.alert
            for identity in tally.alert.members.keys() - known.keys():
                self.alerts[identity] = entry
            self._pace(entry)
        if tally.record:
            entry.record = tally.record
            self._pace(entry)
        if entry.message is not None:
            self.stale.setdefault(entry.message.message_id, entry.message)

    def posted(self, message: Posted, shown: Iterable[tuple[Entry, int]]) -> None:
        """A message has arrived with these cards, of which it shows so many records each."""
        self.messages[message.message_id] = message
        for entry, records in shown:
            if entry.card_id in self.entries and entry.message is None:
                self.waiting_bytes -= entry.size_bytes
            entry.message, entry.shown = message, records
            self.entries[entry.card_id] = entry
            self._gathering.pop(entry.card_id, None)
            if entry.alert is not None and not entry.alert.went_on:
                self.open.setdefault(entry.fingerprint, entry)
                for identity in entry.alert.members:
                    self.alerts.setdefault(identity, entry)
            if entry.is_status:
                self.open.setdefault(entry.fingerprint, entry)
            if entry.kind.lives_on:
                self._pace(entry)
            message.entries.append(entry)
            self.kept_bytes += entry.size_bytes
        if message.is_stale:
            self.stale[message.message_id] = message

    def edited(self, message: Posted, shown: Iterable[tuple[Entry, int]], now_s: float) -> None:
        """An edit has arrived; it shows so many records of each card."""
        for entry, records in shown:
            entry.shown = records
            if entry.kind.lives_on:
                self._pace(entry)
        message.changed_s = now_s
        message.times_put_off, message.put_off_until_s = 0, 0.0
        self.stale.pop(message.message_id, None)
        if message.is_stale:
            self.stale[message.message_id] = message

    def ended(self, card_ids: Iterable[int]) -> None:
        """Cards wait no more and are not kept either: buried, moved, or delivered for good."""
        for card_id in card_ids:
            entry = self.entries.pop(card_id, None)
            if entry is None:
                continue
            self._gathering.pop(card_id, None)
            if self.open.get(entry.fingerprint) is entry:
                del self.open[entry.fingerprint]
            for identity in entry.alert.members if entry.alert is not None else ():
                if self.alerts.get(identity) is entry:
                    del self.alerts[identity]
            if entry.message is not None:
                entry.message.entries.remove(entry)
                self.kept_bytes -= entry.size_bytes
                entry.message = None
            else:
                self.waiting_bytes -= entry.size_bytes

    def forget(self, message: Posted) -> None:
        """Keep a message no longer."""
        self.messages.pop(message.message_id, None)
        self.stale.pop(message.message_id, None)
        self.ended([entry.card_id for entry in message.entries])

    def outlived(self, now_ns: int) -> list[Posted]:
        """Return messages in which nothing is counted any more, oldest first; more where they take up too much room."""
        clean = [
            message
            for message in self.messages.values()
            if not message.is_stale and not any(entry.is_open_alert for entry in message.entries)
            if not any(entry.is_status for entry in message.entries) or self._is_past(message, now_ns)
        ]
        old = [message for message in clean if self._is_past(message, now_ns)]
        excess_bytes = self.kept_bytes - MAX_KEPT_BYTES - sum(_size_bytes(message) for message in old)
        if excess_bytes > 0:
            gone = set(map(id, old))
            for message in sorted(clean, key=lambda each: each.last_touched_ns):
                if excess_bytes <= 0:
                    break
                if id(message) not in gone:
                    old.append(message)
                    excess_bytes -= _size_bytes(message)
        return old

    def _is_past(self, message: Posted, now_ns: int) -> bool:
        quiet_ns = now_ns - message.last_touched_ns
        if any(entry.is_status for entry in message.entries):
            return quiet_ns > STATUS_MEMORY_NS
        if any(entry.alert is not None for entry in message.entries):
            return quiet_ns > max(self.window_ns, ALERT_MEMORY_NS)
        return quiet_ns > self.window_ns or now_ns - message.posted_ns > self.max_message_age_ns

    def gathering(self, now_ns: int) -> dict[int, int]:
        """Return the cards of alerts that wait for more of their kind, and for how many nanoseconds still."""
        left: dict[int, int] = {}
        for card_id, entry in list(self._gathering.items()):
            left_ns = self.gathers_ns(entry.alert, now_ns) if entry.alert is not None else 0
            if left_ns:
                left[card_id] = left_ns
            else:
                del self._gathering[card_id]
        return left

    def gathers_ns(self, alert: AlertGroup, now_ns: int) -> int:
        """Return how long a group waits still, in nanoseconds; not at all where the clock was set back."""
        wait_ns = int(self.group_wait_s * 1e9)
        left_ns = alert.opened_ns + wait_ns - now_ns
        return left_ns if 0 < left_ns <= wait_ns else 0

    def url_of(self, message: Posted) -> str:
        """Return the address of a message, where the guild and the channel are known."""
        if not self.place:
            return ""
        guild_id, _, channel_id = self.place.partition("/")
        return f"https://discord.com/channels/{guild_id}/{message.note.thread_id or channel_id}/{message.message_id}"

    def _pace(self, entry: Entry) -> None:
        if entry.is_status and entry.message is not None:
            age_ns = entry.touched_ns - entry.message.posted_ns
            entry.edit_wait_s = living_edit_wait_s(age_ns, self.edit_interval_s)
        if entry.alert is not None and entry.message is not None:
            entry.edit_wait_s = edit_wait_s(
                entry.shown_alert,
                entry.alert,
                age_ns=entry.touched_ns - entry.message.posted_ns,
                edit_interval_s=self.edit_interval_s,
                group_interval_s=self.group_interval_s,
            )

    def _forget_waiting(self) -> None:
        """Give up counting on the quarter of the waiting cards that has been quiet longest; the cards stay.

        Those of alerts are known on: an end must find them. So are statuses: the next one takes the place of the last.
        """
        waiting = sorted(
            (entry for entry in self.entries.values() if entry.message is None and not entry.kind.lives_on),
            key=_touched,
        )
        self.ended([entry.card_id for entry in waiting[: len(waiting) // 4 + 1]])

    def current(self, card: StoredCard) -> bytes:
        """Return the newest payload of a card."""
        entry = self.entries.get(card.id)
        return card.payload if entry is None else entry.payload()

    def restore(self, messages: Sequence[PostedMessage], waiting: Sequence[StoredCard]) -> Iterator[Entry]:
        """Go on where an earlier run ended, with what its storage has; yield each entry that was made."""
        for kept in messages:
            note = Note.from_bytes(kept.note)
            message = Posted(kept.message_id, kept.posted_ns, note)
            entries = [(stored_entry(card), card.shown) for card in kept.cards]
            for entry, shown in entries:
                entry.alert = without_lines(entry.alert) if entry.alert is not None else None
                entry.shown_alert = entry.alert if shown >= entry.count else None
                entry.chart = UNKNOWN if entry.alert is not None else None
                if entry.shown_alert is not None and entry.shown_alert.is_over and not entry.shown_alert.went_on:
                    entry.alert = entry.shown_alert = replace(entry.shown_alert, end_told=True)
            self.posted(message, entries)
            for entry, _ in entries:
                entry.touched_ns = max(entry.touched_ns, kept.posted_ns)
                if entry.fingerprint:
                    if not entry.owes_turn:
                        self.opened(entry)
                    yield entry
        for card in waiting:
            entry = stored_entry(card)
            if entry.fingerprint:
                self.opened(entry)
                yield entry


def _touched(entry: Entry) -> int:
    return entry.touched_ns


def _size_bytes(message: Posted) -> int:
    return sum(entry.size_bytes for entry in message.entries)
