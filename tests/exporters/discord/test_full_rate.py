"""The full rate that Discord allows and never above it: bursts on a virtual clock, against the optimum.

The optimum is an omniscient client's: it knows the counter, has one message in flight, and is never idle in vain.
"""

import asyncio
from itertools import pairwise
from typing import Any

import pytest

from otel_discord.testing.fake_discord import Buckets, FakeDiscord, Latency
from otel_discord.testing.fake_discord.counters import new_counter
from otel_discord.testing.otlp import logs_batch
from tests.exporters.discord.rig import running

RECORDS = 1000
PER_MESSAGE = 10
MESSAGES = RECORDS // PER_MESSAGE
UNBOUNDED: dict[str, Any] = {
    "rate_limit": {"channel_messages_per_minute": 0},
    "sending_queue": {"queue_size": 10_000},
    "shutdown_timeout": "1h",
}


def optimum_s(buckets: Buckets, latency: Latency, messages: int) -> float:
    """Return when the last of ``messages`` arrives for a client that knows everything."""
    counter, now_s = new_counter(buckets), 0.0
    arrived_s = 0.0
    for _ in range(messages):
        there_s, back_s = latency.draw()
        arrived_s = now_s + there_s
        arrived_s += counter.retry_after_s(arrived_s)
        while not counter.take(arrived_s):
            arrived_s += 1e-6
        now_s = arrived_s + back_s
    return arrived_s


@pytest.mark.looptime(idle_timeout=3600, idle_step=5)
@pytest.mark.parametrize("shape", ["gcra", "fixed", "log"])
@pytest.mark.parametrize(
    ("there_s", "back_s"),
    [((0.0, 0.0), (0.0, 0.0)), ((0.0, 0.0), (0.3, 0.3)), ((0.15, 0.15), (0.15, 0.15)), ((0.0, 0.1), (0.0, 0.2))],
    ids=["none", "300ms", "half-half", "random"],
)
async def test_a_burst_of_1000_errors(shape: Any, there_s: tuple[float, float], back_s: tuple[float, float]) -> None:
    buckets = Buckets(5, 2.0, shape)
    fake = FakeDiscord(buckets=buckets, channel_limit=None, latency=Latency(there_s, back_s, seed=1))
    loop = asyncio.get_running_loop()
    async with running(fake, **UNBOUNDED) as rig:
        started_s = loop.time()
        await rig.exporter.consume(logs_batch(RECORDS))
        while len(fake.messages) < MESSAGES:
            await asyncio.sleep(0.1)
    assert rig.arrived() == list(range(RECORDS))
    assert len(fake.messages) == MESSAGES
    assert fake.count(429) == 0
    took_s = fake.messages[-1].arrived_at_s - started_s
    best_s = optimum_s(buckets, Latency(there_s, back_s, seed=1), MESSAGES)
    assert took_s <= best_s * 1.05, (took_s, best_s)
    fake.assert_clean()


@pytest.mark.looptime(idle_timeout=3600, idle_step=5)
@pytest.mark.parametrize("shape", ["gcra", "fixed", "log"])
async def test_the_same_1000_over_a_minute(shape: Any) -> None:
    """Order kept, nothing starves: no record waits longer than the budget makes it."""
    fake = FakeDiscord(buckets=Buckets(5, 2.0, shape), channel_limit=None, latency=Latency((0.0, 0.1), (0.0, 0.2)))
    loop = asyncio.get_running_loop()
    async with running(fake, **UNBOUNDED) as rig:
        started_s = loop.time()
        for number in range(RECORDS):
            await rig.exporter.consume(logs_batch(1, first=number))
            await asyncio.sleep(max(0.0, started_s + (number + 1) * 60 / RECORDS - loop.time()))
    assert rig.arrived() == list(range(RECORDS))
    assert fake.count(429) == 0
    assert fake.messages[-1].arrived_at_s - started_s <= 62.5
    fake.assert_clean()


@pytest.mark.looptime(idle_timeout=3600, idle_step=5)
async def test_the_hidden_limit_of_the_channel() -> None:
    """At most one shared 429 at the start, because of what was sent before; none after."""
    fake = FakeDiscord(channel_limit=(30, 60.0), latency=Latency((0.0, 0.05), (0.0, 0.1)))
    config = UNBOUNDED | {"rate_limit": {"channel_messages_per_minute": 30}}
    async with running(fake, **config) as rig:
        await rig.exporter.consume(logs_batch(RECORDS))
    assert rig.arrived() == list(range(RECORDS))
    assert fake.count(429) <= 1
    assert fake.count(429, "user") == 0
    # 100 messages at 30 a minute less the five slots that stay free for who is critical; what comes back soon counts.
    allowed_s = 100 * (60 - 2.5) / (30 - 5)
    assert fake.messages[-1].arrived_at_s - fake.messages[0].arrived_at_s <= allowed_s / 0.97
    arrived_s = [message.arrived_at_s for message in fake.messages]
    assert max(after - before for before, after in pairwise(arrived_s)) <= 4.2, "nobody waits for the whole minute"


@pytest.mark.looptime(idle_timeout=3600, idle_step=5)
async def test_two_webhooks_of_one_channel_share_its_budget() -> None:
    fake = FakeDiscord(channel_limit=(30, 60.0))
    channel = fake.add_channel()
    webhooks = [fake.add_webhook(channel) for _ in range(2)]
    destinations = {f"d{index}": {"webhook_url": hook.url} for index, hook in enumerate(webhooks)}
    config = UNBOUNDED | {"rate_limit": {}, "destinations": destinations}
    async with running(fake, **config) as rig:
        await rig.exporter.consume(logs_batch(400))
    for hook in webhooks:
        assert rig.arrived(hook) == list(range(400))
    assert fake.count(429) <= 1


@pytest.mark.looptime(idle_timeout=600, idle_step=5)
async def test_sixty_errors_at_once_are_there_within_two_seconds() -> None:
    fake = FakeDiscord(latency=Latency((0.01, 0.03), (0.02, 0.05)))
    loop = asyncio.get_running_loop()
    async with running(fake) as rig:
        started_s = loop.time()
        for number in range(60):
            await rig.exporter.consume(logs_batch(1, first=number))
        while len(rig.arrived()) < 60:
            await asyncio.sleep(0.05)
        assert loop.time() - started_s <= 2.0
    assert len(fake.messages) <= 7
    assert rig.arrived() == list(range(60))
    fake.assert_clean()


@pytest.mark.looptime(idle_timeout=600, idle_step=5)
async def test_one_slow_webhook_delays_no_other() -> None:
    fake = FakeDiscord(channel_limit=None)
    quick, slow = fake.add_webhook(), fake.add_webhook()
    from otel_discord.testing.fake_discord import Answer, Fault, webhook_is

    wait = {"message": "You are being rate limited.", "retry_after": 300.0, "global": False}
    limited = Answer(429, wait, {"x-ratelimit-scope": "shared", "retry-after": "300"})
    fake.faults.add(Fault(limited, match=webhook_is(slow.id), first=2))
    destinations = {"quick": {"webhook_url": quick.url}, "slow": {"webhook_url": slow.url}}
    async with running(fake, **(UNBOUNDED | {"destinations": destinations})) as rig:
        started_s = asyncio.get_running_loop().time()
        await rig.exporter.consume(logs_batch(50))
        await asyncio.sleep(10)
        assert rig.arrived(quick) == list(range(50))
        assert rig.arrived(slow) == []
    assert rig.arrived(slow) == list(range(50))
    assert asyncio.get_running_loop().time() - started_s >= 300


@pytest.mark.looptime(idle_timeout=3600, idle_step=5)
async def test_two_exporters_of_one_process_share_what_discord_counts_together() -> None:
    fake = FakeDiscord(channel_limit=(30, 60.0))
    channel = fake.add_channel()
    first, second = fake.add_webhook(channel), fake.add_webhook(channel)
    config = UNBOUNDED | {"rate_limit": {}}
    async with (
        running(fake, webhook_url=first.url, **config) as one,
        running(fake, webhook_url=second.url, **config) as two,
    ):
        await one.exporter.consume(logs_batch(300))
        await two.exporter.consume(logs_batch(300))
    assert one.arrived(first) == two.arrived(second) == list(range(300))
    assert fake.count(429) <= 1
