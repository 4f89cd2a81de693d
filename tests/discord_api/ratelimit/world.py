"""A small simulated world: Discord's counters, a network with delays, and the limiter between them and its users.

Events on one heap, no loop, no sleep: an hour of traffic takes milliseconds.
"""

import heapq
import math
import random
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

from server_models import Log, Model

from otel_discord.discord_api.ratelimit import Answer, Limited, Limiter, LimiterSettings, Scope, Ticket
from otel_discord.discord_api.routes import Operation, Route


@dataclass(frozen=True)
class Network:
    """Total delay of a request, and which part of it lies before the arrival."""

    low_s: float
    high_s: float
    before: float | None
    """Share before arrival; None: any share, by chance."""

    def delays(self, dice: random.Random) -> tuple[float, float]:
        total = dice.uniform(self.low_s, self.high_s)
        share = dice.random() if self.before is None else self.before
        return total * share, total * (1 - share)

    @property
    def least_out_s(self) -> float:
        return self.low_s * (self.before or 0.0)


@dataclass
class Discord:
    """Counters by route and channel, an epoch clock that may be wrong, and what it has refused."""

    bucket: Callable[[], Model]
    channel: Callable[[], Model] | None = None
    channel_of: dict[str, str] = field(default_factory=dict)
    clock_skew_s: float = 1.7e9
    with_headers: bool = True
    with_reset: bool = True
    hash: str = "abcd"
    banned_until: float = -math.inf
    buckets: dict[Route, Model] = field(default_factory=dict)
    channels: dict[str, Model] = field(default_factory=dict)
    refused: list[tuple[float, Scope, Route]] = field(default_factory=list)
    accepted: list[tuple[float, Route]] = field(default_factory=list)

    def model(self, route: Route) -> Model:
        if route not in self.buckets:
            self.buckets[route] = self.bucket()
        return self.buckets[route]

    def channel_model(self, webhook_id: str) -> Model | None:
        if self.channel is None:
            return None
        name = self.channel_of.get(webhook_id, webhook_id)
        if name not in self.channels:
            self.channels[name] = self.channel()
        return self.channels[name]

    def arrive(self, route: Route, now: float) -> tuple[int, dict[str, str], Limited | None]:
        if now < self.banned_until:
            self.refused.append((now, Scope.HOST, route))
            return 429, {}, Limited(0.0, Scope.HOST)
        model = self.model(route)
        verdict = model.arrive(now)
        headers = {}
        if self.with_headers:
            headers = {
                "x-ratelimit-limit": str(model.limit),
                "x-ratelimit-remaining": str(verdict.remaining),
                "x-ratelimit-reset-after": f"{verdict.reset_after_s:.3f}",
                "x-ratelimit-bucket": self.hash,
            }
            if self.with_reset:
                headers["x-ratelimit-reset"] = f"{now + self.clock_skew_s + verdict.reset_after_s:.3f}"
        if not verdict.accepted:
            self.refused.append((now, Scope.USER, route))
            return 429, headers, Limited(round(verdict.retry_after_s, 3) + 0.001, Scope.USER)
        channel = self.channel_model(route.webhook_id)
        if channel is not None and route.operation is Operation.EXECUTE:
            shared = channel.arrive(now)
            if not shared.accepted:
                self.refused.append((now, Scope.SHARED, route))
                return 429, headers, Limited(shared.retry_after_s, Scope.SHARED)
        self.accepted.append((now, route))
        return 200, headers, None

    def count_only(self, route: Route, now: float) -> None:
        """A request whose answer never comes."""
        self.arrive(route, now)

    def count(self, scope: Scope) -> int:
        return sum(1 for _, refused, _ in self.refused if refused is scope)


@dataclass
class Job:
    """One message of a user of the limiter; it asks again after a 429, as the client does."""

    route: Route
    asked_at: float
    priority: int = 0
    gives_up_at: float = math.inf
    ticket: Ticket | None = None
    granted_at: float | None = None
    done_at: float | None = None
    given_up: bool = False


class World:
    """Runs jobs through a limiter against Discord; checks at each step what must always hold."""

    def __init__(
        self, discord: Discord, network: Network, *, seed: int = 1, settings: LimiterSettings | None = None
    ) -> None:
        self.discord = discord
        self.network = network
        self.dice = random.Random(seed)
        self.limiter = Limiter(settings)
        self.now = 1000.0
        self.jobs: list[Job] = []
        self.finished: list[Job] = []
        self.grants: list[tuple[float, Job]] = []
        self.lost: Callable[[Job], bool] = lambda job: False
        self.on_answer: Callable[[Job, int], None] = lambda job, status: None
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._number = 0
        self._wake_at = math.inf
        self._by_ticket: dict[Ticket, Job] = {}
        self._in_flight: Counter[Route] = Counter()
        self._waiting: dict[Route, dict[Ticket, Job]] = defaultdict(dict)

    def at(self, when: float, act: Callable[[], None]) -> None:
        self._number += 1
        heapq.heappush(self._events, (when, self._number, act))

    def ask(self, route: Route, *, at: float | None = None, priority: int = 0, gives_up_after: float = math.inf) -> Job:
        at = self.now if at is None else at
        job = Job(route, at, priority, at + gives_up_after)
        self.jobs.append(job)
        self.at(at, lambda: self._request(job))
        if gives_up_after < math.inf:
            self.at(job.gives_up_at, lambda: self._give_up(job))
        return job

    def run(self, until: float = math.inf) -> None:
        while True:
            when = min(self._events[0][0] if self._events else math.inf, self._wake_at)
            if when > until or when == math.inf:
                break
            self.now = max(self.now, when)
            while self._events and self._events[0][0] <= self.now:
                heapq.heappop(self._events)[2]()
            self._poll()

    def _request(self, job: Job) -> None:
        job.ticket = self.limiter.request(job.route, job.priority, self.now)
        self._by_ticket[job.ticket] = job
        self._waiting[job.route][job.ticket] = job

    def _give_up(self, job: Job) -> None:
        if job.granted_at is not None or job.given_up:
            return
        job.given_up = True
        assert job.ticket is not None
        self.limiter.cancel(job.ticket, self.now)
        del self._by_ticket[job.ticket]
        del self._waiting[job.route][job.ticket]

    def _poll(self) -> None:
        granted, wake_at = self.limiter.poll(self.now)
        assert wake_at is None or wake_at > self.now, "a poll leaves nothing that could be done now"
        self._wake_at = math.inf if wake_at is None else wake_at
        for ticket in granted:
            job = self._by_ticket.pop(ticket)
            assert all(ticket.rank <= other.rank for other in self._waiting[job.route]), "order within a route"
            del self._waiting[job.route][ticket]
            self._in_flight[job.route] += 1
            assert self._in_flight[job.route] == 1, "one in flight in each bucket"
            job.granted_at = self.now
            self.grants.append((self.now, job))
            self._send(job, ticket)

    def _send(self, job: Job, ticket: Ticket) -> None:
        sent_at = self.now
        out_s, back_s = self.network.delays(self.dice)
        if self.lost(job):
            if self.dice.random() < 0.5:
                self.at(sent_at + out_s, lambda: self.discord.count_only(job.route, self.now))
            self.at(sent_at + 10.0, lambda: self._end(job, ticket, None))
            return

        def arrive() -> None:
            status, headers, limited = self.discord.arrive(job.route, self.now)

            def answer() -> None:
                self._end(
                    job,
                    ticket,
                    Answer(status=status, headers=headers, limited=limited, sent_at=sent_at, received_at=self.now),
                )

            self.at(self.now + back_s, answer)

        self.at(sent_at + out_s, arrive)

    def _end(self, job: Job, ticket: Ticket, answer: Answer | None) -> None:
        self._in_flight[job.route] -= 1
        self.limiter.complete(ticket, answer, self.now, self.dice.random())
        if answer is not None:
            self.on_answer(job, answer.status)
        if answer is None or answer.status == 429:
            job.granted_at = None
            self._request(job)
            return
        job.done_at = self.now
        self.finished.append(job)


def optimum_s(model: Model, network: Network, count: int, *, seed: int = 1, channel: Log | None = None) -> float:
    """Time that a client would take which sees the server's state and has one request in flight.

    It knows the least that a request takes to arrive, not what the next one will take: nobody can and never be early.
    """
    dice = random.Random(seed)
    now = 1000.0
    for _ in range(count):
        out_s, back_s = network.delays(dice)
        slot_at = model.slot_at(now)
        if channel is not None:
            slot_at = max(slot_at, channel.slot_at(now))
        sent_at = max(now, slot_at - network.least_out_s)
        arrived_at = sent_at + out_s
        assert model.arrive(arrived_at).accepted
        assert channel is None or channel.arrive(arrived_at).accepted
        now = arrived_at + back_s
    return now - 1000.0
