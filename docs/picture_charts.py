# ruff: noqa: INP001 - a script, not a package
"""Draws docs/images/charts-dark.png and charts-light.png: alerts with their charts, as Discord would show them.

Run it where headless Chromium and a font with emoji are installed: python docs/picture_charts.py
"""

import asyncio
import math
import random
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

from otel_discord.discord_api.html_view import page
from otel_discord.exporters.discord.charts import Charting, plan_chart, sparkline_of
from otel_discord.signals.alert_event import AlertEvent, AlertState

IMAGES = Path(__file__).parent / "images"
WIDTH, HEIGHT = 620, 1040
NOW_S: Final = 1_800_000_000
NS: Final = 1_000_000_000
COLOURS: Final = {"🔴": 0xE5484D, "🟠": 0xF5A623, "🟢": 0x2F9E58}
DICE: Final = random.Random(4)  # noqa: S311 - noise of a picture


def alert(at: Callable[[int], float], *, step_s: int, start: int, end: int | None = None, **facts: Any) -> AlertEvent:
    """Return an alert of 120 points that end now; ``start`` and ``end`` are points of it."""
    times_ns = [(NOW_S - (119 - index) * step_s) * NS for index in range(120)]
    return AlertEvent(
        state=AlertState.FIRING if end is None else AlertState.RESOLVED,
        series=[(at_ns, at(index)) for index, at_ns in enumerate(times_ns)],
        started_ns=times_ns[start],
        ended_ns=0 if end is None else times_ns[end],
        **facts,
    )


def noise(size: float) -> float:
    """Return a little of what real series have."""
    return DICE.gauss(0, size)


ALERTS: Final = [
    (
        "🔴 QueueTooDeep: worker has 1,234 jobs waiting",
        "above 1,000 for 2 m 25 s · peak 1,323",
        alert(
            lambda at: 120 + noise(14) + (0 if at < 84 else 1290 * (1 - math.exp(-(at - 83) / 4)) - (at - 84) * 5),
            step_s=5, start=90, name="QueueTooDeep", severity="critical", threshold="> 1000", unit="{job}",
            metric="queue.depth",
        ),
    ),
    (
        "🟠 MemoryGrows: checkout uses 1.7 GiB",
        "above 1.5 GiB for 9 m 30 s",
        alert(
            lambda at: (1.05 + at * 0.0056 + noise(0.004)) * 2**30,
            step_s=30, start=100, name="MemoryGrows", threshold="> 1.5 GiB", unit="By", metric="process.memory.usage",
        ),
    ),
    (
        "🟠 CpuBusy: search-2 is at 84 %",
        "above 80 %, again and again, for 13 m · peak 88 %",
        alert(
            lambda at: 0.42 + 0.42 * (math.sin(at / 6) > 0.35) + noise(0.015),
            step_s=10, start=40, name="CpuBusy", threshold="> 80 %", unit="1", metric="system.cpu.utilization",
        ),
    ),
    (
        "🟢 SlowCheckout: resolved after 2 m 35 s",
        "back under 0.8 s · peak 2.3 s",
        alert(
            lambda at: 0.18 + noise(0.015) + 2.1 * math.exp(-(((at - 62) / 14) ** 2)),
            step_s=5, start=52, end=83, name="SlowCheckout", severity="critical", threshold="> 1.2", unit="s",
            metric="http.server.request.duration",
        ),
    ),
]  # fmt: skip


async def pictures() -> list[bytes]:
    """Return a chart for each alert, drawn as the exporter does it."""
    drawn = []
    async with Charting() as charts:
        for _, _, event in ALERTS:
            plan = plan_chart(event)
            png = await charts.draw(plan) if plan else None
            if png is None:
                raise SystemExit("no chart: is matplotlib installed?")
            drawn.append(png)
            print(f"{event.name}: {len(png):,} bytes; as text: {sparkline_of(event)}")  # noqa: T201 - a script
    return drawn


def message(number: int, base: str) -> dict[str, Any]:
    """Return the message of an alert as Discord returns it."""
    title, text, _ = ALERTS[number]
    return {
        "author": {"username": "Telemetry"},
        "timestamp": datetime.fromtimestamp(NOW_S, UTC).isoformat(),
        "embeds": [
            {
                "title": title,
                "description": text,
                "color": COLOURS[title[0]],
                "image": {"url": "attachment://chart.png"},
            }
        ],
        "attachments": [{"filename": "chart.png", "url": f"{base}/{number}.png"}],
    }


@contextmanager
def served(folder: str) -> Iterator[str]:
    """Serve a folder; the page takes pictures over HTTP only."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder)) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def main() -> None:
    """Draw both pictures."""
    drawn = asyncio.run(pictures())
    with tempfile.TemporaryDirectory() as folder, served(folder) as base:
        for number, png in enumerate(drawn):
            (Path(folder) / f"{number}.png").write_bytes(png)
        messages = [message(number, base) for number in range(len(ALERTS))]
        for theme in ("dark", "light"):
            html = page(messages, title="otel-discord", theme=theme, now=NOW_S)
            (Path(folder) / f"{theme}.html").write_text(html, encoding="utf-8")
            subprocess.run(  # noqa: S603
                [  # noqa: S607 - whatever Chromium is on the path
                    "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
                    f"--user-data-dir={folder}/profile", f"--window-size={WIDTH},{HEIGHT}",
                    f"--screenshot={IMAGES / f'charts-{theme}.png'}", f"{base}/{theme}.html",
                ],
                check=True, timeout=60, capture_output=True,
            )  # fmt: skip


if __name__ == "__main__":
    main()
