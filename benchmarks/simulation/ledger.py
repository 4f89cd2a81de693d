"""What was accepted and what became of it; the sums have to be equal."""

from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field

from benchmarks.simulation.lane import Lane


@dataclass(slots=True)
class Ledger:
    """Records, but for latencies: those are of cards, from the record that opened them until Discord showed them."""

    offered: int = 0
    accepted: int = 0
    shown: int = 0
    dead: int = 0
    messages: int = 0
    digests: int = 0
    edits: int = 0
    cards: int = 0
    in_digests: int = 0
    left_in_hand: int = 0
    """Messages under way when their replica was killed."""
    handed_over_s: list[float] = field(default_factory=list)
    """How long each lane of a replica that died was without an owner."""
    latency_critical_s: "array[float]" = field(default_factory=lambda: array("d"))
    latency_other_s: "array[float]" = field(default_factory=lambda: array("d"))
    longest_refused: int = 0
    """Records that clients held back while the engine was away, at most."""


def waiting(lanes: Iterable[Lane]) -> int:
    """Return the records that are accepted and neither in Discord nor dead letters."""
    return sum(unrouted(lane) + unsent(lane) + unshown(lane) for lane in lanes)


def unrouted(lane: Lane) -> int:
    """Return the records that are stored and on no card yet."""
    return sum(count for counts, _, _ in lane.inbox for _, count in counts)


def unsent(lane: Lane) -> int:
    """Return the records on cards that wait."""
    return sum(entry.count for entry in lane.standing())


def unshown(lane: Lane) -> int:
    """Return the records counted on cards in Discord and not yet shown there."""
    return sum(message.unshown for message in lane.book.messages.values())
