"""Maintenance as a person meets it: begun and ended by the command line on a running service."""

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.end_to_end.processes import COMMAND, StandIn, eventually, post_logs, service_configuration, stand_in, started


def ask(path: Path, *arguments: str, code: int = 0) -> str:
    done = subprocess.run(
        [*COMMAND, "maintenance", arguments[0], "--config", str(path), *arguments[1:]],
        cwd=path.parent,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout + done.stderr


def configured(directory: Path, fake: StandIn, **discord: Any) -> Path:
    window = {"name": "backup", "matchers": ["service.name=db"], "comment": "every night"}
    path = service_configuration(directory, fake, maintenance=[window], **discord)
    configuration = json.loads(path.read_text())
    if discord:
        configuration["extensions"] = {"file_storage": {"directory": str(directory / "storage"), "min_free_mib": 0}}
        configuration["service"]["extensions"] = ["file_storage"]
    configuration["service"]["control"] = {"endpoint": f"unix://{directory / 'control.sock'}"}
    path.write_text(json.dumps(configuration))
    return path


def test_begun_listed_and_ended(tmp_path: Path) -> None:
    with stand_in() as fake:
        path = configured(tmp_path, fake)
        assert "running service" in ask(path, "list", code=1)
        with started([*COMMAND, "--config", str(path)]) as running:
            port = int(running.read_until(r"Everything is ready.*otlp http on 127\.0\.0\.1:(\d+)")[1])
            said = ask(path, "start", "deploy", "--for", "30m", "--match", "severity<FATAL", "--comment", "v2")
            assert said.startswith("Maintenance deploy until 20")
            eventually(lambda: "Maintenance: deploy" in str(fake.ask("messages")))
            post_logs(port, "held back")
            idle, active = (line.split("\t") for line in ask(path, "list").splitlines())
            assert idle[:4] == ["backup", "off", "hold", "service.name=db"]
            assert active[2:4] == ["hold", "severity<FATAL"]
            assert "held back" not in str(fake.ask("messages"))
            assert "1 problem, 1 event held" in ask(path, "end", "deploy")
            eventually(lambda: "held back" in str(fake.ask("messages")))
            assert "held during maintenance deploy" in str(fake.ask("messages"))


def test_what_is_held_outlives_the_process(tmp_path: Path) -> None:
    with stand_in() as fake:
        path = configured(tmp_path, fake, sending_queue={"storage": "file_storage"}, fold={"enabled": True})
        for bodies in (["held one"] * 3, ["held one", "held two"]):
            with started([*COMMAND, "--config", str(path)]) as running:
                port = int(running.read_until(r"Everything is ready.*otlp http on 127\.0\.0\.1:(\d+)")[1])
                if len(bodies) == 3:
                    ask(path, "start", "deploy")
                    eventually(lambda: "Maintenance: deploy" in str(fake.ask("messages")))
                post_logs(port, *bodies)
                if len(bodies) == 3:
                    running.process.kill()
                    continue
                assert "held one" not in str(fake.ask("messages"))
                assert "2 problems, 5 events held" in ask(path, "end", "deploy")
                eventually(lambda: "held two" in str(fake.ask("messages")))
                assert "2 problems, 5 events" in str(fake.ask("messages"))
                assert "\u00d74" in str(fake.ask("messages"))
        assert str(fake.ask("messages")).count("Maintenance: deploy") == 1
