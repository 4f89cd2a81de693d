# ruff: noqa: INP001 - a script, not a package
"""Draws docs/images/preview-*.png: the page of the preview, and a sheet of Discord's rules of layout.

Run it from the root of the project where Chromium and a font with emoji are installed:
python -m docs.picture_preview [FOLDER]
"""

import asyncio
import sys
import tempfile
from pathlib import Path
from typing import Any

from aiohttp.test_utils import TestServer

from otel_discord.discord_api.html_view import page
from otel_discord.service.preview.desk import Desk
from otel_discord.service.preview.serving import application
from otel_discord.service.preview.show import Wanted
from tests.extensions.status_page.chromium import Tab, chromium

IMAGES = Path(__file__).parent / "images"
LOOKS = (("desktop", 1280, 900), ("phone", 390, 844))
SAMPLES = {"exception": "exception-python", "alert": "alert"}
CONFIGURATION = """
receivers: {otlp: {protocols: {grpc: {}, http: {}}}}
exporters: {discord: {webhook_url: "https://discord.com/api/webhooks/1/x", username: Telemetry, min_severity: INFO}}
service: {pipelines: {logs: {receivers: [otlp], exporters: [discord]}}}
"""
NOW = 1_795_299_300.0
AT = "2026-11-21T22:10:00+00:00"


def rule_sheet() -> list[dict[str, Any]]:
    """Return messages that show each rule of layout once."""

    def fields(pattern: str) -> list[dict[str, Any]]:
        return [{"name": f"field {n}", "value": "value", "inline": each == "i"} for n, each in enumerate(pattern, 1)]

    rules = [{"title": f"fields: {pattern}", "fields": fields(pattern)} for pattern in ("ii", "iii", "iiii", "iinii")]
    markdown = """# A heading
## A smaller one
-# subtext
- a list
  - inside it
1. first
> a quote of `code` and **bold**, *italic*, __underlined__, ~~struck~~, ||spoiler||
[a masked link](https://example.com) <@1> <@&2> <#3> </silence:4>
```py
def add_tax(subtotal: float) -> float: ...
```"""
    styles = "\n".join(f"`{style}` <t:1795299000:{style}>" for style in "tTdDfFR")
    picture = "attachment://chart.png"
    return [
        {"username": "Rules", "timestamp": AT, "content": markdown},
        {"username": "Rules", "timestamp": AT, "embeds": rules},
        {
            "username": "Rules",
            "timestamp": AT,
            "embeds": [
                {
                    "author": {"name": "author"},
                    "title": "thumbnail right of the text, image below",
                    "description": "The text wraps where the thumbnail stands. " * 4,
                    "thumbnail": {"url": picture},
                    "image": {"url": picture},
                    "footer": {"text": "footer"},
                    "timestamp": AT,
                    "color": 0x3498DB,
                },
                {"title": "time stamps", "description": styles, "color": 0x2ECC71},
            ],
        },
        {
            "username": "Rules",
            "timestamp": AT,
            "thread_name": "The title of a forum post",
            "content": "buttons that are links, a file, no sound",
            "flags": 1 << 12,
            "attachments": [{"filename": "trace.txt", "size": 2_152}],
            "components": [
                {
                    "type": 1,
                    "components": [
                        {"type": 2, "style": 5, "label": "Runbook", "url": "https://example.com/runbook"},
                        {"type": 2, "style": 5, "label": "Trace", "url": "https://example.com/trace"},
                    ],
                }
            ],
        },
    ]


async def draw(folder: Path) -> None:
    """Draw all at two widths and in both themes."""
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory)
        (place / "config.yaml").write_text(CONFIGURATION)
        (place / "profile").mkdir()
        desk = Desk(Wanted(configs=[str(place / "config.yaml")]), "0")
        server = TestServer(application(desk, asyncio.Event()), host="127.0.0.1")
        await server.start_server()
        desk.origin = f"http://127.0.0.1:{server.port}"
        await desk.renew()
        async with chromium(place / "profile") as tab:
            for device, width, height in LOOKS:
                for theme in ("dark", "light"):
                    await tab.look(width, height, theme=theme, phone=device == "phone")
                    await draw_look(tab, desk.origin, place, folder, f"{device}-{theme}")
            print("\n".join(tab.complaints) or "no complaints")  # noqa: T201
        await server.close()


async def draw_look(tab: Tab, origin: str, place: Path, folder: Path, look: str) -> None:
    """Draw the samples and the sheet in one look."""
    for name, sample in SAMPLES.items():
        await tab.go("about:blank")
        await tab.go(f"{origin}/#{sample}")
        await tab.until("document.querySelectorAll('#stage section:not([hidden])').length === 1")
        await asyncio.sleep(0.3)
        await tab.picture(folder / f"preview-{name}-{look}.png")
    theme = look.rpartition("-")[2]
    (place / "sheet.html").write_text(page(rule_sheet(), title="Rules", theme=theme, now=NOW))
    await tab.go((place / "sheet.html").as_uri())
    await tab.picture(folder / f"preview-rules-{look}.png")


if __name__ == "__main__":
    asyncio.run(draw(Path(sys.argv[1]) if len(sys.argv) > 1 else IMAGES))
