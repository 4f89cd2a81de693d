"""A webhook that is gone: one request ever, also over restarts, until something changes."""

import asyncio
import logging
from typing import Any

import pytest

from otel_discord.exporters.discord.config import DiscordConfig
from otel_discord.exporters.discord.exporter import DiscordExporter
from otel_discord.testing import settings
from otel_discord.testing.fake_discord import Answer, FakeDiscord, Fault, posts
from otel_discord.testing.otlp import logs_batch
from tests.exporters.discord.disk import STORED, Disk, host_with
from tests.exporters.discord.rig import running

pytestmark = pytest.mark.looptime(idle_timeout=20_000, idle_step=5)
WAITS: dict[str, Any] = {
    "sending_queue": STORED,
    "shutdown_timeout": "1h",
    "rate_limit": {"channel_messages_per_minute": 0},
}


@pytest.mark.parametrize("loss", ["deleted", "rotated"])
async def test_one_request_over_three_runs(loss: str, caplog: pytest.LogCaptureFixture) -> None:
    fake, disk = FakeDiscord(channel_limit=None), Disk()
    hook = fake.add_webhook()
    url = hook.url
    (fake.delete_webhook if loss == "deleted" else fake.rotate_token)(hook)
    for run in range(3):
        async with running(fake, host=host_with(disk), webhook_url=url, **WAITS) as rig:
            await rig.exporter.consume(logs_batch(5, first=5 * run))
            await asyncio.sleep(100)
            assert rig.telemetry.value("otelcol_exporter_send_failed_log_records") == 5
            await rig.exporter.consume(logs_batch(1))
            await asyncio.sleep(100)
    assert len(fake.exchanges) == 1
    assert len([record for record in caplog.records if "nothing more is sent" in record.message]) == 1
    assert "--online" in caplog.text
    stored = disk.queue._state["tombstone/default"]
    assert hook.token.encode() not in stored
    assert hook.token not in caplog.text


async def test_another_url_under_the_same_name_takes_over_the_backlog() -> None:
    fake, disk = FakeDiscord(channel_limit=None), Disk()
    old, new = fake.add_webhook(), fake.add_webhook()
    fake.delete_webhook(old)
    old_urls = {"errors": {"webhook_url": old.url}}
    async with running(fake, host=host_with(disk), destinations=old_urls, **WAITS) as rig:
        await asyncio.sleep(1)
    assert len(fake.exchanges) == 1
    disk.queue.reopen(disk.queue._room.limits)
    await disk.queue.put(logs_batch(3))
    async with running(fake, host=host_with(disk), destinations={"errors": {"webhook_url": new.url}}, **WAITS) as rig:
        await asyncio.sleep(5)
        assert rig.arrived(new) == [0, 1, 2]
    assert "tombstone/errors" not in disk.queue._state


async def test_an_online_check_lifts_it_at_once_in_a_running_exporter() -> None:
    fake, disk = FakeDiscord(channel_limit=None), Disk()
    unknown = Answer(404, {"message": "Unknown Webhook", "code": 10015})
    fake.faults.add(Fault(unknown, match=posts))
    async with running(fake, host=host_with(disk), **WAITS) as rig:
        await asyncio.sleep(1)
        await rig.exporter.consume(logs_batch(3))
        await asyncio.sleep(5)
        assert rig.telemetry.value("otelcol_exporter_send_failed_log_records") == 3
        (result,) = await rig.exporter.check_online(rig.host)
        assert result.ok
        await rig.exporter.consume(logs_batch(3, first=3))
        await asyncio.sleep(5)
        assert rig.arrived() == [3, 4, 5]
    assert "tombstone/default" not in disk.queue._state


async def test_an_online_check_of_a_stopped_exporter_lifts_it_for_the_next_start() -> None:
    fake, disk = FakeDiscord(channel_limit=None), Disk()
    hook = fake.add_webhook()
    fake.faults.add(Fault(Answer(404, {"message": "Unknown Webhook", "code": 10015}), match=posts))
    async with running(fake, host=host_with(disk), **WAITS) as rig:
        await asyncio.sleep(1)
        await rig.exporter.consume(logs_batch(3))
        await asyncio.sleep(5)
    assert "tombstone/default" in disk.queue._state
    config = DiscordConfig.model_validate({"webhook_url": hook.url, "sending_queue": STORED})
    checker = DiscordExporter(settings("discord"), config, transport=fake.transport())
    assert [result.ok for result in await checker.check_online()] == [True]
    assert "tombstone/default" in disk.queue._state, "without a host it only looks"
    await checker.check_online(host_with(disk))
    assert "tombstone/default" not in disk.queue._state
    async with running(fake, host=host_with(disk), **WAITS) as rig:
        await rig.exporter.consume(logs_batch(3, first=3))
        await asyncio.sleep(5)
    assert rig.arrived() == [3, 4, 5]


async def test_reviving_asks_once_and_lifts_only_what_answers() -> None:
    fake, disk = FakeDiscord(channel_limit=None), Disk()
    hook = fake.add_webhook()
    fake.delete_webhook(hook)
    async with running(fake, host=host_with(disk), webhook_url=hook.url, **WAITS) as rig:
        await asyncio.sleep(1)
        outbox = rig.exporter._outboxes["default"]
        refused = await outbox.revive_destination()
        assert (refused.ok, len(fake.exchanges)) == (False, 2)
        assert hook.token not in refused.text
        assert outbox.is_gone
    well = FakeDiscord(channel_limit=None)
    async with running(well, host=host_with(Disk()), **WAITS) as rig:
        await asyncio.sleep(1)
        outbox = rig.exporter._outboxes["default"]
        asked = len(well.exchanges)
        assert (await outbox.revive_destination()).ok
        assert len(well.exchanges) == asked, "nothing was given up, so nobody is asked"


@pytest.mark.parametrize(
    "answer", [Answer(403, {"message": "Missing Permissions", "code": 50013}), Answer(404, "<html>nginx</html>")]
)
async def test_what_a_restart_may_mend_is_forgotten_by_it(answer: Answer) -> None:
    fake, disk = FakeDiscord(channel_limit=None), Disk()
    fake.faults.add(Fault(answer, match=posts))
    async with running(fake, host=host_with(disk), **WAITS) as rig:
        await rig.exporter.consume(logs_batch(3))
        await asyncio.sleep(5)
        await rig.exporter.consume(logs_batch(3, first=3))
        await asyncio.sleep(5)
        assert rig.arrived() == []
    async with running(fake, host=host_with(disk), **WAITS) as rig:
        await rig.exporter.consume(logs_batch(3, first=6))
        await asyncio.sleep(5)
    assert rig.arrived() == [6, 7, 8]


async def test_a_notice_that_does_not_arrive_is_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    fake = FakeDiscord(channel_limit=None)
    a, b = fake.add_webhook(), fake.add_webhook()
    fake.delete_webhook(a)
    failing = Fault(Answer(502), match=posts, times=3)
    fake.faults.add(failing)
    destinations = {"a": {"webhook_url": a.url, "fallback": "b"}, "b": {"webhook_url": b.url, "min_severity": 24}}
    with caplog.at_level(logging.WARNING):
        async with running(fake, destinations=destinations, shutdown_timeout="1h") as rig:
            await asyncio.sleep(60)
            assert failing.hits == 3
            assert rig.telemetry.value("otel_discord_breaker_state", destination="b") == 0
            await rig.exporter.consume(logs_batch(1))
            await asyncio.sleep(60)
            assert rig.arrived(b) == [0]
    assert "a notice was not sent: 🔴 a: the webhook is gone" in caplog.text


async def test_a_storm_for_a_webhook_that_is_gone_is_a_letter_a_problem_now_and_then(
    caplog: pytest.LogCaptureFixture,
) -> None:
    fake = FakeDiscord(channel_limit=None)
    url = fake.add_webhook().url
    fake.delete_webhook(fake.webhooks[0])
    async with running(fake, webhook_url=url, fold={"enabled": True}) as rig:
        await asyncio.sleep(1)
        for number in range(100):
            await rig.exporter.consume(logs_batch(10, first=10 * number))
            await asyncio.sleep(0.1)
        await asyncio.sleep(3)
        assert rig.telemetry.value("otelcol_exporter_send_failed_log_records") == 1_000
    assert len([record for record in caplog.records if "not delivered" in record.message]) in range(1, 9)
