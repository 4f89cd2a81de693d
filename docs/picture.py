# ruff: noqa: INP001 - a script, not a package
"""Draws docs/images/alert.png: records through the real exporter, FakeDiscord's messages as Discord would show them.

Run it where headless Chromium and a font with emoji are installed: python docs/picture.py
"""

import asyncio
import logging
import subprocess
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from opentelemetry.metrics import NoOpMeterProvider
from opentelemetry.trace import NoOpTracerProvider

from otel_discord.component import ComponentId, Settings
from otel_discord.config import Secret
from otel_discord.discord_api.html_view import page
from otel_discord.exporters.discord.config import DiscordConfig
from otel_discord.exporters.discord.exporter import DiscordExporter
from otel_discord.signals import LogsBatch
from otel_discord.testing.fake_discord import FakeDiscord
from otel_discord.testing.fake_discord.answers import message_json
from otel_discord.testing.host import NopHost
from otel_discord.testing.otlp import logs_request

PICTURE = Path(__file__).parent / "images" / "alert.png"
WIDTH, HEIGHT = 620, 545

TRACE = """Traceback (most recent call last):
  File "/app/cart/views.py", line 41, in checkout
    order.total = add_tax(order.subtotal, order.rate)
  File "/app/cart/totals.py", line 118, in add_tax
    return subtotal + subtotal * rate
TypeError: unsupported operand type(s) for +: 'float' and 'str'
"""
RECORDS: list[dict[str, Any]] = [
    {
        "service": "checkout",
        "severity": 17,
        "body": "Payment declined: gateway timeout",
        "attributes": {"order": 48213, "gateway": "stripe", "attempt": 3},
    },
    {
        "service": "cart",
        "severity": 17,
        "body": "unsupported operand type(s) for +: 'float' and 'str'",
        "attributes": {
            "exception.type": "TypeError",
            "exception.message": "unsupported operand type(s) for +: 'float' and 'str'",
            "exception.stacktrace": TRACE,
            "http.request.method": "POST",
            "http.route": "/cart/{id}/checkout",
            "http.response.status_code": 500,
        },
    },
    {
        "service": "checkout",
        "severity": 21,
        "body": "No space left on device: orders are not being written",
        "attributes": {"mount": "/orders"},
    },
]


async def messages() -> list[dict[str, Any]]:
    """Return what Discord has after the records have passed the exporter."""
    fake = FakeDiscord(started=datetime.now(UTC))
    hook = fake.add_webhook()
    config = DiscordConfig(webhook_url=Secret(hook.url), username="Telemetry")
    settings = Settings(
        id=ComponentId("discord"),
        meter=NoOpMeterProvider().get_meter("picture"),
        tracer=NoOpTracerProvider().get_tracer("picture"),
        logger=logging.getLogger("picture"),
        version="0.1.0",
    )
    exporter = DiscordExporter(settings, config, transport=fake.transport())
    async with exporter.lifespan(NopHost()):
        for record in RECORDS:
            await exporter.consume(LogsBatch(_request(record)))
    fake.assert_clean()
    return [message_json(message) for message in fake.messages]


def _request(record: dict[str, Any]) -> Any:
    resource = {"service.name": record["service"], "deployment.environment.name": "prod"}
    request = logs_request(
        body=record["body"], severity=record["severity"], attributes=record["attributes"], resource=resource
    )
    item = request.resource_logs[0].scope_logs[0].log_records[0]
    item.time_unix_nano = item.observed_time_unix_nano = time.time_ns() - 4_000_000_000
    return request


def main() -> None:
    """Draw the picture."""
    html = page(asyncio.run(messages()), title="otel-discord", now=time.time())
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "page.html"
        source.write_text(html, encoding="utf-8")
        subprocess.run(  # noqa: S603
            [  # noqa: S607 - whatever Chromium is on the path
                "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
                f"--user-data-dir={folder}/profile", f"--window-size={WIDTH},{HEIGHT}",
                f"--screenshot={PICTURE}", source.as_uri(),
            ],
            check=True, timeout=60, capture_output=True,
        )  # fmt: skip


if __name__ == "__main__":
    main()
