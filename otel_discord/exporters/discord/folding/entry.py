"""What is known of one card, and of one message in Discord: what they count, show, and have still to show. Pure.

Times are nanoseconds of the wall clock.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from otel_discord._proto import queue_pb2
from otel_discord.component import PostedCard, StoredCard
from otel_discord.exporters.discord.alerts.group import AlertGroup
from otel_discord.exporters.discord.alerts.pacing import capped_wait_s
from otel_discord.exporters.discord.charts.shown import ShownChart
from otel_discord.exporters.discord.folding.kinds import Kind
from otel_discord.exporters.discord.folding.note import Note
from otel_discord.exporters.discord.seen import Seen
from otel_discord.exporters.discord.statuses.finding import holds_status

_NO_PING: Final = queue_pb2.Card(no_ping=True).SerializeToString()
_ENTRY_BYTES: Final = 550
"""What an entry takes beside its payload, as measured; in a storm of short messages that is most of it."""


@dataclass(slots=True, eq=False)
class Entry:
    """One card, and what it counts."""

    card_id: int
    fingerprint: bytes
    priority: int
    base: bytes
    """The card as stored, but for what :meth:`payload` adds."""
    text: str
    """The message of the first record; further samples differ from it."""
    service: str
    count: int
    first_seen_ns: int
    last_seen_ns: int
    touched_ns: int
    """When a record was last counted, by our clock."""
    samples: tuple[str, ...] = ()
    base_samples: int = 0
    """How many samples ``base`` has."""
    message: "Posted | None" = None
    shown: int = 0
    """How many records Discord shows."""
    alert: AlertGroup | None = None
    """What an alert's card says; None for other cards."""
    shown_alert: AlertGroup | None = None
    """What of it Discord shows; None where that is not known."""
    chart: ShownChart | None = None
    """The picture that Discord shows of it, where it does."""
    edit_wait_s: float | None = None
    """How soon its message may be edited; None: as any other."""
    is_status: bool = False
    """Only the newest record counts."""
    record: bytes = b""
    """That one, where it is not the one of ``base``."""
    opened_ns: int = 0
    """When its card was made, by our clock; for restored ones when its first record was accepted."""

    def payload(self, tally: "Tally | None" = None) -> bytes:
        """Return the card as it is to be stored, with what a routing step adds."""
        count, first_ns, last_ns, samples = self.count, self.first_seen_ns, self.last_seen_ns, self.samples
        if tally is not None:
            count += tally.count
            first_ns, last_ns = min(first_ns, tally.first_seen_ns), max(last_ns, tally.last_seen_ns)
            samples += tally.samples
        counted_ns = self.touched_ns if tally is None else max(self.touched_ns, tally.counted_ns)
        alert = self.alert if tally is None else tally.alert or self.alert
        record = self.record if tally is None else tally.record or self.record
        return self.base + tail(count, first_ns, last_ns, counted_ns, samples[self.base_samples :], alert, record)

    @property
    def kind(self) -> Kind:
        """What it shows."""
        return Kind.ALERT if self.alert is not None else Kind.STATUS if self.is_status else Kind.RECORD

    @property
    def size_bytes(self) -> int:
        """How much memory it takes."""
        return len(self.base) + _ENTRY_BYTES

    @property
    def unshown(self) -> int:
        """How many records are counted here and not yet in Discord; 0 for a waiting card, which shows none yet."""
        return max(0, self.count - self.shown) if self.message is not None else 0

    @property
    def is_open_alert(self) -> bool:
        """Whether it shows an alert that is not over."""
        return self.alert is not None and not self.alert.is_over and not self.alert.went_on

    @property
    def is_urgent(self) -> bool:
        """Whether its alert is worse than its message has told."""
        return self.message is not None and self.alert is not None and self.alert.is_worse and not self.alert.went_on

    @property
    def owes_turn(self) -> bool:
        """Whether its alert goes on in another message, which this one does not say yet."""
        return self.message is not None and self.alert is not None and self.alert.went_on

    @property
    def is_news(self) -> bool:
        """Whether its message does not show that an alert is over, worse, or new: what a reader must not miss."""
        if self.message is None or self.alert is None or self.alert.went_on:
            return False
        return self.alert.is_worse or (bool(self.unshown) and self.alert.is_news_to(self.shown_alert))

    @property
    def says_all(self) -> bool:
        """Whether Discord shows what there is to show, although records are counted since: they told nothing new."""
        if self.owes_turn:
            return False
        return not self.unshown or (self.alert is not None and self.alert is self.shown_alert)


@dataclass(slots=True)
class Tally:
    """What one routing step adds to a card. Nothing of it counts before the step is stored."""

    count: int
    first_seen_ns: int
    last_seen_ns: int
    counted_ns: int
    """By our clock."""
    samples: tuple[str, ...] = ()
    alert: AlertGroup | None = None
    """What the card says once this is added, where it shows an alert."""
    record: bytes = b""
    """The newest of a status."""

    def add(self, seen: Seen) -> None:
        """Count one more record, and those that it stands for."""
        self.count += seen.records
        if seen.last_ns > self.last_seen_ns:
            self.last_seen_ns = seen.last_ns
        if seen.first_ns < self.first_seen_ns:
            self.first_seen_ns = seen.first_ns


@dataclass(slots=True, eq=False)
class Posted:
    """A message that Discord has."""

    message_id: str
    posted_ns: int
    note: Note
    entries: list[Entry] = field(default_factory=list)
    changed_s: float = 0.0
    """When it was posted or last edited: loop time; 0 where that was in an earlier run."""
    refused: bool = False
    """Discord does not take an edit of it; its entries go on elsewhere."""
    times_put_off: int = 0
    """How often in a row Discord took no edit of it because of its age."""
    put_off_until_s: float = 0.0
    """Loop time until which none is tried, unless it has news."""

    def put_off(self, now_s: float) -> None:
        """Let the next edit wait: Discord has just refused one because of its age."""
        self.times_put_off += 1
        self.put_off_until_s = now_s + capped_wait_s(self.times_put_off)

    @property
    def lives_on(self) -> bool:
        """Whether all that it shows may change as long as it lasts."""
        return bool(self.entries) and all(entry.kind.lives_on for entry in self.entries)

    @property
    def is_stale(self) -> bool:
        """Whether it shows less than there is to show."""
        return any(entry.unshown or entry.owes_turn for entry in self.entries)

    @property
    def has_news(self) -> bool:
        """Whether a reader must not miss what it does not show yet."""
        return any(entry.is_news for entry in self.entries)

    @property
    def unshown(self) -> int:
        """How many records are counted on its cards and not yet shown."""
        return sum(entry.unshown for entry in self.entries)

    @property
    def is_urgent(self) -> bool:
        """Whether an alert in it is worse than it has told."""
        return any(entry.is_urgent for entry in self.entries)

    @property
    def says_all(self) -> bool:
        """Whether it shows what there is to show."""
        return all(entry.says_all for entry in self.entries)

    def wait_s(self, interval_s: float) -> float:
        """Return how long after its last change it may be edited; ``interval_s`` is that of ordinary messages."""
        waits = [entry.edit_wait_s for entry in self.entries if entry.unshown]
        return min((interval_s if wait is None else wait for wait in waits), default=interval_s)

    @property
    def last_touched_ns(self) -> int:
        """When a record was last counted on one of its cards."""
        return max((entry.touched_ns for entry in self.entries), default=0)


def tail(
    count: int,
    first_seen_ns: int,
    last_seen_ns: int,
    counted_ns: int,
    samples: Sequence[str],
    alert: AlertGroup | None = None,
    record: bytes = b"",
) -> bytes:
    """Return what makes a stored card count ``count``: of fields that a protobuf message has twice, the last counts."""
    return queue_pb2.Card(
        count=count,
        first_seen_unix_nano=first_seen_ns,
        last_seen_unix_nano=last_seen_ns,
        counted_unix_nano=counted_ns,
        samples=samples,
        severity=alert.severity if alert is not None else 0,
        routes=alert.routes if alert is not None else (),
        alert_group=alert.to_bytes() if alert is not None else b"",
        record=record,
    ).SerializeToString()


def rest_of(entry: Entry) -> bytes:
    """Return the card that stands for what a posted one does not show. It pings nobody: its problem was told before."""
    alert = replace(entry.alert, retold=True) if entry.alert is not None else None
    rest = tail(entry.unshown, entry.first_seen_ns, entry.last_seen_ns, entry.touched_ns, (), alert)
    return entry.payload() + rest + (_NO_PING if alert is None else b"")


def worse_of(entry: Entry, url: str) -> bytes:
    """Return the card on which an alert goes on that got worse; ``url`` is that of the message that told it."""
    alert = entry.alert
    if alert is not None:
        alert = alert.worse(url=url, told_ns=entry.message.posted_ns if entry.message is not None else 0)
    return entry.payload() + tail(entry.unshown, entry.first_seen_ns, entry.last_seen_ns, entry.touched_ns, (), alert)


def stored_entry(card: StoredCard | PostedCard) -> Entry:
    """Return the entry of a card that nobody has looked at in this run."""
    stored = queue_pb2.Card.FromString(card.payload)
    samples = tuple(stored.samples)
    return Entry(
        card_id=card.id,
        fingerprint=stored.fingerprint,
        priority=card.priority,
        base=card.payload,
        text="",
        service="",
        count=stored.count,
        first_seen_ns=stored.first_seen_unix_nano,
        last_seen_ns=stored.last_seen_unix_nano,
        touched_ns=stored.counted_unix_nano or stored.accepted_unix_nano,
        samples=samples,
        base_samples=len(samples),
        alert=AlertGroup.from_bytes(stored.alert_group),
        is_status=not stored.alert_group and holds_status(stored.record),
        opened_ns=stored.accepted_unix_nano,
    )
