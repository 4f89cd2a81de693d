"""What one process promises, three keep: alerts, routes, fallbacks, a full queue, pings, an absent storage, reloads."""

import asyncio
from collections import Counter
from contextlib import suppress
from itertools import chain
from math import inf
from typing import Any

import pytest

from otel_discord.component import QueueFullError, RetryableError, Status
from otel_discord.component.maintenance import MaintenanceRequest
from otel_discord.exporters.discord.exporter import DiscordExporter
from otel_discord.exporters.discord.fleet.exporter import FleetExporter
from otel_discord.signals import LogsBatch
from otel_discord.testing.fake_discord import Answer, FakeDiscord, Fault, Stall, posts
from otel_discord.testing.fake_discord.state import FakeWebhook
from otel_discord.testing.otlp import logs_batch
from tests.exporters.discord.alerting import BEGINNING_S, GREEN, batch, firing, resolved
from tests.exporters.discord.fleet.fleet_rig import ReplicaRig, Town, town
from tests.exporters.discord.log_lines import log_lines
from tests.exporters.discord.rig import MARKER, shown

pytestmark = pytest.mark.looptime(idle_timeout=20_000, idle_step=5)
UNFOLDED: dict[str, Any] = {"rate_limit": {"channel_messages_per_minute": 0}, "fold": {"enabled": False}}
ERROR, CRITICAL = 17, 21


def hooks_of(fake: FakeDiscord, *names: str, **keys: dict[str, Any]) -> tuple[dict[str, Any], dict[str, FakeWebhook]]:
    hooks = {name: fake.add_webhook() for name in names}
    return {name: {"webhook_url": hook.url, **keys.get(name, {})} for name, hook in hooks.items()}, hooks


def numbers(fake: FakeDiscord, hook: FakeWebhook) -> list[int]:
    return [int(number) for message in fake.messages_of(hook) for number in MARKER.findall(shown(message))]


def replicas(there: Town) -> list[ReplicaRig]:
    return list(there.replicas.values())


def holder_of(there: Town, destination: str) -> tuple[str, DiscordExporter]:
    rig = replicas(there)[0]
    shard = rig.exporter.shard_of[destination]
    return next(
        (name, each.exporter.engines[shard]) for name, each in there.replicas.items() if shard in each.exporter.engines
    )


def clock() -> float:
    return BEGINNING_S + asyncio.get_running_loop().time()


@pytest.mark.parametrize("spread", [1, 3])
async def test_an_alert_that_fires_here_and_ends_there_is_one_card(spread: int) -> None:
    fake = FakeDiscord()
    given, hooks = hooks_of(fake, "a", "b", "c")
    async with town(fake, "x", "y", "z", destinations=given, wall_clock=clock) as there:
        one, two, three = replicas(there)
        await one.exporter.consume(batch(firing(0)))
        await asyncio.sleep(60)
        assert [len(fake.messages_of(hook)) for hook in hooks.values()] == [1, 1, 1]
        for rig in [one, two, three][:spread]:
            await rig.exporter.consume(batch(resolved(0, 120)))
            await asyncio.sleep(1)
        await asyncio.sleep(120)
        await two.exporter.consume(batch(resolved(0, 130, name="NobodyHeardOfIt", labels={})))
        await asyncio.sleep(5)
        unknown = [rig.telemetry.value("otel_discord_unknown_alert_ends_total") for rig in replicas(there)]
    for hook in hooks.values():
        (message,) = fake.messages_of(hook)[:1]
        assert message.embeds[0]["color"] == GREEN
        assert message.edits
    assert sum(unknown) == 1, "an end is counted in one of the shards that hear of it"


async def test_routes_and_severities_lead_to_the_shards_of_their_destinations() -> None:
    fake = FakeDiscord(channel_limit=None)
    given, hooks = hooks_of(fake, "ops", "shop", "all", ops={"min_severity": "FATAL"}, all={"min_severity": "INFO"})
    routes = [{"condition": 'resource.attributes["service.name"] == "shop"', "destinations": ["shop", "all"]}]
    async with town(fake, "x", "y", destinations=given, routes=routes, critical={"to_all": False}, **UNFOLDED) as there:
        assert len(set(replicas(there)[0].exporter.shard_of.values())) == 3
        for number in range(12):
            severity = CRITICAL if number % 3 == 0 else ERROR
            resource = {"service.name": "shop" if number % 2 else "cart"}
            await replicas(there)[number % 2].exporter.consume(
                logs_batch(1, first=number, severity=severity, resource=resource)
            )
        await asyncio.sleep(20)
    assert set(numbers(fake, hooks["shop"])) == set(range(12))
    assert set(numbers(fake, hooks["ops"])) == {0, 6}
    assert set(numbers(fake, hooks["all"])) == set(range(12))


async def test_what_is_critical_goes_to_all_and_is_of_one_step_with_the_rest() -> None:
    fake = FakeDiscord(channel_limit=None)
    given, hooks = hooks_of(fake, "a", "b", a={"min_severity": "FATAL"}, b={"min_severity": "FATAL"})
    async with town(fake, "x", "y", destinations=given, critical={"to_all": True}, **UNFOLDED) as there:
        await replicas(there)[0].exporter.consume(logs_batch(3, severity=CRITICAL))
        await replicas(there)[1].exporter.consume(logs_batch(3, first=3, severity=ERROR))
        await asyncio.sleep(5)
    assert [numbers(fake, hook) for hook in hooks.values()] == [[0, 1, 2], [0, 1, 2]]


async def test_a_fallback_is_in_the_same_shard_and_takes_over() -> None:
    fake = FakeDiscord(channel_limit=None)
    given, hooks = hooks_of(fake, "a", "b", "c", "d")
    given["a"]["fallback"] = "c"
    async with town(fake, "x", "y", destinations=given, critical={"to_all": False}, **UNFOLDED) as there:
        placed = replicas(there)[0].exporter.shard_of
        assert placed["a"] == placed["c"]
        assert len(set(placed.values())) == 3
        fake.delete_webhook(hooks["a"])
        routes = logs_batch(4)
        await replicas(there)[1].exporter.consume(routes)
        await asyncio.sleep(60)
    assert set(numbers(fake, hooks["c"])) == set(range(4))


async def test_destinations_of_one_channel_and_of_one_webhook_are_of_one_shard() -> None:
    fake = FakeDiscord(channel_limit=None)
    channel = fake.add_channel()
    given, hooks = hooks_of(fake, "a", "b")
    given["c"] = {"webhook_url": fake.add_webhook(channel).url}
    given["d"] = {"webhook_url": fake.add_webhook(channel).url}
    given["e"] = {"webhook_url": hooks["a"].url, "thread_id": "123456789012345678"}
    async with town(fake, "x", "y", destinations=given, **UNFOLDED) as there:
        placed = replicas(there)[0].exporter.shard_of
        assert placed["c"] == placed["d"]
        assert placed["a"] == placed["e"]
        assert len({placed[name] for name in "abc"}) == 3
        assert replicas(there)[1].exporter.shard_of == placed


async def test_discord_being_away_delays_a_first_start_by_seconds_only() -> None:
    fake = FakeDiscord(channel_limit=None)
    fake.faults.add(Fault(Stall(1000, commit=True), times=inf))
    given, _ = hooks_of(fake, "a", "b", "c")
    began_s = asyncio.get_running_loop().time()
    async with town(fake, "x", destinations=given, shutdown_timeout="1s", **UNFOLDED) as there:
        assert asyncio.get_running_loop().time() - began_s < 10
        assert len(replicas(there)[0].exporter.shard_of) == 3
        fake.faults.clear()


async def test_the_ping_budget_holds_over_a_hand_over_and_a_death() -> None:
    fake = FakeDiscord()
    mention = {"min_severity": "ERROR", "roles": ["11"], "max_per_hour": 2}
    given, _ = hooks_of(fake, "ops", ops={"mention": mention})
    async with town(fake, "x", "y", "z", destinations=given, wall_clock=clock) as there:
        for number, problem in enumerate(["disk", "memory", "network", "cooling"]):
            await replicas(there)[-1].exporter.consume(log_lines(f"the {problem} is broken", severity=ERROR))
            await asyncio.sleep(20)
            if number < 2:
                await (there.leave if number == 0 else there.kill)(holder_of(there, "ops")[0])
                await asyncio.sleep(6)
    assert len(fake.messages) == 4
    assert sum("<@&11>" in message.content for message in fake.messages) == 2


async def test_a_full_shard_refuses_or_drops_the_oldest() -> None:
    fake = FakeDiscord(channel_limit=None)
    fake.faults.add(Fault(Answer(503), times=inf))
    given, _ = hooks_of(fake, "ops")
    async with town(
        fake, "x", "y", destinations=given, sending_queue={"queue_size": 5}, shutdown_timeout="1s"
    ) as there:
        for number in range(5):
            await replicas(there)[number % 2].exporter.consume(
                log_lines(f"problem of the {'abcdefgh'[number] * 4} kind")
            )
        with pytest.raises(QueueFullError):
            await replicas(there)[1].exporter.consume(log_lines("trouble with everything"))
        refused = sum(rig.telemetry.value("otelcol_exporter_enqueue_failed_log_records") for rig in replicas(there))
        assert refused == 1
        fake.faults.clear()
        await asyncio.sleep(100)
        await replicas(there)[0].exporter.consume(log_lines("a last one"))
        await asyncio.sleep(20)


async def until_taken(exporter: FleetExporter, telemetry: LogsBatch) -> None:
    """Send it again where everything that could go was just on its way."""
    for _ in range(5):
        with suppress(QueueFullError):
            await exporter.consume(telemetry)
            return
    pytest.fail("it was not taken")


async def test_drop_oldest_lets_newer_ones_in_from_every_replica() -> None:
    fake = FakeDiscord(channel_limit=None)
    fake.faults.add(Fault(Answer(503), times=inf))
    given, _ = hooks_of(fake, "ops")
    queue = {"queue_size": 5, "overflow": "drop_oldest"}
    words = [
        "amber",
        "birch",
        "cedar",
        "delta",
        "ember",
        "fjord",
        "grove",
        "haven",
        "islet",
        "jetty",
        "knoll",
        "lagoon",
    ]
    async with town(fake, "x", "y", destinations=given, sending_queue=queue) as there:
        for number, word in enumerate(words):
            exporter = replicas(there)[number % 2].exporter
            await until_taken(exporter, log_lines(f"{word} is broken", service=word, severity=ERROR))
        await asyncio.sleep(60)
        dropped = sum(rig.telemetry.value("otelcol_exporter_send_failed_log_records") for rig in replicas(there))
        assert dropped == len(words) - 5
        fake.faults.clear()
        await asyncio.sleep(120)
    told = {word for word in words for message in fake.messages if f"{word} is broken" in str(message.embeds)}
    assert len(told) + dropped == len(words)
    assert set(words[-4:]) <= told


async def test_a_storage_that_is_away_refuses_and_what_was_accepted_arrives_afterwards() -> None:
    fake = FakeDiscord(channel_limit=None)
    given, hooks = hooks_of(fake, "a", "b", "c", "d")
    async with town(fake, "x", "y", "z", destinations=given, **UNFOLDED) as there:
        await replicas(there)[0].exporter.consume(logs_batch(5))
        there.fleet.is_away = True
        with pytest.raises(RetryableError):
            await replicas(there)[1].exporter.consume(logs_batch(1, first=99))
        await asyncio.sleep(30)
        there.fleet.is_away = False
        await asyncio.sleep(5)
        await replicas(there)[2].exporter.consume(logs_batch(5, first=5))
        await asyncio.sleep(20)
        assert sorted(chain(*there.held().values())) == [0, 1, 2, 3]
    for hook in hooks.values():
        found = numbers(fake, hook)
        assert set(found) == set(range(10))
        assert sum(times > 1 for times in Counter(found).values()) <= 5, "one message"


async def test_a_replica_that_stood_still_sends_nothing_for_what_others_have_taken_over() -> None:
    fake = FakeDiscord(channel_limit=None)
    given, hooks = hooks_of(fake, "a", "b", "c", "d")
    async with town(fake, "x", "y", "z", destinations=given, **UNFOLDED) as there:
        await replicas(there)[0].exporter.consume(logs_batch(5))
        await asyncio.sleep(2)
        there.fleet.pause("y")
        for number in range(5, 40):
            await there.replicas["x"].exporter.consume(logs_batch(1, first=number))
            await asyncio.sleep(0.2)
        there.fleet.resume("y")
        await asyncio.sleep(10)
        assert sorted(chain(*there.held().values())) == [0, 1, 2, 3]
    for hook in hooks.values():
        found = numbers(fake, hook)
        assert list(dict.fromkeys(found)) == list(range(40))
        assert sum(times > 1 for times in Counter(found).values()) <= 10


async def test_reloads_of_one_replica_lose_and_repeat_nothing() -> None:
    fake = FakeDiscord(channel_limit=None)
    given, hooks = hooks_of(fake, "a", "b", "c")
    async with town(fake, "x", "y", destinations=given, **UNFOLDED) as there:
        number = 0
        for _ in range(5):
            for rig in replicas(there):
                await rig.exporter.consume(logs_batch(2, first=number))
                number += 2
                await asyncio.sleep(0.1)
            there.replicas["x"].host.hands_over = True
            await there.leave("x")
            await there.join("x")
        await asyncio.sleep(20)
    for hook in hooks.values():
        assert numbers(fake, hook) == list(range(number))


async def test_the_last_one_drains() -> None:
    fake = FakeDiscord(channel_limit=None)
    fake.faults.add(Fault(Stall(0.5, commit=True), match=posts, times=inf))
    given, hooks = hooks_of(fake, "a", "b")
    async with town(fake, "x", destinations=given, **UNFOLDED) as there:
        await replicas(there)[0].exporter.consume(logs_batch(60))
        await there.leave("x")
    for hook in hooks.values():
        assert numbers(fake, hook) == list(range(60))


async def test_an_engine_that_fails_is_begun_anew_and_the_status_says_so() -> None:
    fake = FakeDiscord(channel_limit=None)
    given, hooks = hooks_of(fake, "a", "b")
    async with town(fake, "x", destinations=given, **UNFOLDED) as there:
        rig = replicas(there)[0]
        engine = holder_of(there, "a")[1]
        await rig.exporter.consume(logs_batch(1))
        await asyncio.sleep(1)
        engine._outboxes["a"].dispatch.sender = None  # type: ignore[assignment]
        await rig.exporter.consume(logs_batch(3, first=1))
        await asyncio.sleep(10)
        assert Status.RECOVERABLE in rig.host.statuses
        assert rig.host.statuses[-1] is Status.OK
    for hook in hooks.values():
        assert numbers(fake, hook) == list(range(4))


async def test_maintenance_is_asked_for_anywhere_and_holds_everywhere() -> None:
    fake = FakeDiscord(channel_limit=None)
    given, hooks = hooks_of(fake, "a", "b", "c")
    async with town(fake, "x", "y", "z", destinations=given, wall_clock=clock, **UNFOLDED) as there:
        await replicas(there)[0].exporter.start_maintenance(MaintenanceRequest(name="deploy", for_s=60))
        await replicas(there)[1].exporter.consume(logs_batch(2, severity=ERROR))
        await asyncio.sleep(30)
        assert [numbers(fake, hook) for hook in hooks.values()] == [[], [], []]
        await asyncio.sleep(60)
        assert [set(numbers(fake, hook)) for hook in hooks.values()] == [{0, 1}] * 3


async def test_files_that_wait_in_memory_are_sent_before_a_replica_goes() -> None:
    fake = FakeDiscord(channel_limit=None)
    fake.faults.add(Fault(Stall(0.4, commit=True), match=posts, times=inf))
    given, hooks = hooks_of(fake, "a", "b")
    files = {"attributes": {"discord.attachments": [{"filename": "report.txt", "data": b"all of it"}]}}
    async with town(fake, "x", "y", destinations=given, **UNFOLDED) as there:
        for number in range(6):
            await replicas(there)[0].exporter.consume(logs_batch(1, first=number, **files))
        await there.leave(holder_of(there, "a")[0])
        await asyncio.sleep(20)
    for hook in hooks.values():
        assert numbers(fake, hook) == list(range(6))
        assert sum(len(message.files) for message in fake.messages_of(hook)) == 6
