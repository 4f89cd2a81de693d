"""A full queue that takes what is new: repeats are counted, then the least goes, and the channel is told once."""

import asyncio
import random
from itertools import count
from math import inf
from typing import Any

import pytest

from otel_discord.component import QueueFullError
from otel_discord.testing.fake_discord import Answer, Break, Cut, FakeDiscord, Fault
from otel_discord.testing.fake_discord.oracles import records_in
from otel_discord.testing.otlp import logs_batch
from tests.exporters.discord.disk import STORED, Disk, host_with
from tests.exporters.discord.rig import Rig, running
from tests.exporters.discord.test_folding import FOLDING

pytestmark = pytest.mark.looptime(idle_timeout=20_000, idle_step=5)
DOWN = Fault(Answer(503), times=inf)
NAMES = ["amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "haven", "islet", "jetty", "knoll", "lagoon"]


def config(**queue: Any) -> dict[str, Any]:
    settings = {"queue_size": 10, "overflow": "drop_oldest", **queue}
    return {
        **FOLDING,
        "sending_queue": settings,
        "min_severity": "INFO",
        "rate_limit": {"channel_messages_per_minute": 0},
    }


async def tell(rig: Rig, name: str, severity: int = 17, **attributes: Any) -> None:
    batch = logs_batch(
        1, body=f"{name} is broken", severity=severity, attributes=attributes, resource={"service.name": name}
    )
    await rig.exporter.consume(batch)


def dropped(rig: Rig) -> float:
    return rig.telemetry.value("otelcol_exporter_send_failed_log_records")


def shown(fake: FakeDiscord) -> dict[str, int]:
    """Return how many records each problem stands for."""
    embeds = [embed for message in fake.messages for embed in message.embeds if "not shown" not in embed["title"]]
    return {name: records_in(embed) for embed in embeds for name in NAMES if name in embed["title"]}


def notices(fake: FakeDiscord) -> list[dict[str, Any]]:
    return [embed for message in fake.messages for embed in message.embeds if "not shown" in embed.get("title", "")]


@pytest.mark.parametrize("storage", [{}, STORED])
@pytest.mark.parametrize("is_tried", [True, False])
async def test_repeats_are_counted_then_the_lowest_severity_goes_then_the_oldest(
    storage: dict[str, str], is_tried: bool
) -> None:
    """Also where all that waits is in the message that is being tried when the last one comes."""
    fake = FakeDiscord(channel_limit=None)
    fake.faults.add(DOWN)
    async with running(fake, host=host_with(Disk()), **config(**storage)) as rig:
        for name in NAMES[:10]:
            await tell(rig, name)
        await asyncio.sleep(0.3 if is_tried else 60)
        for number in range(1_000):
            await tell(rig, NAMES[number % 10])
        assert dropped(rig) == 0
        assert rig.telemetry.value("otelcol_exporter_queue_size") == 10
        assert rig.telemetry.value("otelcol_exporter_queue_capacity") == 10
        for number in range(5):
            await tell(rig, f"rumour-{number}", severity=9)
        assert dropped(rig) == 5
        await tell(rig, NAMES[10])
        await asyncio.sleep(60 if is_tried else 0)
        assert dropped(rig) == 5 + 101
        assert rig.telemetry.value("otelcol_exporter_queue_size") == 10
        fake.faults.clear()
        await asyncio.sleep(300)
        assert shown(fake) == {**dict.fromkeys(NAMES[1:10], 101), NAMES[10]: 1}
    (notice,) = notices(fake)
    assert notice["title"] == "⚠️ 106 records were not shown: queue full"
    assert "101 ERROR" in notice["description"]
    assert "5 INFO" in notice["description"]
    assert rig.telemetry.value("otel_discord_messages_failed_total", reason="dropped_oldest") == 6


async def test_what_is_critical_is_never_dropped_and_a_queue_full_of_it_refuses() -> None:
    fake = FakeDiscord(channel_limit=None)
    fake.faults.add(DOWN)
    async with running(fake, **config(queue_size=2)) as rig:
        for name in NAMES[:3]:
            await tell(rig, name, severity=21)
        with pytest.raises(QueueFullError):
            await tell(rig, NAMES[3], severity=21)
        assert dropped(rig) == 0
        fake.faults.clear()
        await asyncio.sleep(120)
        assert shown(fake) == dict.fromkeys(NAMES[:3], 1)
    assert not notices(fake)


async def test_losses_are_told_once_in_ten_minutes_and_at_the_end() -> None:
    fake = FakeDiscord(channel_limit=None)
    async with running(fake, **config(queue_size=1, batch={"flush_timeout": "5s"})) as rig:
        await asyncio.sleep(1)
        for name in NAMES[:4]:
            await tell(rig, name)
        await asyncio.sleep(60)
        assert [each["title"] for each in notices(fake)] == ["⚠️ 3 records were not shown: queue full"]
        for _ in range(2):
            for name in NAMES[4:7]:
                await tell(rig, name)
            await asyncio.sleep(100)
        assert len(notices(fake)) == 1
        await asyncio.sleep(500)
        assert [each["title"][3:4] for each in notices(fake)][1:] == ["3"]
        for name in NAMES[8:10]:
            await tell(rig, name)
        await asyncio.sleep(20)
        assert len(notices(fake)) == 2
    assert notices(fake)[2]["title"] == "⚠️ 1 record was not shown: queue full"


async def test_losses_from_before_are_told_where_they_would_have_been_shown() -> None:
    fake = FakeDiscord(channel_limit=None)
    everything, errors = fake.add_webhook(), fake.add_webhook()
    destinations = {
        "everything": {"webhook_url": everything.url, "min_severity": "INFO"},
        "errors": {"webhook_url": errors.url, "min_severity": "ERROR"},
    }
    async with running(fake, destinations=destinations) as rig:
        rig.exporter.not_shown({5: 100, 9: 7, 17: 5}, 1_767_225_600 * 10**9, 1_767_225_900 * 10**9)
        await asyncio.sleep(30)
        assert dropped(rig) == 12
        (of_all,) = [message.embeds[0] for message in fake.messages_of(everything)]
        (of_errors,) = [message.embeds[0] for message in fake.messages_of(errors)]
    assert of_all["title"] == "⚠️ 12 records were not shown: queue full"
    assert of_errors["title"] == "⚠️ 5 records were not shown: queue full"
    assert "from <t:1767225600:t> to <t:1767225900:t>" in of_errors["description"]
    assert rig.telemetry.value("otel_discord_messages_failed_total", reason="dropped_oldest") == 2


async def test_what_may_be_in_discord_is_not_dropped() -> None:
    fake = FakeDiscord(channel_limit=None)
    fake.faults.add(Fault(Answer(500, commit=True), times=5))
    fake.faults.add(DOWN)
    async with running(fake, **config(queue_size=2)) as rig:
        for name in NAMES[:2]:
            await tell(rig, name)
        await asyncio.sleep(40)  # both were in one message, again and again, and now the breaker is open
        for name in NAMES[2:5]:
            await tell(rig, name)
        await asyncio.sleep(40)
        assert dropped(rig) == 2
        fake.faults.clear()
        await asyncio.sleep(120)
    assert shown(fake).keys() == {*NAMES[:2], NAMES[4]}


@pytest.mark.parametrize("seed", range(8))
async def test_every_count_is_shown_or_dropped_whatever_comes(seed: int) -> None:
    fake, dice = FakeDiscord(channel_limit=None), random.Random(seed)
    sizes = {"sizer": dice.choice(["requests", "items"]), "queue_size": dice.choice([1, 3, 8])}
    sent = 0
    numbers = count()
    async with running(fake, **config(**sizes)) as rig:

        async def feed() -> None:
            nonlocal sent
            for _ in range(60):
                number = next(numbers)
                attributes = {"discord.count": dice.choice([1, 1, 3, 50])}
                records = dice.choice([1, 1, 2])
                batch = logs_batch(
                    records,
                    body=f"the {dice.choice(NAMES)} is {dice.choice(NAMES)}",
                    severity=dice.choice([9, 13, 17, 17, 21]),
                    attributes=attributes,
                    first=number,
                )
                try:
                    await rig.exporter.consume(batch)
                except QueueFullError:
                    continue
                sent += records * attributes["discord.count"]
                await asyncio.sleep(dice.choice([0, 0, 0.01, 0.5, 5]))

        fake.faults.add(Fault(dice.choice([Answer(503), Answer(500), Break(Cut.REFUSED)]), times=inf))
        async with asyncio.TaskGroup() as clients:
            clients.create_task(feed())
            clients.create_task(feed())
            await asyncio.sleep(dice.choice([2, 60]))
            fake.faults.clear()
        await asyncio.sleep(300)
        assert rig.telemetry.value("otelcol_exporter_queue_size") == 0
    arrived = sum(
        records_in(embed)
        for message in fake.messages
        for embed in message.embeds
        if "not shown" not in embed.get("title", "")
    )
    assert arrived + dropped(rig) == sent
