"""Samples for systemd and Docker name flags, files and ports that exist."""

import configparser
import re
import shlex
from pathlib import Path

import click
import yaml

from otel_discord.cli.commands import cli
from otel_discord.cli.exit_codes import BAD_CONFIGURATION

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "collector-config"


def flags(command: click.Command) -> set[str]:
    return {option for parameter in command.params for option in parameter.opts}


def test_the_unit_starts_what_there_is() -> None:
    unit = configparser.RawConfigParser(strict=True)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read_string((FOLDER / "systemd" / "otel-discord.service").read_text(encoding="utf-8"))
    program, *arguments = shlex.split(unit["Service"]["ExecStart"])
    assert program.endswith("/bin/otel-discord")
    assert {each for each in arguments if each.startswith("-")} <= flags(cli)
    assert "--config" in arguments
    assert unit["Service"]["RestartPreventExitStatus"] == str(BAD_CONFIGURATION)
    assert int(unit["Service"]["TimeoutStopSec"]) > 10  # the default of shutdown_timeout
    assert unit["Install"]["WantedBy"] == "multi-user.target"


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
