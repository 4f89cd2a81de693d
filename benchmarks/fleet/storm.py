"""A storm over three replicas of a fleet to one channel of a Discord with limits: one card for each problem, exact
counts, no 429.

Few problems are soon told. How far the channel's rate is used is seen where nothing is folded: a burst of critical
records of which each is a card, over the same three replicas. (What is not critical leaves a few of the 30 free.)
"""

import contextlib
import json
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from benchmarks.figures import Figure, Report
from benchmarks.processes import Process, started
from benchmarks.sizes import Size
from benchmarks.storm_client import FATALS, TEMPLATES, words
from otel_discord.testing.fake_discord import FakeMessage, records_shown
from otel_discord.testing.fake_discord.counters import Buckets, new_counter
from tests.fleet.books import judge, sightings
from tests.fleet.ledger import Ledger
from tests.fleet.replica import say
from tests.fleet.senders import FATAL, Door, Sender
from tests.fleet.town import UNFOLDED, Plan, Town, town

REPLICAS: Final = 3
AIM_USED: Final = 0.95
_LATENCY_MS: Final = 25.0
_DEADLINE_S: Final = 200.0
_PATIENCE_S: Final = 120.0
_PLAN: Final = Plan(replicas=REPLICAS, latency_ms=_LATENCY_MS, has_ways=False, lease="10s")


def run(size: Size) -> Report:
    """Play one storm, and one burst.

    Raises:
        RuntimeError: a count is not exact, a problem has several cards, or Discord had to say 429.
    """
    with town(_PLAN) as there:
        there.start()
        storm = _storm(there, size.pick(tiny=15_000, full=300_000))
    with town(replace(_PLAN, exporter=UNFOLDED)) as there:
        there.start()
        burst = _burst(there, size.pick(tiny=60, full=600))
    return Report([*storm.figures, *burst.figures], [*storm.notes, *burst.notes])


def _storm(there: Town, records: int) -> Report:
    with contextlib.ExitStack() as stack:
        clients: list[Process] = []
        for replica in there.replicas:
            arguments = ["--port", str(replica.ports["grpc"]), "--records", str(records // REPLICAS)]
            clients.append(stack.enter_context(started(["-m", "benchmarks.storm_client", *arguments])))
        for client in clients:
            client.wait_for("^warm", timeout_s=60.0)
        cpu_before_s = sum(each.cpu_s for each in there.replicas)
        began_s = time.monotonic()
        for client in clients:
            client.say("go")
        told = [json.loads(client.wait_for("^sent (.*)", timeout_s=_DEADLINE_S)[1]) for client in clients]
    accepted = sum(each["accepted"] for each in told)
    took_s = max(each["ended_s"] for each in told) - min(each["started_s"] for each in told)
    expected = accepted + FATALS * REPLICAS
    _wait_for(there, lambda messages: records_shown(messages) >= expected)
    all_shown_s = time.monotonic() - began_s
    cpu_s = sum(each.cpu_s for each in there.replicas) - cpu_before_s
    time.sleep(2.0)
    messages = there.messages("everything")
    problems = len({number for each in told for number in each["first"]}) + FATALS
    _check(there, _wrong(messages, expected, problems))
    edits = sum(each.kind == "edited" for each in there.backstage.ask(lambda: list(there.fake.journal)))
    leases = Counter(there.query("SELECT holder FROM leases WHERE until > now()"))
    figures = [
        Figure(name="fleet.storm.accepted", value=accepted / took_s, unit="records/s"),
        Figure(name="fleet.storm.cards", value=_cards(messages).total(), unit="cards", better="lower"),
        Figure(name="fleet.storm.messages", value=len(messages), unit="messages", better="lower"),
        Figure(name="fleet.storm.edits", value=edits, unit="edits"),
        Figure(name="fleet.storm.channel", value=(len(messages) + edits) * 2.0 / all_shown_s, unit="of 30 a minute"),
        Figure(name="fleet.storm.all_shown", value=all_shown_s, unit="s", better="lower"),
        Figure(name="fleet.storm.429", value=0, unit="answers", better="lower", aim=0),
        Figure(name="fleet.storm.cpu", value=cpu_s * 1e5 / accepted, unit="s per 100,000 records", better="lower"),
    ]
    load = f"{accepted:,} records of {problems} problems over {REPLICAS} replicas"
    found = "every record counted once, one card a problem, no 429, no violation"
    return Report(figures, [f"fleet-storm: {load}: {found}; leases a replica: {sorted(leases.values())}"])


def _burst(there: Town, records: int) -> Report:
    ledger = Ledger()
    doors = [Door(each.ports["http"], 30.0) for each in there.replicas]
    sender = Sender(ledger, 1, doors, random.Random(5), 0.0, lambda _: ("everything",), severity=FATAL)
    for _ in range(0, records, 20):
        sender.deliver([("everything",)] * 20)
    for door in doors:
        door.close()
    _wait_for(there, lambda messages: len({n for each in sightings(messages) for n in each.ids}) >= records)
    messages = there.messages("everything")
    verdict = judge(ledger.snapshot(), {"everything": sightings(messages)}, events=0)
    _check(there, verdict.wrong)
    used = Figure(name="fleet.storm.used", value=_used(messages), unit="of the channel's rate", aim=AIM_USED)
    burst = f"{records} critical records of which each is a card, {len(messages)} messages, in order"
    return Report([used], [f"fleet-storm: {burst}; a client that knows every limit would take that share of the time"])


def _wait_for(there: Town, is_so: Callable[[Sequence[FakeMessage]], bool]) -> None:
    ends_s = time.monotonic() + _PATIENCE_S
    while not is_so(messages := there.messages("everything")) and time.monotonic() < ends_s:
        say(f"{records_shown(messages):,} records shown on {len(messages)} messages")
        time.sleep(0.5)


def _check(there: Town, wrong: list[str]) -> None:
    limited = there.count_429()
    violations = there.backstage.ask(lambda: list(there.fake.violations))
    wrong = [
        *wrong,
        *([f"429: {limited}"] if limited else []),
        *(f"Discord minds: {each.rule}: {each.detail}" for each in violations[:3]),
    ]
    if wrong:
        raise RuntimeError("; ".join(wrong[:10]))


def _wrong(messages: Sequence[FakeMessage], expected: int, problems: int) -> list[str]:
    shown = records_shown(messages)
    wrong = [] if shown == expected else [f"{shown:,} records shown, {expected:,} sent"]
    cards = _cards(messages)
    wrong += [f"{name!r} has {count} cards" for name, count in cards.items() if count != 1]
    return wrong if len(cards) == problems else [*wrong, f"{len(cards)} problems shown of {problems}"]


def _cards(messages: Sequence[FakeMessage]) -> Counter[str]:
    """Return how many cards each problem has."""
    names = [f"{mark}{words(number)}" for number in range(TEMPLATES) for mark in ("FATAL ", "")]
    found: Counter[str] = Counter()
    for message in messages:
        for embed in message.embeds:
            title = embed.get("title", "")
            found[next((name for name in names if name in title), title)] += 1
    return found


def _used(messages: Sequence[FakeMessage]) -> float:
    """Return how long so many messages take who knows both limits, in relation to how long these took."""
    came_s = sorted(each.arrived_at_s for each in messages)
    webhook, channel = new_counter(Buckets(5, 2.0)), new_counter(Buckets(30, 60.0, "log"))
    now_s = 0.0
    for _ in came_s:
        now_s += _LATENCY_MS / 2000
        while webhook.retry_after_s(now_s) > 0 or channel.retry_after_s(now_s) > 0:
            now_s += max(webhook.retry_after_s(now_s), channel.retry_after_s(now_s), 1e-3)
        webhook.take(now_s)
        channel.take(now_s)
    return now_s / max(came_s[-1] - came_s[0], 1e-6)
