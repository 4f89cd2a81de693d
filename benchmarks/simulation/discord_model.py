"""Discord as far as its limits go: counts each request when it arrives, says what it says, keeps the truth.

Buckets of webhooks leak (5 in 2 s for each operation), channels take 30 messages in any 60 s, an address 50 requests
in any second. Answers take 80 to 400 ms, of which 5 to 25 ms go by before the request is counted.
"""

import random
from collections import Counter as Tally
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final, TypeVar

from otel_discord.discord_api.outcome_types import Scope
from otel_discord.discord_api.ratelimit import Answer, Limited
from otel_discord.discord_api.routes import Operation
from otel_discord.testing.fake_discord.counters import Buckets, Counter, new_counter

K = TypeVar("K")

WEBHOOK: Final = Buckets(5, 2.0, "gcra")
CHANNEL: Final = Buckets(30, 60.0, "log")
ADDRESS: Final = Buckets(50, 1.0, "log")
SERVER_ERROR: Final = 0.01
RESET: Final = 0.001
_WALL_S: Final = 1_800_000_000.0


class Fate(Enum):
    """What becomes of a request."""

    DONE = auto()
    FAILED = auto()
    """A 5xx, or no connection."""
    CUT = auto()
    """Discord has it, and the sender does not learn that."""
    LIMITED = auto()
    GONE = auto()


@dataclass(frozen=True, slots=True)
class Reply:
    """A request's end: what the sender is told (None: nothing), and when."""

    fate: Fate
    answer: Answer | None
    at_s: float


@dataclass(slots=True)
class Discord:
    """``dice`` is its own, so that one draw more elsewhere does not change its faults."""

    dice: random.Random
    away_from_s: float = float("inf")
    away_until_s: float = float("inf")
    limited: Tally[str] = field(default_factory=Tally)
    """Its 429s by scope."""
    requests: Tally[int] = field(default_factory=Tally)
    """Which arrived, by address."""
    created: Tally[int] = field(default_factory=Tally)
    """Messages, by channel."""
    repeats: int = 0
    cut: int = 0
    failed: int = 0
    deleted: set[int] = field(default_factory=set)
    _buckets: dict[tuple[str, int], Counter] = field(default_factory=dict)
    _channels: dict[int, Counter] = field(default_factory=dict)
    _addresses: dict[int, Counter] = field(default_factory=dict)
    _has: set[int] = field(default_factory=set)
    """Serial numbers of what was posted."""

    def way_s(self) -> float:
        """Return how long a request is under way."""
        return self.dice.uniform(0.005, 0.025)

    def arrived(
        self, operation: Operation, webhook: int, channel: int, address: int, serial: int, sent_s: float, now_s: float
    ) -> Reply:
        """Count a request and answer it; ``serial`` is of the message, the same when it is tried again."""
        at_s = max(now_s + 0.002, sent_s + self.dice.uniform(0.08, 0.4))
        if self.away_from_s <= now_s < self.away_until_s:
            return Reply(Fate.FAILED, None, now_s + 0.01)
        self.requests[address] += 1
        if channel in self.deleted:
            return Reply(Fate.GONE, Answer(status=404, sent_at=sent_s, received_at=at_s), at_s)
        creates = operation is Operation.EXECUTE
        bucket = self._of(self._buckets, (operation.method, webhook), WEBHOOK)
        checks = [(self._of(self._addresses, address, ADDRESS), Scope.GLOBAL), (bucket, Scope.USER)]
        if creates:
            checks.append((self._of(self._channels, channel, CHANNEL), Scope.SHARED))
        for counter, scope in checks:
            wait_s = counter.retry_after_s(now_s)
            if wait_s > 0:
                self.limited[scope.value] += 1
                limited = Limited(wait_s, scope)
                return Reply(Fate.LIMITED, Answer(status=429, limited=limited, sent_at=sent_s, received_at=at_s), at_s)
        for counter, _ in checks:
            counter.take(now_s)
        headers = {
            "x-ratelimit-limit": str(WEBHOOK.limit),
            "x-ratelimit-remaining": str(bucket.remaining(now_s)),
            "x-ratelimit-reset-after": f"{bucket.reset_after_s(now_s):.3f}",
            "x-ratelimit-reset": f"{_WALL_S + now_s + bucket.reset_after_s(now_s):.3f}",
            "x-ratelimit-bucket": "one",
        }
        chance = self.dice.random()
        if chance < SERVER_ERROR:
            self.failed += 1
            return Reply(Fate.FAILED, Answer(status=502, headers=headers, sent_at=sent_s, received_at=at_s), at_s)
        if creates:
            self.created[channel] += 1
            self.repeats += serial in self._has
            self._has.add(serial)
        if chance < SERVER_ERROR + RESET:
            self.cut += 1
            return Reply(Fate.CUT, None, at_s)
        return Reply(Fate.DONE, Answer(status=200, headers=headers, sent_at=sent_s, received_at=at_s), at_s)

    @staticmethod
    def _of(counters: dict[K, Counter], key: K, limit: Buckets) -> Counter:
        counter = counters.get(key)
        if counter is None:
            counter = counters[key] = new_counter(limit)
        return counter
