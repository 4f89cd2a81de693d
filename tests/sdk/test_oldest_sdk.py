"""The oldest OpenTelemetry SDK that we say we support, installed beside the current one."""

import fcntl
import subprocess
import sys
from pathlib import Path

import pytest

from tests.sdk.applications import discord_served, run_application
from tests.sdk.test_exits import BURST

SDK = "1.39.1"
CONTRIB = "0.60b1"
PACKAGES = [
    f"opentelemetry-api=={SDK}",
    f"opentelemetry-sdk=={SDK}",
    f"opentelemetry-semantic-conventions=={CONTRIB}",
    "importlib-metadata<8.8",
    "zipp",
]
PROVIDER = """
import logging, os, sys, time
from importlib.metadata import version
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from otel_discord.sdk import DiscordLogExporter
import opentelemetry.sdk
print("sdk", opentelemetry.sdk.__path__[0], version("opentelemetry-sdk"))
provider = LoggerProvider()
exporter = DiscordLogExporter()
provider.add_log_record_processor(BatchLogRecordProcessor(exporter))
logging.getLogger().addHandler(LoggingHandler(logging.NOTSET, provider))
log = logging.getLogger("shop")
try:
    {}["total"]
except KeyError:
    log.exception("Cannot compute the total")
"""


@pytest.fixture(scope="module")
def oldest_sdk() -> Path:
    """Install it once for each environment, into a directory that only these tests look into."""
    directory = Path(sys.prefix) / f"oldest-sdk-{SDK}"
    marker = directory / "installed"
    directory.mkdir(exist_ok=True)
    with (directory / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not marker.exists():
            command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
            command += ["--target", str(directory), *PACKAGES]
            done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
            if done.returncode != 0:
                pytest.skip(f"the oldest SDK could not be installed: {done.stderr.strip()[-200:]}")
            marker.touch()
    return directory


def test_the_stated_minimum_is_what_is_tested() -> None:
    text = (Path(__file__).parent.parent.parent / "pyproject.toml").read_text()
    minor = SDK.rpartition(".")[0]
    assert f'"opentelemetry-sdk>={minor}"' in text
    assert f'"opentelemetry-api>={minor}"' in text


def test_a_burst_through_the_oldest_sdk(tmp_path: Path, oldest_sdk: Path) -> None:
    with discord_served() as discord:
        environment = {**discord.environment, "PYTHONPATH": str(oldest_sdk), "PYTHONWARNINGS": "ignore"}
        done = run_application(tmp_path, PROVIDER + BURST, environment)
        assert done.code == 0, done.out
        assert f"{oldest_sdk}/opentelemetry/sdk {SDK}" in done.out
        assert discord.records == 61, (discord.text, done.out)
        assert "KeyError" in discord.text
        discord.assert_clean()
