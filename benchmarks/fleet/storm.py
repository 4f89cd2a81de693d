"""A storm over three replicas of a fleet to one channel of a Discord with limits: one card for each problem, exact
counts, no 429, and the channel used as far as it may be.

Beside the many records of few problems there are problems that come once, so that there is something to send for long.
"""

import contextlib
import itertools
import json
import random
import re
import time
from collections import Counter
from collections.abc import Sequence
from typing import Final

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from benchmarks.figures import Figure, Report
from benchmarks.processes import Process, started
from benchmarks.sizes import Size
from benchmarks.storm_client import FATALS, TEMPLATES, words
from otel_discord.signals import Severity
from otel_discord.testing.fake_discord import FakeMessage, records_in
from otel_discord.testing.fake_discord.counters import Buckets, new_counter
from otel_discord.testing.otlp import any_value, key_values
from tests.fleet.senders import Door
from tests.fleet.town import Plan, Town, town

REPLICAS: Final = 3
AIM_USED: Final = 0.95
_LATENCY_MS: Final = 25.0
_DEADLINE_S: Final = 280.0
_LETTERS: Final = "ghijklmnoprstuvw"
_SINGLE = re.compile(r"zq[g-w]{4}")


def run(size: Size) -> Report:
    """Play one storm.

    Raises:
        RuntimeError: a count is not exact, a problem has several cards, or Discord had to say 429.
    """
    with town(Plan(replicas=REPLICAS, latency_ms=_LATENCY_MS, has_ways=False, lease="30s")) as there:
        there.start()
        return _storm(there, size.pick(tiny=15_000, full=300_000), size.pick(tiny=40, full=700))


def _storm(there: Town, records: int, singles: int) -> Report:
    began_s = time.monotonic()
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
        _send_singles(there, singles)
        told = [json.loads(client.wait_for("^sent (.*)", timeout_s=_DEADLINE_S)[1]) for client in clients]
    accepted = sum(each["accepted"] for each in told)
    took_s = max(each["ended_s"] for each in told) - min(each["started_s"] for each in told)
    expected = accepted + FATALS * REPLICAS + singles
    ends_s = began_s + _DEADLINE_S
    while _shown(messages := there.messages("everything")) < expected and time.monotonic() < ends_s:
        time.sleep(0.5)
    all_shown_s = time.monotonic() - began_s
    cpu_s = sum(each.cpu_s for each in there.replicas) - cpu_before_s
    time.sleep(2.0)
    messages = there.messages("everything")
    problems = len({number for each in told for number in each["first"]}) + FATALS
    wrong = _wrong(there, messages, expected, problems + singles)
    if wrong:
        raise RuntimeError("; ".join(wrong[:10]))
    edits = sum(each.kind == "edited" for each in there.backstage.ask(lambda: list(there.fake.journal)))
    figures = [
        Figure(name="fleet.storm.accepted", value=accepted / took_s, unit="records/s"),
        Figure(name="fleet.storm.cards", value=_cards(messages).total(), unit="cards", better="lower"),
        Figure(name="fleet.storm.messages", value=len(messages), unit="messages", better="lower"),
        Figure(name="fleet.storm.edits", value=edits, unit="edits"),
        Figure(name="fleet.storm.used", value=_used(messages), unit="of the channel's rate", aim=AIM_USED),
        Figure(name="fleet.storm.all_shown", value=all_shown_s, unit="s", better="lower"),
        Figure(name="fleet.storm.429", value=0, unit="answers", better="lower", aim=0),
        Figure(name="fleet.storm.cpu", value=cpu_s * 1e5 / accepted, unit="s per 100,000 records", better="lower"),
    ]
    seats = Counter(there.query("SELECT holder FROM leases WHERE until > now()"))
    load = f"{accepted:,} records over {REPLICAS} replicas, {problems} problems and {singles} that came once"
    found = "every record counted once, one card a problem, no 429, no violation"
    return Report(figures, [f"fleet-storm: {load}: {found}; leases a replica: {sorted(seats.values())}"])


def _wrong(there: Town, messages: Sequence[FakeMessage], expected: int, problems: int) -> list[str]:
    shown = _shown(messages)
    wrong = [] if shown == expected else [f"{shown:,} records shown, {expected:,} sent"]
    cards = _cards(messages)
    wrong += [f"{name!r} has {count} cards" for name, count in cards.items() if count != 1]
    if len(cards) != problems:
        wrong.append(f"{len(cards)} problems shown of {problems}")
    limited = there.count_429()
    violations = there.backstage.ask(lambda: list(there.fake.violations))
    wrong += [f"429: {limited}"] if limited else []
    wrong += [f"Discord minds: {each.rule}: {each.detail}" for each in violations[:3]]
    return wrong


def _shown(messages: Sequence[FakeMessage]) -> int:
    return sum(records_in(embed) for each in messages for embed in each.embeds)


def _cards(messages: Sequence[FakeMessage]) -> Counter[str]:
    """Return how many cards each problem has."""
    names = [f"{mark}{words(number)}" for number in range(TEMPLATES) for mark in ("FATAL ", "")]
    found: Counter[str] = Counter()
    for message in messages:
        for embed in message.embeds:
            title = f"{embed.get('title', '')}\n{embed.get('description', '')}"
            single = _SINGLE.search(title)
            found[single[0] if single else next((name for name in names if name in title), title)] += 1
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


def _send_singles(there: Town, count: int) -> None:
    """Tell each replica in turn of problems that come once, each of a service of its own."""
    dice = random.Random(3)
    doors = [Door(each.ports["http"], 30.0) for each in there.replicas]
    turns = itertools.cycle(doors)
    for first in range(0, count, 20):
        request = ExportLogsServiceRequest()
        for number in range(first, min(first + 20, count)):
            digits = "".join(_LETTERS[number >> shift & 15] for shift in (12, 8, 4, 0))
            resource_logs = request.resource_logs.add()
            resource_logs.resource.attributes.extend(key_values({"service.name": f"svc-{digits}"}))
            record = resource_logs.scope_logs.add().log_records.add(time_unix_nano=time.time_ns())
            record.severity_number = Severity.ERROR  # type: ignore[assignment]  # the enum is open
            record.body.CopyFrom(any_value(f"zq{digits} went away at {dice.randrange(10**6)}"))
        answer = None
        while answer is None or answer.value != "OK":
            answer, _ = next(turns).send(request.SerializeToString())
    for door in doors:
        door.close()
