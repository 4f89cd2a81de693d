"""Sending never sends itself: with everything at DEBUG and every logger attached, one record stays one record."""

from pathlib import Path

import pytest

from tests.sdk.applications import discord_served, run_application
from tests.sdk.test_exits import HANDLER, PROVIDER, WAYS

EVERYTHING = """
import http.client, warnings
logging.captureWarnings(True)
http.client.HTTPConnection.debuglevel = 1
logging.getLogger().setLevel(logging.DEBUG)
root = logging.getLogger().handlers[0]
root.setLevel(logging.DEBUG)
for name in ("otel_discord otel_discord.sdk aiohttp aiohttp.client asyncio opentelemetry concurrent.futures").split():
    logging.getLogger(name).setLevel(logging.DEBUG)
    logging.getLogger(name).addHandler(root)
log.error("the only one")
time.sleep(1)
log.error("the only other one")
time.sleep(1)
"""


@WAYS
@pytest.mark.parametrize("trouble", ["none", "gone"])
def test_one_record_stays_one(tmp_path: Path, way: str, trouble: str) -> None:
    settings = {
        "OTEL_EXPORTER_DISCORD_MIN_SEVERITY": "TRACE",
        "OTEL_BLRP_SCHEDULE_DELAY": "50",
        "PYTHONASYNCIODEBUG": "1",
        "OTEL_EXPORTER_DISCORD_SHUTDOWN_TIMEOUT": "3s",
    }
    with discord_served() as discord:
        if trouble == "gone":
            settings["OTEL_EXPORTER_DISCORD_WEBHOOK_URL"] = discord.url[:-4] + "wxyz"
        done = run_application(tmp_path, way + EVERYTHING, {**discord.environment, **settings})
        assert done.code == 0, done.out
        assert discord.records == (2 if trouble == "none" else 0), (discord.text, done.out)
        assert len(discord.fake.journal) <= 2, discord.fake.journal


def test_an_instrumented_http_client_makes_no_spans_of_our_requests(tmp_path: Path) -> None:
    """What the instrumentation of aiohttp asks is whether it is suppressed here; it is."""
    code = (
        PROVIDER
        + """
import aiohttp
from opentelemetry import context
seen = []
original = aiohttp.ClientSession._request
async def watched(self, *arguments, **more):
    seen.append((context.get_value("suppress_instrumentation"), context.get_value("suppress_http_instrumentation")))
    return await original(self, *arguments, **more)
aiohttp.ClientSession._request = watched
log.error("one")
provider.shutdown()
figure("requests", len(seen))
figure("suppressed", sum(each == (True, True) for each in seen))
"""
    )
    with discord_served() as discord:
        done = run_application(tmp_path, code, discord.environment)
        assert discord.records == 1, done.out
        assert done.figures["requests"] == done.figures["suppressed"] > 0, done.out


def test_handlers_that_were_forgotten_are_not_in_the_way(tmp_path: Path) -> None:
    code = HANDLER + "log.error('one')\nlogging.getLogger('otel_discord.sdk').error('ours')\n"
    with discord_served() as discord:
        done = run_application(tmp_path, code, discord.environment)
        assert (discord.records, done.code) == (1, 0), discord.text
        assert "ours" in done.out
