"""A status is one message that always shows the newest: edited, found again by the next run, posted anew if it must."""

import asyncio
from itertools import pairwise
from typing import Any

import pytest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from otel_discord.exporters.discord.render_options import RenderOptions
from otel_discord.exporters.discord.render_templates import built_in_template
from otel_discord.exporters.discord.statuses.finding import is_status
from otel_discord.exporters.discord.statuses.values import status_values
from otel_discord.signals import LogsBatch
from otel_discord.signals.from_plain import from_plain
from otel_discord.testing.fake_discord import Answer, FakeDiscord, Fault, method_is
from otel_discord.testing.host import NopHost
from otel_discord.testing.otlp import logs_batch
from tests.exporters.discord.alerting import AMBER, BEGINNING_S, GREEN, RED, at, colors, edits, firing, titles, words
from tests.exporters.discord.disk import STORED, Disk, host_with
from tests.exporters.discord.rig import Rig, running
from tests.exporters.discord.test_alert_life import ALERTS, DAY_S, now_s, tell, wall_clock

virtual = pytest.mark.looptime(idle_timeout=2_000_000, idle_step=30)
FOLDS = {"folded": {"edit_interval": "10s"}, "unfolded": {"edit_interval": "10s", "enabled": False}}
RUNS: dict[str, Any] = {"shutdown_timeout": "1h", "wall_clock": wall_clock}


def status(number: int, at_s: float, *, fingerprint: str = "aa", **facts: Any) -> LogRecord:
    told = {"heartbeat.fingerprint": fingerprint, "heartbeat.silent": 0, "heartbeat.alerts_firing": 0} | facts
    return LogRecord(
        time_unix_nano=at(at_s),
        severity_number=9,  # type: ignore[arg-type]  # an open enum
        body=AnyValue(string_value=f"12 services, none silent, no alerts firing\nshop: {number:,} logs a minute"),
        event_name="heartbeat.status",
        attributes=[KeyValue(key=key, value=from_plain(value)) for key, value in told.items()],
    )


def batch(*records: LogRecord) -> LogsBatch:
    made = logs_batch(1)
    resource_logs = made.request.resource_logs[0]
    resource_logs.resource.Clear()
    del resource_logs.scope_logs[0].log_records[:]
    resource_logs.scope_logs[0].log_records.extend(records)
    return made


async def say(rig: Rig, number: int, **facts: Any) -> None:
    await rig.exporter.consume(batch(status(number, now_s(), **facts)))


@virtual
@pytest.mark.parametrize("fold", FOLDS)
async def test_one_message_shows_the_newest(fold: str) -> None:
    fake = FakeDiscord()
    async with running(fake, **RUNS, fold=FOLDS[fold]) as rig:
        await say(rig, 1)
        await asyncio.sleep(30)
        assert titles(fake) == ["💚 All is well: 12 services, none silent, no alerts firing"]
        assert colors(fake) == [GREEN]
        assert words(fake.messages[0]).split("\n")[1:] == [
            "shop: 1 logs a minute",
            f"updated <t:{BEGINNING_S}:R>",
        ]
        await say(rig, 2, **{"heartbeat.alerts_firing": 1, "heartbeat.worst_severity": 13})
        await asyncio.sleep(1)
        assert colors(fake) == [AMBER]
        await say(rig, 3, **{"heartbeat.silent": 1, "heartbeat.worst_severity": 21})
        await asyncio.sleep(30)
        assert colors(fake) == [RED]
        assert titles(fake) == ["🔴 12 services, none silent, no alerts firing"]
        assert "shop: 3 logs" in words(fake.messages[0])
        assert f"updated <t:{BEGINNING_S + 31}:R>" in words(fake.messages[0])
        assert "×" not in words(fake.messages[0])
        assert len(fake.messages) == 1
        assert len(edits(fake)) == 2
        assert rig.telemetry.value("otelcol_exporter_sent_log_records") == 3
        assert rig.telemetry.value("otelcol_exporter_queue_size") == 0


@virtual
@pytest.mark.parametrize("fold", FOLDS)
async def test_for_long_with_seldom_edits_once_it_is_old(fold: str) -> None:
    fake = FakeDiscord()
    async with running(fake, **RUNS, fold=FOLDS[fold]) as rig:
        for number in range(6 * 12):
            await say(rig, number)
            await asyncio.sleep(300)
        await asyncio.sleep(900)
        assert len(fake.messages) == 1
        assert "shop: 71 logs" in words(fake.messages[0])
        old = [at_s for at_s in edits(fake) if at_s - edits(fake)[0] > 4500]
        assert 4 * 4 <= len(old) <= 5 * 4
        assert all(later - before >= 890 for before, later in pairwise(old))
        await asyncio.sleep(DAY_S / 2)
        await say(rig, 5)
        await asyncio.sleep(30)
        assert len(fake.messages) == 1


@virtual
@pytest.mark.parametrize("fold", FOLDS)
@pytest.mark.parametrize("how", ["deleted", "too old"])
async def test_one_that_is_deleted_is_posted_anew_and_one_that_is_too_old_is_edited_later(how: str, fold: str) -> None:
    fake = FakeDiscord()
    hook = fake.add_webhook()
    there = {"all": {"webhook_url": hook.url, "mention": {"min_severity": "INFO", "roles": ["1"]}}}
    async with running(fake, **RUNS, fold=FOLDS[fold], destinations=there) as rig:
        await say(rig, 1)
        await asyncio.sleep(30)
        if how == "deleted":
            fake.messages[0].deleted = True
        else:
            fake.faults.add(Fault(Answer(400, {"code": 30046, "message": "x"}), match=method_is("PATCH"), times=1))
        for number in range(2, 6):
            await say(rig, number)
            await asyncio.sleep(30)
        assert len(fake.messages) == 1
        if how == "too old":
            assert "shop: 1 logs" in words(fake.messages[0])
            await asyncio.sleep(900)
        assert "shop: 5 logs" in words(fake.messages[-1])
        assert not any(message.content for message in fake.messages)
        assert rig.telemetry.value("otelcol_exporter_sent_log_records") == 5


@virtual
@pytest.mark.parametrize("fold", FOLDS)
@pytest.mark.parametrize("after_s", [0, 0.01, 20])
async def test_the_next_run_goes_on_in_it(after_s: float, fold: str) -> None:
    fake, disk = FakeDiscord(), Disk()
    fake.add_webhook()
    short = RUNS | {"shutdown_timeout": "0s", "sending_queue": STORED, "fold": FOLDS[fold]}
    for number in range(1, 5):
        async with running(fake, host=host_with(disk), **short) as rig:
            await asyncio.sleep(20)
            await say(rig, number)
            await asyncio.sleep(20 if number == 1 else after_s)
    async with running(fake, host=host_with(disk), **short) as rig:
        await asyncio.sleep(30)
        (message,) = fake.messages
        assert "shop: 4 logs" in words(message)
        await say(rig, 5)
        await asyncio.sleep(30)
        (message,) = fake.messages
        assert "shop: 5 logs" in words(message)
        (posted,) = await disk.queue.posted("default")
        assert [card.shown for card in posted.cards] == [5]


@virtual
async def test_a_reload_goes_on_in_it() -> None:
    fake, host = FakeDiscord(), NopHost()
    host.hands_over = True
    async with running(fake, host=host, **RUNS, fold=FOLDS["folded"]) as rig:
        await say(rig, 1)
        await asyncio.sleep(10)
    host.hands_over = False
    async with running(fake, host=host, **RUNS, fold=FOLDS["unfolded"]) as rig:
        await say(rig, 2)
        await asyncio.sleep(30)
    (message,) = fake.messages
    assert "shop: 2 logs" in words(message)


@virtual
async def test_it_passes_the_severity_filter_where_nobody_would_see_it() -> None:
    fake = FakeDiscord()
    errors, ops, low = (fake.add_webhook() for _ in range(3))
    there: dict[str, Any] = {
        "errors": {"webhook_url": errors.url, "min_severity": "ERROR"},
        "ops": {"webhook_url": ops.url, "min_severity": "WARN"},
    }
    route = {"condition": 'event_name == "heartbeat.status"', "destinations": ["ops"]}
    routed = {"routes": [route, {"condition": "true", "destinations": ["errors"]}]}
    for config, expected in (
        ({"destinations": there}, [1, 1, 0]),
        ({"destinations": there} | routed, [0, 1, 0]),
        ({"destinations": there | {"low": {"webhook_url": low.url, "min_severity": "INFO"}}}, [0, 0, 1]),
    ):
        fake.journal.clear()
        before = [len(fake.messages_of(hook)) for hook in (errors, ops, low)]
        async with running(fake, **RUNS, **config) as rig:
            await say(rig, 1)
            await rig.exporter.consume(logs_batch(1, severity=9))
            await asyncio.sleep(30)
        after = [len(fake.messages_of(hook)) for hook in (errors, ops, low)]
        told = [now - then for now, then in zip(after, before, strict=True)]
        assert told == [expected[0], expected[1], expected[2] * 2], config


@virtual
async def test_each_has_a_message_of_its_own_and_maintenance_leaves_it_alone() -> None:
    fake = FakeDiscord()
    held = [{"name": "works", "from": "2026-01-01T00:00:00Z", "until": "2026-01-01T01:00:00Z", "action": "hold"}]
    async with running(fake, **ALERTS, maintenance=held) as rig:
        for number in range(3):
            await say(rig, number, fingerprint="aa")
            await say(rig, 100 + number, fingerprint="bb")
            await rig.exporter.consume(logs_batch(3, severity=17))
            await asyncio.sleep(30)
        shown = [words(message) for message in fake.messages if "services" in words(message)]
        assert len(shown) == 2
        assert {"shop: 2 logs" in text for text in shown} == {"shop: 102 logs" not in text for text in shown}
    fake = FakeDiscord()
    async with running(fake, **ALERTS) as rig:
        await say(rig, 1)
        await rig.exporter.consume(logs_batch(3, severity=17))
        await tell(rig, firing(0))
        await asyncio.sleep(30)
        assert sorted(len(message.embeds) for message in fake.messages) == [1, 1, 1]


def test_what_is_a_status() -> None:
    assert is_status(status(1, 0))
    for change in ({"event_name": ""}, {"attributes": []}):
        record = status(1, 0)
        for name, value in change.items():
            record.ClearField(name) if not value else setattr(record, name, value)  # type: ignore[call-overload]
        assert not is_status(record)


def test_how_one_of_others_looks() -> None:
    record = status(1, 0)
    del record.attributes[1:]
    record.body.string_value = "backup *done*\n- 3 files"
    options = RenderOptions(timestamps=False)
    output = built_in_template("plain_heartbeat").render(status_values(record, 0, options, "late"))
    assert output.content == "**💚 backup \\*done\\***\n\\- 3 files\nlate"
    record.severity_number = 17  # type: ignore[assignment]  # an open enum
    record.body.Clear()
    output = built_in_template("heartbeat").render(status_values(record, 0, options))
    assert (output.title, output.color) == ("🔴 heartbeat.status", RED)
