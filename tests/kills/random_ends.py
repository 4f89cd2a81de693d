"""Ends at random moments under load: kill the service, start it again at once, go on; at the end hold the books."""

import random
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from tests.end_to_end.processes import StandIn, stand_in
from tests.kills.books import Destination, Verdict, judge
from tests.kills.clients import ERROR, FATAL, WARN, ByGrpc, ByHttp, Client, Sends
from tests.kills.disk import Found
from tests.kills.house import KILLED, READY, House, house
from tests.kills.launch import Launch, command
from tests.kills.ledger import Ledger, Record
from tests.kills.sightings import Sighting, sightings
from tests.sending.load import load

DESTINATIONS = (Destination("everything", WARN), Destination("errors", ERROR), Destination("pager", FATAL))
SHUTDOWN_S = 10.0
"""The exporter's shutdown_timeout, and the service's."""
_CLIENTS = 4
_START_UP_SHARE = 0.2
"""Of the ends come while the service starts."""
_START_UP_S = 1.2
_NO_PROGRESS_S = 70.0
"""A channel's minute, and some more."""
_QUICK = {"rate_limit": {"requests_per_second": 10_000, "channel_messages_per_minute": 0}}


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run does. ``profile`` is FakeDiscord's: with its limits the exporter keeps its own."""

    ends: int
    seed: int
    number: signal.Signals = signal.SIGKILL
    profile: str = "unlimited"
    audits: int = 20
    """How often the whole books are held between an end and the next start."""

    @property
    def is_limited(self) -> bool:
        """Whether Discord has limits."""
        return self.profile != "unlimited"


@dataclass(slots=True)
class Outcome:
    """How a run went."""

    plan: Plan
    verdict: Verdict = field(default_factory=Verdict)
    requests: int = 0
    in_start_up: int = 0
    longest_end_s: float = 0.0
    recovered: int = 0
    """Ends after which something waited on disk."""
    too_many_requests: int = 0
    took_s: float = 0.0

    @property
    def figures(self) -> dict[str, str]:
        """Return what a table says."""
        return {
            "ends": f"{self.plan.ends} × SIG{self.plan.number.name.removeprefix('SIG')}",
            "in start-up": f"{self.in_start_up}",
            "with work on disk": f"{self.recovered}",
            "requests": f"{self.requests:,}",
            "records accepted": f"{self.verdict.accepted:,}",
            "deliveries": f"{self.verdict.deliveries:,}",
            "lost": f"{self.verdict.lost:,}",
            "repeats": f"{self.verdict.repeats:,} (messages that say so: {self.verdict.marked_messages:,})",
            "429": f"{self.too_many_requests}",
            "longest end": f"{self.longest_end_s:.1f} s",
            "time": f"{self.took_s:.0f} s",
        }


def play(plan: Plan, directory: Path, launch: Launch = command) -> Outcome:
    """Play a run; whatever it finds wrong is in the outcome's verdict."""
    limits = ["--profile", plan.profile, "--latency-ms", "25"]
    with stand_in(*limits, "--webhooks", str(len(DESTINATIONS)), "--seed", str(plan.seed)) as fake:
        addresses = dict(zip((each.name for each in DESTINATIONS), fake.urls, strict=True))
        written = {
            each.name: {"webhook_url": addresses[each.name], "min_severity": each.min_severity} for each in DESTINATIONS
        }
        made = house(directory, fake, launch, written, **({} if plan.is_limited else _QUICK))
        with closing(made):
            return _Run(plan, fake, made).play()


class _Run:
    def __init__(self, plan: Plan, fake: StandIn, made: House) -> None:
        self.plan = plan
        self.fake = fake
        self.house = made
        self.dice = random.Random(plan.seed)
        self.ledger = Ledger()
        self.outcome = Outcome(plan)
        self.ends_s: list[float] = []
        self.last_life: dict[int, Record] = {}

    def play(self) -> Outcome:
        started_s = time.monotonic()
        with load(self._clients()):
            for number in range(self.plan.ends):
                self._one_life(number)
            self.house.ready()
            time.sleep(1.0)
        self._drain()
        self._hold_metrics()
        self._end_in_order()
        self.outcome.took_s = time.monotonic() - started_s
        return self.outcome

    def _clients(self) -> list[Client]:
        doors: dict[str, Callable[[int], Sends]] = {"http": ByHttp, "grpc": ByGrpc}
        pause_s = 0.6 if self.plan.is_limited else 0.04
        return [
            Client(
                self.ledger,
                number + 1,
                door(self.house.ports[name]),
                random.Random(self.dice.getrandbits(32)),
                pause_s,
                most_records=2 if self.plan.is_limited else 6,
            )
            for number, (name, door) in enumerate(list(doors.items()) * (_CLIENTS // 2))
        ]

    # -------------------------------------------------------------------------------------------------- ends

    def _one_life(self, number: int) -> None:
        life = self.house.start()
        in_start_up = self.dice.random() < _START_UP_SHARE
        if in_start_up:
            time.sleep(self.dice.uniform(0.0, _START_UP_S))
        else:
            life.read_until(READY)
            time.sleep(self.dice.uniform(0.02, 0.7))
        self.outcome.in_start_up += not any(READY in line for line in life.said)
        begun_s = time.monotonic()
        code = self.house.end(self.plan.number)
        self.ends_s.append(time.monotonic())
        self.outcome.longest_end_s = max(self.outcome.longest_end_s, self.ends_s[-1] - begun_s)
        if self.plan.number is signal.SIGKILL:
            self._need(code == KILLED, f"end {number}: exit code {code}")
        elif life.said:  # before the first word the interpreter is starting, and nothing is open
            self._need(code == 0, f"end {number}: exit code {code}\n{''.join(life.said)[-1500:]}")
        known = self.ledger.snapshot()
        found = self.house.look()
        self.outcome.recovered += not found.is_empty
        for words in found.wrong:
            self._need(False, f"end {number}: {words}")
        if number % max(1, self.plan.ends // self.plan.audits) == 0:
            self._audit(number, known, found)

    def _audit(self, number: int, known: Mapping[int, Record], found: Found) -> None:
        """See that every record accepted by now is in one place: in Discord or, in one form, on disk."""
        for destination, messages in self._seen().items():
            shown = {each for message in messages for each in message.ids}
            cards = found.cards.get(destination.name, [])
            certain = set(cards) - found.in_doubt.get(destination.name, set())
            stored = set(found.batches) | set(cards)
            for record in known.values():
                if record.accepted_s is None or record.severity < destination.min_severity:
                    continue
                is_there = record.id in shown or record.id in stored
                self._need(is_there, f"end {number}: {record.id} is not at {destination.name} and not on disk")
                if record.tries == 1:
                    twice = record.id in shown and (record.id in found.batches or record.id in certain)
                    self._need(not twice, f"end {number}: {record.id} is at {destination.name} and waits for it")

    # ------------------------------------------------------------------------------------------------ the end

    def _drain(self) -> None:
        """Wait until nothing is left to send, as long as it becomes less."""
        left, ends_at = float("inf"), time.monotonic() + _NO_PROGRESS_S
        while left and time.monotonic() < ends_at:
            now = self.house.metric("otelcol_exporter_queue_size")
            if now < left:
                left, ends_at = now, time.monotonic() + _NO_PROGRESS_S
            time.sleep(0.2)
        self.outcome.requests = self.ledger.answers.total()
        self.outcome.verdict = judge(
            self.ledger.records,
            self._seen(),
            self.ends_s,
            repeats_allowed=self.plan.number is signal.SIGKILL,
        )
        self.outcome.verdict.wrong += [f"a client was told: {words}" for words in self.ledger.unexpected[:5]]

    def _hold_metrics(self) -> None:
        """The last life has counted what it took in and what it sent."""
        last = self.ends_s[-1] if self.ends_s else 0.0
        sure = [r for r in self.ledger.records.values() if r.accepted_s is not None and r.first_sent_s > last]
        late = [r for r in self.ledger.records.values() if r.accepted_s is not None and r.accepted_s > last]
        accepted = self.house.metric("otelcol_receiver_accepted_log_records")
        self._need(
            len(sure) <= accepted <= sum(record.tries for record in late),
            f"otelcol_receiver_accepted_log_records is {accepted:g}; clients know of {len(sure)} to {len(late)}",
        )
        arrived = sum(len(m.ids) for messages in self._seen().values() for m in messages if m.at_s > last)
        sent = self.house.metric("otelcol_exporter_sent_log_records")
        self._need(sent == arrived, f"otelcol_exporter_sent_log_records is {sent:g}, Discord has {arrived}")
        failed = self.house.metric("otelcol_exporter_send_failed_log_records")
        self._need(failed == 0, f"otelcol_exporter_send_failed_log_records is {failed:g}")

    def _end_in_order(self) -> None:
        code = self.house.end(signal.SIGTERM)
        self._need(code == 0, f"the last end: exit code {code}")
        found = self.house.look()
        self._need(found.is_empty and not found.batch_rows, f"something is left on disk: {str(found)[:500]}")
        self._need(not found.letters, f"dead letters: {found.letters}")
        self._need(not found.wrong, f"at the end: {found.wrong}")
        self._hold_manners()
        self._need(self.outcome.longest_end_s < SHUTDOWN_S + 2, f"an end took {self.outcome.longest_end_s:.1f} s")

    def _hold_manners(self) -> None:
        """Discord minds nothing, and says "wait" to nobody but a process that has just begun: how full the hidden
        budget of a channel is, is not known before the first answer that says so."""
        stats = self.fake.ask("stats")
        self.outcome.too_many_requests = sum(stats["rate_limited"].values())
        allowed = len(self.ends_s) * len(DESTINATIONS) if self.plan.is_limited else 0
        self._need(
            self.outcome.too_many_requests <= allowed and not set(stats["rate_limited"]) - {"shared"},
            f"429: {stats['rate_limited']}",
        )
        tolerated = "retry_after_ignored" if self.plan.is_limited else ""
        violations = [each for each in self.fake.ask("violations") if each["rule"] != tolerated]
        self._need(not violations, f"Discord would mind: {violations[:3]}")

    def _seen(self) -> dict[Destination, Sequence[Sighting]]:
        messages = self.fake.ask("messages")
        webhooks = [url.rsplit("/", 2)[1] for url in self.fake.urls]
        return {each: sightings(messages, number) for each, number in zip(DESTINATIONS, webhooks, strict=True)}

    def _need(self, condition: bool, words: str) -> None:
        if not condition and len(self.outcome.verdict.wrong) < 50:
            self.outcome.verdict.find(words)
