"""One process of the fleet: stores what it is handed, counts what its lanes' services report, keeps its leases."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from benchmarks.simulation.engine_model import Asked, Engine, Writer
from benchmarks.simulation.lane import Lane
from benchmarks.simulation.ledger import Ledger, unrouted
from benchmarks.simulation.outbox import Address
from benchmarks.simulation.problems import Counts, Sample
from otel_discord.component import RoutedIds
from otel_discord.exporters.discord.folding.book import LaneBook
from otel_discord.exporters.discord.folding.draft import Draft
from otel_discord.exporters.discord.seen import Seen

Delivery = tuple[Lane, Counts, Sequence[Sample]]
"""What a service hands over: its lane, how many records of which of these problems."""
RECORD_BYTES = 360
"""Of an average record on the wire."""


@dataclass(slots=True, eq=False)
class Replica:
    """``wake`` is told of each lane that has something new."""

    number: int
    address: Address
    writer: Writer
    engine: Engine
    ledger: Ledger
    wake: Callable[[Lane], None]
    place: Callable[[Lane], None]
    """Called for each lane that something is stored for, to have its owner look at it."""
    books: dict[str, LaneBook] = field(default_factory=dict)
    lanes: dict[int, Lane] = field(default_factory=dict)
    sent: int = 0
    folds: int = 0
    is_alive: bool = True
    _full: dict[int, Lane] = field(default_factory=dict)
    """Lanes with something to be looked at."""
    _routing: bool = False
    _next_card: int = 0

    def claim(self, lane: Lane) -> None:
        """Own a lane from now on."""
        self.lanes[lane.number] = lane
        self.books[lane.book.lane] = lane.book
        self.engine.ask(Asked.CLAIM, rows=1)
        if lane.inbox:
            self.look_at(lane)

    def accept(self, deliveries: Sequence[Delivery], now_s: float) -> None:
        """Store requests; their clients hear OK when they are."""
        now_ns = int(now_s * 1e9)
        self.engine.ask(Asked.PUT, times=len(deliveries), rows=len(deliveries))
        self.writer.submit(lambda: self._accepted(deliveries, now_ns))

    def _accepted(self, deliveries: Sequence[Delivery], now_ns: int) -> None:
        for lane, counts, samples in deliveries:
            records = sum(count for _, count in counts)
            self.ledger.accepted += records
            self.engine.stored_bytes += records * RECORD_BYTES
            lane.inbox.append((counts, samples, now_ns))
            self.place(lane)

    def look_at(self, lane: Lane) -> None:
        """Count what is stored for a lane, with whatever else there is by then."""
        self._full[lane.number] = lane
        if not self._routing:
            self._routing = True
            self.writer.submit(self._route)

    def _route(self) -> None:
        """One routing step for all lanes that have something; it is stored."""
        full, self._full = self._full, {}
        now_ns = int(self.engine.events.now_s * 1e9)
        draft = Draft(self.books, now_ns)
        draft.begin(0)
        opened: list[tuple[Lane, Sample]] = []
        batches = folds = 0
        for lane in full.values():
            batches += len(lane.inbox)
            if lane.gone:
                self.ledger.dead += unrouted(lane)
                lane.inbox.clear()
                continue
            name = lane.book.lane
            for counts, samples, at_ns in lane.inbox:
                for number, count in counts:
                    sample = samples[number]
                    if draft.fold(name, sample.problem, Seen(count, at_ns, at_ns)):
                        folds += 1
                        continue
                    card = sample.card(count, at_ns, at_ns)
                    draft.open(0, name, sample.problem, card, sample.priority, sample.service)
                    opened.append((lane, sample))
            lane.inbox.clear()
        payloads = draft.cards()
        ids = [self.number + 1_000_000 * (self._next_card + place) for place in range(len(opened))]
        self._next_card += len(opened)
        draft.commit(RoutedIds({0: ids}, {}), payloads)
        for (lane, sample), card_id in zip(opened, ids, strict=True):
            lane.opened(lane.book.entries[card_id], sample.rendered)
        self.folds += folds
        self.engine.ask(Asked.ROUTE, rows=batches)
        self.engine.ask(Asked.FOLDS, times=bool(folds), rows=folds)
        self.engine.ask(Asked.CARDS, times=bool(opened), rows=len(opened))
        for lane in full.values():
            self.wake(lane)
        self._routing = bool(self._full)
        if self._routing:
            self.writer.submit(self._route)

    def keep_leases(self) -> None:
        """Renew all of them at once, and take a part of the address's next seconds."""
        self.engine.ask(Asked.RENEWAL, rows=len(self.lanes))
        self.writer.submit(_nothing)

    @property
    def book_bytes(self) -> int:
        """What the books of its lanes take in memory, as the project counts it."""
        return sum(book.kept_bytes + book.waiting_bytes for book in self.books.values())


def _nothing() -> None:
    """Nobody waits for it."""
