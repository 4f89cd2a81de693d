"""A reload: the successor goes on where its predecessor ended, without loss, repeat, storm or file gone astray."""

import asyncio
from math import inf
from typing import Any

import pytest

from otel_discord.component import ACCEPTED, Receipt
from otel_discord.testing.fake_discord import Answer, Break, Cut, FakeDiscord, Fault, Stall, posts
from otel_discord.testing.host import NopHost
from otel_discord.testing.otlp import logs_batch
from tests.exporters.discord.disk import STORED, Disk, host_with
from tests.exporters.discord.rig import Rig, running

pytestmark = pytest.mark.looptime(idle_timeout=20_000, idle_step=5)
FAST: dict[str, Any] = {"shutdown_timeout": "10s", "rate_limit": {"channel_messages_per_minute": 0}}


@pytest.mark.parametrize("stored", [False, True])
async def test_twenty_reloads_under_load_lose_and_repeat_nothing(stored: bool) -> None:
    fake = FakeDiscord(channel_limit=None)
    fake.faults.add(Fault(Stall(0.3, commit=True), match=posts, times=inf))
    host = host_with(Disk()) if stored else NopHost()
    config = FAST | ({"sending_queue": STORED} if stored else {})
    number = 0
    for reload in range(20):
        host.hands_over = reload < 19
        async with running(fake, host=host, **config) as rig:
            for _ in range(5):
                await rig.exporter.consume(logs_batch(3, first=number))
                number += 3
                await asyncio.sleep(0.13)
        assert rig.telemetry.value("otelcol_exporter_send_failed_log_records") == 0
    assert rig.arrived() == list(range(number))


async def test_what_comes_while_the_last_message_is_in_flight_is_taken_in() -> None:
    fake = FakeDiscord(channel_limit=None)
    fake.faults.add(Fault(Stall(5, commit=True), match=posts))
    host = NopHost(hands_over=True)
    loop = asyncio.get_running_loop()
    async with running(fake, host=host, **FAST) as rig:
        await rig.exporter.consume(logs_batch(1))
        await asyncio.sleep(1)
        consume = rig.exporter.consume

        async def later() -> Receipt:
            await asyncio.sleep(2)
            return await consume(logs_batch(1, first=1))

        late = asyncio.create_task(later())
        await rig.exporter.consume(logs_batch(20, first=2))
        began_s = loop.time()
    assert 3 <= loop.time() - began_s <= 5, "it waits for the message in flight and for nothing else"
    assert await late == ACCEPTED
    assert rig.arrived() == [0]
    assert rig.telemetry.value("otelcol_exporter_send_failed_log_records") == 0
    host.hands_over = False
    async with running(fake, host=host, **FAST) as rig:
        await asyncio.sleep(5)
    assert sorted(rig.arrived()) == list(range(22))


async def test_a_reload_during_an_outage_takes_no_time_asks_nobody_and_keeps_the_mark() -> None:
    fake = FakeDiscord(channel_limit=None)
    host = NopHost(hands_over=True)
    loop = asyncio.get_running_loop()
    async with running(fake, host=host, **FAST) as rig:
        await asyncio.sleep(1)
        away = Fault(Answer(502), times=inf)
        fake.faults.add(away)
        await rig.exporter.consume(logs_batch(3))
        await asyncio.sleep(60)
        began_s, asked = loop.time(), away.hits
    for reload in range(50):
        host.hands_over = reload < 49
        if not host.hands_over:
            fake.faults.clear()
        async with running(fake, host=host, **FAST) as rig:
            await rig.exporter.consume(logs_batch(1, first=3 + reload))
            if host.hands_over:
                assert rig.telemetry.value("otel_discord_breaker_state") in {0, 2}
                assert loop.time() - began_s < 5
                assert away.hits == asked
            else:
                await asyncio.sleep(60)
    assert rig.arrived() == list(range(53))
    assert [len(message.embeds) for message in fake.messages if "sent again" in str(message.embeds)] == [3]


async def test_a_new_address_at_a_reload_is_asked_at_once() -> None:
    fake = FakeDiscord(channel_limit=None)
    old, new = fake.add_webhook(), fake.add_webhook()
    host = NopHost(hands_over=True)
    async with running(fake, host=host, destinations={"a": {"webhook_url": old.url}}, **FAST) as rig:
        await asyncio.sleep(1)
        fake.faults.add(Fault(Break(Cut.REFUSED), match=lambda request: f"/{old.id}/" in request.path, times=inf))
        await rig.exporter.consume(logs_batch(3))
        await asyncio.sleep(60)
    host.hands_over = False
    async with running(fake, host=host, destinations={"a": {"webhook_url": new.url}}, **FAST) as rig:
        await asyncio.sleep(3)
        assert rig.arrived(new) == [0, 1, 2]


async def test_attachments_go_along_with_their_cards_to_the_successor() -> None:
    fake = FakeDiscord(channel_limit=None)
    host = NopHost(hands_over=True)
    attributes = {"discord.attachments": [{"filename": "dump.bin", "data": b"x" * 1000}]}
    async with running(fake, host=host, **FAST) as rig:
        await asyncio.sleep(1)
        fake.faults.add(Fault(Break(Cut.REFUSED), times=inf))
        await rig.exporter.consume(logs_batch(1, attributes=attributes))
        await asyncio.sleep(60)
    fake.faults.clear()
    host.hands_over = False
    async with running(fake, host=host, **FAST) as rig:
        await asyncio.sleep(60)
    (message,) = fake.messages
    assert [file.filename for file in message.files] == ["dump.bin"]


async def test_a_card_of_another_process_does_not_find_a_strangers_file() -> None:
    fake, disk = FakeDiscord(channel_limit=None), Disk()
    config = FAST | {"sending_queue": STORED, "shutdown_timeout": "0s"}
    fake.faults.add(Fault(Break(Cut.REFUSED), times=inf))
    mine, other = ([{"filename": f"{name}.bin", "data": b"x" * 10}] for name in ("mine", "other"))
    async with running(fake, host=host_with(disk), **config) as rig:
        await rig.exporter.consume(logs_batch(1, attributes={"discord.attachments": mine}))
        await asyncio.sleep(1)
    fake.faults.clear()
    async with running(fake, host=host_with(disk), **config) as rig:
        await rig.exporter.consume(logs_batch(1, first=1, attributes={"discord.attachments": other}))
        await asyncio.sleep(60)
    assert [file.filename for message in fake.messages for file in message.files] == ["other.bin"]
    assert "mine.bin" in "".join(fake.messages[0].texts())


async def test_who_waits_for_the_result_is_not_disturbed_by_a_reload() -> None:
    fake = FakeDiscord(channel_limit=None)
    host = NopHost(hands_over=True)
    config = FAST | {"sending_queue": {"wait_for_result": True}}
    rigs: list[Rig] = []
    is_away = asyncio.Event()

    async def call() -> Receipt:
        await is_away.wait()
        return await rigs[0].exporter.consume(logs_batch(1))

    caller = asyncio.create_task(call())
    async with running(fake, host=host, **config) as rig:
        rigs.append(rig)
        await asyncio.sleep(1)
        fake.faults.add(Fault(Break(Cut.REFUSED), times=inf))
        is_away.set()
        await asyncio.sleep(60)
        fake.faults.clear()
    assert not caller.done()
    host.hands_over = False
    async with running(fake, host=host, **config) as rig:
        assert await caller == ACCEPTED
    assert rig.arrived() == [0]
