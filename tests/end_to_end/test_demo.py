"""``otel-discord demo`` as a newcomer meets it: one command, a page with messages, Ctrl-C."""

import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from tests.end_to_end.processes import COMMAND, StandIn, eventually, started

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--enable-logging=stderr",
    "--virtual-time-budget=4000",
    "--window-size=900,1400",
]


def browse(profile: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    assert CHROMIUM is not None
    command = [CHROMIUM, *FLAGS, f"--user-data-dir={profile}", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=90, check=True)


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine; .ci/run installs it")
def test_the_page_shows_the_shop_s_trouble(tmp_path: Path) -> None:
    with started([*COMMAND, "demo", "--port", "0"]) as demo:
        page = demo.read_until(r"page +(http://127\.0\.0\.1:\d+)/")[1]
        fake = StandIn([], page)
        eventually(lambda: any("No space left" in title for title in fake.titles()))
        seen = browse(tmp_path / "profile", "--dump-dom", f"{page}/")
        for words in ("Payment declined: gateway timeout", "TypeError", "No space left on device", "Telemetry"):
            assert words in seen.stdout
        assert "</script>" not in seen.stdout.split('id="messages"')[1]  # a record's text stays text
        assert "CONSOLE" not in seen.stderr
        shot = tmp_path / "page.png"
        browse(tmp_path / "profile", f"--screenshot={shot}", f"{page}/")
        assert shot.stat().st_size > 20_000
        assert fake.ask("violations") == []
        assert fake.ask("stats")["rate_limited"] == {}
        assert demo.end(signal.SIGINT) == 0


def test_its_story_has_a_digest_and_an_alert_that_turns_green() -> None:
    with started([*COMMAND, "demo", "--port", "0"]) as demo:
        page = demo.read_until(r"page +(http://127\.0\.0\.1:\d+)/")[1]
        fake = StandIn([], page)
        eventually(lambda: any("problems" in title for title in fake.titles()))
        eventually(lambda: any(title.startswith("🔴 QueueTooDeep: worker has 1,") for title in fake.titles()))
        assert sum("QueueTooDeep" in title for title in fake.titles()) == 1
        eventually(lambda: any(title.startswith("🟢 QueueTooDeep: resolved") for title in fake.titles()))
        assert sum("QueueTooDeep" in title for title in fake.titles()) == 1
        assert fake.ask("violations") == []
        assert fake.ask("stats")["rate_limited"] == {}
        assert demo.end(signal.SIGINT) == 0


def test_the_demo_ends_by_itself_and_leaves_nothing_behind() -> None:
    with started([*COMMAND, "demo", "--port", "0", "--seconds", "6"]) as demo:
        page = demo.read_until(r"page +(http://127\.0\.0\.1:\d+)/")[1]
        eventually(lambda: StandIn([], page).titles() != [])
        assert demo.wait() == 0
        with pytest.raises(OSError, match="refused"):
            StandIn([], page).ask("stats")


def test_with_a_webhook_the_demo_has_no_stand_in(tmp_path: Path) -> None:
    """A wrong address is one clear message, without the token."""
    url = "https://discord.com/api/webhooks/1/"
    with started([*COMMAND, "demo", "--seconds", "5"], DISCORD_WEBHOOK_URL=url) as demo:
        assert demo.wait() == 78
    said = "".join(demo.said)
    assert "token" in said
    assert "page " not in said
