"""The life of an alert in Discord: one message, edited while it fires, green at its end; on a virtual clock."""

import asyncio
from itertools import pairwise
from typing import Any

import pytest

from otel_discord.signals.alert_event import AlertEvent
from otel_discord.testing.fake_discord import Answer, FakeDiscord, Fault, method_is
from otel_discord.testing.host import NopHost
from tests.exporters.discord.alerting import (
    AMBER,
    BEGINNING_S,
    GREEN,
    GREY,
    RED,
    batch,
    colors,
    edits,
    firing,
    resolved,
    titles,
    updated,
    words,
)
from tests.exporters.discord.disk import STORED, Disk, host_with
from tests.exporters.discord.rig import Rig, running

pytestmark = pytest.mark.looptime(idle_timeout=2_000_000, idle_step=30)


def wall_clock() -> float:
    return BEGINNING_S + asyncio.get_running_loop().time()


ALERTS: dict[str, Any] = {
    "fold": {"window": "5m", "edit_interval": "10s"},
    "alerts": {"group_by": ["alert.name"], "group_wait": "5s", "group_interval": "1m"},
    "shutdown_timeout": "1h",
    "wall_clock": wall_clock,
}
DAY_S = 86_400


def now_s() -> float:
    return asyncio.get_running_loop().time()


async def tell(rig: Rig, *events: Any) -> None:
    await rig.exporter.consume(batch(*events))


async def test_one_message_from_the_first_word_to_the_last() -> None:
    fake = FakeDiscord()
    async with running(fake, **ALERTS) as rig:
        await tell(rig, firing(0, 180))
        await asyncio.sleep(4)
        assert fake.messages == []
        await asyncio.sleep(2)
        (message,) = fake.messages
        assert titles(fake) == ["🟠 QueueTooDeep: worker has 1,240 jobs waiting"]
        assert colors(fake) == [AMBER]
        assert words(message).split("\n")[1] == (
            f"above 1,000 · started <t:{BEGINNING_S}:t> (<t:{BEGINNING_S}:R>) · peak 1,410"
        )
        assert "[runbook](https://runbooks.example/queue)" in words(message)
        assert "×" not in words(message)
        await asyncio.sleep(300)
        await tell(rig, updated(0, 480, value=1500.0, peak=2000.0))
        await asyncio.sleep(1)
        assert "peak 2,000" in words(message)
        await asyncio.sleep(360)
        await tell(rig, resolved(0, 840, peak=2000.0))
        await asyncio.sleep(1)
        assert titles(fake) == ["🟢 QueueTooDeep: resolved after 14 minutes"]
        assert colors(fake) == [GREEN]
        shown = words(message)
        assert "no longer above 1,000 · peak 2,000" in shown
        assert f"<t:{BEGINNING_S}:t>–<t:{BEGINNING_S + 840}:t>" in shown
        assert len(fake.messages) == 1
        assert len(edits(fake)) == 2
        assert rig.telemetry.value("otelcol_exporter_sent_log_records") == 3


async def test_what_was_told_already_is_nothing_new() -> None:
    fake = FakeDiscord()
    async with running(fake, **ALERTS) as rig:
        for _ in range(3):
            await tell(rig, firing(0))
            await asyncio.sleep(60)
        assert edits(fake) == []
        await tell(rig, resolved(0, 100))
        await asyncio.sleep(20)
        for event in (firing(0), resolved(0, 100), firing(0), resolved(0, 100)):
            await tell(rig, event)
            await asyncio.sleep(60)
        assert titles(fake) == ["🟢 QueueTooDeep: resolved after 1 minute"]
        assert len(edits(fake)) == 1
        assert rig.telemetry.value("otelcol_exporter_sent_log_records") == 8


async def test_edits_keep_their_interval_and_the_end_does_not_wait_for_it() -> None:
    fake = FakeDiscord()
    async with running(fake, **ALERTS) as rig:
        await tell(rig, firing(0))
        await asyncio.sleep(10)
        for second in range(100):
            await tell(rig, updated(0, 10 + second, value=1000.0 + second))
            await asyncio.sleep(1)
        assert 9 <= len(edits(fake)) <= 11
        assert all(later - before >= 9.9 for before, later in pairwise(edits(fake)))
        await asyncio.sleep(15)
        await tell(rig, updated(0, 126, value=5.0))
        await asyncio.sleep(0.5)
        await tell(rig, resolved(0, 127))
        await asyncio.sleep(0.5)
        assert colors(fake) == [GREEN]


async def test_simulated_days() -> None:
    fake = FakeDiscord()
    async with running(fake, **ALERTS) as rig:
        await tell(rig, firing(0))
        for minute in range(1, 2 * 24 * 6):
            await asyncio.sleep(600)
            await tell(rig, updated(0, minute * 600, value=float(minute)))
        await tell(rig, resolved(0, 2 * DAY_S))
        await asyncio.sleep(60)
        assert titles(fake) == ["🟢 QueueTooDeep: resolved after 2 days"]
        assert len(edits(fake)) < 2 * 24 * 6
        assert rig.telemetry.value("otel_discord_rate_limited_total") in (None, 0)


async def test_worse_is_a_new_message_that_leads_to_the_first() -> None:
    fake = FakeDiscord()
    async with running(fake, **ALERTS) as rig:
        await tell(rig, firing(0))
        await asyncio.sleep(60)
        await tell(rig, updated(0, 60, severity="critical", value=5000.0))
        await asyncio.sleep(2)
        first, second = fake.messages
        assert colors(fake) == [GREY, RED]
        assert titles(fake)[0] == "⚪ QueueTooDeep: went on as critical"
        assert titles(fake)[1].startswith("🔴 QueueTooDeep: worker has")
        assert f"/{first.id})" in words(second)
        await tell(rig, resolved(0, 90, severity="critical"))
        await asyncio.sleep(2)
        assert colors(fake) == [GREY, GREEN]
        assert rig.telemetry.value("otelcol_exporter_sent_log_records") == 3


async def test_a_worse_one_while_the_first_word_is_on_its_way() -> None:
    fake = FakeDiscord()
    fake.faults.add(Fault(Answer(500), match=method_is("POST"), times=2))
    async with running(fake, **ALERTS) as rig:
        await tell(rig, firing(0))
        await asyncio.sleep(5.1)
        await tell(rig, updated(0, 6, severity="critical"))
        await asyncio.sleep(60)
        assert RED in colors(fake)
        assert len(fake.messages) <= 2
        await tell(rig, resolved(0, 90, severity="critical"))
        await asyncio.sleep(20)
        assert set(colors(fake)) <= {GREY, GREEN}


async def test_again_after_its_end_is_a_new_message() -> None:
    fake = FakeDiscord()
    async with running(fake, **ALERTS) as rig:
        for life in range(3):
            start = life * 100
            await tell(rig, firing(start))
            await asyncio.sleep(50)
            await tell(rig, resolved(start, start + 50))
            await asyncio.sleep(50)
    assert titles(fake) == ["🟢 QueueTooDeep: resolved after 50 seconds"] * 3


async def test_over_before_it_was_told_is_one_quiet_message() -> None:
    fake = FakeDiscord()
    hook = fake.add_webhook()
    errors = {"webhook_url": hook.url, "mention": {"min_severity": "WARN", "roles": ["1"]}}
    async with running(fake, **ALERTS, destinations={"errors": errors}) as rig:
        await tell(rig, firing(0), resolved(0, 3), firing(4), resolved(4, 8))
        await asyncio.sleep(10)
        (message,) = fake.messages
        assert message.content == ""
        assert colors(fake) == [GREEN]
        await tell(rig, firing(20))
        await asyncio.sleep(10)
        assert "<@&1>" in fake.messages[1].content


async def test_deleted_by_hand_it_is_posted_anew_and_lives_on() -> None:
    fake = FakeDiscord()
    async with running(fake, **ALERTS) as rig:
        await tell(rig, firing(0))
        await asyncio.sleep(10)
        fake.messages[0].deleted = True
        await tell(rig, updated(0, 60, value=1300.0))
        await asyncio.sleep(30)
        assert colors(fake) == [AMBER]
        await tell(rig, resolved(0, 120))
        await asyncio.sleep(30)
        assert titles(fake) == ["🟢 QueueTooDeep: resolved after 2 minutes"]


async def test_too_old_to_be_edited_it_is_a_new_message() -> None:
    fake = FakeDiscord()
    fake.faults.add(Fault(Answer(400, {"code": 30046, "message": "edits"}), match=method_is("PATCH"), times=1))
    async with running(fake, **ALERTS) as rig:
        await tell(rig, firing(0))
        await asyncio.sleep(7200)
        await tell(rig, resolved(0, 7200))
        await asyncio.sleep(30)
    assert colors(fake) == [AMBER, GREEN]


async def test_ten_alerts_of_one_cause_are_one_message() -> None:
    fake = FakeDiscord()
    async with running(fake, **ALERTS) as rig:
        for number in range(12):
            await tell(rig, shop(number))
            await asyncio.sleep(0.2)
        await asyncio.sleep(6)
        (message,) = fake.messages
        assert titles(fake) == ["🟠 QueueTooDeep: 12 firing"]
        assert words(message).count("🟠") == 11
        assert "… 2 more" in words(message)
        await tell(rig, shop(12))
        await asyncio.sleep(30)
        assert edits(fake) == []
        await asyncio.sleep(40)
        assert titles(fake) == ["🟠 QueueTooDeep: 13 firing"]
        await tell(rig, *(ended(number) for number in range(12)))
        await asyncio.sleep(70)
        assert titles(fake) == ["🟠 QueueTooDeep: 1 firing of 13"]
        await tell(rig, ended(12))
        await asyncio.sleep(1)
        assert titles(fake) == ["🟢 QueueTooDeep: all 13 resolved after 5 minutes"]
        assert len(fake.messages) == 1


def shop(number: int, **changes: Any) -> Any:
    return firing(0, labels={"service.name": f"shop-{number}"}, summary=f"shop-{number} waits", **changes)


def ended(number: int) -> Any:
    return resolved(0, 300, labels={"service.name": f"shop-{number}"}, summary=f"shop-{number} waits")


async def test_a_storm_of_five_hundred_alerts() -> None:
    fake = FakeDiscord()
    async with running(fake, **ALERTS) as rig:
        alerts = [firing(0, name=f"Alert{number}") for number in range(500)]
        for start in range(0, 500, 50):
            await tell(rig, *alerts[start : start + 50])
        await asyncio.sleep(300)
        assert len(titles(fake)) == 500
        assert len(fake.messages) <= 55
        await tell(rig, *(resolved(0, 300, name=f"Alert{number}") for number in range(500)))
        await asyncio.sleep(600)
        assert set(colors(fake)) == {GREEN}
        assert len(fake.messages) <= 55
        assert not [each for each in fake.exchanges if each.status == 429]
        assert rig.telemetry.value("otelcol_exporter_sent_log_records") == 1000


async def test_its_end_goes_where_it_was_told_and_nowhere_else() -> None:
    fake = FakeDiscord()
    first, second = fake.add_webhook(), fake.add_webhook()
    there = {"errors": {"webhook_url": first.url}, "ops": {"webhook_url": second.url}}
    routes = [
        {"condition": "severity_number >= SEVERITY_NUMBER_ERROR", "destinations": ["errors"]},
        {"condition": "true", "destinations": ["ops"]},
    ]
    async with running(fake, **ALERTS, destinations=there, routes=routes, min_severity="WARN") as rig:
        await tell(rig, firing(0, severity="critical"))
        await asyncio.sleep(10)
        await tell(rig, resolved(0, 60, severity="info"), resolved(0, 60, severity="info", name="Unknown"))
        await asyncio.sleep(10)
        assert [len(fake.messages_of(each)) for each in (first, second)] == [1, 0]
        assert colors(fake) == [GREEN]


@pytest.mark.parametrize("state", ["waiting", "firing", "updated", "worse", "resolved"])
async def test_another_run_goes_on_with_its_message(state: str) -> None:
    fake, disk = FakeDiscord(), Disk()
    fake.add_webhook()
    short = ALERTS | {"shutdown_timeout": "0s"}
    async with running(fake, host=host_with(disk), sending_queue=STORED, **short) as rig:
        await tell(rig, firing(0))
        await asyncio.sleep(1 if state == "waiting" else 10)
        if state == "updated":
            await tell(rig, updated(0, 10, value=9000.0))
        if state == "worse":
            await tell(rig, updated(0, 10, severity="critical"))
        if state == "resolved":
            await tell(rig, resolved(0, 60))
        await asyncio.sleep(0.01)
    async with running(fake, host=host_with(disk), sending_queue=STORED, **ALERTS) as rig:
        await tell(rig, firing(0))
        await asyncio.sleep(30)
        most = 2 if state == "worse" else 1
        assert len(fake.messages) == most
        await tell(rig, resolved(0, 60))
        await asyncio.sleep(30)
        assert len(fake.messages) == most
        assert colors(fake)[-1] == GREEN
        assert rig.telemetry.value("otelcol_exporter_queue_size") == 0


async def test_where_its_webhook_is_gone_its_end_is_told_at_the_fallback() -> None:
    fake = FakeDiscord()
    first, second = fake.add_webhook(), fake.add_webhook()
    there = {"errors": {"webhook_url": first.url, "fallback": "ops"}, "ops": {"webhook_url": second.url}}
    routes = [{"condition": "true", "destinations": ["errors"]}]
    async with running(fake, **ALERTS, destinations=there, routes=routes) as rig:
        await tell(rig, firing(0))
        await asyncio.sleep(10)
        fake.delete_webhook(first)
        await tell(rig, updated(0, 20, value=2000.0))
        await asyncio.sleep(60)
        (message,) = [each for each in fake.messages_of(second) if "QueueTooDeep" in words(each)]
        assert message.embeds[0]["color"] == AMBER
        await tell(rig, resolved(0, 90))
        await asyncio.sleep(60)
        assert message.embeds[0]["color"] == GREEN


async def test_held_by_maintenance_it_is_over_when_it_is_let_go() -> None:
    fake = FakeDiscord()
    held = [{"name": "works", "from": "2026-01-01T00:00:00Z", "until": "2026-01-01T00:10:00Z", "action": "hold"}]
    async with running(fake, **ALERTS, maintenance=held) as rig:
        await asyncio.sleep(60)
        await tell(rig, firing(60))
        await tell(rig, firing(60, name="Other"))
        await asyncio.sleep(60)
        await tell(rig, resolved(60, 120))
        await asyncio.sleep(600)
        assert sorted(color for color in colors(fake) if color in (AMBER, GREEN)) == sorted((GREEN, AMBER))
        await tell(rig, resolved(60, 720, name="Other"))
        await asyncio.sleep(30)
        assert colors(fake).count(GREEN) >= 2
        assert AMBER not in colors(fake)


@pytest.mark.parametrize("stored", [False, True])
async def test_a_reload_goes_on_with_the_message(stored: bool) -> None:
    fake = FakeDiscord()
    host = host_with(Disk()) if stored else NopHost()
    config = ALERTS | ({"sending_queue": STORED} if stored else {})
    host.hands_over = True
    async with running(fake, host=host, **config) as rig:
        await tell(rig, firing(0))
        await asyncio.sleep(2)
    async with running(fake, host=host, **config) as rig:
        await asyncio.sleep(10)
        await tell(rig, updated(0, 12, value=1300.0))
    host.hands_over = False
    async with running(fake, host=host, **config | {"alerts": {"group_by": ["service.name"]}}) as rig:
        await tell(rig, resolved(0, 60))
        await asyncio.sleep(10)
    assert titles(fake) == ["🟢 QueueTooDeep: resolved after 1 minute"]


async def test_a_list_tells_its_alerts_apart() -> None:
    """Where their words are the same, the labels that differ are named; what all share is not."""
    fake = FakeDiscord()

    def queue(name: str, waiting: int) -> AlertEvent:
        labels = {"service.name": "worker", "queue": name, "shard": 1}
        return firing(0, labels=labels, summary=f"worker has {waiting} jobs waiting")

    async with running(fake, **ALERTS) as rig:
        await tell(rig, queue("mail", 1240), queue("sms", 1240), queue("1240", 7))
        await asyncio.sleep(10)
        _, *lines = words(fake.messages[0]).split("\n")
        assert [line.split(" · since")[0] for line in lines[:3]] == [
            "🟠 worker has 1240 jobs waiting · queue mail",
            "🟠 worker has 1240 jobs waiting · queue sms",
            "🟠 worker has 7 jobs waiting · queue 1240",
        ]


async def test_at_the_end_the_end_comes_first() -> None:
    fake = FakeDiscord()
    async with running(fake, **ALERTS) as rig:
        await tell(rig, firing(0))
        await asyncio.sleep(10)
        await tell(rig, updated(0, 10, severity="critical", value=9000.0))
        await asyncio.sleep(10)
        assert words(fake.messages[1]).split("\n")[1].startswith("got worse: ")
        await tell(rig, resolved(0, 20, severity="critical"))
        await asyncio.sleep(10)
        lines = words(fake.messages[1]).split("\n")
        assert lines[0] == "🟢 QueueTooDeep: resolved after 20 seconds"
        assert lines[1].startswith("no longer above 1,000 · peak 1,410")
        assert any("first message" in line or line.startswith("told before") for line in lines[2:])
        assert not any("got worse" in line for line in lines)


@pytest.mark.parametrize(
    ("summary", "title"),
    [
        ("QueueTooDeep: queue.depth is 1,240 (> 1000), worker", "QueueTooDeep: queue.depth is 1,240, worker"),
        ("QueueTooDeep: 2 % of requests (> 1 %), shop", "QueueTooDeep: 2 % of requests, shop"),
        ("queue (> all) is deep", "QueueTooDeep: queue (> all) is deep"),
    ],
)
async def test_the_condition_is_said_once(summary: str, title: str) -> None:
    fake = FakeDiscord()
    async with running(fake, **ALERTS) as rig:
        await tell(rig, firing(0, summary=summary))
        await asyncio.sleep(10)
        assert titles(fake)[0].replace("\\", "") == f"🟠 {title}"
        assert "above 1,000" in words(fake.messages[0])
