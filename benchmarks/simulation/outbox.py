"""Sends what lanes wish, one request a webhook: permit, note in the engine, request, answer, settlement."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Final

from benchmarks.simulation.discord_model import Discord, Fate, Reply
from benchmarks.simulation.engine_model import Asked, Engine
from benchmarks.simulation.events import Events
from benchmarks.simulation.lane import DIGEST_KEPT, Errand, Lane
from benchmarks.simulation.ledger import Ledger, unsent, unshown
from otel_discord.discord_api.ratelimit import Limiter
from otel_discord.discord_api.routes import Operation
from otel_discord.exporterhelper import backoff, breaker
from otel_discord.exporterhelper.breaker import Phase
from otel_discord.exporters.discord.folding.entry import Entry, Posted
from otel_discord.exporters.discord.folding.note import Note

if TYPE_CHECKING:
    from benchmarks.simulation.replica import Replica

_BACKOFF: Final = backoff.BackoffPolicy()
_PERMIT_LASTS_S: Final = 0.25
"""A permit that is older is given back: else an engine that comes back lets all that waited for it go at once."""
_BREAKER: Final = breaker.BreakerPolicy()


@dataclass(slots=True)
class Address:
    """One egress address and the permits of all replicas behind it."""

    number: int
    events: Events
    limiter: Limiter = field(default_factory=Limiter)
    granted: dict[int, Callable[[], None]] = field(default_factory=dict)
    """Who waits, by the identity of the ticket."""
    _wakes_at_s: float = float("inf")
    _due: bool = False

    def pump(self) -> None:
        """Look who may go, once everything that happens now has happened."""
        if not self._due:
            self._due = True
            self.events.at(self.events.now_s, self._look)

    def _look(self) -> None:
        self._due = False
        now_s = self.events.now_s
        granted, next_s = self.limiter.poll(now_s)
        for ticket in granted:
            self.granted.pop(ticket.number)()
        if next_s is not None and (next_s < self._wakes_at_s or self._wakes_at_s <= now_s):
            self._wakes_at_s = next_s
            self.events.at(next_s, self._wake, next_s)

    def _wake(self, at_s: float) -> None:
        if at_s == self._wakes_at_s:
            self._wakes_at_s = float("inf")
        self.pump()


@dataclass(slots=True)
class Outboxes:
    """Of the whole fleet; each lane's owner pays."""

    events: Events
    discord: Discord
    engine: Engine
    ledger: Ledger
    dice: random.Random
    owner_of: Callable[[Lane], "Replica | None"]
    serials: "count[int]" = field(default_factory=lambda: count(1))

    def wake(self, lane: Lane) -> None:
        """See whether a lane has something to send, and ask for a permit."""
        owner = self.owner_of(lane)
        if owner is None or lane.errand is not None or lane.gone:
            return
        if lane.ticket is not None and lane.ticket.priority < 0 and not lane.waiting and lane.again is None:
            return  # an edit waits for its permit, and nothing goes before it
        now_s = self.events.now_s
        if now_s < lane.wakes_at_s and lane.stale_then == len(lane.book.stale) and not lane.waiting and not lane.again:
            return  # nothing has changed: it rests until its next edit
        lane.stale_then = -1
        wish = lane.wish(now_s)
        ready_s = max(lane.rests_until_s, lane.breaker.allowed_at_s)
        if wish is None or max(wish.at_s, ready_s) > now_s:
            self._withdraw(lane, owner)
            if wish is not None:
                self._wake_at(lane, max(wish.at_s, ready_s))
                lane.stale_then = len(lane.book.stale)
            return
        ticket, limiter = lane.ticket, owner.address.limiter
        if ticket is not None:
            if ticket.route.operation is wish.operation:
                if wish.priority > ticket.priority:
                    limiter.raise_priority(ticket, wish.priority, now_s)
                    owner.address.pump()
                return
            self._withdraw(lane, owner)
        route = lane.edit if wish.operation is Operation.EDIT else lane.execute
        ticket = lane.ticket = limiter.request(route, wish.priority, now_s)
        owner.address.granted[ticket.number] = lambda: self._granted(lane, owner)
        owner.address.pump()

    def left(self, lane: Lane, owner: "Replica") -> None:
        """The owner of a lane is gone: what it had in hand may be in Discord."""
        now_s = self.events.now_s
        errand, lane.errand = lane.errand, None
        if lane.ticket is not None and errand is None:
            owner.address.granted.pop(lane.ticket.number, None)
            owner.address.limiter.cancel(lane.ticket, now_s)
        elif lane.ticket is not None and errand is not None and errand.was_sent:
            owner.address.limiter.complete(lane.ticket, None, now_s, self.dice.random())
        elif lane.ticket is not None:
            owner.address.limiter.cancel(lane.ticket, now_s)
        lane.ticket = None
        if errand is not None:
            self._to_be_sent_again(lane, errand)
            self.ledger.left_in_hand += errand.was_sent and errand.edits is None
        owner.address.pump()

    def _wake_at(self, lane: Lane, at_s: float) -> None:
        if at_s < lane.wakes_at_s or lane.wakes_at_s <= self.events.now_s:
            lane.wakes_at_s = at_s
            self.events.at(at_s, self._timer, lane, at_s)

    def _timer(self, lane: Lane, at_s: float) -> None:
        if lane.wakes_at_s == at_s:
            lane.stale_then = -1
            lane.wakes_at_s = float("inf")
            self.wake(lane)

    def _withdraw(self, lane: Lane, owner: "Replica") -> None:
        if lane.ticket is not None:
            owner.address.granted.pop(lane.ticket.number, None)
            owner.address.limiter.cancel(lane.ticket, self.events.now_s)
            lane.ticket = None
            owner.address.pump()

    def _granted(self, lane: Lane, owner: "Replica") -> None:
        now_s = self.events.now_s
        if lane.breaker.phase is Phase.OPEN:
            lane.breaker = breaker.probing(lane.breaker, now_s=now_s)
        assert lane.ticket is not None
        errand = lane.compose(lane.ticket.route.operation, next(self.serials), now_s)
        if errand is None:
            lane.breaker = breaker.returned(lane.breaker)
            self._withdraw(lane, owner)
            self.wake(lane)
            return
        lane.errand, errand.was_sent, errand.permit_s = errand, False, now_s
        if errand.edits is not None:
            self._send(lane, owner, errand)  # an edit may be repeated, so nothing is noted
            return
        self.engine.ask(Asked.SENDING, rows=len(errand.entries))
        owner.writer.submit(lambda: self._send(lane, owner, errand))

    def _send(self, lane: Lane, owner: "Replica", errand: Errand) -> None:
        if self.events.now_s - errand.permit_s > _PERMIT_LASTS_S:
            lane.errand = None
            self._to_be_sent_again(lane, errand)
            self._withdraw(lane, owner)
            self.wake(lane)
            return
        errand.sent_s, errand.was_sent = self.events.now_s, True
        owner.sent += 1
        self.events.at(self.events.now_s + self.discord.way_s(), self._arrive, lane, owner, errand)

    def _arrive(self, lane: Lane, owner: "Replica", errand: Errand) -> None:
        reply = self.discord.arrived(
            errand.operation,
            lane.number,
            lane.channel,
            owner.address.number,
            errand.serial,
            errand.sent_s,
            self.events.now_s,
        )
        if lane.errand is errand:  # else its owner died meanwhile; Discord has counted it all the same
            self.events.at(reply.at_s, self._answered, lane, owner, errand, reply)

    def _answered(self, lane: Lane, owner: "Replica", errand: Errand, reply: Reply) -> None:
        if lane.errand is not errand or lane.ticket is None:
            return
        now_s = self.events.now_s
        owner.address.limiter.complete(lane.ticket, reply.answer, now_s, self.dice.random())
        owner.address.pump()
        lane.ticket, lane.errand, lane.stale_then = None, None, -1
        lane.book.in_hand = frozenset()
        match reply.fate:
            case Fate.DONE:
                lane.breaker, lane.backoff = breaker.after_success(lane.breaker), None
                lane.was_edit = errand.edits is not None
                self._settle(lane, owner, errand)
            case Fate.GONE:
                self._to_be_sent_again(lane, errand)
                self._bury(lane)
            case Fate.LIMITED:
                self._to_be_sent_again(lane, errand)
            case Fate.FAILED | Fate.CUT:
                self._to_be_sent_again(lane, errand)
                self._failed(lane)
        self.wake(lane)

    def _to_be_sent_again(self, lane: Lane, errand: Errand) -> None:
        lane.book.in_hand = frozenset()
        if errand.edits is None:
            lane.again = errand

    def _failed(self, lane: Lane) -> None:
        """Wait before the next attempt. While the breaker is open attempts are given back, so none is given up here."""
        now_s = self.events.now_s
        lane.breaker = breaker.after_failure(_BREAKER, lane.breaker, now_s=now_s, dice=self.dice.random())
        state = lane.backoff or backoff.BackoffState(now_s)
        decided = backoff.after_failure(_BACKOFF, state, now_s=now_s, dice=self.dice.random())
        if isinstance(decided, backoff.Delay):
            lane.backoff = decided.state
            lane.rests_until_s = now_s + decided.delay_s
        else:
            lane.backoff = None
            if lane.breaker.phase is Phase.CLOSED:
                lane.breaker = breaker.opened(_BREAKER, lane.breaker, now_s=now_s, dice=self.dice.random())

    def _settle(self, lane: Lane, owner: "Replica", errand: Errand) -> None:
        shown = list(zip(errand.entries, errand.shown, strict=True))
        now_s = self.events.now_s
        if errand.edits is not None:
            here = [(entry, records) for entry, records in shown if entry.message is errand.edits]
            self.ledger.shown += sum(records - entry.shown for entry, records in here)
            self.ledger.edits += 1
            lane.book.edited(errand.edits, here, now_s)
            self.engine.ask(Asked.SHOWN, rows=len(here))
            owner.writer.submit(_nothing)
            return
        self._note_latency(errand, now_s)
        self.ledger.shown += sum(records for _, records in shown)
        self.ledger.messages += 1
        self.ledger.digests += errand.is_digest
        kept, left = _divided(shown) if errand.is_digest else (shown, [])
        message = Posted(str(errand.serial), int(now_s * 1e9), Note(is_digest=errand.is_digest), changed_s=now_s)
        lane.book.posted(message, kept)
        lane.book.ended([entry.card_id for entry, _ in left])
        for entry in errand.entries:
            lane.looks.pop(entry.card_id, None)
        self.engine.ask(Asked.POSTED, rows=2 * len(kept) + len(left) + 1)
        owner.writer.submit(_nothing)

    def _note_latency(self, errand: Errand, now_s: float) -> None:
        self.ledger.cards += len(errand.entries)
        self.ledger.in_digests += len(errand.entries) if errand.is_digest else 0
        for entry in errand.entries:
            kept = self.ledger.latency_critical_s if entry.priority else self.ledger.latency_other_s
            kept.append(now_s - entry.first_seen_ns / 1e9)

    def _bury(self, lane: Lane) -> None:
        """The webhook is gone: all that it was to show ends as dead letters."""
        self.ledger.dead += unsent(lane) + unshown(lane)
        lane.gone, lane.again = True, None
        lane.critical.clear()
        lane.other.clear()
        lane.looks.clear()
        for message in list(lane.book.messages.values()):
            lane.book.forget(message)
        lane.book.open.clear()


def _divided(shown: list[tuple[Entry, int]]) -> tuple[list[tuple[Entry, int]], list[tuple[Entry, int]]]:
    """Return which cards of a digest go on being counted in it: those it tells, and those that grew meanwhile."""
    kept = shown[:DIGEST_KEPT]
    left: list[tuple[Entry, int]] = []
    for entry, records in shown[DIGEST_KEPT:]:
        (kept if entry.count > records else left).append((entry, records))
    return kept, left


def _nothing() -> None:
    """Nobody waits for it."""
