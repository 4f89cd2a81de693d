"""Silences as a person meets them: added on a running service, kept over a kill, and ended with a count."""

import json
import subprocess
from pathlib import Path

import pytest

from otel_discord.service.control.client import ControlError, call
from tests.end_to_end.processes import COMMAND, StandIn, eventually, post_logs, service_configuration, stand_in, started


def ask(path: Path, *arguments: str) -> str:
    done = subprocess.run(
        [*COMMAND, "silence", arguments[0], "--config", str(path), *arguments[1:]],
        cwd=path.parent,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout + done.stderr


def configured(directory: Path, fake: StandIn) -> Path:
    path = service_configuration(directory, fake, sending_queue={"storage": "file_storage"})
    configuration = json.loads(path.read_text())
    configuration["extensions"] = {"file_storage": {"directory": str(directory / "storage"), "min_free_mib": 0}}
    configuration["service"]["extensions"] = ["file_storage"]
    configuration["service"]["control"] = {"endpoint": f"unix://{directory / 'control.sock'}"}
    path.write_text(json.dumps(configuration))
    return path


def test_it_outlives_the_process_and_ends_by_hand(tmp_path: Path) -> None:
    with stand_in() as fake:
        path = configured(tmp_path, fake)
        socket = tmp_path / "control.sock"
        with started([*COMMAND, "--config", str(path)]) as running:
            port = int(running.read_until(r"Everything is ready.*otlp http on 127\.0\.0\.1:(\d+)")[1])
            with pytest.raises(ControlError, match="'body~noise', character 5: expected"):
                list(call(socket, "silence/add", {"matchers": ["body~noise"], "for_s": 60}, timeout_s=10))
            said = ask(path, "add", "body=~noise.*", "severity=error", "2h", "--comment", "known", "--author", "ann")
            assert "body=~noise.*, severity=error is silenced until 20" in said
            (silence,) = call(socket, "silence/list", {}, timeout_s=10)
            post_logs(port, "noise one", "noise two")
            eventually(lambda: next(iter(call(socket, "silence/list", {}, timeout_s=10)))["silenced_records"] == 2)
            running.process.kill()
        with started([*COMMAND, "--config", str(path)]) as running:
            port = int(running.read_until(r"Everything is ready.*otlp http on 127\.0\.0\.1:(\d+)")[1])
            post_logs(port, "noise three", "news")
            eventually(lambda: "news" in str(fake.ask("messages")))
            assert "noise" not in str(fake.ask("messages"))
            cells = ask(path, "list").strip().split("\t")
            assert cells[:2] == [silence["id"], "body=~noise.*, severity=error"]
            assert cells[4:] == ["ann", "known", "discord"]
            assert int(cells[3]) >= 1  # counts are written every few seconds
            list(call(socket, "silence/expire", {"id": silence["id"]}, timeout_s=10))
            eventually(lambda: "A silence is over" in str(fake.ask("messages")))
