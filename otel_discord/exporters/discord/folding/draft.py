"""One routing step: which cards it opens and what it adds to those that are there. Pure.

Nothing of it counts before the storage has it: a step that is cancelled leaves the books as they were, and its records
come again with their batches.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from otel_discord.component import Fold, NewCard, RoutedIds
from otel_discord.exporters.discord.alerts.group import AlertGroup
from otel_discord.exporters.discord.cards import Card, PastLife
from otel_discord.exporters.discord.folding.book import LaneBook
from otel_discord.exporters.discord.folding.entry import Entry, Tally, tail
from otel_discord.exporters.discord.folding.history import History
from otel_discord.exporters.discord.folding.problem import Problem
from otel_discord.exporters.discord.mutes.gate import Muted
from otel_discord.exporters.discord.seen import Seen


@dataclass(slots=True, eq=False)
class Opening:
    """A card that the step opens."""

    book: LaneBook
    problem: Problem
    card: Card
    priority: int
    service: str
    tally: Tally
    """What it counts beyond the first record."""

    def new_card(self) -> NewCard:
        """Return the card as it goes into its lane."""
        return NewCard(self.book.lane, self.priority, self.whole().to_bytes())

    def whole(self) -> Card:
        """Return the card with everything that the step has counted on it."""
        alert = self.tally.alert
        card = self.card
        if alert is not None:
            card = replace(card, severity=alert.severity, routes=alert.routes, alert_group=alert.to_bytes())
        if self.tally.record:
            card = replace(card, record=self.tally.record)
        return replace(
            card,
            count=self.card.count + self.tally.count,
            first_seen_ns=min(self.card.first_seen_ns, self.tally.first_seen_ns),
            last_seen_ns=max(self.card.last_seen_ns, self.tally.last_seen_ns),
            samples=self.tally.samples,
        )


@dataclass(slots=True)
class Draft:
    """``now_ns`` is the wall clock's time of the step."""

    books: Mapping[str, LaneBook]
    now_ns: int
    history: History | None = None
    folded: dict[str, int] = field(default_factory=dict)
    """How many records of each lane were counted on cards that others have opened."""
    muted: Counter[Muted] = field(default_factory=Counter)
    """How many records which mute has held, dropped, or let come without a ping."""
    unknown_ends: int = 0
    """How many records told the end of an alert that is shown nowhere."""
    _opened: dict[int, list[Opening]] = field(default_factory=dict)
    _open: dict[tuple[str, bytes], Opening] = field(default_factory=dict)
    _added: dict[Entry, tuple[LaneBook, Tally]] = field(default_factory=dict)
    _met: dict[bytes, tuple[Problem, str, Tally]] = field(default_factory=dict)
    _alerts: dict[tuple[str, str], Opening | Entry] = field(default_factory=dict)
    """Where the step has brought events of alerts, by lane and identity."""

    def begin(self, batch_id: int) -> None:
        """Say that a batch is looked at."""
        self._opened[batch_id] = []

    def met(self, problem: Problem, version: str, seen: Seen) -> None:
        """Note a record for the problem's history, once for all its lanes; ``version`` is its service's."""
        if self.history is None or not _is_remembered(problem):
            return
        seen = Seen(seen.records, min(seen.first_ns, self.now_ns), min(seen.last_ns, self.now_ns))
        known = self._met.get(problem.fingerprint)
        if known is None:
            self._met[problem.fingerprint] = (problem, version, Tally(*seen, self.now_ns))
        else:
            known[2].add(seen)

    def past(self, problem: Problem) -> PastLife | None:
        """Return what was known of a problem before this step."""
        if self.history is None or not _is_remembered(problem):
            return None
        return self.history.past(problem.fingerprint, self.now_ns)

    def fold(self, lane: str, problem: Problem, seen: Seen) -> bool:
        """Count a record, and those that it stands for, on the card of its problem; False where there is none yet."""
        if not problem.fingerprint:
            return False
        if problem.alert is not None:
            return self.told(lane, problem, seen) or self._joined(lane, problem, seen)
        if problem.status:
            return self._renewed(lane, problem, seen)
        book = self.books[lane]
        opening = self._open.get((lane, problem.fingerprint))
        if opening is not None:
            _count(opening.tally, opening.problem.text, problem, seen, ())
        else:
            entry = book.find(problem.fingerprint, self.now_ns)
            if entry is None:
                return False
            added = self._added.get(entry)
            if added is None:
                added = self._added[entry] = (book, Tally(0, seen.first_ns, seen.last_ns, self.now_ns))
            _count(added[1], entry.text, problem, seen, entry.samples)
        self.folded[lane] = self.folded.get(lane, 0) + seen.records
        return True

    def told(self, lane: str, problem: Problem, seen: Seen, *, among: Collection[bytes] = ()) -> bool:
        """Bring an alert's event to the card that shows this alert; False where none does.

        With ``among`` only a card of these fingerprints counts.
        """
        if problem.alert is None:
            return False
        identity = problem.alert.event.identity
        card = self._alerts.get((lane, identity)) or self.books[lane].alerts.get(identity)
        if among and card is not None and _fingerprint_of(card) not in among:
            return False
        if isinstance(card, Opening):
            return self._told_opening(card, lane, problem, seen)
        return card is not None and self._told_entry(card, lane, problem, seen)

    def _joined(self, lane: str, problem: Problem, seen: Seen) -> bool:
        """Bring an alert's event to the card of its group; False where there is none."""
        opening = self._open.get((lane, problem.fingerprint))
        if opening is not None:
            return self._told_opening(opening, lane, problem, seen)
        entry = self.books[lane].open.get(problem.fingerprint)
        return entry is not None and self._told_entry(entry, lane, problem, seen)

    def _renewed(self, lane: str, problem: Problem, seen: Seen) -> bool:
        """Let a status take the place of the last one, however old that is; False where there is none."""
        book = self.books[lane]
        opening, entry = self._open.get((lane, problem.fingerprint)), book.open.get(problem.fingerprint)
        if opening is not None:
            tally = opening.tally
        elif entry is None or (entry.message is not None and entry.message.refused):
            return False
        else:
            known = self._added.get(entry) or (book, Tally(0, seen.first_ns, seen.last_ns, self.now_ns))
            tally = known[1]
            self._added[entry] = known
        tally.add(seen)
        tally.record = problem.status
        self.folded[lane] = self.folded.get(lane, 0) + seen.records
        return True

    def _told_opening(self, opening: Opening, lane: str, problem: Problem, seen: Seen) -> bool:
        alert, arrival = opening.tally.alert, problem.alert
        if alert is None or arrival is None or not alert.takes(arrival.event, is_told=False):
            return False
        opening.tally.alert = alert.after(arrival, is_told=False)
        opening.tally.add(seen)
        self._alerts[lane, arrival.event.identity] = opening
        self.folded[lane] = self.folded.get(lane, 0) + seen.records
        return True

    def _told_entry(self, entry: Entry, lane: str, problem: Problem, seen: Seen) -> bool:
        book, arrival = self.books[lane], problem.alert
        added = self._added.get(entry)
        alert = entry.alert if added is None or added[1].alert is None else added[1].alert
        is_told = entry.message is not None or entry.card_id in book.in_hand
        if alert is None or arrival is None or not alert.takes(arrival.event, is_told=is_told):
            return False
        if added is None:
            added = self._added[entry] = (book, Tally(0, seen.first_ns, seen.last_ns, self.now_ns))
        added[1].add(seen)
        added[1].alert = alert.after(arrival, is_told=is_told)
        self._alerts[lane, arrival.event.identity] = entry
        self.folded[lane] = self.folded.get(lane, 0) + seen.records
        return True

    def open(self, batch_id: int, lane: str, problem: Problem, card: Card, priority: int, service: str) -> None:
        """Open a card for the first record of a problem."""
        tally = Tally(0, card.first_seen_ns, card.last_seen_ns, self.now_ns)
        if problem.alert is not None:
            tally.alert = AlertGroup.opened_by(problem.alert, self.now_ns)
        opening = Opening(self.books[lane], problem, card, priority, service, tally)
        self._opened[batch_id].append(opening)
        if problem.fingerprint:
            self._open[lane, problem.fingerprint] = opening
        if problem.alert is not None:
            self._alerts[lane, problem.alert.event.identity] = opening

    def cards(self) -> dict[int, Sequence[NewCard]]:
        """Return the cards to store, by the batch that opened them."""
        return {batch_id: [each.new_card() for each in opened] for batch_id, opened in self._opened.items()}

    def folds(self) -> list[Fold]:
        """Return what to store of the cards that were there."""
        return [
            Fold(
                entry.card_id,
                entry.payload(tally),
                otherwise=NewCard(book.lane, entry.priority, _apart(entry, tally)),
            )
            for entry, (book, tally) in self._added.items()
        ]

    def lanes(self) -> dict[str, int]:
        """Return the lanes with new cards, and the highest priority among them."""
        lanes: dict[str, int] = {}
        for opened in self._opened.values():
            for each in opened:
                lanes[each.book.lane] = max(each.priority, lanes.get(each.book.lane, each.priority))
        return lanes

    def opened_by(self, batch_id: int) -> int:
        """Return how many cards a batch has opened."""
        return len(self._opened[batch_id])

    def commit(self, ids: RoutedIds, payloads: Mapping[int, Sequence[NewCard]]) -> None:
        """Write the step into the books: the storage has it. ``payloads`` is what :meth:`cards` gave."""
        if self.history is not None:
            for fingerprint, (problem, version, tally) in self._met.items():
                self.history.met(
                    fingerprint,
                    count=tally.count,
                    first_seen_ns=tally.first_seen_ns,
                    last_seen_ns=tally.last_seen_ns,
                    version=version,
                    template=problem.template,
                )
        for entry, (book, tally) in self._added.items():
            instead = ids.otherwise.get(entry.card_id)
            if instead is None:
                book.counted(entry, tally)
                continue
            book.ended([entry.card_id])
            base = _apart(entry, tally)
            book.opened(
                Entry(
                    card_id=instead,
                    fingerprint=entry.fingerprint,
                    priority=entry.priority,
                    base=base,
                    text=entry.text,
                    service=entry.service,
                    count=tally.count,
                    first_seen_ns=tally.first_seen_ns,
                    last_seen_ns=tally.last_seen_ns,
                    touched_ns=self.now_ns,
                    samples=entry.samples[: entry.base_samples],
                    base_samples=entry.base_samples,
                    alert=tally.alert or entry.alert,
                    is_status=entry.is_status,
                    opened_ns=self.now_ns,
                )
            )
        for batch_id, opened in self._opened.items():
            made = ids.cards.get(batch_id, ())
            for opening, card_id, stored in zip(opened, made, payloads[batch_id], strict=False):
                if opening.problem.fingerprint:
                    opening.book.opened(_entry(opening, card_id, stored.payload))


def _fingerprint_of(card: Opening | Entry) -> bytes:
    return card.problem.fingerprint if isinstance(card, Opening) else card.fingerprint


def _is_remembered(problem: Problem) -> bool:
    return bool(problem.is_remembered and problem.fingerprint and problem.alert is None and not problem.status)


def _apart(entry: Entry, tally: Tally) -> bytes:
    """Return the card that stands for nothing but what the step counts."""
    alert = tally.alert or entry.alert
    record = tally.record or entry.record
    return entry.base + tail(tally.count, tally.first_seen_ns, tally.last_seen_ns, tally.counted_ns, (), alert, record)


def _count(tally: Tally, first: str, problem: Problem, seen: Seen, known: Sequence[str]) -> None:
    tally.add(seen)
    text = problem.text
    if len(known) + len(tally.samples) < problem.most_samples and text not in (first, *known, *tally.samples):
        tally.samples += (text,)


def _entry(opening: Opening, card_id: int, payload: bytes) -> Entry:
    card = opening.whole()
    return Entry(
        card_id=card_id,
        fingerprint=opening.problem.fingerprint,
        priority=opening.priority,
        base=payload,
        text=opening.problem.text,
        service=opening.service,
        count=card.count,
        first_seen_ns=card.first_seen_ns,
        last_seen_ns=card.last_seen_ns,
        touched_ns=opening.tally.counted_ns,
        samples=card.samples,
        base_samples=len(card.samples),
        alert=opening.tally.alert,
        is_status=bool(opening.problem.status),
        opened_ns=opening.tally.counted_ns,
    )
