"""Replicas learn together which channels webhooks post to, and remember it: one channel, one shard."""

import asyncio
import logging
import re
from collections import Counter
from itertools import pairwise
from math import inf
from typing import Any

import pytest

from otel_discord.exporters.discord.fleet.channels import SILENCE_S, TOLD_EVERY_S
from otel_discord.testing.fake_discord import Answer, FakeDiscord, Fault, Latency, Stall, operation_is
from tests.exporters.discord.fleet.fleet_rig import Town, town

pytestmark = pytest.mark.looptime(idle_timeout=20_000, idle_step=5)


def _many(fake: FakeDiscord, count: int, channels: int) -> dict[str, Any]:
    there = [fake.add_channel(f"c{number}") for number in range(channels)]
    hooks = [fake.add_webhook(there[number % channels]) for number in range(count)]
    return {f"d{number}": {"webhook_url": hook.url} for number, hook in enumerate(hooks)}


def _asked(fake: FakeDiscord) -> Counter[str]:
    return Counter(each.webhook_id for each in fake.exchanges if each.operation == "get_webhook_by_token")


def _torn(there: Town, channels: int) -> int:
    shard_of = next(iter(there.replicas.values())).exporter.shard_of
    return sum(len({shard_of[f"d{n}"] for n in range(k, len(shard_of), channels)}) > 1 for k in range(channels))


async def test_six_hundred_webhooks_of_fifty_channels_are_learnt_by_three_replicas_that_start_at_once() -> None:
    fake = FakeDiscord("unlimited", latency=Latency(back_s=(0.1, 0.4)))
    given = _many(fake, 600, 50)
    async with town(fake, destinations=given, webhook_check={"interval": "0s"}) as there:
        await asyncio.gather(*(there.join(name) for name in ("pod-7f9c", "pod-x2k8", "pod-q41z")))
        assert _torn(there, 50) == 0
        asked = _asked(fake)
        assert len(asked) == 600
        assert asked.total() < 800, "most are asked for once"
        await there.leave("pod-x2k8")
        await there.join("pod-x2k8")
        assert _asked(fake).total() == asked.total(), "what is known is not asked for again"


async def test_a_start_says_every_few_seconds_how_far_it_is(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    fake = FakeDiscord("unlimited", latency=Latency(back_s=(0.1, 0.4)))
    given = _many(fake, 500, 50)
    loop = asyncio.get_running_loop()
    async with town(fake, destinations=given, webhook_check={"interval": "0s"}) as there:
        began_s = loop.time()
        one = await there.join("a")
        took_s, heard = loop.time() - began_s, one.host.heard
        assert 10 < took_s < 15
        assert len(heard) == took_s // TOLD_EVERY_S
        assert all(later - before < 6 for (before, _), (later, _) in pairwise([(began_s, ""), *heard]))
        said = [re.fullmatch(r"asked Discord for the channels of (\d+) of 500 webhooks", text) for _, text in heard]
        numbers = [int(match[1]) for match in said if match]
        assert len(numbers) == len(heard)
        assert numbers == sorted(set(numbers))
        assert {text for _, text in heard} <= set(caplog.messages)
        assert _torn(there, 50) == 0


async def test_a_slow_discord_is_waited_for_as_long_as_it_answers(caplog: pytest.LogCaptureFixture) -> None:
    fake = FakeDiscord("unlimited", latency=Latency(back_s=(2.5, 4.0)))
    given = _many(fake, 200, 20)
    async with town(fake, "a", destinations=given, webhook_check={"interval": "0s"}) as there:
        assert _torn(there, 20) == 0
        assert len(_asked(fake)) == 200
        assert "does not say now" not in caplog.text


async def test_what_a_replica_that_was_killed_has_heard_is_not_asked_again() -> None:
    fake = FakeDiscord("unlimited", latency=Latency(back_s=(0.1, 0.4)))
    given = _many(fake, 600, 60)
    async with town(fake, destinations=given, webhook_check={"interval": "0s"}) as there:
        both = [asyncio.create_task(there.join(name)) for name in "ab"]
        await asyncio.sleep(5)
        await there.kill("a")
        await asyncio.wait(both)
        assert _torn(there, 60) == 0
        asked = _asked(fake)
        assert len(asked) == 600
        assert asked.total() < 750


async def test_a_channel_that_was_torn_apart_is_known_to_be_after_a_restart_too(
    caplog: pytest.LogCaptureFixture,
) -> None:
    fake = FakeDiscord("unlimited")
    given = _many(fake, 4, 1)
    fake.faults.add(Fault(Answer(503, b"{}"), match=operation_is("get_webhook_by_token"), times=4))
    async with town(fake, "a", destinations=given, webhook_check={"interval": "0s"}) as there:
        assert _torn(there, 1) == 1
        for _ in range(2):
            caplog.clear()
            await there.join("b")
            assert "belong together" in caplog.text
            assert "change fleet::shards" in caplog.text
            await there.leave("b")


async def test_a_discord_that_says_nothing_keeps_nobody_waiting_for_long(caplog: pytest.LogCaptureFixture) -> None:
    fake = FakeDiscord("unlimited")
    given = _many(fake, 100, 1)
    fake.faults.add(Fault(Stall(), match=operation_is("get_webhook_by_token"), times=inf))
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    async with town(fake, "a", destinations=given, webhook_check={"interval": "0s"}):
        assert loop.time() - began_s < SILENCE_S + 3
        assert "Discord does not say now which channels 100 of 100 webhooks post to" in caplog.text


async def test_a_webhook_that_is_gone_is_not_asked_again() -> None:
    fake = FakeDiscord("unlimited")
    given = _many(fake, 2, 2)
    fake.delete_webhook(fake.webhooks[0])
    async with town(fake, "a", destinations=given, webhook_check={"interval": "0s"}) as there:
        asked = _asked(fake)
        for _ in range(2):
            await there.join("b")
            await there.leave("b")
        assert _asked(fake) == asked
