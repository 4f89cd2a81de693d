"""Channels of runs as a script has them: created, filled and retired on a real service, with a stand-in for Discord."""

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.processes import COMMAND, Running, StandIn, eventually, service_configuration, started

BOT_TOKEN = "made-up.token-of-a-bot.for-this-test"
TOKEN = "a-token-of-this-test"
EXAMPLE = Path(__file__).parents[2] / "examples" / "training_run" / "run.sh"
CATEGORY, TEXT = 4, 0
DEADLINE_S = 60
INFO, ERROR = 9, 17


@dataclass
class House:
    """A running service with run channels, and how scripts reach it."""

    discord: StandIn
    guild_id: str
    directory: Path
    otlp_port: int
    runs_port: int
    service: Running

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("HOME", "LANG", "COVERAGE_PROCESS_CONFIG") if name in os.environ}
        return {
            **kept,
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PYTHON": sys.executable,
            "OTEL_DISCORD_RUNS_ENDPOINT": f"http://127.0.0.1:{self.runs_port}",
            "OTEL_DISCORD_RUNS_TOKEN": TOKEN,
            "OTEL_DISCORD_RUNS_GUILD_ID": self.guild_id,
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{self.otlp_port}",
        }

    def runs(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        done = subprocess.run(
            [*COMMAND, "runs", *arguments],
            cwd=self.directory,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=DEADLINE_S,
            check=False,
        )
        assert "Traceback" not in done.stderr
        return done

    def create(self, short_id: str, *more: str) -> dict[str, Any]:
        key = ["--task-id", "Build Main", "--attempt", "1", "--short-id", short_id]
        done = self.runs("create", *key, "--output", "json", *more)
        assert done.returncode == 0, done.stderr
        return dict(json.loads(done.stdout))

    def send(self, body: str, resource: Mapping[str, str], severity: int = ERROR) -> None:
        attributes = [{"key": name, "value": {"stringValue": value}} for name, value in resource.items()]
        record = {"timeUnixNano": str(time.time_ns()), "severityNumber": severity, "body": {"stringValue": body}}
        logs = {"resource": {"attributes": attributes}, "scopeLogs": [{"logRecords": [record]}]}
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.otlp_port}/v1/logs",
            json.dumps({"resourceLogs": [logs]}).encode(),
            {"content-type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert answer.status == 200

    def channel(self, channel_id: str) -> dict[str, Any] | None:
        return next((each for each in self.discord.ask("channels") if each["id"] == channel_id), None)

    def category(self, channel_id: str) -> str:
        parent = self.channel(str((self.channel(channel_id) or {}).get("parent_id")))
        return str((parent or {}).get("name"))

    def places(self, text: str) -> set[str]:
        """Return the channels in which a text stands."""
        return {each["channel_id"] for each in self.discord.ask("messages") if text in json.dumps(each)}

    def fallback(self) -> str:
        return str(self.discord.ask("webhooks")[0]["channel_id"])


@contextmanager
def house(directory: Path, *, runs_port: int = 0, **extension: Any) -> Iterator[House]:
    arguments = ["--bot-token", BOT_TOKEN, "--guild", "Guild", "--without-creation-limits"]
    with started([sys.executable, "-m", "otel_discord.testing.fake_discord", *arguments]) as fake:
        fake.read_until("^ready")
        urls = [line.strip() for line in fake.said if line.startswith("http")]
        discord = StandIn(urls, urls[0].split("/api/")[0])
        guild_id = fake.read_until(r"^guild (\d+)")[1]
        path = configured(directory, discord, runs_port, extension)
        with started([*COMMAND, "--config", str(path)]) as service:
            ready = service.read_until(r"Everything is ready")[0]
            line = next(each for each in service.said if ready in each)
            ports = {name: int(line.partition(f"{name} on 127.0.0.1:")[2].split(",")[0]) for name in NAMES}
            yield House(discord, guild_id, directory, ports[NAMES[0]], ports[NAMES[1]], service)
            if service.process.poll() is None:
                assert service.end() == 0, "".join(service.said)
        said = "".join(service.said)
        assert BOT_TOKEN not in said
        assert TOKEN not in said
        assert "Traceback" not in said
        assert discord.ask("violations") == []


NAMES = ("otlp http", "run_channels http")


def configured(directory: Path, discord: StandIn, runs_port: int, extension: Mapping[str, Any]) -> Path:
    path = service_configuration(
        directory, discord, destinations_from="run_channels", sending_queue={"storage": "file_storage"}
    )
    configuration = json.loads(path.read_text())
    configuration["extensions"] = {
        "file_storage": {"directory": str(directory / "storage"), "min_free_mib": 0},
        "run_channels": {
            "endpoint": f"127.0.0.1:{runs_port}",
            "bot_token": BOT_TOKEN,
            "tokens": [{"name": "ci", "token": TOKEN}],
            "discord_endpoint": f"{discord.base_url}/api/v10",
            "allow_insecure_endpoint": True,
            "storage": "file_storage",
            "min_severity": "INFO",
            **extension,
        },
    }
    configuration["service"]["extensions"] = ["file_storage", "run_channels"]
    configuration["service"]["control"] = {"endpoint": f"unix://{directory / 'control.sock'}"}
    path.write_text(json.dumps(configuration))
    return path


def test_a_run_from_its_creation_to_its_archive(tmp_path: Path) -> None:
    with house(tmp_path) as here:
        run = here.create("ab12", "--title", "Build of main", "--metadata", "commit=4f2a91c")
        other = here.create("cd34")
        channel = here.channel(run["channelId"])
        assert channel is not None
        assert channel["name"] == "run-build-main-1-ab12"
        assert here.category(run["channelId"]) == "Agent Runs"
        assert here.create("ab12") == run
        watching = subprocess.Popen(
            [*COMMAND, "runs", "watch", run["channelId"], "--interval", "200ms", "--json"],
            env=here.environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            here.send("the linker ran out of memory", {"run.id": run["runId"]})
            here.send("a word of the build", {"run.id": run["runId"]}, INFO)
            triple = {"run.task_id": "Build Main", "run.attempt": "1", "run.short_id": "cd34"}
            here.send("the other one fails", triple)
            here.send("nobody's run", {"run.id": "aaaaaaaaaaaaaaaa"})
            here.send("no run at all", {"service.name": "shop"})
            expected = {
                "the linker ran out of memory": {run["channelId"]},
                "a word of the build": {run["channelId"]},
                "the other one fails": {other["channelId"]},
                "nobody's run": {here.fallback()},
                "no run at all": {here.fallback()},
            }
            eventually(lambda: all(here.places(text) for text in expected))
            assert {text: here.places(text) for text in expected} == expected

            ended = here.runs("finalize", run["channelId"], "--outcome", "failure")
            assert ended.returncode == 0, ended.stderr
            said, _ = watching.communicate(timeout=DEADLINE_S)
        finally:
            if watching.poll() is None:
                watching.kill()
                watching.communicate()
        assert watching.returncode == 1
        last = json.loads(said.splitlines()[-1])
        assert (last["outcome"], last["errors"]) == ("failure", 1)
        assert "webhook" not in said

        hooks = {each["channel_id"] for each in here.discord.ask("webhooks")}
        assert run["channelId"] not in hooks
        assert other["channelId"] in hooks
        eventually(lambda: here.category(run["channelId"]) == "Agent Runs Archive")
        here.send("too late for the run", {"run.id": run["runId"]})
        eventually(lambda: bool(here.places("too late for the run")))
        assert here.places("too late for the run") == {here.fallback()}

        again = here.runs("finalize", run["channelId"], "--outcome", "success")
        assert again.returncode == 0, again.stderr
        refused = here.runs("create", "--task-id", "Build Main", "--attempt", "1", "--short-id", "ab12")
        assert refused.returncode == 1
        assert "run_ended" in refused.stderr
        listed = here.runs("list", "--json")
        assert {line["channelId"]: line["state"] for line in map(json.loads, listed.stdout.splitlines())} == {
            run["channelId"]: "archived",
            other["channelId"]: "running",
        }
        secrets = [each["webhookUrl"].rpartition("/")[2] for each in (run, other)]
    said = "".join(here.service.said) + listed.stdout
    assert all(secret not in said for secret in secrets)


def test_a_run_without_retention_is_gone_when_it_is_finalized(tmp_path: Path) -> None:
    with house(tmp_path) as here:
        run = here.create("ab12", "--retention-hours", "0")
        ended = here.runs("finalize", "--task-id", "Build Main", "--attempt", "1", "--short-id", "ab12")
        assert ended.returncode == 0, ended.stderr
        eventually(lambda: here.channel(run["channelId"]) is None)
        assert here.runs("finalize", run["channelId"]).returncode == 0


@pytest.mark.parametrize(("more", "code", "outcome"), [({}, 0, "success"), ({"DIVERGE": "1"}, 1, "failure")])
def test_the_training_script_of_the_examples(more: dict[str, str], code: int, outcome: str, tmp_path: Path) -> None:
    with house(tmp_path) as here:
        done = subprocess.run(
            ["sh", str(EXAMPLE)],
            env={**here.environment, **more},
            capture_output=True,
            text=True,
            timeout=DEADLINE_S,
            check=False,
        )
        assert done.returncode == code, done.stderr
        (line,) = here.runs("list", "--json").stdout.splitlines()
        run = json.loads(line)
        assert run["outcome"] == outcome
        assert run["steps"] == (1 if more else 5)
        assert run["errors"] == (1 if more else 0)
        if more:
            assert here.places("The loss is no number after epoch 1") == {run["channelId"]}


def test_runs_outlive_the_service(tmp_path: Path) -> None:
    with house(tmp_path) as here:
        run = here.create("ab12")
        here.service.process.kill()
        here.service.wait()
        with started([*COMMAND, "--config", str(tmp_path / "config.yaml")]) as second:
            second.read_until("Everything is ready")
            line = next(each for each in second.said if "Everything is ready" in each)
            here.otlp_port, here.runs_port = (
                int(line.partition(f"{name} on 127.0.0.1:")[2].split(",")[0]) for name in NAMES
            )
            here.service = second
            eventually(lambda: here.runs("list").returncode == 0)
            assert here.create("ab12") == run
            here.send("said after the restart", {"run.id": run["runId"]})
            eventually(lambda: here.places("said after the restart") == {run["channelId"]})
            assert second.end() == 0
        texts = [each for each in here.discord.ask("channels") if each["name"].startswith("run-")]
        assert len(texts) == 1
