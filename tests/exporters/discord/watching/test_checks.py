"""Webhooks are looked at on a schedule; what is found is told once, and followed as a message's answer would be."""

import asyncio
import logging
from math import inf
from typing import Any

import pytest

from otel_discord.component import Status
from otel_discord.testing.fake_discord import Answer, FakeDiscord, Fault, method_is
from otel_discord.testing.fake_discord.exchange import FakeRequest
from otel_discord.testing.otlp import logs_batch
from tests.exporters.discord.alerting import titles
from tests.exporters.discord.rig import Rig, running
from tests.exporters.discord.test_alert_life import wall_clock

pytestmark = pytest.mark.looptime(idle_timeout=2_000_000, idle_step=30)
RUNS: dict[str, Any] = {"shutdown_timeout": "1h", "wall_clock": wall_clock}


def looks(fake: FakeDiscord) -> list[float]:
    return [each.at_s for each in fake.exchanges if each.method == "GET"]


def gets_of(webhook: Any) -> Any:
    def match(request: FakeRequest) -> bool:
        return method_is("GET")(request) and webhook.id in request.path

    return match


def state_of(rig: Rig, name: str) -> Any:
    return next(each for each in rig.exporter.destination_states() if each.name == name)


async def test_each_is_looked_at_once_an_interval() -> None:
    fake = FakeDiscord()
    async with running(fake, webhook_check={"interval": "15m"}, **RUNS) as rig:
        await asyncio.sleep(20_000)
        times = looks(fake)
        assert 19 <= len(times) <= 27
        assert rig.telemetry.value("otel_discord_webhook_up") == 1
        state = state_of(rig, "default")
        assert state.webhook_up
        assert state.webhook_checked_ns > (wall_clock() - 1_000) * 1e9
        assert "posts to channel" in state.label
    fake.assert_clean()


async def test_an_interval_of_0_is_off() -> None:
    fake = FakeDiscord()
    async with running(fake, webhook_check={"interval": "0s"}, **RUNS):
        await asyncio.sleep(5_000)
    assert len(looks(fake)) == 1


async def test_many_do_not_go_at_once() -> None:
    fake = FakeDiscord()
    hooks = {f"d{number}": {"webhook_url": fake.add_webhook(fake.add_channel()).url} for number in range(500)}
    async with running(fake, destinations=hooks, **RUNS) as rig:
        await asyncio.sleep(4_000)
        times = looks(fake)
        assert all(state.webhook_up for state in rig.exporter.destination_states())
        assert fake.count(429) == 0
        later = [at_s for at_s in times if at_s > times[0] + 1_000]
        assert len(later) > 500 * 2
        assert max(sum(1 for each in later if start <= each < start + 1) for start in set(map(int, later))) <= 15


async def test_a_deleted_one_is_given_up_before_a_message_needs_it(caplog: pytest.LogCaptureFixture) -> None:
    fake = FakeDiscord()
    errors, ops = fake.add_webhook(), fake.add_webhook()
    two = {
        "errors": {"webhook_url": errors.url, "fallback": "ops"},
        "ops": {"webhook_url": ops.url, "min_severity": 24},
    }
    async with running(fake, destinations=two, **RUNS) as rig:
        await asyncio.sleep(10)
        fake.delete_webhook(errors)
        await asyncio.sleep(2_000)
        assert titles(fake) == ["🔴 errors: the webhook is gone"]
        assert state_of(rig, "errors").health == "gone"
        assert state_of(rig, "errors").webhook_up is False
        asked = len([each for each in fake.exchanges if each.webhook_id == errors.id])
        await rig.exporter.consume(logs_batch(3))
        await asyncio.sleep(20_000)
        assert sorted(rig.arrived(ops)) == [0, 1, 2]
        assert len([each for each in fake.exchanges if each.webhook_id == errors.id]) == asked
        assert titles(fake).count("🔴 errors: the webhook is gone") == 1
    assert len([each for each in caplog.records if "nothing more is sent" in each.message]) == 1
    for hook in (errors, ops):
        assert hook.token not in caplog.text


async def test_one_that_does_not_answer_is_told_once_and_so_is_its_return(caplog: pytest.LogCaptureFixture) -> None:
    fake = FakeDiscord()
    errors, ops = fake.add_webhook(), fake.add_webhook()
    two = {"errors": {"webhook_url": errors.url, "fallback": "ops"}, "ops": {"webhook_url": ops.url}}
    async with running(fake, destinations=two, **RUNS) as rig:
        await asyncio.sleep(1_000)
        fake.faults.add(Fault(Answer(502, {}), match=gets_of(errors), times=inf))
        await asyncio.sleep(10_000)
        assert titles(fake) == ["🟠 errors: the webhook does not answer"]
        assert rig.host.statuses[-1] is Status.RECOVERABLE
        assert state_of(rig, "errors").webhook_up is False
        fake.faults.clear()
        await asyncio.sleep(5_000)
        assert titles(fake) == ["🟠 errors: the webhook does not answer", "🟢 errors: the webhook works again"]
        assert rig.host.statuses[-1] is Status.OK
        assert [each.pinged for each in fake.messages] == [(), ()]
    assert len([each for each in caplog.records if each.levelno == logging.ERROR]) == 1


async def test_when_all_of_discord_is_away_nobody_is_told_late() -> None:
    fake = FakeDiscord()
    errors, ops = fake.add_webhook(), fake.add_webhook()
    two = {"errors": {"webhook_url": errors.url, "fallback": "ops"}, "ops": {"webhook_url": ops.url}}
    async with running(fake, destinations=two, **RUNS):
        await asyncio.sleep(1_000)
        fake.faults.add(Fault(Answer(502, {}), match=method_is("GET"), times=inf))
        await asyncio.sleep(10_000)
        fake.faults.clear()
        await asyncio.sleep(5_000)
    assert [title for title in titles(fake) if "does not answer" in title] == []


async def test_one_that_answers_looks_but_no_messages_is_not_tried_again_and_again() -> None:
    fake = FakeDiscord()
    hook = fake.add_webhook()
    gone = Answer(403, {"message": "Missing Access", "code": 50001})
    fake.faults.add(Fault(gone, match=method_is("POST"), times=inf))
    async with running(fake, webhook_url=hook.url, **RUNS) as rig:
        for number in range(12):
            await rig.exporter.consume(logs_batch(1, first=number))
            await asyncio.sleep(900)
        assert len([each for each in fake.exchanges if each.method == "POST"]) <= 2
