"""One run's result; what must hold is checked here, and the run fails where it does not."""

import gc
import math
import time
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

from benchmarks.figures import quantile
from benchmarks.simulation.discord_model import ADDRESS, CHANNEL
from benchmarks.simulation.engine_model import Asked
from benchmarks.simulation.fleet import Fleet
from benchmarks.simulation.ledger import waiting
from benchmarks.simulation.plan import Plan
from benchmarks.simulation.problems import Catalogue


class SumsDifferError(Exception):
    """Records were lost or counted twice: an error in the simulation or in the cores."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Counts are of the whole run; times in seconds."""

    plan: Plan
    took_s: float
    events: int
    offered: int
    accepted: int
    shown: int
    waiting: int
    dead: int
    messages: int
    digests: int
    edits: int
    cards: int
    in_digests: int
    channel_use: float
    """Of what Discord lets into the channels in this time."""
    address_use: float
    """Of 50 requests a second for each address."""
    limited: int
    repeats: int
    ambiguous: int
    """Messages whose senders do not know whether Discord has them: cut answers, deaths."""
    failed: int
    critical_s: tuple[float, float] | None
    """p50 and p99 from a card's first record until Discord shows it."""
    other_s: tuple[float, float] | None
    others_s: "array[float]"
    """Each ordinary card's."""
    book_bytes: int
    """Of the replica that has most."""
    lanes_most: int
    statements: int
    commits: int
    rows: int
    stored_bytes: int
    sent_most: int
    """Requests of one replica."""
    idle_replicas: int
    """Which own no lane."""
    handed_over_s: float
    """The longest that a lane was without owner."""
    longest_refused: int

    def per_s(self, amount: float) -> float:
        """Return an amount for each second of the run."""
        return amount / self.plan.seconds

    @property
    def statements_per_record(self) -> float:
        """Statements by records accepted."""
        return self.statements / max(1, self.accepted)


def p99_together_s(outcomes: Sequence[Outcome]) -> float:
    """Return the p99 of all ordinary cards of several runs; 0 where there are none."""
    seconds = sorted(chain.from_iterable(each.others_s for each in outcomes))
    return quantile(seconds, 0.99) if seconds else 0.0


def simulate(plan: Plan, catalogue: Catalogue) -> Outcome:
    """Run a plan.

    Raises:
        SumsDifferError: what was accepted is not what is shown, waits, or ended as dead letters.
    """
    began_s = time.process_time()
    gc.collect()
    gc.disable()
    try:
        fleet = Fleet.of(plan, catalogue)
        fleet.run()
    finally:
        gc.enable()
    found = _outcome(fleet, time.process_time() - began_s)
    difference = found.accepted - found.shown - found.waiting - found.dead
    if difference:
        message = f"{difference:+,} of {found.accepted:,} records are missing: {plan}"
        raise SumsDifferError(message)
    if found.repeats > found.ambiguous:
        message = f"{found.repeats} messages were repeated after {found.ambiguous} that were in doubt: {plan}"
        raise SumsDifferError(message)
    return found


def _outcome(fleet: Fleet, took_s: float) -> Outcome:
    plan, ledger, discord, engine = fleet.plan, fleet.ledger, fleet.discord, fleet.engine
    allowed = plan.channels * CHANNEL.limit * math.ceil(plan.seconds / CHANNEL.window_s)
    return Outcome(
        plan=plan,
        took_s=took_s,
        events=fleet.events.handled,
        offered=ledger.offered,
        accepted=ledger.accepted,
        shown=ledger.shown,
        waiting=waiting(fleet.lanes),
        dead=ledger.dead,
        messages=ledger.messages,
        digests=ledger.digests,
        edits=ledger.edits,
        cards=ledger.cards,
        in_digests=ledger.in_digests,
        channel_use=sum(discord.created.values()) / allowed,
        address_use=sum(discord.requests.values()) / (plan.addresses * plan.seconds * ADDRESS.limit),
        limited=sum(discord.limited.values()),
        repeats=discord.repeats,
        ambiguous=discord.cut + ledger.left_in_hand,
        failed=discord.failed,
        critical_s=_middle_and_late(ledger.latency_critical_s),
        other_s=_middle_and_late(ledger.latency_other_s),
        others_s=ledger.latency_other_s,
        book_bytes=max(replica.book_bytes for replica in fleet.replicas),
        lanes_most=max(len(replica.lanes) for replica in fleet.replicas),
        statements=engine.statements,
        commits=engine.asked[Asked.COMMIT],
        rows=engine.rows,
        stored_bytes=engine.stored_bytes,
        sent_most=max(replica.sent for replica in fleet.replicas),
        idle_replicas=sum(not replica.lanes for replica in fleet.replicas),
        handed_over_s=max(ledger.handed_over_s, default=0.0),
        longest_refused=ledger.longest_refused,
    )


def _middle_and_late(seconds: "array[float]") -> tuple[float, float] | None:
    return (quantile(seconds, 0.5), quantile(seconds, 0.99)) if seconds else None
