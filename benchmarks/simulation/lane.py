"""One destination: its book, what waits in it, and what it would send next. Decides, and does nothing."""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from benchmarks.simulation.problems import Counts, Sample
from otel_discord.discord_api.ratelimit import Ticket
from otel_discord.discord_api.routes import Operation, Route
from otel_discord.exporterhelper.backoff import BackoffState
from otel_discord.exporterhelper.breaker import CLOSED, Breaker
from otel_discord.exporters.discord.dispatch import DIGEST_REST_S, MAX_DIGEST_CARDS
from otel_discord.exporters.discord.folding.book import LaneBook
from otel_discord.exporters.discord.folding.crowd import digest_above
from otel_discord.exporters.discord.folding.editing import Due, may_go, next_edit
from otel_discord.exporters.discord.folding.entry import Entry, Posted
from otel_discord.exporters.discord.packing import pack
from otel_discord.exporters.discord.render import Rendered

EDIT_INTERVAL_S: Final = 10.0
FOLD_WINDOW_NS: Final = 300 * 10**9
DIGEST_ABOVE: Final = digest_above(30)
DIGEST_KEPT: Final = 20
"""So many of a digest's problems are told in it and go on being counted there."""
_LOOK_AHEAD: Final = 10


@dataclass(frozen=True, slots=True)
class Wish:
    """What a lane would send: when at the earliest, and how urgent it is."""

    operation: Operation
    priority: int
    at_s: float


@dataclass(slots=True, eq=False)
class Errand:
    """A message, or the edit of one, from its permit to its end. ``serial`` stays when it is tried again."""

    serial: int
    operation: Operation
    entries: Sequence[Entry]
    priority: int
    is_digest: bool = False
    edits: Posted | None = None
    shown: list[int] = field(default_factory=list)
    permit_s: float = 0.0
    sent_s: float = 0.0
    was_sent: bool = False


@dataclass(slots=True, eq=False)
class Lane:
    """Of one webhook."""

    number: int
    channel: int
    book: LaneBook
    execute: Route
    edit: Route
    looks: dict[int, Rendered] = field(default_factory=dict)
    """Of waiting cards, by their ids."""
    critical: deque[Entry] = field(default_factory=deque)
    other: deque[Entry] = field(default_factory=deque)
    again: Errand | None = None
    """It failed, or its end is not known; it goes first."""
    ticket: Ticket | None = None
    errand: Errand | None = None
    """In hand."""
    breaker: Breaker = CLOSED
    backoff: BackoffState | None = None
    rests_until_s: float = 0.0
    digest_at_s: float = -1e9
    due: Due | None = None
    """The edit that came first when there was last a look."""
    was_edit: bool = False
    wakes_at_s: float = float("inf")
    stale_then: int = -1
    """How many messages wanted an edit when that was decided."""
    gone: bool = False
    inbox: list[tuple[Counts, Sequence[Sample], int]] = field(default_factory=list)
    """Stored and not looked at yet: counts, whose, and when they were accepted (nanoseconds)."""

    @property
    def waiting(self) -> int:
        """Cards."""
        return len(self.critical) + len(self.other)

    def opened(self, entry: Entry, look: Rendered) -> None:
        """A card was opened and waits."""
        self.looks[entry.card_id] = look
        (self.critical if entry.priority else self.other).append(entry)

    def wish(self, now_s: float) -> Wish | None:
        """Return what goes next; None where there is nothing."""
        if self.again is not None:
            return Wish(self.again.operation, self.again.priority, now_s)
        edit = self.due = next_edit(self.book, EDIT_INTERVAL_S)
        waits = bool(self.critical or self.other)
        if edit is not None and may_go(edit, now_s, EDIT_INTERVAL_S, others_wait=waits, was_last=self.was_edit):
            return Wish(Operation.EDIT, -1, now_s)
        new: Wish | None = None
        if self.critical:
            new = Wish(Operation.EXECUTE, 1, now_s)
        elif self.other:
            rests = self.digest_at_s + DIGEST_REST_S if len(self.other) < MAX_DIGEST_CARDS else now_s
            new = Wish(Operation.EXECUTE, 0, max(now_s, rests))
        if edit is not None and (new is None or new.at_s > edit.at_s > now_s):
            return Wish(Operation.EDIT, -1, edit.at_s)
        return new

    def compose(self, operation: Operation, serial: int, now_s: float) -> Errand | None:
        """Return what goes now that a permit is there; None where nothing does any more."""
        if self.again is not None and self.again.operation is operation:
            errand, self.again = self.again, None
        elif operation is Operation.EDIT:
            due = self.due
            if due is None or due.message.message_id not in self.book.stale:
                return None
            errand = Errand(serial, operation, tuple(due.message.entries), -1, edits=due.message)
        else:
            made = self._message(serial, now_s)
            if made is None:
                return None
            errand = made
        errand.shown = [entry.count for entry in errand.entries]
        self.book.in_hand = frozenset(entry.card_id for entry in errand.entries)
        return errand

    def _message(self, serial: int, now_s: float) -> Errand | None:
        if not self.critical and self.waiting > DIGEST_ABOVE:
            most = min(len(self.other), MAX_DIGEST_CARDS)
            crowd = [self.other.popleft() for _ in range(most)]
            self.digest_at_s = now_s
            crowd.sort(key=_count, reverse=True)
            return Errand(serial, Operation.EXECUTE, crowd, 0, is_digest=True)
        head = [*_first(self.critical, _LOOK_AHEAD), *_first(self.other, _LOOK_AHEAD)][:_LOOK_AHEAD]
        if not head:
            return None
        taken = pack(self.looks[entry.card_id] for entry in head).taken
        priority = head[0].priority
        for entry in head[:taken]:
            (self.critical if entry.priority else self.other).popleft()
        return Errand(serial, Operation.EXECUTE, head[:taken], priority)

    def standing(self) -> Iterable[Entry]:
        """Return the cards that Discord does not have, as far as this side knows."""
        yield from self.critical
        yield from self.other
        for errand in (self.again, self.errand):
            if errand is not None and errand.edits is None:
                yield from errand.entries


def _first(cards: deque[Entry], most: int) -> list[Entry]:
    return [cards[place] for place in range(min(most, len(cards)))]


def _count(entry: Entry) -> int:
    return entry.count
