"""``otel-discord top`` as a process, beside a running service."""

import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import TIMEOUT_S, environment

TOKEN = "w" * 68
WRITTEN = "https://discord.com/api/webhooks/123456789012345678/{token}"
VARIABLE = '"${env:A_WEBHOOK_THAT_IS_NOT_SET}"'
CONFIG = """
receivers: {{nop: }}
exporters:
  nop:
  discord:
    webhook_url: https://discord.com/api/webhooks/123456789012345678/{token}
    endpoint: http://127.0.0.1:9
    allow_insecure_endpoint: true
service:
  control: {{endpoint: "{socket}"}}
  telemetry: {{metrics: {{readers: [{{pull: {{exporter: {{prometheus: {{host: 127.0.0.1, port: 0}}}}}}}}]}}}}
  pipelines:
    logs: {{receivers: [nop], exporters: [nop, discord]}}
"""


@pytest.fixture
def config(tmp_path: Path) -> str:
    path = tmp_path / "config.yaml"
    path.write_text(CONFIG.format(token=TOKEN, socket="control.sock"))
    return str(path)


def test_once_and_json(run: Any, start: Callable[..., Any], config: str) -> None:
    service = start("--config", config)
    service.wait_for("Everything is ready.")
    result = run("top", "--config", config, "--once", "--interval", "200ms")
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith("otel-discord ")
    assert "logs      nop → nop, discord" in result.out
    assert "discord logs" in result.out
    assert max(map(len, result.out.splitlines())) <= 80
    assert "\x1b" not in result.out
    wide = run("top", "--config", config, "--once", "--interval", "200ms", COLUMNS="140")
    assert "filtered/s" in wide.out
    assert "filtered/s" not in result.out
    answer = run("top", "--config", config, "--json")
    assert answer.code == 0
    found = json.loads(answer.out)
    assert found["service"]["phase"] == "ready"
    assert found["components"]["exporter:discord"]["status"] == "StatusOK"
    assert TOKEN not in answer.out + result.out + wide.out


def test_nobody_runs(run: Any, config: str) -> None:
    for arguments in (("--once",), ("--json",), ()):
        result = run("top", "--config", config, *arguments)
        assert result.code == 1
        assert result.err.startswith("Error: no service listens on ")
        assert result.out == ""


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("--interval", "5"), 2, "--interval"),
        (("--interval", "1ms"), 2, "is not from 100ms to 1h"),
        (("--set", "exporters.nop.x=1"), 78, "exporters::nop"),
        (("--set", "service.control.endpoint="), 1, "set service::control::endpoint"),
    ],
)
def test_exit_codes(run: Any, config: str, arguments: tuple[str, ...], code: int, message: str) -> None:
    result = run("top", "--config", config, *arguments)
    assert (result.code, message in result.err) == (code, True), result.err


def read_until(descriptor: int, text: str) -> str:
    seen = b""
    deadline_s = time.monotonic() + TIMEOUT_S
    while text.encode() not in seen:
        ready, _, _ = select.select([descriptor], [], [], max(0.0, deadline_s - time.monotonic()))
        assert ready, seen.decode(errors="replace")
        seen += os.read(descriptor, 65_536)
    return seen.decode(errors="replace")


def test_on_a_terminal_it_lives_through_a_restart(start: Callable[..., Any], config: str, tmp_path: Path) -> None:
    service = start("--config", config)
    service.wait_for("Everything is ready.")
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "otel_discord", "top", "--config", config, "--interval", "100ms"],
        env=environment({"TERM": "xterm-256color", "COLUMNS": "100", "LINES": "40"}),
        cwd=tmp_path,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    try:
        assert "\x1b[?1049h" in read_until(ours, "DESTINATION")  # a screen of its own
        service.send(signal.SIGTERM)
        read_until(ours, "waiting for it")
        assert service.ended() == 0
        again = start("--config", config)
        again.wait_for("Everything is ready.")
        read_until(ours, "  up ")
        os.write(ours, b"q")
        read_until(ours, "\x1b[?1049l")  # and the terminal is as it was
        assert process.wait(TIMEOUT_S) == 0
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def test_into_a_pipe_it_writes_one_picture_below_the_other(
    start: Callable[..., Any], config: str, tmp_path: Path
) -> None:
    start("--config", config).wait_for("Everything is ready.")
    process = subprocess.Popen(
        [sys.executable, "-m", "otel_discord", "top", "--config", config, "--interval", "100ms"],
        env=environment({}), cwd=tmp_path, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        heads = 0
        for line in process.stdout:
            assert "\x1b" not in line
            heads += line.startswith("otel-discord ")
            if heads == 2:
                break
        process.send_signal(signal.SIGINT)
        process.stdout.read()
        assert process.wait(TIMEOUT_S) == 0
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_the_addresses_of_webhooks_are_not_needed_to_ask(
    run: Any, start: Callable[..., Any], config: str, tmp_path: Path
) -> None:
    service = start("--config", config)
    service.wait_for("Everything is ready.")
    asking = tmp_path / "asking.yaml"
    asking.write_text(CONFIG.format(token=TOKEN, socket="control.sock").replace(WRITTEN.format(token=TOKEN), VARIABLE))
    assert run("top", "--config", str(asking), "--json").code == 0
    assert run("silence", "list", "--config", str(asking)).code == 0
    assert run("validate", "--config", str(asking)).code == 78
