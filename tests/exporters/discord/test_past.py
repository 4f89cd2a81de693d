"""A card says whether its problem is new, known or back: after a restart too, and only where storage remembers."""

import asyncio
from typing import Any

import pytest

from otel_discord.testing.fake_discord import FakeDiscord
from otel_discord.testing.fake_discord.state import FakeMessage
from otel_discord.testing.otlp import logs_batch
from tests.exporters.discord.disk import STORED, Disk, host_with
from tests.exporters.discord.rig import Rig, running

pytestmark = pytest.mark.looptime(idle_timeout=20_000, idle_step=5)
BEGINNING_S = 1_767_225_600.0
DAY_S = 86_400.0


def folding(start_s: float = 0.0, **more: Any) -> dict[str, Any]:
    return {
        "fold": {"enabled": True},
        "wall_clock": lambda: BEGINNING_S + start_s + asyncio.get_running_loop().time(),
        "shutdown_timeout": "1h",
        **more,
    }


def words(message: FakeMessage) -> str:
    return " ".join(
        f"{embed.get('title')} {embed.get('description')} {embed.get('footer')}" for embed in message.embeds
    )


async def tell(rig: Rig, clock_s: float, body: str = "order {n} failed", **arguments: Any) -> None:
    batch = logs_batch(1, body=body, **arguments)
    for resource_logs in batch.request.resource_logs:
        pair = resource_logs.resource.attributes.add(key="service.version")
        pair.value.string_value = "1.8.2"
        for scope_logs in resource_logs.scope_logs:
            for record in scope_logs.log_records:
                record.time_unix_nano = int(clock_s * 1e9)
    await rig.exporter.consume(batch)
    await asyncio.sleep(2)


async def test_without_storage_nothing_is_claimed() -> None:
    fake = FakeDiscord()
    async with running(fake, **folding()) as rig:
        await tell(rig, BEGINNING_S)
        (message,) = fake.messages
        assert "new" not in words(message)
        assert "known" not in words(message)


async def test_new_then_known_then_back_over_restarts() -> None:
    fake, disk = FakeDiscord(), Disk()
    async with running(fake, host=host_with(disk), **folding(sending_queue=STORED)) as rig:
        await tell(rig, BEGINNING_S)
        assert "new" in words(fake.messages[-1])
        await asyncio.sleep(400)  # the window is over
        await tell(rig, BEGINNING_S + 400)
        assert len(fake.messages) == 2
        assert "known since" in words(fake.messages[-1])
    async with running(fake, host=host_with(disk), **folding(3 * DAY_S, sending_queue=STORED)) as rig:
        await tell(rig, BEGINNING_S + 3 * DAY_S)
        assert "back after 3 days" in words(fake.messages[-1])
        assert "first seen in 1.8.2" in words(fake.messages[-1])
        await tell(rig, BEGINNING_S + 3 * DAY_S, body="no space on disk {n}")
        assert "new" in words(fake.messages[-1])


async def test_it_is_written_seldom() -> None:
    fake, disk = FakeDiscord(), Disk()
    async with running(fake, host=host_with(disk), **folding(sending_queue=STORED)) as rig:
        written: list[str] = []
        plain = disk.queue.set_state

        async def noted(key: str, value: bytes | None) -> None:
            written.append(key)
            await plain(key, value)

        disk.queue.set_state = noted  # type: ignore[method-assign]
        for _ in range(30):
            await tell(rig, BEGINNING_S)
        assert len([key for key in written if key.startswith("history/")]) <= 6
