"""Ends at random moments while problems are folded: at each end, and at the last, every count is right to the record.

Most of what Discord is asked there are edits; new problems in every life make new messages too.
"""

import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.end_to_end.processes import StandIn, stand_in
from tests.kills.books import Destination
from tests.kills.clients import RETRY_S, ByGrpc, ByHttp, Sends
from tests.kills.fold_books import FoldVerdict, Seen, judge_folded, seen_in
from tests.kills.fold_disk import Counts, counts_in
from tests.kills.fold_ledger import FoldLedger
from tests.kills.house import KILLED, READY, House, house, until
from tests.kills.launch import Launch, command
from tests.kills.problems import IN_AN_ERA, Problem, request_about
from tests.kills.random_ends import DESTINATIONS, Plan
from tests.sending.answers import Answer
from tests.sending.load import load

_CLIENTS = 4
_DEADLINE_S = 60.0
_NEW_IN_A_LIFE = 3
_START_UP_SHARE = 0.2
_START_UP_S = 1.2
_NO_PROGRESS_S = 70.0
"""A channel's minute, and some more."""
_FOLD = {"enabled": True, "window": "1h", "edit_interval": "150ms"}
"""Nothing is let go during a run, so that the storage knows every message but the orphans."""
_QUICK = {"rate_limit": {"requests_per_second": 10_000, "channel_messages_per_minute": 0}}


@dataclass(slots=True)
class FoldOutcome:
    """How a run went."""

    plan: Plan
    verdict: FoldVerdict = field(default_factory=FoldVerdict)
    requests: int = 0
    taken_unanswered: int = 0
    in_start_up: int = 0
    during_posts: int = 0
    """Ends that left cards in doubt."""
    during_edits: int = 0
    """Ends upon which Discord showed more than the disk knew to be shown."""
    with_unshown: int = 0
    """Ends after which something was counted that Discord did not show yet."""
    edits: int = 0
    took_s: float = 0.0

    @property
    def figures(self) -> dict[str, str]:
        """Return what a table says."""
        return {
            "ends": f"{self.plan.ends} × SIG{self.plan.number.name.removeprefix('SIG')}",
            "in start-up": f"{self.in_start_up}",
            "during a post": f"{self.during_posts}",
            "during an edit": f"{self.during_edits}",
            "with unshown counts": f"{self.with_unshown}",
            "requests": f"{self.requests:,} ({self.taken_unanswered} taken in without an answer)",
            "problems": f"{self.verdict.problems:,}",
            "records × channels": f"{self.verdict.accepted:,} accepted, {self.verdict.shown:,} shown",
            "repeated": f"{self.verdict.repeated:,} (messages that say so: {self.verdict.marked_messages:,})",
            "messages": f"{self.verdict.messages:,} with {self.edits:,} edits",
            "time": f"{self.took_s:.0f} s",
        }


@dataclass(slots=True)
class Teller:
    """A client: tells of problems, one request at a time, until each is answered OK."""

    ledger: FoldLedger
    number: int
    sends: Sends
    dice: random.Random
    pause_s: float
    problems: Callable[[], list[Problem]]
    gate: threading.Lock = field(default_factory=threading.Lock)
    """Held while a try is open."""

    def run(self, over: threading.Event) -> None:
        """Tell until it is over; what was begun is brought to its end."""
        try:
            while not over.is_set():
                count = 1 + int(self.dice.expovariate(0.1))
                self.deliver(self.dice.choices(self.problems(), k=count))
                over.wait(self.dice.uniform(0, 2 * self.pause_s))
        finally:
            self.sends.close()

    def deliver(self, problems: Sequence[Problem]) -> None:
        """Tell of problems in one request until it is answered OK.

        Raises:
            TimeoutError: it was not accepted in time.
        """
        request, records = request_about(problems, self.dice), Counter(problems)
        ends_at = time.monotonic() + _DEADLINE_S
        while time.monotonic() < ends_at:
            with self.gate:
                answer, complaint = self.sends.send(request)
                self.ledger.answered(records, answer, complaint)
            if answer is Answer.OK:
                return
            time.sleep(RETRY_S)
        raise TimeoutError(f"client {self.number}: not accepted within {_DEADLINE_S:g} s")


def play_folded(plan: Plan, directory: Path, launch: Launch = command) -> FoldOutcome:
    """Play a run; whatever it finds wrong is in the outcome's verdict."""
    limits = ["--profile", plan.profile, "--latency-ms", "25"]
    with stand_in(*limits, "--webhooks", str(len(DESTINATIONS)), "--seed", str(plan.seed)) as fake:
        written = {
            each.name: {"webhook_url": url, "min_severity": each.min_severity}
            for each, url in zip(DESTINATIONS, fake.urls, strict=True)
        }
        exporter = {"fold": _FOLD, **({} if plan.is_limited else _QUICK)}
        with closing(house(directory, fake, launch, written, **exporter)) as made:
            return _Run(plan, fake, made).play()


class _Run:
    def __init__(self, plan: Plan, fake: StandIn, made: House) -> None:
        self.plan, self.fake, self.house = plan, fake, made
        self.dice = random.Random(plan.seed)
        self.ledger = FoldLedger()
        self.outcome = FoldOutcome(plan)
        self.wrong: list[str] = []
        self.unshown = 0
        """Records that were counted and not shown at the last end."""
        self.ledger_then: Counter[Problem] = Counter()
        """What was accepted at the last end."""
        self.ends_s: list[float] = []
        self.problems = [Problem(0, number) for number in range(IN_AN_ERA)]
        self.tellers = self._tellers()

    def play(self) -> FoldOutcome:
        started_s = time.monotonic()
        with load(self.tellers):
            for number in range(self.plan.ends):
                self._one_life(number)
            self.house.ready()
            time.sleep(1.0)
        self._drain()
        code = self.house.end(signal.SIGTERM)
        self._need(code == 0, f"the last end: exit code {code}")
        self._hold(self._looked("at the end"))
        self.outcome.took_s = time.monotonic() - started_s
        return self.outcome

    def _tellers(self) -> list[Teller]:
        doors: list[tuple[str, Callable[[int], Sends]]] = [("http", ByHttp), ("grpc", ByGrpc)]
        pause_s = 0.6 if self.plan.is_limited else 0.04
        return [
            Teller(
                self.ledger,
                number,
                door(self.house.ports[name]),
                random.Random(self.dice.getrandbits(32)),
                pause_s,
                lambda: self.problems,
            )
            for number, (name, door) in enumerate(doors * (_CLIENTS // 2))
        ]

    # -------------------------------------------------------------------------------------------------- ends

    def _one_life(self, number: int) -> None:
        new = IN_AN_ERA + number * _NEW_IN_A_LIFE
        self.problems = self.problems + [Problem(*divmod(new + n, IN_AN_ERA)) for n in range(_NEW_IN_A_LIFE)]
        life = self.house.start()
        if self.dice.random() < _START_UP_SHARE:
            time.sleep(self.dice.uniform(0.0, _START_UP_S))
        else:
            life.read_until(READY)
            time.sleep(self.dice.uniform(0.02, 0.9))
        was_ready = any(READY in line for line in life.said)
        self.outcome.in_start_up += not was_ready
        code = self.house.end(self.plan.number)
        self.ends_s.append(time.monotonic())
        if self.plan.number is signal.SIGKILL:
            self._need(code == KILLED, f"end {number}: exit code {code}")
        elif life.said:
            self._need(code == 0, f"end {number}: exit code {code}\n{''.join(life.said)[-1500:]}")
        self._looked(f"end {number}")
        if self.plan.number is signal.SIGTERM and was_ready and not self.plan.is_limited:
            self._need(not self.unshown, f"end {number}: an orderly end left {self.unshown} records unshown")

    def _looked(self, when: str) -> Counts:
        """Look what is on disk while nobody writes, and hold it against what clients know and Discord shows."""
        with self._quiet():
            found = self.house.look()
            for words in found.wrong:
                self._need(False, f"{when}: {words}")
            counts = counts_in(self.house.directory / "copy")
            everything = counts.of(DESTINATIONS[0].name) + counts.batches
            complaint = self.ledger.decide(everything)
            self._need(not complaint, f"{when}: {complaint}")
        for each in DESTINATIONS[1:]:
            wanted = {p: n for p, n in self.ledger_then.items() if p.severity >= each.min_severity}
            stored = counts.of(each.name) + Counter(
                {p: n for p, n in counts.batches.items() if p.severity >= each.min_severity}
            )
            self._need(stored == Counter(wanted), f"{when}: {each.name} counts otherwise: {wanted}, stored {stored}")
        self._compare(when, counts)
        return counts

    @contextmanager
    def _quiet(self) -> Iterator[None]:
        """Keep clients from trying: what each had open when the service ended has failed by then."""
        with ExitStack() as stack:
            for teller in self.tellers:
                stack.enter_context(teller.gate)
            yield
            self.ledger_then = self.ledger.accepted.copy()

    def _compare(self, when: str, counts: Counts) -> None:
        """Of each card in Discord it shows at least what the disk knows to be shown, and never more than is counted."""
        seen = self._seen()
        shown = {(m.message_id, e.problem): e.count for messages in seen.values() for m in messages for e in m.embeds}
        self.unshown = sum(card.count for card in counts.cards if not card.message_id)
        ahead = False
        for card in counts.cards:
            if not card.message_id:
                continue
            there = shown.get((card.message_id, card.problem), 0)
            self.unshown += card.count - there
            ahead = ahead or there > card.shown
            self._need(
                card.shown <= there <= card.count,
                f"{when}: {card.problem.word} shows {there}; on disk {card.shown} of {card.count}",
            )
        self.outcome.during_edits += ahead
        self.outcome.during_posts += any(card.in_doubt for card in counts.cards)
        self.outcome.with_unshown += bool(self.unshown)

    # ------------------------------------------------------------------------------------------------ the end

    def _drain(self) -> None:
        """Wait until everything is shown, as long as more of it is."""
        shown, ends_at = -1, time.monotonic() + _NO_PROGRESS_S
        wanted = sum(
            n for each in DESTINATIONS for p, n in self.ledger.accepted.items() if p.severity >= each.min_severity
        )
        until(lambda: self.house.metric("otelcol_exporter_queue_size") == 0, "the queue is empty", 10 * _NO_PROGRESS_S)
        while time.monotonic() < ends_at:
            now = sum(e.count for messages in self._seen().values() for m in messages for e in m.embeds)
            if now != shown:
                shown, ends_at = now, time.monotonic() + (_NO_PROGRESS_S if now < wanted else 1.0)
            time.sleep(0.2)

    def _hold(self, counts: Counts) -> None:
        left = [card for card in counts.cards if not card.message_id]
        self._need(not left and not counts.batches, f"something is left on disk: {left[:3]}")
        known = frozenset(card.message_id for card in counts.cards)
        kills = self.plan.number is signal.SIGKILL
        verdict = judge_folded(self.ledger.accepted, self._seen(), known, self.ends_s, repeats_allowed=kills)
        violations = self.fake.ask("violations")
        tolerated = "retry_after_ignored" if self.plan.is_limited else ""
        self._need(not [each for each in violations if each["rule"] != tolerated], f"Discord minds: {violations[:3]}")
        self.outcome.edits = sum(each["kind"] == "edited" for each in self.fake.ask("journal"))
        self.outcome.requests = self.ledger.answers.total()
        self.outcome.taken_unanswered = self.ledger.taken_unanswered
        verdict.wrong = [*self.wrong, *(f"a client: {words}" for words in self.ledger.unexpected[:5]), *verdict.wrong]
        self.outcome.verdict = verdict

    def _seen(self) -> dict[Destination, list[Seen]]:
        messages = self.fake.ask("messages")
        webhooks = [url.rsplit("/", 2)[1] for url in self.fake.urls]
        return {each: seen_in(messages, number) for each, number in zip(DESTINATIONS, webhooks, strict=True)}

    def _need(self, condition: bool, words: str) -> None:
        if not condition and len(self.wrong) < 50:
            self.wrong.append(words)
