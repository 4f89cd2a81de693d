"""docs/how-to/shape-your-messages.md, step by step: its commands and its YAML are taken out of the page."""

import asyncio
import os
import re
import shlex
import signal
import subprocess
import threading
import time
from pathlib import Path

import pytest

from tests.end_to_end.processes import COMMAND, eventually, post_logs, stand_in, started
from tests.extensions.status_page.chromium import CHROMIUM, chromium

PAGE = (Path(__file__).parents[2] / "docs/how-to/shape-your-messages.md").read_text(encoding="utf-8")
FENCE = re.compile(r"^```(sh|yaml)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMANDS = [line for kind, text in FENCE.findall(PAGE) if kind == "sh" for line in text.splitlines() if line.strip()]
YAML = [text for kind, text in FENCE.findall(PAGE) if kind == "yaml"]
CONFIGURATION, NEW_TITLE, TEMPLATE_TESTS, OWN_TESTS = YAML
LISTENING = r"Everything is ready.*otlp http on \S+?:(\d+)"
NOT_YET = "accepted but not in force"


def run(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a command of the page in a folder, without any webhook in the environment."""
    words = shlex.split(command)
    arguments = [*COMMAND, *words[1:]] if words[0] == "otel-discord" else words
    environment = {key: value for key, value in os.environ.items() if not key.startswith("DISCORD_")}
    return subprocess.run(
        arguments, cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False
    )


def command(part: str) -> str:
    """Return the one command of the page that has this in it."""
    found: list[str] = [each for each in COMMANDS if part in each]
    assert len(found) == 1
    return found[0]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder in which the reader has come as far as the copy of a template."""
    (tmp_path / "config.yaml").write_text(CONFIGURATION)
    for each in (COMMANDS[0], command("--copy-template")):
        assert run(each, tmp_path).returncode == 0
    return tmp_path


def change_title(folder: Path) -> None:
    template = folder / "templates/compact.yaml"
    changed = re.sub(r"^title:.*\n", NEW_TITLE, template.read_text(), flags=re.MULTILINE)
    assert NEW_TITLE in changed
    template.write_text(changed)


def needs_templates(folder: Path) -> None:
    """Leave a test where this version does not use the templates of a user."""
    if NOT_YET in run(command("--sample error --json"), folder).stderr:
        pytest.skip("templates of a user are not in force in this version")


def test_see_it(folder: Path) -> None:
    shown = run(COMMANDS[1], folder)
    assert shown.returncode == 0, shown.stderr
    assert "Payment declined: gateway timeout" in shown.stdout
    assert "DISCORD_WEBHOOK_URL is not set" in shown.stderr
    assert re.search(r"title \d+/256 .*total \d+/6000", shown.stdout)

    assert "exception-java" in run(command("--list"), folder).stdout
    exact = run(command("--sample error --json"), folder).stdout
    assert '"parse": []' in exact
    assert sorted(path.name for path in folder.iterdir()) == ["config.yaml", "templates"]


def test_a_copy_is_never_written_over(folder: Path) -> None:
    again = run(command("--copy-template"), folder)

    assert again.returncode == 2
    assert "is there already" in again.stderr


def test_what_it_says_in_the_configuration_is_tested(folder: Path) -> None:
    (folder / "config.yaml").write_text(CONFIGURATION + OWN_TESTS)

    done = run(command("otel-discord test"), folder)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 ok, 0 failed" in done.stdout


def test_pin_it_down(folder: Path) -> None:
    template = folder / "templates/compact.yaml"
    template.write_text(template.read_text() + TEMPLATE_TESTS)
    before = run(command("otel-discord test"), folder)
    assert before.returncode == 1
    assert "📣 Payment declined" in before.stdout
    assert "templates/compact.yaml:" in before.stdout
    assert "correct-horse" not in before.stdout.replace("- correct-horse", "")

    needs_templates(folder)
    change_title(folder)
    after = run(command("otel-discord test"), folder)
    assert after.returncode == 0, after.stdout


@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here")
async def test_change_it_and_watch(folder: Path) -> None:
    needs_templates(folder)
    profile = folder / "profile"
    profile.mkdir()
    arguments = [*COMMAND, *shlex.split(command("--serve"))[1:], "--port", "0"]
    with started(["env", "-C", str(folder), *arguments]) as page:
        url = (await asyncio.to_thread(page.read_until, r"(http://localhost:\d+/) shows")).group(1)
        async with chromium(profile) as tab:
            await tab.go(f"{url}#error")
            await tab.until("document.querySelector('#stage').textContent.includes('Payment declined')")
            change_title(folder)
            await tab.until("document.querySelector('#stage').textContent.includes('📣 Payment declined')")
            (folder / "templates/compact.yaml").write_text("title: '{{ oh no'\n")
            await tab.until("document.querySelector('#error.on') !== null")
            assert "compact.yaml:1" in await tab.run("document.querySelector('#error').textContent")
            assert "📣" in await tab.run("document.querySelector('#stage').textContent")
            assert tab.complaints == []
        assert page.end(signal.SIGINT) == 0


def test_deploy_it_without_losing_a_record(folder: Path) -> None:
    needs_templates(folder)
    assert run(command("validate"), folder).returncode in (0, 78)  # the webhook is not in the environment here
    with stand_in() as fake:
        sets = [
            f"exporters.discord.endpoint={fake.base_url}/api/v10",
            "exporters.discord.allow_insecure_endpoint=true",
            "exporters.discord.fold.enabled=false",
            "exporters.discord.rate_limit.channel_messages_per_minute=0",
            "receivers.otlp.protocols.grpc.endpoint=127.0.0.1:0",
            "receivers.otlp.protocols.http.endpoint=127.0.0.1:0",
            "service.telemetry.metrics.level=none",
        ]
        arguments = [*COMMAND, "--config", "config.yaml", *(word for each in sets for word in ("--set", each))]
        with started(["env", "-C", str(folder), *arguments], DISCORD_WEBHOOK_URL=fake.urls[0]) as service:
            port = int(service.read_until(LISTENING).group(1))
            sent: list[str] = []
            is_over = threading.Event()

            def send() -> None:
                while not is_over.is_set():
                    sent.append(f"record number {len(sent)}")
                    assert post_logs(port, sent[-1]) == 200
                    time.sleep(0.02)

            sender = threading.Thread(target=send)
            sender.start()
            try:
                eventually(lambda: any("record" in title for title in fake.titles()))
                change_title(folder)
                service.process.send_signal(signal.SIGHUP)
                eventually(lambda: any("📣" in title for title in fake.titles()))
            finally:
                is_over.set()
                sender.join(timeout=30)
            eventually(lambda: len(fake.titles()) >= len(sent))
            shown = sorted(int(re.search(r"number (\d+)", title)[1]) for title in fake.titles())  # type: ignore[index]
            assert shown == list(range(len(sent)))
            assert service.end() == 0
