"""A fleet, put together and run: lanes in channels, replicas behind addresses, failures at their times."""

import random
from dataclasses import dataclass
from itertools import count
from typing import Final

from benchmarks.simulation.discord_model import Discord
from benchmarks.simulation.engine_model import Asked, Engine, Writer
from benchmarks.simulation.events import Events
from benchmarks.simulation.lane import EDIT_INTERVAL_S, FOLD_WINDOW_NS, Lane
from benchmarks.simulation.ledger import Ledger
from benchmarks.simulation.outbox import Address, Outboxes
from benchmarks.simulation.plan import LEASE_S, RENEWAL_S, SERVICES, TICK_S, Plan, Shape
from benchmarks.simulation.problems import Catalogue
from benchmarks.simulation.replica import Delivery, Replica
from benchmarks.simulation.traffic import Traffic
from otel_discord.discord_api.routes import Operation, Route
from otel_discord.exporters.discord.folding.book import MAX_MESSAGE_AGE_NS, LaneBook
from otel_discord.exporters.discord.folding.entry import Entry, Posted
from otel_discord.exporters.discord.folding.note import Note

LANES_OF_CHANNEL: Final = 10
BEGINS_S: Final = 10_000.0
"""What was posted before has times of its own."""
_TIDIED_S: Final = 60.0
_CARDS_OF_MESSAGE: Final = 10
_NO_NOTE: Final = Note()


@dataclass(slots=True)
class Fleet:
    """Everything of one run."""

    plan: Plan
    events: Events
    discord: Discord
    engine: Engine
    ledger: Ledger
    lanes: list[Lane]
    addresses: list[Address]
    replicas: list[Replica]
    owners: dict[int, Replica]
    """By channel: its lanes go together, so that its budget is at one place."""
    outboxes: Outboxes
    traffic: Traffic
    held_back: list[Delivery]

    @classmethod
    def of(cls, plan: Plan, catalogue: Catalogue) -> "Fleet":
        """Return a fleet in which every usual problem was told within the last hour."""
        dice = random.Random(plan.seed)
        events = Events()
        events.now_s = BEGINS_S
        discord = Discord(random.Random(plan.seed + 1))
        engine = Engine(events, random.Random(plan.seed + 2))
        ledger = Ledger()
        lanes = [_lane(number) for number in range(plan.webhooks)]
        addresses = [Address(number, events) for number in range(plan.addresses)]
        owners: dict[int, Replica] = {}
        outboxes = Outboxes(events, discord, engine, ledger, dice, lambda lane: owners.get(lane.channel))
        held: list[Delivery] = []
        traffic = Traffic(plan, catalogue, lanes, dice)
        fleet = cls(plan, events, discord, engine, ledger, lanes, addresses, [], owners, outboxes, traffic, held)
        for number in range(plan.replicas):
            address = addresses[number % plan.addresses]
            fleet.replicas.append(Replica(number, address, Writer(engine), engine, ledger, outboxes.wake, fleet.place))
        fleet._begin(catalogue)
        return fleet

    def run(self) -> None:
        """Let the plan's time pass."""
        faults, events = self.plan.faults, self.events
        if faults.killed_at_s is not None:
            events.at(BEGINS_S + faults.killed_at_s, self._kill, self.replicas[0])
        if faults.engine_paused_at_s is not None:
            self.engine.paused_from_s = BEGINS_S + faults.engine_paused_at_s
            self.engine.paused_until_s = self.engine.paused_from_s + faults.engine_paused_for_s
        if faults.channel_deleted_at_s is not None:
            events.at(BEGINS_S + faults.channel_deleted_at_s, self.discord.deleted.add, self.plan.channels - 1)
        if faults.discord_away_at_s is not None:
            self.discord.away_from_s = BEGINS_S + faults.discord_away_at_s
            self.discord.away_until_s = self.discord.away_from_s + faults.discord_away_for_s
        events.run(BEGINS_S + self.plan.seconds)

    def place(self, lane: Lane) -> None:
        """Have the owner of a lane look at what is stored for it; while it has none, it waits."""
        owner = self.owners.get(lane.channel)
        if owner is not None:
            owner.look_at(lane)

    def _begin(self, catalogue: Catalogue) -> None:
        events, now_s = self.events, BEGINS_S
        places = list(range(self.plan.channels))  # by chance, or the busiest channel of each unit has the same replica
        self.outboxes.dice.shuffle(places)
        for lane in self.lanes:
            replica = self.replicas[places[lane.channel] % len(self.replicas)]
            self.owners[lane.channel] = replica
            self._enrol(lane, replica)
            if self.plan.shape is not Shape.ONE:
                _told_before(lane, catalogue, self.outboxes.serials, self.outboxes.dice)
            events.at(now_s + self.outboxes.dice.uniform(0, _TIDIED_S), self._tidy, lane)
        for replica in self.replicas:
            events.at(now_s + self.outboxes.dice.uniform(0, RENEWAL_S), self._renew, replica, 0)
        events.at(now_s, self._tick, 0)

    def _enrol(self, lane: Lane, replica: Replica) -> None:
        replica.claim(lane)
        replica.address.limiter.learn_channel(lane.execute.webhook_id, str(lane.channel), self.events.now_s)

    def _tick(self, number: int) -> None:
        now_s = self.events.now_s
        self.events.at(BEGINS_S + (number + 1) * TICK_S, self._tick, number + 1)
        arrived = list(self.traffic.tick(number))
        self.ledger.offered += sum(count for _, counts, _ in arrived for _, count in counts)
        if self.engine.is_paused:
            self.held_back += arrived
            return
        if self.held_back:
            records = sum(count for _, counts, _ in self.held_back for _, count in counts)
            self.ledger.longest_refused = max(self.ledger.longest_refused, records)
            arrived, self.held_back = self.held_back + arrived, []
        alive = [replica for replica in self.replicas if replica.is_alive]
        self.outboxes.dice.shuffle(arrived)
        for place, replica in enumerate(alive):
            share = arrived[(place + number) % len(alive) :: len(alive)]
            if share:
                replica.accept(share, now_s)

    def _renew(self, replica: Replica, number: int) -> None:
        if not replica.is_alive:
            return
        if not number % round(RENEWAL_S):
            replica.keep_leases()
        self.engine.ask(Asked.EGRESS, rows=1)
        self.events.at(self.events.now_s + 1.0, self._renew, replica, number + 1)

    def _tidy(self, lane: Lane) -> None:
        self.events.at(self.events.now_s + _TIDIED_S, self._tidy, lane)
        for message in lane.book.outlived(int(self.events.now_s * 1e9)):
            if lane.errand is None or lane.errand.edits is not message:
                lane.book.forget(message)

    # ----------------------------------------------------------------------------------------------------- a death

    def _kill(self, replica: Replica) -> None:
        """End a process without a word; its leases last on."""
        replica.is_alive = False
        replica.writer.ended = True
        orphans = list(replica.lanes.values())
        for lane in orphans:
            self.owners.pop(lane.channel, None)
        for lane in orphans:
            self.outboxes.left(lane, replica)
        left_s = LEASE_S - self.outboxes.dice.uniform(0, RENEWAL_S)
        self.events.at(self.events.now_s + left_s, self._take_over, replica, self.events.now_s)

    def _take_over(self, dead: Replica, since_s: float) -> None:
        """Let the others have its lanes; what its address has posted is known to them from the engine."""
        now_s = self.events.now_s
        alive = [replica for replica in self.replicas if replica.is_alive]
        known = dead.address.limiter.memory(now_s, now_s)
        told: set[int] = {dead.address.number}
        for lane in dead.lanes.values():
            heir = alive[lane.channel % len(alive)]
            if heir.address.number not in told and known is not None:
                heir.address.limiter.restore_memory(known, now_s, now_s)
                told.add(heir.address.number)
            self.owners[lane.channel] = heir
            self._enrol(lane, heir)
            self.ledger.handed_over_s.append(now_s - since_s)
            self.outboxes.wake(lane)


def _lane(number: int) -> Lane:
    webhook_id = str(number)
    book = LaneBook(f"lane-{number}", FOLD_WINDOW_NS, edit_interval_s=EDIT_INTERVAL_S)
    return Lane(
        number,
        number // LANES_OF_CHANNEL,
        book,
        Route(Operation.EXECUTE, webhook_id),
        Route(Operation.EDIT, webhook_id),
    )


def _told_before(lane: Lane, catalogue: Catalogue, serials: "count[int]", dice: random.Random) -> None:
    """Post the usual problems of a lane's service, ten in a message, at some time within the last hour."""
    samples = catalogue.samples[lane.number % SERVICES]
    for first in range(0, len(samples), _CARDS_OF_MESSAGE):
        posted_ns = int(BEGINS_S * 1e9) - dice.randrange(MAX_MESSAGE_AGE_NS)
        # edited at some time within the last interval, so that not all edits are due at once
        changed_s = BEGINS_S - dice.uniform(0, EDIT_INTERVAL_S)
        message = Posted(str(next(serials)), posted_ns, _NO_NOTE, changed_s=changed_s)
        shown: list[tuple[Entry, int]] = []
        for place, sample in enumerate(samples[first : first + _CARDS_OF_MESSAGE]):
            entry = Entry(
                card_id=-(first + place + 1),
                fingerprint=sample.problem.fingerprint,
                priority=sample.priority,
                base=sample.record,
                text=sample.problem.text,
                service=sample.service,
                count=1,
                first_seen_ns=posted_ns,
                last_seen_ns=posted_ns,
                touched_ns=int(BEGINS_S * 1e9),
            )
            lane.book.opened(entry)
            shown.append((entry, 1))
        lane.book.posted(message, shown)
