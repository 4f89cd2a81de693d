"""A town with senders in front of it and books at its end: what every scenario plays on."""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from tests.fleet.books import Sighting, Verdict, judge, sightings
from tests.fleet.ledger import Ledger
from tests.fleet.replica import say
from tests.fleet.senders import Door, Sender, routes_to
from tests.fleet.town import QUICK, UNFOLDED, Plan, Town, town
from tests.sending.load import load

FRESH = 900
"""Number of the sender of single records that tell whether everything flows again."""
_NO_PROGRESS_S = 30.0


@dataclass(slots=True)
class Stage:
    """What a scenario plays on."""

    town: Town
    ledger: Ledger
    senders: Sequence[Sender]
    dice: random.Random
    away: set[int] = field(default_factory=set)
    """Replicas that the load balancer knows to be away."""

    def seen(self) -> dict[str, list[Sighting]]:
        """Return what each destination shows."""
        return {name: sightings(self.town.messages(name)) for name in self.town.plan.destinations}

    def missing(self, ids: Sequence[int] = ()) -> int:
        """Return how many accepted records are not shown yet: all of them, or those of these ids."""
        chosen = frozenset(ids)
        shown = {name: {n for m in messages for n in m.ids} for name, messages in self.seen().items()}
        return sum(
            each.id not in shown[name]
            for each in self.ledger.snapshot().values()
            if each.accepted_s is not None and (not chosen or each.id in chosen)
            for name in each.destinations
        )

    def drain(self, no_progress_s: float = _NO_PROGRESS_S) -> float:
        """Wait until everything accepted is shown, as long as it becomes less; return how long that took."""
        began_s = time.monotonic()
        left, ends_s = self.missing(), began_s + no_progress_s
        while left and time.monotonic() < ends_s:
            time.sleep(0.3)
            now = self.missing()
            if now < left:
                left, ends_s = now, time.monotonic() + no_progress_s
        return time.monotonic() - began_s

    def fresh(self, deadline_s: float = 60.0) -> float:
        """Send a record to each destination, and return how long it took until all were shown.

        Raises:
            TimeoutError: they were not accepted in time.
            AssertionError: they were not shown in time.
        """
        began_s = time.monotonic()
        sender = Sender(
            self.ledger,
            FRESH + len(self.ledger.records),
            [Door(each.ports["http"]) for each in self.town.replicas],
            self.dice,
            0.0,
            lambda _: (),
            avoided=lambda: frozenset(self.away),
        )
        ids = sender.deliver([(name,) for name in self.town.plan.destinations], deadline_s)
        for door in sender.doors:
            door.close()
        while self.missing(ids):
            assert time.monotonic() < began_s + deadline_s, f"{self.missing(ids)} fresh records are not shown"
            time.sleep(0.05)
        return time.monotonic() - began_s

    def judge(self, events: int) -> Verdict:
        """Hold the books; what clients were told and what Discord would mind is part of them."""
        verdict = judge(self.ledger.snapshot(), self.seen(), events=events)
        verdict.wrong += [f"a sender was told: {words}" for words in self.ledger.unexpected[:5]]
        minded = self.town.backstage.ask(lambda: list(self.town.fake.violations))
        verdict.wrong += [f"Discord minds: {each.rule}: {each.detail}" for each in minded[:5]]
        return verdict

    def left_over(self) -> dict[str, int]:
        """Return how many rows are stored of what should have been delivered."""
        return {
            name: int(self.town.query(f"SELECT count(*) FROM {name}")[0][0]) for name in ("batches", "cards", "letters")
        }


@contextmanager
def stage(
    plan: Plan,
    *,
    destinations: int = 20,
    shared_records: bool = True,
    senders: int = 6,
    pause_s: float = 0.15,
    most_records: int = 4,
    seed: int = 7,
    folded: bool = False,
) -> Iterator[Stage]:
    """Make a town of many destinations; most records go to one of them, some to two.

    The rest of the plan is as given; without limits of Discord the exporter has none of its own.
    """
    names = tuple(f"d{number:02}" for number in range(destinations))
    choices: list[tuple[str, ...]] = [(name,) for name in names]
    if shared_records and destinations > 1:
        choices += [(names[n], names[(n + destinations // 2) % destinations]) for n in range(0, destinations, 5)]
    quick = QUICK if plan.profile == "unlimited" else {}
    exporter = {**quick, **({} if folded else UNFOLDED), **(plan.exporter or {})}
    made = replace(plan, destinations=names, routes=routes_to(choices), exporter=exporter)
    dice = random.Random(seed)
    with town(made) as there:
        ledger, away = Ledger(), set[int]()
        choose: Callable[[random.Random], tuple[str, ...]] = lambda own: own.choice(choices)  # noqa: E731
        each = [
            Sender(
                ledger,
                number + 1,
                [Door(replica.ports["http"]) for replica in there.replicas],
                random.Random(dice.getrandbits(32)),
                pause_s,
                choose,
                most_records,
                avoided=lambda: frozenset(away),
            )
            for number in range(senders)
        ]
        say("the town is there")
        yield Stage(there, ledger, each, dice, away)


@contextmanager
def loaded(on: Stage) -> Iterator[None]:
    """Let the senders of a stage send while the block runs."""
    with load(on.senders):
        yield
