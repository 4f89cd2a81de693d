"""Charts as matplotlib draws them, on the clock of the wall: a real picture, one that hangs, none to be had."""

import asyncio
import builtins
import sys
import threading
import time
from typing import Any

import aiohttp
import pytest

from otel_discord.exporters.discord.charts import Charting, ChartPlan
from otel_discord.testing.fake_discord import FakeDiscord, serve_fake_discord
from otel_discord.testing.fake_discord.page import rendered
from tests.exporters.discord.alerting import GREEN, batch, colors, firing, resolved, updated, words
from tests.exporters.discord.drawing import pictures, uploads, with_series
from tests.exporters.discord.rig import running

QUICK: dict[str, Any] = {
    "fold": {"window": "5m", "edit_interval": "50ms"},
    "alerts": {"group_wait": "0s", "group_interval": "50ms"},
    "shutdown_timeout": "5s",
}


async def until(fake: FakeDiscord, entries: int) -> None:
    async with asyncio.timeout(30):
        while len(fake.journal) < entries:
            await asyncio.sleep(0.01)


async def test_a_real_picture_and_its_page() -> None:
    fake = FakeDiscord()
    async with Charting(deadline_s=30) as charts, running(fake, charts=charts, **QUICK) as rig:
        charts.warm_up()
        charts.warm_up()
        await rig.exporter.consume(batch(with_series(firing(0))))
        await until(fake, 1)
        (message,) = fake.messages
        first = message.files[0].data
        assert first.startswith(b"\x89PNG")
        await rig.exporter.consume(batch(with_series(resolved(0, 60))))
        await until(fake, 2)
        (file,) = message.files
        assert file.data.startswith(b"\x89PNG")
        assert file.data != first
        assert file.content_type == "image/png"
    fake.assert_clean()
    async with serve_fake_discord(fake) as server:
        html = rendered(fake, "dark", f"{server.base_url}/_fake/files")
        assert f'src="{server.base_url}/_fake/files/{message.channel_id}/{file.id}/chart.png"' in html
        async with aiohttp.ClientSession() as session:
            at = f"{server.base_url}/_fake/files/{message.channel_id}"
            async with session.get(f"{at}/{file.id}/chart.png") as answer:
                assert (answer.status, answer.content_type, await answer.read()) == (200, "image/png", file.data)
            async with session.get(f"{at}/1/chart.png") as answer:
                assert answer.status == 404


@pytest.mark.parametrize("way", ["hangs", "fails"])
async def test_an_alert_does_not_wait_for_a_picture_that_hangs_nor_fails_with_it(way: str) -> None:
    gate = threading.Event()

    def draw(plan: ChartPlan) -> bytes:
        if way == "fails":
            raise ValueError("odd")
        gate.wait(10)
        return b"\x89PNG late"

    fake = FakeDiscord()
    async with Charting(draw=draw, deadline_s=0.3) as charts, running(fake, charts=charts, **QUICK) as rig:
        began_s = time.monotonic()
        for number in range(4):
            await rig.exporter.consume(batch(with_series(firing(0, name=f"Alert{number}"))))
            await until(fake, number + 1)
        assert time.monotonic() - began_s < 2
        assert all("▁" in words(message) for message in fake.messages)
        await rig.exporter.consume(batch(with_series(resolved(0, 60, name="Alert0"))))
        await until(fake, 5)
        assert colors(fake)[0] == GREEN
        assert uploads(fake) == []
        if way == "hangs":
            gate.set()
            await asyncio.sleep(0.05)
            await rig.exporter.consume(batch(with_series(updated(0, 60, name="Alert1"))))
            await until(fake, 6)
            assert pictures(fake.messages[1]) == ["\x89PNG late"]
    fake.assert_clean()


async def test_without_matplotlib_it_is_a_line_of_text(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.split(".", maxsplit=1)[0] == "matplotlib":
            raise ModuleNotFoundError("No module named 'matplotlib'", name="matplotlib")
        return real(name, *args, **kwargs)

    for name in [name for name in sys.modules if name.endswith("charts.drawing")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(builtins, "__import__", without)
    fake = FakeDiscord()
    async with Charting() as charts, running(fake, charts=charts, **QUICK) as rig:
        await rig.exporter.consume(batch(with_series(firing(0))))
        await until(fake, 1)
        assert "▁" in words(fake.messages[0])
        assert uploads(fake) == []
