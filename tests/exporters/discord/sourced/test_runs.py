"""Runs come and go while the exporter runs: each has its own channel, and nothing of one is lost or shown elsewhere."""

import asyncio
import gc
import math
from typing import Any

import pytest

from otel_discord.component.destination_source import DestinationSource, SourcedDestination
from otel_discord.config import Secret
from otel_discord.exporters.discord.lane_state import pings_key
from otel_discord.exporters.discord.sourced.lanes import GRACE_S, KEY, RunLanes
from otel_discord.testing.fake_discord import Answer, FakeDiscord, Fault, Stall, posts
from otel_discord.testing.otlp import logs_batch
from tests.exporters.discord.alerting import firing, resolved
from tests.exporters.discord.rig import Rig, running
from tests.exporters.discord.sourced.fake_source import FakeSource, alert_of_run, host_of, of_run

FAST: dict[str, Any] = {
    "destinations_from": "run_channels",
    "shutdown_timeout": "1h",
    "rate_limit": {"channel_messages_per_minute": 0},
    "webhook_check": {"interval": "0s"},
}


def lanes_of(source: FakeSource) -> RunLanes:
    """Return the exporter's side of a source."""
    (user,) = source.users
    assert isinstance(user, RunLanes)
    return user


def words(rig: Rig, webhook: Any) -> str:
    """Return all that a webhook's messages say."""
    return "\n".join(str(message.embeds) + message.content for message in rig.fake.messages_of(webhook))


@pytest.mark.looptime
async def test_a_runs_records_go_to_its_channel_and_nowhere_else() -> None:
    fake, source = FakeDiscord(), FakeSource()
    own, first, second = fake.add_webhook(), fake.add_webhook(), fake.add_webhook()
    assert isinstance(source, DestinationSource)
    source.add("a", first)
    async with running(fake, host=host_of(source), webhook_url=own.url, **FAST) as rig:
        source.add("b", second, silently=True)  # made a moment ago: nobody has been told yet
        await rig.exporter.consume(of_run("a", 1, first=1))
        await rig.exporter.consume(of_run("b", 1, first=2))
        await rig.exporter.consume(of_run("unknown", 1, first=3))
        await rig.exporter.consume(logs_batch(1, first=4))
        await rig.exporter.flushed()
        assert (rig.arrived(first), rig.arrived(second), rig.arrived(own)) == ([1], [2], [3, 4])
        states = {state.name: state.label for state in rig.exporter.destination_states()}
        assert (states["run/a"], states["run/b"]) == ("run-a", "run-b")
    assert not source.users


@pytest.mark.looptime
async def test_a_run_has_its_own_severity_and_the_others_theirs() -> None:
    fake, source = FakeDiscord(), FakeSource()
    own, run = fake.add_webhook(), fake.add_webhook()
    source.add("a", run, min_severity=9)
    routes = [{"condition": "true", "destinations": ["default"]}]
    async with running(
        fake, host=host_of(source), webhook_url=own.url, min_severity="ERROR", routes=routes, **FAST
    ) as rig:
        for number, severity in enumerate((5, 9, 13, 17, 21)):
            await rig.exporter.consume(of_run("a", 1, first=number, severity=severity))
            await rig.exporter.consume(logs_batch(1, first=10 + number, severity=severity))
        await rig.exporter.flushed()
        assert sorted(rig.arrived(run)) == [1, 2, 3, 4]
        assert sorted(rig.arrived(own)) == [13, 14]


@pytest.mark.looptime
async def test_what_is_critical_goes_to_all_where_that_is_said() -> None:
    fake, source = FakeDiscord(), FakeSource()
    own, run, other = fake.add_webhook(), fake.add_webhook(), fake.add_webhook()
    source.add("a", run)
    source.add("b", other)
    async with running(fake, host=host_of(source), webhook_url=own.url, critical={"to_all": True}, **FAST) as rig:
        await rig.exporter.consume(of_run("a", 1, first=1, severity=21))
        await rig.exporter.consume(logs_batch(1, first=2, severity=21))
        await rig.exporter.flushed()
        assert (rig.arrived(run), rig.arrived(other), sorted(rig.arrived(own))) == ([1], [], [1, 2])


@pytest.mark.looptime
@pytest.mark.parametrize("folds", [True, False])
async def test_problems_and_alerts_of_different_runs_are_never_one(folds: bool) -> None:
    fake, source = FakeDiscord(), FakeSource()
    own, first, second = fake.add_webhook(), fake.add_webhook(), fake.add_webhook()
    source.add("a", first)
    source.add("b", second)
    alerts = {"group_by": ["alert.name"], "group_wait": "0s"}
    fold = {"enabled": folds}
    async with running(fake, host=host_of(source), webhook_url=own.url, alerts=alerts, fold=fold, **FAST) as rig:
        for run in ("a", "b", ""):
            await rig.exporter.consume(alert_of_run(run, firing(name="LossIsNan", summary="loss is nan")))
            await rig.exporter.consume(of_run(run, 3, body="the same words"))
        await rig.exporter.flushed()
        await asyncio.sleep(30)
        for webhook in (own, first, second):
            assert "LossIsNan" in words(rig, webhook)
            assert "the same words" in words(rig, webhook)
        await rig.exporter.consume(alert_of_run("b", resolved(0, 60, name="LossIsNan", summary="loss is nan")))
        await asyncio.sleep(120)
        assert "resolved" in words(rig, second)
        assert "resolved" not in words(rig, first) + words(rig, own)


@pytest.mark.looptime(idle_timeout=3600)
async def test_what_waits_for_a_run_that_ends_goes_to_the_fallback_with_a_note() -> None:
    fake, source = FakeDiscord(channel_limit=None), FakeSource()
    own, run = fake.add_webhook(), fake.add_webhook()
    name = source.add("a", run, min_severity=9)
    fake.faults.add(Fault(Answer(503), match=lambda request: posts(request) and run.id in request.path, times=math.inf))
    host = host_of(source)
    async with running(fake, host=host, webhook_url=own.url, min_severity="WARN", **FAST) as rig:
        await rig.exporter.consume(of_run("a", 2, first=1))
        await rig.exporter.consume(of_run("a", 1, first=3, severity=9))  # nobody else takes it
        await asyncio.sleep(5)
        assert rig.arrived() == []
        source.remove(name)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(3):
                await lanes_of(source).drained(name)
        await asyncio.sleep(1)
        await rig.exporter.flushed()
        assert sorted(rig.arrived(own)) == [1, 2]
        assert "for “run-a”, which has ended" in words(rig, own)
        assert (
            rig.telemetry.value("otel_discord_messages_failed_total", reason="no_destination", destination="run") == 1
        )
        assert name not in {state.name for state in rig.exporter.destination_states()}


@pytest.mark.looptime(idle_timeout=3600)
async def test_without_a_fallback_it_becomes_dead_letters(caplog: pytest.LogCaptureFixture) -> None:
    fake, source = FakeDiscord(channel_limit=None), FakeSource()
    run = fake.add_webhook()
    name = source.add("a", run)
    fake.faults.add(Fault(Answer(503), match=posts, times=math.inf))
    async with running(fake, host=host_of(source), webhook_url=None, **FAST) as rig:
        await rig.exporter.consume(of_run("a", 2, first=1))
        await rig.exporter.consume(logs_batch(1, first=7))  # nothing shows it, as below every severity
        await asyncio.sleep(5)
        source.remove(name)
        await rig.exporter.flushed()
        await asyncio.sleep(GRACE_S)
        assert rig.telemetry.value("otelcol_exporter_send_failed_log_records") == 2
    details = [getattr(record, "detail", "") for record in caplog.records]
    assert sum(detail.startswith("its run has ended") for detail in details) == 2


@pytest.mark.looptime(idle_timeout=3600)
async def test_what_was_accepted_for_a_run_stays_its_own_while_it_is_drained() -> None:
    fake, source = FakeDiscord(channel_limit=None), FakeSource()
    own, run = fake.add_webhook(), fake.add_webhook()
    name = source.add("a", run)
    fold = {"enabled": True, "edit_interval": "60s"}
    async with running(fake, host=host_of(source), webhook_url=own.url, fold=fold, **FAST) as rig:
        await rig.exporter.consume(of_run("a", 1, body="once more"))
        await rig.exporter.flushed()
        await rig.exporter.consume(of_run("a", 41, body="once more"))
        source.remove(name)  # right behind: the batch is not routed yet
        await rig.exporter.consume(of_run("a", 1, body="too late"))
        started_s = asyncio.get_running_loop().time()
        await lanes_of(source).drained(name)
        assert asyncio.get_running_loop().time() - started_s < 10
        assert "×42" in words(rig, run)
        assert "too late" not in words(rig, run)
        await lanes_of(source).drained(name)
        await rig.exporter.flushed()
        await asyncio.sleep(1)
        assert name not in lanes_of(source).outboxes
        assert "too late" in words(rig, own)
        assert "once more" not in words(rig, own)


@pytest.mark.looptime(idle_timeout=36_000)
async def test_drained_waits_for_what_discord_does_not_take_yet() -> None:
    fake, source = FakeDiscord(channel_limit=None), FakeSource()
    own, run = fake.add_webhook(), fake.add_webhook()
    name = source.add("a", run)
    fake.faults.add(Fault(Stall(8, commit=True), match=posts, times=1))
    async with running(fake, host=host_of(source), webhook_url=own.url, **FAST) as rig:
        await rig.exporter.consume(of_run("a", 1))
        await asyncio.sleep(0.5)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(2):
                await lanes_of(source).drained(name)
        await lanes_of(source).drained(name)
        assert rig.arrived(run) == [0]
        await rig.exporter.consume(of_run("a", 1, first=1))  # it goes on as before
        await rig.exporter.flushed()
        assert rig.arrived(run) == [0, 1]


@pytest.mark.looptime(idle_timeout=36_000)
async def test_hundreds_of_runs_leave_nothing_behind() -> None:
    fake, source = FakeDiscord(channel_limit=None), FakeSource()
    own = fake.add_webhook()
    host = host_of(source)
    fold = {"enabled": True}
    async with running(fake, host=host, webhook_url=own.url, fold=fold, **FAST) as rig:
        lanes = lanes_of(source)
        await asyncio.sleep(5)
        before = len(asyncio.all_tasks())
        for number in range(200):
            webhook = fake.add_webhook()
            name = source.add(f"n{number}", webhook)
            await rig.exporter.consume(of_run(f"n{number}", 3, body="an error of a run"))
            await lanes.drained(name)
            source.remove(name)
            if number % 50 == 49:
                await asyncio.sleep(1)
        await asyncio.sleep(5)
        assert len(asyncio.all_tasks()) == before
        assert list(lanes.outboxes) == list(lanes.senders) == list(lanes.desk.books) == ["default"]
        assert list(lanes.watches.lanes) == ["default"]
        assert not lanes.memories
        assert not lanes.live._known
        assert not lanes.live._waiting
        queue = lanes.state.queue
        assert await queue.get_state(KEY) is None
        assert not await queue.posted("run/n7")
        assert await queue.get_state(pings_key("run/n7")) is None
        assert sum("an error of a run" in str(message.embeds) for message in fake.messages) == 200
        labels = {point.attributes["destination"] for point in rig.telemetry.points("otel_discord_messages_sent_total")}
        assert labels == {"default", "run"}
        gc.collect()


@pytest.mark.looptime(idle_timeout=3600)
async def test_a_webhook_of_a_live_run_that_is_deleted_sends_its_cards_to_the_fallback(
    caplog: pytest.LogCaptureFixture,
) -> None:
    fake, source = FakeDiscord(channel_limit=None), FakeSource()
    own, run, renewed = fake.add_webhook(), fake.add_webhook(), fake.add_webhook()
    name = source.add("a", run)
    async with running(fake, host=host_of(source), webhook_url=own.url, **FAST) as rig:
        await asyncio.sleep(1)
        fake.delete_webhook(run)
        await rig.exporter.consume(of_run("a", 2, first=1))
        await rig.exporter.flushed()
        assert sorted(rig.arrived(own)) == [1, 2]
        assert "for “run-a”, whose webhook is gone" in words(rig, own)
        assert "somebody has deleted it" in caplog.text
        assert "put its URL in the configuration" not in caplog.text
        source.move(name, renewed)
        await asyncio.sleep(1)
        await rig.exporter.consume(of_run("a", 1, first=3))
        await rig.exporter.flushed()
        assert rig.arrived(renewed) == [3]


@pytest.mark.looptime(idle_timeout=3600)
async def test_an_address_that_is_none_is_said_without_its_token_and_the_records_go_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    fake, source = FakeDiscord(channel_limit=None), FakeSource()
    own = fake.add_webhook()
    address = Secret("https://evil.example/api/webhooks/1/secrettoken")
    source.live["run/a"] = SourcedDestination(name="run/a", webhook_url=address, label="x")
    async with running(fake, host=host_of(source), webhook_url=own.url, **FAST) as rig:
        await rig.exporter.consume(of_run("a", 1, first=1))
        await rig.exporter.flushed()
        assert rig.arrived(own) == [1]
    assert "cannot be used" in caplog.text
    assert "secrettoken" not in caplog.text
