"""The configurations that are deployed run as processes, logs arrive, and the image's HEALTHCHECK says the truth."""

import asyncio
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from otel_discord.service.config_file import load_configuration
from otel_discord.service.registry import Registry
from otel_discord.testing.fake_discord import FakeDiscord, serve_fake_discord
from tests.collector_config.test_configs import SEVERITIES, arrived, moved, reaching, send, until, ways
from tests.deploy.dockerfile import stages
from tests.deploy.placed import DEPLOY

FILES = (
    "docker/config.yaml",
    "docker/postgresql.yaml",
    "kubernetes/single/config.yaml",
    "kubernetes/fleet/config.yaml",
)
URL = "https://discord.com/api/webhooks/123456789012345678/" + "a" * 68
DATASOURCE = "postgresql://otel_discord:a-password@localhost:5432/otel_discord?sslmode=disable"


def test_each_configuration_is_run() -> None:
    found = {path.relative_to(DEPLOY).as_posix() for path in DEPLOY.rglob("*.yaml")}
    assert set(FILES) == {each for each in found if (DEPLOY / each).name in {"config.yaml", "postgresql.yaml"}}


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    """A directory of secrets as Docker and Kubernetes mount one."""
    place = tmp_path / "secrets"
    place.mkdir()
    (place / "webhook_url").write_text(URL + "\n", encoding="utf-8")
    (place / "datasource").write_text(DATASOURCE + "\n", encoding="utf-8")
    return place


def with_a_disk(file: str, folder: Path) -> Path:
    """Return a configuration whose queue is on disk; where it is already, the file itself."""
    path = DEPLOY / file
    text = path.read_text(encoding="utf-8")
    config = yaml.safe_load(text)
    if "db_storage" not in config["extensions"]:
        return path
    # On PostgreSQL they run in test_on_postgresql.py, where there is one.
    del config["extensions"]["db_storage"]
    config["extensions"]["file_storage"] = {"directory": "${env:STORAGE_DIRECTORY}"}
    config["service"]["extensions"] = ["health_check", "file_storage"]
    config["exporters"]["discord"]["sending_queue"]["storage"] = "file_storage"
    copy = folder / "config.yaml"
    copy.write_text(yaml.safe_dump(config), encoding="utf-8")
    return copy


@pytest.mark.parametrize(("file", "lowest"), [*((each, "warn") for each in FILES), (FILES[0], "fatal")])
async def test_it_runs_and_logs_arrive(
    file: str, lowest: str, start: Callable[..., Any], tmp_path: Path, secrets: Path
) -> None:
    fake = FakeDiscord("unlimited")
    hook = fake.add_webhook()
    path = with_a_disk(file, tmp_path)
    environment = {"SECRETS_DIRECTORY": str(secrets), "STORAGE_DIRECTORY": str(tmp_path / "storage")}
    if lowest != "warn":
        environment["DISCORD_MIN_SEVERITY"] = lowest.upper()
    async with serve_fake_discord(fake) as discord:
        (secrets / "webhook_url").write_text(discord.webhook_url(hook) + "\n", encoding="utf-8")
        service = start(["--config", str(path), *moved(path, discord.endpoint)], environment)
        await asyncio.to_thread(service.wait_until_ready)
        await send(service.endpoints)
        names = [f"{name} over {way}" for way in ways(service.endpoints) for name in SEVERITIES]
        await until(lambda: arrived(hook, fake) == reaching(names, lowest))
        (asked,) = [each for name, each in service.endpoints.items() if name.startswith("health_check")]
        assert await well(asked) == 0
        assert await asyncio.to_thread(service.stop) == 0
        assert await well(asked) != 0
    fake.assert_clean()
    assert arrived(hook, fake) == reaching(names, lowest)
    assert hook.token not in service.log


async def well(address: str) -> int:
    """Ask as the image's HEALTHCHECK does, at another port; return the exit code."""
    _, (_, image) = stages()
    _, flag, code = json.loads(image.one("HEALTHCHECK").partition("CMD ")[2])
    assert ", 13133," in code
    asked = code.replace(", 13133,", f", {address.rpartition(':')[2]},")
    process = await asyncio.create_subprocess_exec(sys.executable, flag, asked, stderr=asyncio.subprocess.DEVNULL)
    async with asyncio.timeout(30):
        return await process.wait()


@pytest.mark.parametrize("file", FILES)
def test_it_is_good_as_it_is(file: str, secrets: Path) -> None:
    registry = Registry.from_entry_points()
    load_configuration([str(DEPLOY / file)], [], registry, {"SECRETS_DIRECTORY": str(secrets)})
