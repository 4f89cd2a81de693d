"""What works for configured destinations works for those of runs: dead letters, evidence, mutes, reload, metrics."""

import asyncio
from typing import Any

import pytest

from otel_discord.component.maintenance import MaintenanceRequest
from otel_discord.component.silences import SilenceRequest
from otel_discord.testing.fake_discord import FakeDiscord
from otel_discord.testing.otlp import logs_batch
from tests.exporters.discord.alerting import firing
from tests.exporters.discord.rig import running
from tests.exporters.discord.sourced.fake_source import FakeSource, alert_of_run, host_of, of_run
from tests.exporters.discord.sourced.test_runs import lanes_of, words

pytestmark = pytest.mark.looptime(idle_timeout=20_000, idle_step=5)
FAST: dict[str, Any] = {
    "destinations_from": "run_channels",
    "shutdown_timeout": "1h",
    "rate_limit": {"channel_messages_per_minute": 0},
    "webhook_check": {"interval": "0s"},
}


async def test_lines_of_one_run_are_no_evidence_of_another() -> None:
    fake, source = FakeDiscord(channel_limit=None), FakeSource()
    own, first, second = fake.add_webhook(), fake.add_webhook(), fake.add_webhook()
    source.add("a", first)
    source.add("b", second)
    now_s = 1_767_225_600.0

    def wall_clock() -> float:
        return now_s + asyncio.get_running_loop().time()

    alerts = {"group_wait": "5s"}
    async with running(
        fake, host=host_of(source), webhook_url=own.url, alerts=alerts, wall_clock=wall_clock, **FAST
    ) as rig:
        for run in ("a", "b", ""):
            for number in range(3):
                record = of_run(run, 1, severity=13, body=f"warned by <{run or 'none'}> {number}")
                record.request.resource_logs[0].resource.attributes[0].value.string_value = "worker"
                for each in record.request.resource_logs[0].scope_logs[0].log_records:
                    each.time_unix_nano = int(wall_clock() * 1e9)
                await rig.exporter.consume(record)
        for run in ("a", "b", ""):
            await rig.exporter.consume(alert_of_run(run, firing()))
        await asyncio.sleep(30)
        files = {webhook.id: "" for webhook in (own, first, second)}
        for webhook in (own, first, second):
            for message in fake.messages_of(webhook):
                if "jobs waiting" in str(message.embeds):
                    files[webhook.id] += str(message.embeds)
        assert "warned by" in files[first.id]
        assert "<b>" not in files[first.id].replace("\\", "")
        assert "<none>" not in files[first.id].replace("\\", "")
        assert "<a>" not in (files[own.id] + files[second.id]).replace("\\", "")


async def test_silences_hold_back_what_a_run_says_and_what_a_window_holds_is_not_lost() -> None:
    fake, source = FakeDiscord(channel_limit=None), FakeSource()
    own, run = fake.add_webhook(), fake.add_webhook()
    name = source.add("a", run)
    async with running(fake, host=host_of(source), webhook_url=own.url, **FAST) as rig:
        await rig.exporter.start_maintenance(MaintenanceRequest(name="night", for_s=3600, action="hold"))
        await rig.exporter.consume(of_run("a", 2, first=1))
        await asyncio.sleep(5)
        assert rig.arrived() == []
        source.remove(name)
        await asyncio.sleep(15)
        assert name not in lanes_of(source).outboxes
        assert rig.arrived() == []
        await rig.exporter.end_maintenance("night")
        await rig.exporter.flushed()
        await asyncio.sleep(5)
        assert sorted(rig.arrived(own)) == [1, 2]
        assert "which has ended" in words(rig, own)
    silenced = FakeSource()
    silenced.add("a", run)
    async with running(fake, host=host_of(silenced), webhook_url=own.url, **FAST) as rig:
        request = SilenceRequest(id="s", matchers=('service.name="shop"',), ends_ns=int(4e18))
        await rig.exporter.add_silence(request)
        before = len(fake.messages_of(run))
        await rig.exporter.consume(of_run("a", 2, first=7))
        await rig.exporter.flushed()
        assert len(fake.messages_of(run)) == before


async def test_a_run_made_while_nobody_tells_is_opened_by_its_first_record_and_checked_at_the_next_look() -> None:
    fake, source = FakeDiscord(channel_limit=None), FakeSource()
    own, run = fake.add_webhook(), fake.add_webhook()
    config = {**FAST, "webhook_check": {"interval": "10m"}}
    async with running(fake, host=host_of(source), webhook_url=own.url, **config) as rig:
        await asyncio.sleep(60)
        source.add("a", run, silently=True)
        await rig.exporter.consume(of_run("a", 1))
        await rig.exporter.consume(logs_batch(1, first=1))
        await rig.exporter.flushed()
        assert (rig.arrived(run), rig.arrived(own)) == ([0], [1])
        await asyncio.sleep(3600)
        source.remove("run/a")
        await asyncio.sleep(3600)
        assert rig.telemetry.value("otel_discord_webhook_up", destination="default") == 1
        assert not rig.telemetry.points("otel_discord_webhook_up", destination="run")
