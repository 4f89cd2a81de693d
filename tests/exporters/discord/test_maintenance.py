"""Maintenance: announced, held, dropped or without a ping; what was held comes afterwards and nothing is lost."""

import asyncio
from typing import Any

import pytest

from otel_discord.component import PermanentError
from otel_discord.component.maintenance import MaintenanceRequest
from otel_discord.testing.fake_discord import FakeDiscord
from otel_discord.testing.fake_discord.state import FakeMessage
from otel_discord.testing.otlp import logs_batch
from tests.exporters.discord.counting import counts
from tests.exporters.discord.disk import STORED, Disk, host_with
from tests.exporters.discord.rig import Rig, running

pytestmark = pytest.mark.looptime(idle_timeout=200_000, idle_step=5)
BEGINNING_S = 1_767_225_600.0  # a Thursday, 2026-01-01T00:00Z
HOUR_S = 3_600.0
NIGHT = {"name": "backup", "schedule": {"days": ["thu"], "from": "01:00", "to": "02:00"}}
WORDS = (
    "disk is full", "queue is empty", "socket was closed", "lock not taken", "cache has gone",
    "token expired early", "shard moved away", "leader not found", "quota used up", "replica fell behind",
)  # fmt: skip


def maintained(*windows: dict[str, Any], start_s: float = 0.0, **more: Any) -> dict[str, Any]:
    return {
        "maintenance": list(windows),
        "fold": {"enabled": True},
        "wall_clock": lambda: BEGINNING_S + start_s + asyncio.get_running_loop().time(),
        "shutdown_timeout": "1h",
        **more,
    }


def words(message: FakeMessage) -> str:
    return message.content + " ".join(str(embed) for embed in message.embeds)


def about(fake: FakeDiscord, text: str) -> list[FakeMessage]:
    return [message for message in fake.messages if text in words(message)]


def records_shown(fake: FakeDiscord) -> int:
    return sum(counts([message for message in fake.messages if "🔧" not in words(message)]))


async def tell(rig: Rig, count: int = 1, body: str = "order {n} failed", **arguments: Any) -> None:
    await rig.exporter.consume(logs_batch(count, body=body, **arguments))
    await asyncio.sleep(1)


async def until(hour: float) -> None:
    await asyncio.sleep(hour * HOUR_S - asyncio.get_running_loop().time())


async def test_a_window_is_announced_holds_and_lets_go_with_a_count() -> None:
    fake = FakeDiscord()
    async with running(fake, **maintained(NIGHT)) as rig:
        await tell(rig, body="before {n}")
        assert len(fake.messages) == 1
        await until(1.01)
        assert "Maintenance: backup" in words(fake.messages[-1])
        assert len(fake.messages) == 2
        for body in WORDS[:4]:
            await tell(rig, 25, body=body)
        assert len(fake.messages) == 2
        await until(1.99)
        assert len(fake.messages) == 2
        await until(2.01)
        (over,) = about(fake, "Maintenance is over")
        assert "4 problems, 100 events" in words(over)
        late = about(fake, "held during maintenance backup")
        assert sum(len(message.embeds) for message in late) == 4
        assert records_shown(fake) == 101
        assert rig.telemetry.value("otelcol_exporter_sent_log_records") == 101
        assert rig.telemetry.value("otel_discord_muted_records_total", action="hold") == 100
        assert rig.telemetry.value("otelcol_exporter_queue_size") == 0
        await tell(rig, body=WORDS[0])  # news, not counted on what was held
        assert rig.telemetry.value("otelcol_exporter_sent_log_records") == 102


async def test_what_is_critical_comes_without_a_ping() -> None:
    fake = FakeDiscord()
    hook = fake.add_webhook()
    destinations = {"ops": {"webhook_url": hook.url, "mention": {"min_severity": "ERROR", "roles": ["77"]}}}
    async with running(fake, **maintained(NIGHT, destinations=destinations)) as rig:
        await until(1.01)
        await tell(rig, body="the house burns", severity=21)
        (fatal,) = about(fake, "the house burns")
        assert "<@&77>" not in fatal.content
        await until(2.01)
        await tell(rig, body="the house burns", severity=21)  # still: now somebody has to know
        assert [message for message in about(fake, "the house burns") if "<@&77>" in message.content]
        (over,) = about(fake, "Maintenance is over")
        assert "Came without a ping: 1 event" in words(over)


async def test_what_is_dropped_is_counted_and_said() -> None:
    fake = FakeDiscord()
    window = {**NIGHT, "action": "drop", "matchers": ["service.name=shop", "severity<=ERROR"]}
    async with running(fake, **maintained(window)) as rig:
        await until(1.01)
        await tell(rig, 2, resource={"service.name": "shop"})
        await tell(rig, 1, resource={"service.name": "shop"}, attributes={"discord.count": 5})
        await tell(rig, 1, body="another service", resource={"service.name": "pay"})
        assert about(fake, "another service")
        assert rig.telemetry.value("otel_discord_muted_records_total", action="drop") == 7
        await until(2.01)
        (over,) = about(fake, "Maintenance is over")
        assert "Dropped: 7 events" in words(over)
        assert rig.telemetry.value("otelcol_exporter_sent_log_records") == 1


async def test_only_the_destinations_that_are_named_are_concerned() -> None:
    fake = FakeDiscord()
    ops, errors = fake.add_webhook(), fake.add_webhook()
    destinations = {"ops": {"webhook_url": ops.url}, "errors": {"webhook_url": errors.url}}
    window = {**NIGHT, "destinations": ["ops"]}
    async with running(fake, **maintained(window, destinations=destinations)) as rig:
        await until(1.01)
        await tell(rig)
        assert [len(fake.messages_of(hook)) for hook in (ops, errors)] == [1, 1]
        assert "Maintenance" in words(fake.messages_of(ops)[0])
        await until(2.01)
        assert [len(fake.messages_of(hook)) for hook in (ops, errors)] == [3, 1]


@pytest.mark.parametrize("folded", [True, False])
async def test_a_restart_in_the_middle_announces_nothing_twice_and_loses_nothing(folded: bool) -> None:
    fake, disk = FakeDiscord(), Disk()
    more: dict[str, Any] = {"sending_queue": STORED, "fold": {"enabled": folded}}
    async with running(fake, host=host_with(disk), **maintained(NIGHT, **more)) as rig:
        await until(1.1)
        await tell(rig, 3)
        assert len(fake.messages) == 1
    async with running(fake, host=host_with(disk), **maintained(NIGHT, **more)) as rig:
        await tell(rig, 2)
        assert len(fake.messages) == 1
        await until(2.01)
        (over,) = about(fake, "Maintenance is over")
        assert ("1 problem, 5 events" if folded else "5 problems, 5 events") in words(over)
        assert sum(len(message.embeds) for message in about(fake, "held during")) == (1 if folded else 5)


async def test_one_that_ended_while_nothing_ran_is_ended_at_the_start() -> None:
    fake, disk = FakeDiscord(), Disk()
    window = {**NIGHT, "action": "drop"}
    async with running(fake, host=host_with(disk), **maintained(window, sending_queue=STORED)) as rig:
        await until(1.1)
        await tell(rig, 4)
    async with running(fake, host=host_with(disk), **maintained(start_s=9 * HOUR_S, sending_queue=STORED)):
        await asyncio.sleep(1)
        (over,) = about(fake, "Maintenance is over")
        assert "Dropped: 4 events" in words(over)


async def test_without_storage_what_is_held_comes_before_the_end() -> None:
    fake = FakeDiscord()
    async with running(fake, **maintained(NIGHT)) as rig:
        await until(1.1)
        await tell(rig, 3)
        assert records_shown(fake) == 0
    assert records_shown(fake) == 3
    assert rig.telemetry.value("otelcol_exporter_send_failed_log_records") in {None, 0}


async def test_a_full_queue_is_not_held_for_the_others() -> None:
    fake = FakeDiscord()
    queue = {"queue_size": 10}
    window = {**NIGHT, "matchers": ["service.name=shop"]}
    async with running(fake, **maintained(window, sending_queue=queue)) as rig:
        await until(1.1)
        for body in WORDS:
            await tell(rig, 1, body=body, resource={"service.name": "shop"})
        assert about(fake, "no room to hold more")
        assert rig.telemetry.value("otelcol_exporter_sent_log_records") == len(WORDS)
        await until(2.01)
        assert "shown early" in words(about(fake, "Maintenance is over")[0])


async def test_by_hand_it_begins_and_ends_at_once() -> None:
    fake, disk = FakeDiscord(), Disk()
    request = MaintenanceRequest(name="deploy", for_s=HOUR_S, matchers=("service.name=shop",), author="ann")
    async with running(fake, host=host_with(disk), **maintained(sending_queue=STORED)) as rig:
        started = await rig.exporter.start_maintenance(request)
        assert started.active
        assert not started.configured
        await tell(rig, 3, resource={"service.name": "shop"})
        (window,) = await rig.exporter.maintenance_windows()
        assert (window.held_problems, window.held_records) == (1, 3)
        assert "Started by ann" in words(fake.messages[0])
    async with running(fake, host=host_with(disk), **maintained(start_s=600, sending_queue=STORED)) as rig:
        await tell(rig, 2, resource={"service.name": "shop"})
        assert records_shown(fake) == 0
        ended = await rig.exporter.end_maintenance("deploy")
        assert ended.held_records == 5
        await asyncio.sleep(1)
        assert records_shown(fake) == 5
        assert len(about(fake, "Maintenance is over")) == 1
        assert await rig.exporter.maintenance_windows() == []
        with pytest.raises(PermanentError, match="no maintenance 'deploy'"):
            await rig.exporter.end_maintenance("deploy")


async def test_a_configured_window_starts_by_hand_ends_early_and_comes_again() -> None:
    fake = FakeDiscord()
    window = {**NIGHT, "schedule": {"from": "01:00", "to": "02:00"}, "action": "drop"}
    async with running(fake, **maintained(window)) as rig:
        started = await rig.exporter.start_maintenance(MaintenanceRequest(name="backup", for_s=60))
        assert started.action == "drop"
        await asyncio.sleep(70)
        assert len(about(fake, "Maintenance is over")) == 1
        await until(1.1)
        await rig.exporter.end_maintenance("backup")
        await tell(rig)
        assert records_shown(fake) == 1
        await until(25.1)
        (state,) = await rig.exporter.maintenance_windows()
        assert state.active
        assert len(about(fake, "Maintenance: backup")) == 3


@pytest.mark.parametrize(
    "request_",
    [
        MaintenanceRequest(name="x", for_s=60, matchers=("nonsense",)),
        MaintenanceRequest(name="x", for_s=60, destinations=("nowhere",)),
        MaintenanceRequest(name="x", for_s=60, conditions=("severity_number >",)),
        MaintenanceRequest(name="x", for_s=60, action="shout"),
        MaintenanceRequest(name="x", for_s=0),
    ],
)
async def test_what_cannot_be_is_refused(request_: MaintenanceRequest) -> None:
    fake = FakeDiscord()
    async with running(fake, **maintained()) as rig:
        with pytest.raises(PermanentError):
            await rig.exporter.start_maintenance(request_)
        assert await rig.exporter.maintenance_windows() == []


async def test_what_was_held_has_not_waited_too_long() -> None:
    fake = FakeDiscord()
    async with running(fake, **maintained(NIGHT, max_age="10m")) as rig:
        await until(1.1)
        await tell(rig, 3)
        await until(2.01)
        assert records_shown(fake) == 3
        assert not rig.telemetry.value("otelcol_exporter_send_failed_log_records")


async def test_very_many_come_as_a_digest() -> None:
    fake = FakeDiscord()
    letters = "abcdefghijklmnop"
    async with running(fake, **maintained(NIGHT, sending_queue={"queue_size": 4_000})) as rig:
        await until(1.1)
        for one in letters:
            for other in letters:
                body = f"no {one * 3} in {other * 3} {one + other * 2}"
                await rig.exporter.consume(logs_batch(1, body=body, resource={"service.name": f"s-{one}{other}"}))
                await rig.exporter.consume(logs_batch(1, body=body, resource={"service.name": f"t-{one}{other}"}))
        await until(1.9)
        sent = len(fake.messages)
        await until(2.2)
        (over,) = about(fake, "Maintenance is over")
        assert "512 problems, 512 events" in words(over)
        assert len(fake.messages) - sent <= 25
        assert rig.telemetry.value("otelcol_exporter_sent_log_records") == 512
