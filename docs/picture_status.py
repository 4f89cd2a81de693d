# ruff: noqa: INP001 - a script, not a package
"""Draws docs/images/status-*.png: the status page of a shop on a bad afternoon, in a headless Chromium.

Run it from the root of the project where Chromium and a font with emoji are installed:
python -m docs.picture_status [FOLDER]
"""

import asyncio
import logging
import sys
import tempfile
from pathlib import Path

from opentelemetry.metrics import NoOpMeter
from opentelemetry.trace import NoOpTracer

from otel_discord.component import ComponentId, Settings
from otel_discord.extensions.status_page.config import StatusPageConfig
from otel_discord.extensions.status_page.extension import StatusPage
from tests.extensions.status_page.chromium import chromium
from tests.extensions.status_page.shop import shop

IMAGES = Path(__file__).parent / "images"
PAGES = {"overview": "/", "messages": "/messages", "letters": "/dead-letters", "alerts": "/alerts"}
LOOKS = (("desktop", 1280, 900), ("phone", 390, 844))


async def draw(folder: Path) -> None:
    """Draw every page at two widths; both themes of the overview, the dark one of the others."""
    settings = Settings(ComponentId("status_page"), NoOpMeter("p"), NoOpTracer(), logging.getLogger("picture"), "0.9.0")
    page = StatusPage(settings, StatusPageConfig(endpoint="127.0.0.1:0", refresh="1s"))
    with tempfile.TemporaryDirectory() as profile:
        async with page.lifespan(shop()), chromium(Path(profile)) as tab:
            await asyncio.sleep(20)  # rates and trends need a few looks
            for device, width, height in LOOKS:
                for theme in ("dark", "light"):
                    await tab.look(width, height, theme=theme, phone=device == "phone")
                    for name, path in PAGES.items():
                        if theme == "light" and name not in {"overview", "messages"}:
                            continue
                        await tab.go(f"http://{page.endpoints['http']}{path}")
                        if name == "messages":
                            await tab.run("document.querySelector('.journey').open = true")
                        await tab.picture(folder / f"status-{name}-{device}-{theme}.png")
            print("\n".join(tab.complaints) or "no complaints")  # noqa: T201


if __name__ == "__main__":
    asyncio.run(draw(Path(sys.argv[1]) if len(sys.argv) > 1 else IMAGES))
