"""Samples for systemd and Docker name flags, files and ports that exist."""

import configparser
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import click
import pytest
import yaml

from otel_discord.cli.commands import cli
from otel_discord.cli.exit_codes import BAD_CONFIGURATION
from otel_discord.extensions.file_storage.config import FileStorageConfig
from otel_discord.service.config import ServiceConfig
from otel_discord.service.process_signals import START_TIMEOUT_S
from otel_discord.service.systemd import DRAIN_BEAT_S

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "collector-config"


def flags(command: click.Command) -> set[str]:
    return {option for parameter in command.params for option in parameter.opts}


def unit() -> configparser.RawConfigParser:
    """Return the unit; a key given twice is an error."""
    parsed = configparser.RawConfigParser(strict=True)
    parsed.optionxform = str  # type: ignore[assignment,method-assign]
    parsed.read_string((FOLDER / "systemd" / "otel-discord.service").read_text(encoding="utf-8"))
    return parsed


def test_the_unit_starts_what_there_is() -> None:
    service = unit()["Service"]
    program, *arguments = shlex.split(service["ExecStart"])
    assert program.endswith("/bin/otel-discord")
    assert {each for each in arguments if each.startswith("-")} <= flags(cli)
    assert "--config" in arguments
    assert service["RestartPreventExitStatus"] == str(BAD_CONFIGURATION)
    assert unit()["Install"]["WantedBy"] == "multi-user.target"


def test_the_unit_waits_for_what_the_service_says() -> None:
    service = unit()["Service"]
    assert service["Type"] == "notify-reload"
    assert float(service["WatchdogSec"]) > 10
    assert float(service["TimeoutStartSec"]) > START_TIMEOUT_S
    assert float(service["TimeoutStopSec"]) > ServiceConfig().shutdown_timeout + DRAIN_BEAT_S
    state = Path("/var/lib", service["StateDirectory"])
    assert state in FileStorageConfig().directory.parents
    assert service["StateDirectoryMode"] == "0700"


def test_what_the_page_says_of_the_unit_is_in_it() -> None:
    page = (ROOT / "docs" / "how-to" / "run-as-a-service.md").read_text(encoding="utf-8")
    said = dict(re.findall(r"^\| `(\w+)=([^`]+)` \|", page, re.MULTILINE))
    assert set(said) >= {"Type", "WatchdogSec", "TimeoutStopSec", "StateDirectory"}
    service = unit()["Service"]
    assert {key: service[key] for key in said} == said


def test_systemd_finds_no_fault() -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd-analyze is not installed")
    path = str(FOLDER / "systemd" / "otel-discord.service")
    done = subprocess.run([analyze, "verify", path], capture_output=True, text=True, timeout=60, check=False)
    assert "Unknown" not in done.stderr


def dockerfile() -> list[list[str]]:
    text = (FOLDER / "docker" / "Dockerfile").read_text(encoding="utf-8")
    return [line.split(maxsplit=1) for line in text.splitlines() if line and not line.startswith("#")]


def test_the_image_copies_what_there_is_and_starts_it() -> None:
    steps = dockerfile()
    copied = [rest.split() for step, rest in steps if step == "COPY"]
    assert (ROOT / "collector-config/docker/config.yaml").exists()
    assert ["collector-config/docker/config.yaml", "/etc/otel-discord/config.yaml"] in copied
    command = yaml.safe_load(next(rest for step, rest in steps if step == "CMD"))
    assert command == ["--config", "/etc/otel-discord/config.yaml"]
    assert "--config" in flags(cli)
    entry = yaml.safe_load(next(rest for step, rest in steps if step == "ENTRYPOINT"))
    assert entry[0].endswith("/bin/otel-discord")
    assert (ROOT / "constraints.txt").exists()
    user = next(rest for step, rest in steps if step == "USER")
    assert user.split(":")[0] not in {"root", "0"}


def test_the_image_opens_the_ports_of_its_configuration() -> None:
    config = yaml.safe_load((FOLDER / "docker" / "config.yaml").read_text(encoding="utf-8"))
    protocols = config["receivers"]["otlp"]["protocols"]
    listens = [each["endpoint"] for each in (*protocols.values(), config["extensions"]["health_check"])]
    ports = {address.rpartition(":")[2] for address in listens}
    exposed = next(rest for step, rest in dockerfile() if step == "EXPOSE")
    assert set(exposed.split()) == ports
    assert all(address.startswith("0.0.0.0:") for address in listens)


def test_compose_builds_that_image_and_stays_on_localhost() -> None:
    path = FOLDER / "docker" / "compose.yaml"
    service = yaml.safe_load(path.read_text(encoding="utf-8"))["services"]["otel-discord"]
    context = (path.parent / service["build"]["context"]).resolve()
    assert context == ROOT
    assert (context / service["build"]["dockerfile"]).exists()
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])
    needed = set(re.findall(r"\$\{env:(\w+)\}", (path.parent / "config.yaml").read_text(encoding="utf-8")))
    assert needed <= set(service["environment"])
