"""The exporter as a pipeline sees it: what it accepts, what it refuses, what becomes of order and room."""

import asyncio
import re
from typing import Any

import pytest

from otel_discord.component import ACCEPTED, PermanentError, QueueFullError, ShutdownError
from otel_discord.testing.fake_discord import Answer, FakeDiscord, Fault, Stall, method_is, posts
from otel_discord.testing.otlp import logs_batch, metrics_batch
from tests.exporters.discord.rig import running

FAST: dict[str, Any] = {"shutdown_timeout": "1h", "rate_limit": {"channel_messages_per_minute": 0}}


@pytest.mark.looptime
async def test_what_is_below_the_severity_ends_here() -> None:
    fake = FakeDiscord()
    async with running(fake, min_severity="WARN", **FAST) as rig:
        assert await rig.exporter.consume(logs_batch(5, severity=9)) == ACCEPTED
        await rig.exporter.consume(logs_batch(1, first=7, severity=13))
        await asyncio.sleep(1)
        assert rig.arrived() == [7]


@pytest.mark.looptime
async def test_only_logs_and_only_while_open() -> None:
    fake = FakeDiscord()
    async with running(fake) as rig:
        with pytest.raises(PermanentError, match="takes logs"):
            await rig.exporter.consume(metrics_batch(1))
    with pytest.raises(ShutdownError):
        await rig.exporter.consume(logs_batch(1))


async def test_a_first_failure_is_seen_as_a_rise_since_there_was_a_zero() -> None:
    async with running(FakeDiscord()) as rig:
        for reason in ("server_error", "invalid_form", "not_found"):
            assert rig.telemetry.value("otel_discord_messages_failed_total", reason=reason) == 0
        assert rig.telemetry.value("otel_discord_rate_limited_total", scope="shared") == 0
        assert rig.telemetry.value("otel_discord_breaker_state") == 0


@pytest.mark.looptime(idle_timeout=600)
async def test_a_full_queue_refuses_and_room_comes_back_when_discord_has_it() -> None:
    fake = FakeDiscord(channel_limit=None)
    fake.faults.add(Fault(Stall(8, commit=True), match=posts))
    async with running(fake, sending_queue={"queue_size": 3}, **FAST) as rig:
        for number in range(3):
            await rig.exporter.consume(logs_batch(1, first=number))
        await asyncio.sleep(1)
        with pytest.raises(QueueFullError):
            await rig.exporter.consume(logs_batch(4, first=3))
        assert rig.telemetry.value("otelcol_exporter_enqueue_failed_log_records") == 4
        assert rig.telemetry.value("otelcol_exporter_queue_size") == 3
        await asyncio.sleep(10)
        await rig.exporter.consume(logs_batch(1, first=3))
    assert rig.arrived() == [0, 1, 2, 3]


@pytest.mark.looptime(idle_timeout=600)
async def test_block_on_overflow_waits_for_room() -> None:
    fake = FakeDiscord(channel_limit=None)
    fake.faults.add(Fault(Stall(8, commit=True), match=posts))
    async with running(fake, sending_queue={"queue_size": 1, "block_on_overflow": True}, **FAST) as rig:
        started_s = asyncio.get_running_loop().time()
        await rig.exporter.consume(logs_batch(1))
        await rig.exporter.consume(logs_batch(1, first=1))
        assert asyncio.get_running_loop().time() - started_s >= 8
    assert rig.arrived() == [0, 1]


@pytest.mark.looptime(idle_timeout=600)
async def test_drop_oldest_keeps_the_newest_and_everything_critical() -> None:
    fake = FakeDiscord(channel_limit=None)
    fake.faults.add(Fault(Stall(9, commit=False), match=posts))
    queue = {"queue_size": 3, "overflow": "drop_oldest"}
    async with running(fake, sending_queue=queue, **FAST) as rig:
        await rig.exporter.consume(logs_batch(1, first=0, severity=21))
        await asyncio.sleep(1)  # now it is in flight, and stays the lane's first
        for number in range(1, 6):
            await rig.exporter.consume(logs_batch(1, first=number, severity=17))
            await asyncio.sleep(0.1)
    assert rig.arrived() == [0, 4, 5]
    assert rig.telemetry.value("otel_discord_messages_failed_total", reason="dropped_oldest") == 3


@pytest.mark.looptime(idle_timeout=600)
async def test_dropping_can_empty_a_lane_while_its_outbox_waits() -> None:
    fake = FakeDiscord(channel_limit=None)
    shop, search = fake.add_webhook(), fake.add_webhook()
    config = {
        "destinations": {"shop": {"webhook_url": shop.url}, "search": {"webhook_url": search.url}},
        "routes": [
            {"condition": f'attributes["team"] == "{name}"', "destinations": [name]} for name in ("shop", "search")
        ],
        "sending_queue": {"queue_size": 1, "overflow": "drop_oldest", "batch": {"flush_timeout": "2s"}},
    }
    async with running(fake, **config) as rig:
        await asyncio.sleep(1)
        for number, team in enumerate(["shop", "search"]):
            await rig.exporter.consume(logs_batch(1, first=number, attributes={"team": team}))
            await asyncio.sleep(0.5)  # both outboxes wait for company
        await asyncio.sleep(5)
        await rig.exporter.consume(logs_batch(1, first=2, attributes={"team": "shop"}))
    assert rig.arrived(shop) == [2]
    assert rig.arrived(search) == [1]


@pytest.mark.looptime(idle_timeout=600)
async def test_what_is_on_its_way_is_not_dropped_and_no_record_counts_twice() -> None:
    fake = FakeDiscord(channel_limit=None)
    fake.faults.add(Fault(Stall(9, commit=False), match=posts))
    async with running(fake, sending_queue={"queue_size": 2, "overflow": "drop_oldest"}, **FAST) as rig:
        for number in range(4):
            await rig.exporter.consume(logs_batch(1, first=number, severity=17))
            await asyncio.sleep(1)
    assert rig.arrived() == [0, 3]
    assert rig.telemetry.value("otelcol_exporter_sent_log_records") == 2
    assert rig.telemetry.value("otelcol_exporter_send_failed_log_records") == 2


@pytest.mark.looptime(idle_timeout=600)
async def test_critical_records_go_first_and_the_others_keep_their_order() -> None:
    fake = FakeDiscord(channel_limit=None)
    async with running(fake, **FAST) as rig:
        await rig.exporter.consume(logs_batch(40))
        await rig.exporter.consume(logs_batch(2, first=100, severity=21))
    arrived = rig.arrived()
    assert [number for number in arrived if number < 100] == list(range(40))
    assert arrived.index(100) <= 20


@pytest.mark.looptime(idle_timeout=600)
@pytest.mark.parametrize("queue", [{"wait_for_result": True}, {"enabled": False}])
async def test_a_caller_that_waits_learns_how_it_ended(queue: dict[str, Any]) -> None:
    fake = FakeDiscord(channel_limit=None)
    async with running(fake, sending_queue=queue, **FAST) as rig:
        await rig.exporter.consume(logs_batch(3))
        assert rig.arrived() == [0, 1, 2]
        blocked = {"message": "blocked", "code": 200000}
        fake.faults.add(Fault(Answer(400, blocked), match=posts, times=100))
        with pytest.raises(PermanentError):
            await rig.exporter.consume(logs_batch(1, first=3))


@pytest.mark.looptime(idle_timeout=600)
async def test_each_destination_has_its_severity_and_critical_goes_to_all() -> None:
    fake = FakeDiscord(channel_limit=None)
    info, errors, silent = (fake.add_webhook() for _ in range(3))
    destinations = {
        "info": {"webhook_url": info.url, "min_severity": "INFO", "preset": "plain"},
        "errors": {"webhook_url": errors.url, "min_severity": "ERROR", "username": "Telemetry"},
        "silent": {"webhook_url": silent.url, "min_severity": 24},
    }
    critical = {"min_severity": "FATAL", "to_all": True}
    async with running(fake, destinations=destinations, critical=critical, **FAST) as rig:
        for number, severity in enumerate((5, 9, 13, 17, 21)):
            await rig.exporter.consume(logs_batch(1, first=number, severity=severity))
    assert sorted(rig.arrived(info)) == [1, 2, 3, 4]
    assert sorted(rig.arrived(errors)) == [3, 4]
    assert rig.arrived(silent) == [4]
    assert {message.username for message in fake.messages_of(errors)} == {"Telemetry"}
    assert not any(message.embeds for message in fake.messages_of(info))
    fake.assert_clean()


@pytest.mark.looptime(idle_timeout=600)
async def test_attachments_go_along_and_the_oldest_are_let_go_under_pressure() -> None:
    fake = FakeDiscord(channel_limit=None)
    attributes = {"discord.attachments": [{"filename": "dump.bin", "data": b"x" * 400_000, "description": "core"}]}
    async with running(fake, attachments={"max_memory_mib": 1, "shed_above": 0.8}, **FAST) as rig:
        await rig.exporter.consume(logs_batch(1, attributes=attributes))
        await asyncio.sleep(1)
        (message,) = fake.messages
        assert [(file.filename, len(file.data)) for file in message.files] == [("dump.bin", 400_000)]
        await rig.exporter.consume(logs_batch(4, first=1, attributes=attributes))
        await asyncio.sleep(5)
    assert rig.arrived() == [0, 1, 2, 3, 4]
    assert rig.telemetry.value("otel_discord_attachments_shed_total") == 2
    assert sum(len(message.files) for message in fake.messages) == 3
    fake.assert_clean()


@pytest.mark.parametrize("shutdown_timeout", ["0s", "1ms"])
async def test_what_was_accepted_is_counted_also_where_closing_has_no_time(
    shutdown_timeout: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(FakeDiscord("default"), shutdown_timeout=shutdown_timeout) as rig:
        for first in range(0, 5000, 1000):
            await rig.exporter.consume(logs_batch(1000, first=first))
    sent, failed = (rig.telemetry.value(f"otelcol_exporter_{name}_log_records") for name in ("sent", "send_failed"))
    assert sent + failed == 5000
    assert failed > 0
    said = {int(number) for number in re.findall(r"record (\d+)", caplog.text)}
    assert said | set(rig.arrived()) == set(range(5000))


@pytest.mark.looptime(idle_timeout=600)
async def test_the_reader_is_told_which_attachment_is_missing_and_why() -> None:
    fake = FakeDiscord(channel_limit=None)
    attributes = {"discord.attachments": [{"filename": "core.dump", "path": "/etc/hostname"}]}
    async with running(fake, **FAST) as rig:
        await rig.exporter.consume(logs_batch(1, attributes=attributes))
    (message,) = fake.messages
    assert "core.dump" in "".join(message.texts())
    assert "allowed_directories" in "".join(message.texts()).replace("\\", "")
    assert message.files == []


@pytest.mark.looptime(idle_timeout=600)
async def test_a_webhook_that_does_not_introduce_itself_costs_two_seconds_once() -> None:
    fake = FakeDiscord(channel_limit=None)
    fake.faults.add(Fault(Stall(), match=method_is("GET")))
    async with running(fake, **FAST) as rig:
        started_s = asyncio.get_running_loop().time()
        await rig.exporter.consume(logs_batch(1))
        while not rig.arrived():
            await asyncio.sleep(0.05)
        assert asyncio.get_running_loop().time() - started_s <= 2.5
