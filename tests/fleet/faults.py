"""What may befall the database and the ways to it, under load, row by row: what was lost, what repeated, and how long
it took until everything flowed again."""

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from tests.fleet.books import Verdict
from tests.fleet.replica import say
from tests.fleet.senders import Door, request_of
from tests.fleet.stage import Stage, loaded, stage
from tests.fleet.standby import can_follow, follow, take_over
from tests.fleet.town import Plan
from tests.poison.python import WORD, fragile_python
from tests.sending.answers import Answer

LEASE_S = 3.0
POISON = 999_000_001
"""Number of the record that nobody is to show."""


@dataclass(slots=True)
class FaultOutcome:
    """How one row went."""

    row: "Row"
    verdict: Verdict = field(default_factory=Verdict)
    fresh_s: float = 0.0
    """After the end of the fault, until a record for each destination was accepted and shown."""
    refused: int = 0
    """Requests that were answered "later"."""
    limited: int = 0
    notes: list[str] = field(default_factory=list)
    took_s: float = 0.0

    @property
    def cells(self) -> tuple[str, ...]:
        """Return the line of the table."""
        verdict = self.verdict
        return (
            self.row.number,
            self.row.name,
            f"{verdict.accepted:,}",
            f"{verdict.lost:,}",
            f"{verdict.disordered:,}",
            f"{verdict.repeating_messages} ({verdict.most_repeats})",
            f"{self.limited}",
            f"{self.fresh_s:.1f} s",
            "; ".join(self.notes),
        )


HEADINGS = ("row", "what", "accepted", "lost", "order", "repeats (one destination)", "429", "fresh after", "remarks")

Act = Callable[["Play"], None]


@dataclass(frozen=True, slots=True)
class Row:
    """One kind of trouble. ``scale`` of its act: 1 for the whole time, less for a small version."""

    number: str
    name: str
    act: Act
    repeats: int
    """Most messages that may be repeated for one destination."""
    started: bool = True
    """Whether all replicas run before it begins."""
    server: dict[str, str] = field(default_factory=dict)
    environment: Callable[[Path], dict[str, str]] = lambda _: {}
    letters: int = 0
    """How many dead letters are to be there at the end."""


@dataclass(slots=True)
class Play:
    """What an act has in hand."""

    stage: Stage
    scale: float
    notes: list[str]

    def wait(self, seconds: float) -> None:
        """Let time pass, less of it in a small version."""
        time.sleep(seconds * self.scale)

    def times(self, count: int) -> int:
        """Return how often to do something."""
        return max(1, round(count * self.scale))


def play_row(row: Row, *, replicas: int = 3, scale: float = 1.0, in_fleet: bool = True, seed: int = 7) -> FaultOutcome:
    """Play one row; whatever it finds wrong is in the outcome's verdict."""
    began_s = time.monotonic()
    outcome = FaultOutcome(row)
    plan = Plan(
        replicas=replicas,
        lease=f"{LEASE_S:g}s",
        fleet={"enabled": in_fleet},
        server=row.server,
        environment=row.environment,
    )
    with stage(plan, destinations=16, pause_s=0.8, seed=seed) as on:
        if row.started:
            on.town.start()
        with loaded(on):
            say(f"{row.number} begins")
            if row.started:
                time.sleep(1.0)
            row.act(Play(on, scale, outcome.notes))
            say(f"{row.number} is over")
            try:
                outcome.fresh_s = on.fresh()
            except (AssertionError, TimeoutError) as error:
                outcome.fresh_s = float("inf")
                outcome.verdict.wrong.append(str(error))
            say(f"{row.number} fresh after {outcome.fresh_s:.1f} s")
        on.drain()
        verdict = on.judge(row.repeats)
        verdict.wrong = [*outcome.verdict.wrong, *verdict.wrong]
        outcome.verdict = verdict
        outcome.limited = sum(on.town.count_429().values())
        outcome.refused = sum(n for answer, n in on.ledger.answers.items() if answer.value == "refused")
        codes = on.town.stop()
        left = on.left_over()
        wanted = {"batches": 0, "cards": 0, "letters": row.letters}
        if any(codes) or left != wanted:
            verdict.wrong.append(f"exit codes {codes}, left: {left}")
        for each in on.town.replicas:
            place = each.log.find("Traceback")
            if place >= 0:
                verdict.wrong.append(f"{each.name} says: {each.log[max(0, place - 200) : place + 1500]}")
    outcome.took_s = time.monotonic() - began_s
    return outcome


# ------------------------------------------------------------------------------------------------------ what happens


def away_at_start(play: Play) -> None:
    """Start while the database is away: requests are refused or not heard, and nothing ends by itself."""
    there = play.stage.town
    there.server.stop()
    for each in there.replicas:
        each.start()
    play.wait(8.0)
    ended = [each.name for each in there.replicas if not each.is_running]
    if ended:
        play.notes.append(f"ended at start: {', '.join(ended)}")
    there.server.start()
    for each in there.replicas:
        each.wait_until_ready()


def restarts(play: Play) -> None:
    """The server crashes four times and comes back."""
    for _ in range(play.times(4)):
        play.stage.town.server.stop("immediate")
        time.sleep(play.stage.dice.uniform(0.2, 1.5))
        play.stage.town.server.start()
        time.sleep(play.stage.dice.uniform(1.0, 2.5))


def stands_still(play: Play) -> None:
    """All processes of the server stand still, far past every lease."""
    there = play.stage.town
    pids = there.pause_server()
    try:
        play.wait(30.0)
    finally:
        there.resume_server(pids)


def failover(play: Play) -> None:
    """The server dies for good, and a standby that has every commit takes its place."""
    there = play.stage.town
    if not can_follow(there.server):
        play.notes.append("not played: no pg_basebackup here")
        return
    standby = follow(there.server, there.directory / "standby")
    play.wait(2.0)
    take_over(there, standby)


def cut_off(play: Play) -> None:
    """One replica cannot reach the database, others can; Discord can be reached by all."""
    _cut_off(play, silently=False)


def swallowed(play: Play) -> None:
    """The same, but nobody is told: what is sent goes nowhere, and comes in the end."""
    _cut_off(play, silently=True)


def _cut_off(play: Play, *, silently: bool) -> None:
    there = play.stage.town
    way, webhooks = there.backstage.ways[0], len(there.webhooks)
    began_s = time.monotonic()
    if silently:
        way.silent = True
    else:
        way.is_blocked = True
        there.backstage.ask(way.cut_all)
    time.sleep(LEASE_S + 1.5)
    seen = play.stage.seen()
    flowing = sum(any(each.at_s > began_s + 0.2 for each in messages) for messages in seen.values())
    play.notes.append(f"{flowing} of {webhooks} destinations had messages within {LEASE_S + 1.5:g} s")
    time.sleep(1.0)
    way.silent = way.is_blocked = False


def between_commit_and_reply(play: Play) -> None:
    """Connections break just where a commit has been answered."""
    ways = play.stage.town.backstage.ways
    count = play.times(30)
    ends_s = time.monotonic() + 30.0
    for number in range(count):
        way = ways[number % len(ways)]
        way.swallow_commits = 1
        while way.swallow_commits and time.monotonic() < ends_s:
            time.sleep(0.005)
        time.sleep(0.1)
    play.notes.append(f"{sum(way.swallowed for way in ways)} answers to commits swallowed")


def no_connection_left(play: Play) -> None:
    """Whoever connects is turned away: others have taken all connections of the server."""
    there = play.stage.town
    with _all_connections_taken(there.server.url, there.backstage) as taken:
        play.notes.append(f"{taken} connections taken by others")
        play.wait(6.0)


@contextlib.contextmanager
def _all_connections_taken(url: str, behind: Any) -> Iterator[int]:
    with contextlib.ExitStack() as stack:
        taken = 0
        for way in behind.ways:
            way.is_blocked = True
            behind.ask(way.cut_all)
        ends_s = time.monotonic() + 5.0
        while time.monotonic() < ends_s:
            try:
                stack.enter_context(contextlib.closing(psycopg.connect(url, connect_timeout=3)))
                taken += 1
            except psycopg.OperationalError:
                if taken > 5:
                    break
                time.sleep(0.1)
        for way in behind.ways:
            way.is_blocked = False
        yield taken


def long_transaction(play: Play) -> None:
    """Somebody's snapshot keeps what was deleted from being cleaned up."""
    began = len(play.stage.ledger.records)
    with contextlib.closing(psycopg.connect(play.stage.town.server.url)) as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        connection.execute("SELECT count(*) FROM otel_discord.batches")
        play.wait(25.0)
        meanwhile_s = play.stage.fresh()
        connection.rollback()
    play.notes.append(f"fresh in {meanwhile_s:.1f} s while it lasts, {len(play.stage.ledger.records) - began} records")


def poisoned(play: Play) -> None:
    """A record ends each replica that shows it, and a supervisor starts them again, until it is a dead letter."""
    there = play.stage.town
    body = request_of([(POISON, (there.plan.destinations[0],))])
    body.resource_logs[0].scope_logs[0].log_records[0].body.string_value = WORD
    door = Door(there.replicas[0].ports["http"])
    answer, complaint = door.post(body.SerializeToString())
    door.close()
    assert answer is Answer.OK, complaint
    began_s, crashes = time.monotonic(), 0
    while not (letters := there.query("SELECT reason FROM letters")):
        for each in there.replicas:
            if not each.is_running:
                crashes += 1
                each.start()
        assert time.monotonic() < began_s + 90.0, f"{crashes} crashes and no end"
        time.sleep(0.2)
    play.notes.append(f"a dead letter ({letters[0][0]}) after {crashes} crashes, {time.monotonic() - began_s:.1f} s")
    for each in there.replicas:
        each.wait_until_ready()


def killed_again_and_again(play: Play) -> None:
    """One replica is killed again and again: the others' shards go on, and so do its own in the end."""
    there = play.stage.town
    for _ in range(play.times(3)):
        there.replicas[0].kill()
        there.replicas[0].start()
        there.replicas[0].wait_until_ready()
        time.sleep(1.0)


def rolled(play: Play) -> None:
    """Every replica is ended in good order and started again, one after the other, as a rolling upgrade does."""
    longest_s = 0.0
    for place, each in enumerate(play.stage.town.replicas):
        play.stage.away.add(place)
        began_s = time.monotonic()
        code = each.stop()
        longest_s = max(longest_s, time.monotonic() - began_s)
        if code:
            play.notes.append(f"{each.name} ended with {code}")
        each.start()
        each.wait_until_ready()
        play.stage.away.discard(place)
        time.sleep(1.0)
    play.notes.append(f"longest end {longest_s:.1f} s")


ROWS: tuple[Row, ...] = (
    Row("70a", "database away while replicas start", away_at_start, repeats=0, started=False),
    Row("70b", "database crashes ×4 under load", restarts, repeats=4),
    Row("70c", "database stands still for 30 s", stands_still, repeats=1),
    Row("71", "failover to a synchronous standby", failover, repeats=1),
    Row("72a", "one replica cut off from the database", cut_off, repeats=1),
    Row("72b", "the same, silently: packets come in the end", swallowed, repeats=1),
    Row("73", "connections cut between commit and reply ×30", between_commit_and_reply, repeats=0),
    Row("74", "max_connections reached", no_connection_left, repeats=1, server={"max_connections": "24"}),
    Row("75", "a long transaction holds the horizon", long_transaction, repeats=0),
    Row("77a", "a record ends whoever shows it", poisoned, repeats=3, environment=fragile_python, letters=1),
    Row("77b", "one replica is killed again and again ×3", killed_again_and_again, repeats=3),
    Row("78", "rolling restart of all replicas", rolled, repeats=0),
)
