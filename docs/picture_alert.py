# ruff: noqa: INP001 - a script, not a package
"""Draws docs/images/alert-life-dark.png and -light.png: an alert with its chart as it fires, and at its end.

The real exporter, matplotlib and FakeDiscord. Run it where headless Chromium and a font with emoji are installed:
python docs/picture_alert.py
"""

import asyncio
import logging
import math
import random
import subprocess
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from opentelemetry.metrics import NoOpMeterProvider
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.trace import NoOpTracerProvider
from picture_charts import served

from otel_discord.component import ComponentId, Settings
from otel_discord.discord_api.html_view import page
from otel_discord.exporters.discord.config import DiscordConfig
from otel_discord.exporters.discord.exporter import DiscordExporter
from otel_discord.signals import LogsBatch
from otel_discord.signals.alert_event import AlertEvent, AlertState
from otel_discord.testing.fake_discord import FakeDiscord
from otel_discord.testing.fake_discord.answers import message_json
from otel_discord.testing.host import NopHost

IMAGES = Path(__file__).parent / "images"
WIDTH, HEIGHT = 620, 630
NS: Final = 1_000_000_000


def depth(at_s: float) -> float:
    """Return how deep the queue is, so many seconds after the alert began."""
    rise = 0 if at_s < -30 else 1290 * (1 - math.exp(-(at_s + 30) / 20)) - at_s * 0.8
    fall = max(0.0, at_s - 210) * 24
    noise = random.Random(int(at_s) % 601).gauss(0, 14)  # noqa: S311 - of a picture; always the same for one moment
    return max(80.0, 120 + rise - fall) + noise


def event(state: AlertState, began_s: int, now_s: int, **changes: Any) -> AlertEvent:
    """Return an event of the alert; its series is that of the last ten minutes."""
    values = [(at_s, depth(at_s - began_s)) for at_s in range(now_s - 595, now_s + 1, 5)]
    made = AlertEvent(
        name="QueueTooDeep",
        state=state,
        severity="critical",
        at_ns=now_s * NS,
        started_ns=began_s * NS,
        value=round(values[-1][1]),
        peak=round(max(value for _, value in values)),
        threshold="> 1000",
        unit="{job}",
        metric="queue.depth",
        labels={"service.name": "worker"},
        summary=f"worker has {round(values[-1][1]):,} jobs waiting",
        runbook_url="https://runbooks.example/queue",
        series=[(at_s * NS, value) for at_s, value in values],
    )
    return replace(made, **changes)


async def message_of(events: list[AlertEvent]) -> Any:
    """Return the message that Discord has once these events came, one after the other."""
    fake = FakeDiscord(started=datetime.now(UTC))
    config = DiscordConfig.model_validate(
        {
            "webhook_url": fake.add_webhook().url,
            "username": "Telemetry",
            "alerts": {"group_wait": "10ms"},
            "dead_letters": {"directory": ""},
        }
    )
    settings = Settings(
        id=ComponentId("discord"),
        meter=NoOpMeterProvider().get_meter("picture"),
        tracer=NoOpTracerProvider().get_tracer("picture"),
        logger=logging.getLogger("picture"),
        version="0.1.0",
    )
    exporter = DiscordExporter(settings, config, transport=fake.transport())
    async with exporter.lifespan(NopHost()):
        for number, each in enumerate(events):
            request = ExportLogsServiceRequest()
            request.resource_logs.add().scope_logs.add().log_records.append(each.to_record())
            await exporter.consume(LogsBatch(request))
            while len(fake.journal) <= number:  # noqa: ASYNC110 - a fake of tests, no events
                await asyncio.sleep(0.05)
    fake.assert_clean()
    (message,) = fake.messages
    return message


async def messages() -> list[Any]:
    """Return the same alert as it fires, and another one that is over."""
    now_s = int(time.time())
    firing = event(AlertState.FIRING, now_s - 120, now_s)
    before = event(AlertState.FIRING, now_s - 400, now_s - 280)
    ended = {"resolution": "recovered", "ended_ns": (now_s - 150) * NS, "peak": before.peak}
    return [
        await message_of([firing]),
        await message_of([before, event(AlertState.RESOLVED, now_s - 400, now_s - 120, **ended)]),
    ]


def main() -> None:
    """Draw both pictures."""
    shown = asyncio.run(messages())
    with tempfile.TemporaryDirectory() as folder, served(folder) as base:
        for message in shown:
            for file in message.files:
                place = Path(folder) / message.channel_id / file.id / file.filename
                place.parent.mkdir(parents=True)
                place.write_bytes(file.data)
        told = [message_json(message, files_base=base) for message in shown]
        for theme in ("dark", "light"):
            html = page(told, title="otel-discord", theme=theme, now=time.time())
            (Path(folder) / f"{theme}.html").write_text(html, encoding="utf-8")
            subprocess.run(  # noqa: S603
                [  # noqa: S607 - whatever Chromium is on the path
                    "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
                    f"--user-data-dir={folder}/profile", f"--window-size={WIDTH},{HEIGHT}",
                    f"--screenshot={IMAGES / f'alert-life-{theme}.png'}", f"{base}/{theme}.html",
                ],
                check=True, timeout=60, capture_output=True,
            )  # fmt: skip


if __name__ == "__main__":
    main()
