"""Replicas end and stand still in turn under load: nothing is lost, order holds, repeats are few, others take over."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

from tests.fleet.books import Sighting, Verdict
from tests.fleet.replica import Replica, say
from tests.fleet.stage import Stage, loaded, stage
from tests.fleet.town import Plan

PATIENCE_S = 5.0
"""Beyond the lease, on a machine that has much else to do; the benchmark's aim is 1 s."""
IN_FLIGHT_S = 0.15
"""A request that a dead process has sent may still arrive for so long."""


@dataclass(frozen=True, slots=True)
class EndsPlan:
    """What a run does: kills, then pauses, each of the next replica."""

    kills: int = 30
    pauses: int = 10
    replicas: int = 3
    destinations: int = 20
    lease_s: float = 3.0
    seed: int = 7
    in_fleet: bool = True


@dataclass(slots=True)
class Event:
    """Something that happened to a replica."""

    kind: str
    replica: str
    at_s: float
    silence_s: float = 0.0
    """Until every destination has had a message again."""


@dataclass(slots=True)
class EndsOutcome:
    """How a run went."""

    plan: EndsPlan
    verdict: Verdict = field(default_factory=Verdict)
    events: list[Event] = field(default_factory=list)
    late: int = 0
    """How often a replica that had stood still was refused what it wanted to store."""
    requests: int = 0
    without_answer: int = 0
    limited: int = 0
    left: dict[str, int] = field(default_factory=dict)
    took_s: float = 0.0

    def usual_silence_s(self, kind: str) -> float:
        """Return the median of the times until every destination had a message again after events of a kind."""
        return median([each.silence_s for each in self.events if each.kind == kind] or [0.0])

    def longest_silence_s(self, kind: str) -> float:
        """Return the longest time until a destination had a message again after events of a kind."""
        return max((each.silence_s for each in self.events if each.kind == kind), default=0.0)

    @property
    def figures(self) -> dict[str, str]:
        """Return what a table says."""
        verdict = self.verdict
        return {
            "replicas, destinations": f"{self.plan.replicas}, {self.plan.destinations}",
            "kill -9": f"{sum(each.kind == 'kill' for each in self.events)}",
            "stood still past the lease": f"{sum(each.kind == 'pause' for each in self.events)}",
            "lease": f"{self.plan.lease_s:g} s",
            "requests": f"{self.requests:,} ({self.without_answer:,} without an answer)",
            "records accepted": f"{verdict.accepted:,}",
            "lost": f"{verdict.lost:,}",
            "out of order": f"{verdict.disordered:,}",
            "repeating messages": f"{verdict.repeating_messages} (most of one destination: {verdict.most_repeats})",
            "messages that say so": f"{verdict.marked_messages}",
            "taken over after": "; ".join(
                f"{kind} {self.usual_silence_s(kind):.1f} s, at most {self.longest_silence_s(kind):.1f} s"
                for kind in ("kill", "pause")
            ),
            "late works refused": f"{self.late}",
            "429": f"{self.limited}",
            "left in the database": ", ".join(f"{count} {name}" for name, count in self.left.items()),
            "time": f"{self.took_s:.0f} s",
        }


def play_ends(plan: EndsPlan) -> EndsOutcome:
    """Play a run; whatever it finds wrong is in the outcome's verdict."""
    made = Plan(
        replicas=plan.replicas,
        profile="unlimited",
        lease=f"{plan.lease_s:g}s",
        has_ways=False,
        fleet={"enabled": plan.in_fleet},
    )
    with stage(made, destinations=plan.destinations, seed=plan.seed) as on:
        return _Run(plan, on).play()


class _Run:
    def __init__(self, plan: EndsPlan, on: Stage) -> None:
        self.plan, self.stage = plan, on
        self.outcome = EndsOutcome(plan)

    def play(self) -> EndsOutcome:
        began_s = time.monotonic()
        on, outcome = self.stage, self.outcome
        on.town.start()
        with loaded(on):
            time.sleep(1.0)
            for number in range(self.plan.kills):
                self._kill(number % self.plan.replicas)
            for number in range(self.plan.pauses):
                self._pause(number % self.plan.replicas)
            time.sleep(1.0)
        on.drain()
        outcome.verdict = on.judge(len(outcome.events))
        self._measure(on.seen())
        codes = on.town.stop()
        self._need(not any(codes), f"the last end: exit codes {codes}")
        outcome.left = on.left_over()
        self._need(not any(outcome.left.values()), f"something is left: {outcome.left}")
        self._look_into_logs()
        outcome.requests = on.ledger.answers.total()
        outcome.without_answer = sum(n for answer, n in on.ledger.answers.items() if answer.value == "no answer")
        outcome.limited = sum(on.town.count_429().values())
        outcome.took_s = time.monotonic() - began_s
        return outcome

    def _kill(self, place: int) -> None:
        replica = self.stage.town.replicas[place]
        replica.kill()
        self._note("kill", replica)
        self.stage.away.add(place)
        time.sleep(self.stage.dice.uniform(0.0, 1.5))
        replica.start()
        replica.wait_until_ready()
        self.stage.away.discard(place)
        self._wait_for_flow()

    def _pause(self, place: int) -> None:
        replica = self.stage.town.replicas[place]
        before = self._late(replica)
        replica.pause()
        self._note("pause", replica)
        time.sleep(0.3)  # until then the load balancer does not know
        self.stage.away.add(place)
        time.sleep(self.plan.lease_s + self.stage.dice.uniform(0.5, 1.5))
        replica.resume()
        self.stage.away.discard(place)
        self._wait_for_flow()
        self.outcome.late += self._late(replica) - before

    def _note(self, kind: str, replica: Replica) -> None:
        self.outcome.events.append(Event(kind, replica.name, time.monotonic()))
        say(f"{kind} {replica.name}")

    def _wait_for_flow(self) -> None:
        """Until every destination has had a message again; some load goes on before the next event."""
        event = self.outcome.events[-1]
        ends_s = event.at_s + self.plan.lease_s + 10
        while time.monotonic() < ends_s:
            if all(_first_after(event.at_s, messages) is not None for messages in self.stage.seen().values()):
                break
            time.sleep(0.1)
        time.sleep(self.stage.dice.uniform(0.3, 1.0))

    def _measure(self, seen: dict[str, list[Sighting]]) -> None:
        allowed_s = self.plan.lease_s + PATIENCE_S
        for event in self.outcome.events:
            firsts = [_first_after(event.at_s, messages) for messages in seen.values()]
            event.silence_s = max((at_s - event.at_s if at_s is not None else 999.0) for at_s in firsts)
            self._need(
                event.silence_s <= allowed_s,
                f"{event.kind} of {event.replica}: no message somewhere for {event.silence_s:.1f} s",
            )

    @staticmethod
    def _late(replica: Replica) -> int:
        return int(replica.metric("otel_discord_storage_refused_total"))

    def _look_into_logs(self) -> None:
        tokens = [hook.token for hook in self.stage.town.fake.webhooks]
        for each in self.stage.town.replicas:
            log = each.log
            self._need(not any(token in log for token in tokens), f"{each.name}: a token is in the log")
            for alarm in ("Traceback", "damaged", "never retrieved", "please report"):
                place = log.find(alarm)
                self._need(place < 0, f"{each.name} says: {log[max(0, place - 200) : place + 1500]}")

    def _need(self, condition: bool, words: str) -> None:
        if not condition and len(self.outcome.verdict.wrong) < 50:
            self.outcome.verdict.wrong.append(words)


def _first_after(event_s: float, messages: Sequence[Sighting]) -> float | None:
    """Return when the first message came that nobody had sent before the event."""
    return next((each.at_s for each in messages if each.at_s > event_s + IN_FLIGHT_S), None)
