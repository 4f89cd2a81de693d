"""The unit starts what there is, waits for what the service says, and gives it little."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import click
import pytest

from otel_discord.cli.commands import cli
from otel_discord.cli.exit_codes import BAD_CONFIGURATION
from otel_discord.extensions.file_storage.config import FileStorageConfig
from otel_discord.service.config import ServiceConfig
from otel_discord.service.open_files import ENOUGH
from otel_discord.service.process_signals import START_TIMEOUT_S
from otel_discord.service.systemd import DRAIN_BEAT_S
from tests.deploy.placed import DEPLOY, ROOT, TIMEOUT_S, output, unit

PATH = DEPLOY / "systemd" / "otel-discord.service"
MOST_EXPOSED = 1.5
"""Of 10, as `systemd-analyze security` counts; what is left is the network, and /proc for host_metrics."""


def flags(command: click.Command) -> set[str]:
    return {option for parameter in command.params for option in parameter.opts}


def test_it_starts_what_there_is() -> None:
    service = unit()["Service"]
    program, *arguments = shlex.split(service["ExecStart"])
    assert program.endswith("/bin/otel-discord")
    assert {each for each in arguments if each.startswith("-")} <= flags(cli)
    assert "--config" in arguments
    assert service["RestartPreventExitStatus"] == str(BAD_CONFIGURATION)
    assert unit()["Install"]["WantedBy"] == "multi-user.target"


def test_it_waits_for_what_the_service_says() -> None:
    service = unit()["Service"]
    assert service["Type"] == "notify-reload"
    assert float(service["WatchdogSec"]) > 10
    assert float(service["TimeoutStartSec"]) > START_TIMEOUT_S
    assert float(service["TimeoutStopSec"]) > ServiceConfig().shutdown_timeout + DRAIN_BEAT_S
    assert int(service["LimitNOFILE"]) > ENOUGH
    state = Path("/var/lib", service["StateDirectory"])
    assert state in FileStorageConfig().directory.parents
    assert service["StateDirectoryMode"] == "0700"


def test_what_the_page_says_of_it_is_in_it() -> None:
    page = (ROOT / "docs" / "how-to" / "run-as-a-service.md").read_text(encoding="utf-8")
    said = dict(re.findall(r"^\| `(\w+)=([^`]+)` \|", page, re.MULTILINE))
    assert set(said) >= {"Type", "WatchdogSec", "TimeoutStopSec", "StateDirectory", "MemoryMax"}
    service = unit()["Service"]
    assert {key: service[key] for key in said} == said
    assert f"install -m 0644 {PATH.relative_to(ROOT)} /etc/systemd/system/" in page


def test_it_gives_up_what_it_does_not_need() -> None:
    service = unit()["Service"]
    assert service["DynamicUser"] == "yes"
    assert service["CapabilityBoundingSet"] == ""
    assert service["AmbientCapabilities"] == ""
    assert service["NoNewPrivileges"] == "yes"
    assert service["ProtectSystem"] == "strict"
    assert "User" not in service


def test_systemd_finds_no_fault() -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd-analyze is not installed")
    done = subprocess.run([analyze, "verify", PATH], capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    excused = (
        "Failed to parse service type, ignoring: notify-reload",  # before systemd 253; the page says what to write
        "/opt/otel-discord/bin/otel-discord is not executable",  # not installed here
    )
    faults = [line for line in done.stderr.splitlines() if PATH.name in line and not any(e in line for e in excused)]
    assert not faults


def test_systemd_finds_it_little_exposed() -> None:
    said = output("systemd-analyze", "security", "--offline=true", str(PATH))
    exposure = re.search(r"Overall exposure level for .*: ([\d.]+) ", said)
    assert exposure is not None
    assert float(exposure[1]) <= MOST_EXPOSED
